"""Mocks that can't be awaited."""

from unittest.mock import AsyncMock, MagicMock, Mock

from sqlalchemy.ext.asyncio import AsyncSession


class Mailer:
    async def send_mail(self, text: str) -> None: ...


async def order(session: AsyncSession, mailer: Mailer) -> None:
    await mailer.send_mail("tea")


async def test_mailer() -> None:
    mailer = AsyncMock()
    mailer.send_mail = Mock()  # AS801 a Mock for a coroutine method
    await order(AsyncMock(), mailer)


async def test_magic() -> None:
    mailer = AsyncMock()
    mailer.send_mail = MagicMock()  # AS801 a MagicMock for a coroutine method
    await order(AsyncMock(), mailer)


async def test_query() -> None:
    session = Mock()
    session.query.return_value = []  # AS801 a mock of a query that nobody sends
    await order(session, AsyncMock())
