"""The gate itself."""

from sqlalchemy.ext.asyncio import AsyncSession

from .nowhere import something  # AS902 a module that is not there


async def unknown(db):
    db.commit()  # AS902 nobody says what it is


class Unknown:
    def __init__(self, db):
        self.db = db

    async def save(self):
        self.db.commit()  # AS902 nobody says what the attribute is


async def accepted(session: AsyncSession):
    session.commit()  # asyncshift: ignore[AS201] shows what happens without await


async def without_reason(session: AsyncSession):
    session.commit()  # asyncshift: ignore[AS201]  # AS904


async def without_code(session: AsyncSession):
    await session.commit()  # asyncshift: ignore  # AS904


async def unused(session: AsyncSession):
    await session.commit()  # asyncshift: ignore[AS201] the caller awaits it  # AS903


async def misspelt(session: AsyncSession):
    await session.commit()  # asyncshift: ignore[AS2001] the caller awaits it  # AS903
