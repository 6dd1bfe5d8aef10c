"""Mapped classes: both declarative styles and SQLModel, read from class bodies."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from asyncshift.analysis.mapped import Mapped
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source

BASE = """\
from sqlalchemy import Column, ForeignKey, Integer, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, backref, declared_attr, mapped_column, relationship
from sqlmodel import Field, Relationship, SQLModel
from typing import List, Optional

class Base(DeclarativeBase): pass
"""


def mapped(text: str, **files: str) -> dict[str, Mapped]:
    """The mapped classes of a module behind the imports, by their names."""
    texts = {"m.py": BASE + dedent(text), **{f"{name}.py": dedent(content) for name, content in files.items()}}
    sources = {path: Source.parse(path, content.encode()) for path, content in texts.items()}
    known = Program(Path(), sources, Settings()).interpreter.objects.mapped.known
    return {key.rpartition("::")[2]: value for key, value in known.items()}


def relation(found: dict[str, Mapped], cls: str, name: str) -> tuple[str, bool, str]:
    """Target, whether it is a collection, and the loading strategy of a relationship."""
    relationship = found[cls].relationships[name]
    return relationship.target.rpartition("::")[2], relationship.many, relationship.lazy


def test_columns_of_both_styles_and_of_bases() -> None:
    found = mapped("""
        class Named:
            name = Column(String)
        class Old(Named, Base):
            __tablename__ = "old"
            id = Column(Integer, primary_key=True)
            kind: str
        class New(Base):
            __tablename__ = "new"
            __mapper_args__ = {}
            id: Mapped[int] = mapped_column(primary_key=True)
            old_id: Mapped[int] = mapped_column(ForeignKey("old.id"))
        class Newer(New):
            more: Mapped[str]
    """)
    assert set(found) == {"Old", "New", "Newer"}
    assert set(found["Old"].columns) == {"id", "name", "kind"}
    assert set(found["Newer"].columns) == {"id", "old_id", "more"}
    assert found["New"].foreign_tables == {"old"}
    assert found["New"].table == "new"


def test_sqlmodel_s_tables_are_mapped_and_its_schemas_are_not() -> None:
    found = mapped("""
        class HeroBase(SQLModel):
            name: str = Field(index=True)
        class Hero(HeroBase, table=True):
            id: int | None = Field(default=None, primary_key=True)
            team_id: int | None = Field(default=None, foreign_key="team.id")
            team: Optional["Team"] = Relationship(back_populates="heroes")
        class Team(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            heroes: list["Hero"] = Relationship(back_populates="team", sa_relationship_kwargs={"lazy": "selectin"})
        class HeroRead(HeroBase):
            id: int
    """)
    assert set(found) == {"Hero", "Team"}
    assert set(found["Hero"].columns) == {"id", "name", "team_id"}
    assert relation(found, "Hero", "team")[:2] == ("Team", False)
    assert relation(found, "Team", "heroes")[:2] == ("Hero", True)
    assert found["Hero"].table == "hero"


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("Mapped[list['Post']] = relationship()", ("Post", True, "select")),
        ("Mapped[List['Post']] = relationship(lazy='selectin')", ("Post", True, "selectin")),
        ("Mapped['Post'] = relationship(lazy='joined')", ("Post", False, "joined")),
        ("Mapped['Post | None'] = relationship()", ("Post", False, "select")),
        ("Mapped[Optional['Post']] = relationship()", ("Post", False, "select")),
        ("'Mapped[set[Post]]' = relationship()", ("Post", True, "select")),
        ("Mapped[dict[str, 'Post']] = relationship()", ("Post", True, "select")),
        ("Mapped[None | 'Post'] = relationship()", ("Post", False, "select")),
        ("'no [type' = relationship('Post')", ("Post", True, "select")),
    ],
)
def test_what_an_annotation_says_of_a_relationship(declaration: str, expected: tuple[str, bool, str]) -> None:
    found = mapped(f"""
        class User(Base):
            __tablename__ = "users"
            posts: {declaration}
        class Post(Base):
            __tablename__ = "posts"
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    """)
    assert relation(found, "User", "posts") == expected


def test_the_direction_follows_the_foreign_key_where_no_annotation_tells() -> None:
    found = mapped("""
        class User(Base):
            __tablename__ = "users"
            id = Column(Integer, primary_key=True)
            posts = relationship("Post")
            first = relationship("Post", uselist=False)
            several = relationship("Post", uselist=True)
            groups = relationship("Group", secondary="user_groups")
            friends = relationship(lambda: Group, collection_class=set)
            unknown = relationship("Nowhere")
        class Post(Base):
            __tablename__ = "posts"
            user_id = Column(Integer, ForeignKey("schema.users.id"))
            user = relationship(User)
            parent_id = Column(ForeignKey("posts.id"))
            parent = relationship("Post", remote_side="Post.id")
            children = relationship("m.Post")
        class Group(Base):
            __tablename__ = "groups"
    """)
    assert {name: r.many for name, r in found["User"].relationships.items()} == {
        "posts": True, "first": False, "several": True, "groups": True, "friends": True, "unknown": True,
    }  # fmt: skip
    assert {name: r.many for name, r in found["Post"].relationships.items()} == {
        "user": False, "parent": False, "children": True,
    }  # fmt: skip
    assert relation(found, "User", "friends")[0] == "Group"
    assert relation(found, "User", "unknown")[0] == ""


def test_a_join_may_name_its_foreign_columns_and_hold_plain_values() -> None:
    found = mapped("""
        class Parent(Base):
            __tablename__ = "parents"
            id: Mapped[int] = mapped_column(primary_key=True)
            first = relationship("Child", primaryjoin=lambda: and_(Parent.id == foreign(Child.parent_id), Child.n == 1))
            last = relationship("Child", primaryjoin="and_(Parent.id == foreign(Child.parent_id), Child.n == 2)")
        class Child(Base):
            __tablename__ = "children"
            id: Mapped[int] = mapped_column(primary_key=True)
            n: Mapped[int]
            parent_id: Mapped[int]
    """)
    assert relation(found, "Parent", "first") == ("Child", True, "select")
    assert relation(found, "Parent", "last") == ("Child", True, "select")


def test_backrefs_stand_on_the_other_side() -> None:
    found = mapped("""
        class User(Base):
            __tablename__ = "users"
            posts = relationship("Post", backref="user")
            profile = relationship("Post", uselist=False, backref=backref("owner", uselist=False))
            own = relationship("Post", backref="title")
        class Post(Base):
            __tablename__ = "posts"
            user_id = Column(ForeignKey("users.id"))
            writer = relationship(User, backref=backref("written", lazy="select"))
            title = relationship(User)
    """)
    assert relation(found, "Post", "user") == ("User", False, "select")
    assert relation(found, "Post", "owner") == ("User", False, "select")
    assert relation(found, "User", "written") == ("Post", True, "select")
    assert found["Post"].relationships["title"].owner.endswith("Post")


def test_declared_attributes_and_tables() -> None:
    found = mapped("""
        class Owned:
            @declared_attr
            def owner(cls) -> Mapped["User"]:
                return relationship("User")
            @declared_attr
            def __tablename__(cls):
                return cls.__name__
        class User(Base):
            __table__ = Table("users", Base.metadata)
        class Thing(Owned, Base):
            owner_id = Column(ForeignKey("users.id"))
            __mapper_args__ = {"polymorphic_on": "kind"}
    """)
    assert relation(found, "Thing", "owner") == ("User", False, "select")
    assert found["User"].table == "User"


def test_names_are_found_in_the_nearest_module() -> None:
    found = mapped(
        """
        class Post(Base):
            __tablename__ = "posts"
            user_id = Column(ForeignKey("users.id"))
            user = relationship("User")
        class User(Base):
            __tablename__ = "users"
        """,
        schemas="class User: pass\nclass Post: pass\nclass Loop(Loop): pass\n",
    )
    assert found["Post"].relationships["user"].target == "m.py::User"
    assert set(found) == {"Post", "User"}


def test_what_a_revision_declares_is_for_itself() -> None:
    revision = """
    from alembic import op
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

    class Base(DeclarativeBase): pass

    class Tag(Base):
        __tablename__ = "tags"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Label(Base):
        __tablename__ = "labels"
        id: Mapped[int] = mapped_column(primary_key=True)
        tag: Mapped["Tag"] = relationship()
    """
    models = """
    from m import Base, Mapped, mapped_column

    class Tag(Base):
        __tablename__ = "tags"
        id: Mapped[int] = mapped_column(primary_key=True)
    """
    item = """
    class Item(Base):
        __tablename__ = "items"
        id: Mapped[int] = mapped_column(primary_key=True)
        tag: Mapped["Tag"] = relationship()
    """
    found = mapped(item, **{"2022_labels": revision, "tags": models})
    assert found["Item"].relationships["tag"].target == "tags.py::Tag"
    assert found["Label"].relationships["tag"].target == "2022_labels.py::Tag"


def test_classes_that_only_look_mapped_are_not() -> None:
    found = mapped("""
        class Form:
            name = Column(String)
        class Model:
            __tablename__ = 3
    """)
    assert found == {}


def test_classes_that_a_call_maps_to_a_table() -> None:
    found = mapped(
        """
        from domain import Basket, Line
        lines = Table("lines", metadata, Column("id", Integer), Column("basket", ForeignKey("baskets.id")))
        baskets = Table("baskets", metadata, Column("id", Integer), Column("label", String, key="name"))
        line_mapper = mapper(Line, lines)
        registry.map_imperatively(Basket, local_table=baskets, properties={
            "title": baskets.c.name, "lines": relationship(line_mapper, lazy="joined", backref="owner")})
        mapper(Basket, unknown)
        """,
        domain="class Line: pass\nclass Basket: pass\nclass Other: pass",
    )
    assert set(found) == {"Line", "Basket"}
    assert set(found["Basket"].columns) == {"id", "name", "title"}
    assert relation(found, "Basket", "lines") == ("Line", True, "joined")
    assert relation(found, "Line", "owner") == ("Basket", False, "select")
