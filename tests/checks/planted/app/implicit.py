"""Queries that an attribute sends."""

from datetime import datetime

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, load_only, selectinload, undefer

from .database import Expiring, get_session
from .models import Author, Book, Invoice, Order

router = APIRouter()


async def collection(session: AsyncSession, key: int):
    author = (await session.scalars(select(Author).where(Author.id == key))).one()  # AS301 a collection
    return len(author.books)


async def scalar(session: AsyncSession):
    book = await session.get_one(Book, 1)  # AS301 the other side
    return book.author.name


def titles(author):
    return [book.title for book in author.books]


async def in_callee(session: AsyncSession):
    author = await session.scalar(select(Author))  # AS301 read in a callee
    return titles(author)


async def by_hasattr(session: AsyncSession):
    author = await session.get_one(Author, 1)  # AS301 hasattr
    return hasattr(author, "books")


async def one_of_two(session: AsyncSession):
    books = (await session.scalars(select(Book))).all()  # AS301 in a loop
    return [book.author.name for book in books]


async def loaded(session: AsyncSession):
    author = await session.scalar(select(Author).options(selectinload(Author.books)))
    return author.books


async def after_rollback(session: AsyncSession, author: Author):
    await session.rollback()
    return author.name  # AS302 after a rollback


async def give_up(session):
    await session.rollback()


async def after_rollback_in_callee(session: AsyncSession, author: Author):
    try:
        await session.flush()
    except ValueError:
        await give_up(session)
        return author.name  # AS302 after a rollback in a callee
    return ""


async def after_commit():
    async with Expiring() as session:
        author = await session.get_one(Author, 1)
        await session.commit()
        return author.name  # AS302 after a commit that expires


async def after_expire(session: AsyncSession, author: Author):
    session.expire_all()
    return author.name  # AS302 after expire_all()


async def joined(session: AsyncSession):
    result = await session.execute(select(Author).options(joinedload(Author.books)))
    return result.scalars().all()  # AS304 a joined collection without unique()


async def joined_bare(session):
    return (await session.scalars(select(Author).options(joinedload(Author.books)))).all()  # AS304 not annotated


async def joined_unique(session: AsyncSession):
    return (await session.scalars(select(Author).options(joinedload(Author.books)))).unique().all()


async def callers():
    async with Expiring() as session:
        await joined_bare(session)


async def after_update(session: AsyncSession, order: Order):
    order.amount = 2
    await session.flush()
    return order.changed  # AS305 what an update's trigger set


class OrderOut(BaseModel):
    id: int
    changed: datetime


@router.put("/orders/{key}", response_model=OrderOut)
async def change(key: int, session: AsyncSession = Depends(get_session)):
    order = await session.get_one(Order, key)
    order.amount = 3
    await session.flush()
    return order  # AS305 read by a response model


async def loaded_again(session: AsyncSession, order: Order):
    order.amount = 2
    await session.flush()
    await session.refresh(order)
    return order.changed


async def inserted(session: AsyncSession):
    order = Order(amount=1)
    order.amount = 2
    session.add(order)
    await session.flush()
    return order.changed


async def fetched_at_once(session: AsyncSession, invoice: Invoice):
    invoice.amount = 2
    await session.flush()
    return invoice.changed


async def deferred_column(session: AsyncSession, key: int):
    book = await session.get_one(Book, key)  # AS301 a deferred column
    return book.text


async def left_out(session: AsyncSession, key: int):
    book = (await session.scalars(select(Book).where(Book.id == key).options(load_only(Book.id)))).one()  # AS301 load_only
    return book.title


async def undeferred(session: AsyncSession, key: int):
    book = await session.scalar(select(Book).where(Book.id == key).options(undefer(Book.text)))
    return book.text
