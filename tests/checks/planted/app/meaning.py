"""What works and does not mean what it should."""

from typing import Protocol

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from .database import SessionLocal
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


async def added():
    async with SessionLocal() as session:
        session.add(Author(name="Ada"))  # AS703 an object without a commit
        await session.flush()


async def inserted():
    async with SessionLocal() as session:
        await session.execute(insert(Author).values(name="Ada"))  # AS703 a statement without a commit


async def remove(session: AsyncSession, key: int):
    await session.execute(delete(Author).where(Author.id == key))


async def handed_on(key: int):
    async with SessionLocal() as session:  # AS703 a write in a function that it is given to
        await remove(session, key)


async def too_late():
    async with SessionLocal() as session:
        session.add(Author(name="Ada"))
    await session.commit()  # AS703 a commit behind the end of the session


async def unreachable(session: AsyncSession):
    author = Author(name="Ada")
    session.add(author)
    return author
    await session.commit()  # AS703 a commit behind a return


async def by_name(session: AsyncSession, name: str):
    result = await session.execute(select(Author).where(Author.name == name))
    return result.scalar_one_or_none()  # AS704 several rows of a name


async def of_author(session: AsyncSession, key: int):
    return (await session.scalars(select(Book).filter_by(author_id=key))).one()  # AS704 several rows of a foreign key


async def title(author):  # AS706 async without await
    return author.name.title()


async def titles(authors):
    return [await title(author) for author in authors]


class Titles(Protocol):
    async def of(self, author) -> str: ...


class PlainTitles:
    async def of(self, author) -> str:
        return author.name.title()


async def through(given: Titles, author):
    return await given.of(author)


async def plainly(author):
    return await through(PlainTitles(), author)
