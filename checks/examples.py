"""What the examples of several rules share."""

from __future__ import annotations

BASE = """

class Base(DeclarativeBase):
    pass


"""
USER = (
    BASE
    + """\
class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


"""
)
USER_WITH_POSTS = (
    BASE
    + """\
class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    posts: Mapped[list["Post"]] = relationship()


class Post(Base):
    __tablename__ = "post"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))


"""
)
