from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")
    text: Mapped[str] = deferred(mapped_column(default=""))


class Order(Base):
    __tablename__ = "order"

    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int]
    changed: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Invoice(Base):
    __tablename__ = "invoice"
    __mapper_args__ = {"eager_defaults": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int]
    changed: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


UniqueConstraint(Invoice.amount, Invoice.changed)
