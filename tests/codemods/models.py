"""The schema that the cases share, and the rows that every case begins with."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", Integer, ForeignKey("posts.id"), primary_key=True),
    Column("tag_id", Integer, ForeignKey("tags.id"), primary_key=True),
)


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    age: Mapped[int | None] = mapped_column(default=None)
    active: Mapped[bool] = mapped_column(default=True)
    posts: Mapped[list[Post]] = relationship(back_populates="author", order_by="Post.id")
    profile: Mapped[Profile | None] = relationship(back_populates="user", uselist=False)


class Profile(Base):
    __tablename__ = "profiles"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    user: Mapped[User] = relationship(back_populates="profile")


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(50), default="post")
    views: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped[User] = relationship(back_populates="posts")
    tags: Mapped[list[Tag]] = relationship(secondary=post_tags, order_by="Tag.id")


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(50))


class Album(Base):
    """Its songs are joined whenever it is loaded."""

    __tablename__ = "albums"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    songs: Mapped[list[Song]] = relationship(lazy="joined", order_by="Song.id")


class Song(Base):
    __tablename__ = "songs"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    album_id: Mapped[int] = mapped_column(ForeignKey("albums.id"))


def rows() -> list[Base]:
    """Users with no, one and several posts; two of the same name; missing ages."""
    red, blue = Tag(id=1, label="red"), Tag(id=2, label="blue")
    return [
        User(id=1, name="ann", age=30, profile=Profile(id=1, name="ann's")),
        User(id=2, name="bob", age=None),
        User(id=3, name="cid", age=50, active=False),
        User(id=4, name="ann", age=20),
        Post(id=1, title="one", author_id=1, views=3, tags=[red, blue]),
        Post(id=2, title="two", author_id=1, views=5, tags=[red]),
        Post(id=3, title="three", author_id=3, views=3),
        Post(id=4, title="four", author_id=4, name="ann", views=0),
        Album(id=1, title="first", songs=[Song(id=1, title="a"), Song(id=2, title="b")]),
        Album(id=2, title="second", songs=[Song(id=3, title="c")]),
    ]
