"""Small projects whose suites are recorded."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

MODELS = """
    from sqlalchemy import Column, ForeignKey, Integer, String, func
    from sqlalchemy.orm import declarative_base, deferred, relationship

    Base = declarative_base()

    class Author(Base):
        __tablename__ = "authors"
        __mapper_args__ = {"eager_defaults": False}
        id = Column(Integer, primary_key=True)
        name = Column(String(50), nullable=False)
        age = Column(Integer, server_default="30")
        story = deferred(Column(String))
        books = relationship("Book", back_populates="author")

    class Book(Base):
        __tablename__ = "books"
        id = Column(Integer, primary_key=True)
        title = Column(String)
        author_id = Column(ForeignKey("authors.id"))
        author = relationship(Author, back_populates="books")
"""
CONFTEST = """
    import pytest
    from models import Author, Base, Book
    from sqlalchemy import create_engine
    from sqlalchemy.orm import sessionmaker
    from sqlalchemy.pool import StaticPool

    @pytest.fixture
    def session():
        engine = create_engine("sqlite://", poolclass=StaticPool, echo=False)
        Base.metadata.create_all(engine)
        with sessionmaker(engine)() as session:
            session.add(Author(id=1, name="Ada", books=[Book(id=1, title="One"), Book(id=2, title="Two")]))
            session.commit()
            session.expunge_all()
            yield session
"""


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write files; their common indentation is left out."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return root


def library(root: Path, tests: Mapping[str, str]) -> Path:
    """A project of authors and books with these test files."""
    return write(root, {"pyproject.toml": "", "models.py": MODELS, "conftest.py": CONFTEST, **tests})
