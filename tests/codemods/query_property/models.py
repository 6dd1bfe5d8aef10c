"""Models that query by themselves, through a registry of sessions."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base, relationship, scoped_session, sessionmaker

factory = sessionmaker()
current = scoped_session(factory)
Base = declarative_base()
Base.query = current.query_property()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    name = Column(String(50))
    posts = relationship("Post", back_populates="author")


class Post(Base):
    __tablename__ = "posts"

    id = Column(Integer, primary_key=True)
    title = Column(String(50))
    author_id = Column(ForeignKey("users.id"))
    author = relationship("User", back_populates="posts")


def rows() -> list[Base]:
    """Two users, one with posts."""
    return [
        User(id=1, name="ann"),
        User(id=2, name="bob"),
        Post(id=1, title="one", author_id=1),
        Post(id=2, title="two", author_id=1),
    ]
