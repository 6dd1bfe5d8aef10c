"""A library: the schema that the cases of implicit I/O share, and the rows that every case begins with."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

from sqlalchemy import Column, ForeignKey, Numeric, String, Table, func
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    WriteOnlyMapped,
    deferred,
    mapped_column,
    relationship,
)


class Base(DeclarativeBase):
    pass


class Grade(Enum):
    first = 1
    second = 2


book_tags = Table(
    "book_tags",
    Base.metadata,
    Column("book_id", ForeignKey("books.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Publisher(Base):
    __tablename__ = "publishers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    books: Mapped[list[Book]] = relationship(back_populates="publisher", order_by="Book.id")


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    books: Mapped[list[Book]] = relationship(back_populates="author", order_by="Book.id")
    prizes: WriteOnlyMapped[Prize] = relationship(order_by="Prize.id")
    letters: DynamicMapped[Letter] = relationship(order_by="Letter.id")


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    pages: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    publisher_id: Mapped[int | None] = mapped_column(ForeignKey("publishers.id"))
    summary: Mapped[str] = deferred(Column(String(200), default=""))
    edited: Mapped[int] = mapped_column(default=0, server_default="0", onupdate=func.length("abc"))
    author: Mapped[Author] = relationship(back_populates="books")
    publisher: Mapped[Publisher | None] = relationship(back_populates="books")
    reviews: Mapped[list[Review]] = relationship(back_populates="book", order_by="Review.id")
    tags: Mapped[list[Tag]] = relationship(secondary=book_tags, order_by="Tag.id")
    labels: AssociationProxy[list[str]] = association_proxy("tags", "label")


class Review(Base):
    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    stars: Mapped[int]
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    book: Mapped[Book] = relationship(back_populates="reviews")


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(50))


class Prize(Base):
    __tablename__ = "prizes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    grade: Mapped[Grade | None]
    worth: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))


class Letter(Base):
    __tablename__ = "letters"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(50))
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))


class Shelf(Base):
    """A shelf stands in another one."""

    __tablename__ = "shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("shelves.id"))
    parent: Mapped[Shelf | None] = relationship(back_populates="children", remote_side=[id])
    children: Mapped[list[Shelf]] = relationship(back_populates="parent", order_by="Shelf.id")


class Delivery(Base):
    """A delivery owns its parcels."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20), default="new")
    parcels: Mapped[list[Parcel]] = relationship(
        back_populates="delivery", order_by="Parcel.id", cascade="all, delete-orphan"
    )
    heavy: Mapped[list[Parcel]] = relationship(
        primaryjoin="and_(Delivery.id == Parcel.delivery_id, Parcel.amount > 3)", order_by="Parcel.id", viewonly=True
    )
    small: Mapped[Parcel | None] = relationship(
        primaryjoin="and_(Delivery.id == Parcel.delivery_id, Parcel.amount < 9)",
        order_by="Parcel.id",
        uselist=False,
        viewonly=True,
    )


class Parcel(Base):
    __tablename__ = "parcels"

    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int]
    kind: Mapped[str] = mapped_column("kind_of", String(20), default="small")
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"))
    delivery: Mapped[Delivery] = relationship(back_populates="parcels")


class Person(Base):
    __tablename__ = "people"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(50))
    favourite_id: Mapped[int | None] = mapped_column(ForeignKey("books.id"))
    favourite: Mapped[Book | None] = relationship()


class Librarian(Person):
    __tablename__ = "librarians"
    __mapper_args__ = {"polymorphic_identity": "librarian"}  # noqa: RUF012

    id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    desk: Mapped[str] = mapped_column(String(20))
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelves.id"))
    shelf: Mapped[Shelf | None] = relationship()


def rows() -> list[Base]:
    """Books with no, one and several reviews and tags; shelves three deep."""
    red, blue = Tag(id=1, label="red"), Tag(id=2, label="blue")
    return [
        Publisher(id=1, name="north"),
        Publisher(id=2, name="south"),
        Author(id=1, name="ann"),
        Author(id=2, name="bob"),
        Author(id=3, name="cid"),
        Book(id=1, title="one", pages=10, author_id=1, publisher_id=1, tags=[red, blue], summary="first"),
        Book(id=2, title="two", pages=20, author_id=1, publisher_id=2, tags=[red], summary="second"),
        Book(id=3, title="three", pages=30, author_id=2, summary="third"),
        Review(id=1, stars=3, book_id=1),
        Review(id=2, stars=5, book_id=1),
        Review(id=3, stars=1, book_id=3),
        Prize(id=1, name="gold", author_id=1),
        Letter(id=1, text="dear", author_id=1),
        Letter(id=2, text="yours", author_id=1),
        Shelf(id=1, name="top"),
        Shelf(id=2, name="middle", parent_id=1),
        Shelf(id=3, name="bottom", parent_id=2),
        Delivery(id=1),
        Parcel(id=1, amount=3, delivery_id=1),
        Parcel(id=2, amount=4, delivery_id=1),
        Person(id=1, name="pat", favourite_id=2),
        Librarian(id=2, name="lib", desk="front", favourite_id=1, shelf_id=3),
    ]
