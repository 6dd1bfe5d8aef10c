"""Mocks that can't be awaited."""

from unittest.mock import AsyncMock, MagicMock, Mock, patch

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


def price(name: str) -> int:
    return len(name)


async def test_result() -> None:
    session = AsyncMock()
    session.execute.return_value = AsyncMock()  # AS803 an AsyncMock for a result
    await order(session, AsyncMock())


async def test_price() -> None:
    with patch("app.test_mocks.price", new=AsyncMock(return_value=3)):  # AS803 an AsyncMock for a plain function
        assert price("tea") == 3
