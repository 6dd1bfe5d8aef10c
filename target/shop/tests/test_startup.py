"""The two ways in: the server and the script."""

from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from scripts import seed
from shop.main import app
from shop.models import Customer, Product


async def test_the_server_creates_the_tables(tmp_path, monkeypatch):
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
    monkeypatch.setattr("shop.main.engine", engine)
    monkeypatch.setattr("shop.database.SessionLocal", async_sessionmaker(bind=engine, expire_on_commit=False))
    async with (
        LifespanManager(app) as manager,
        AsyncClient(
            transport=ASGITransport(app=manager.app),
            base_url="http://testserver",
            follow_redirects=True,
        ) as client,
    ):
        assert (await client.get("/products")).json() == {"total": 0, "items": []}
    async with engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(Product)) == 0
    await engine.dispose()


async def test_seed_fills_an_empty_shop_once(engine, session_factory, session, monkeypatch, capsys):
    monkeypatch.setattr(seed, "engine", engine)
    monkeypatch.setattr(seed, "SessionLocal", session_factory)
    await seed.main()
    await seed.main()
    assert capsys.readouterr().out.splitlines() == ["5 products added", "0 products added"]
    assert await session.scalar(select(func.count()).select_from(Product)) == 5
    assert (
        await session.execute(
            select(Customer.email).where(Customer.is_staff)
        )
    ).all() == [(seed.STAFF,)]
