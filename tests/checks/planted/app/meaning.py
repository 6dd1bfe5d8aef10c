"""What works and does not mean what it should."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Author, Book


async def get_in_loop(session: AsyncSession):
    names = []
    for book in await session.scalars(select(Book)):
        author = await session.get_one(Author, book.author_id)  # AS701 get() for each row
        names.append(author.name)
    return names


async def select_in_loop(session: AsyncSession):
    found = {}
    books = (await session.scalars(select(Book))).all()
    for book in books:
        found[book.id] = await session.scalar(select(Author).where(Author.id == book.author_id))  # AS701 a select
    return found
