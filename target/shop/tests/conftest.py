import os

os.environ["DATABASE_URL"] = "sqlite://"  # before the application reads it: no test may touch a real database

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.pool import StaticPool

from shop.database import Base, get_db
from shop.main import app
from shop.models import Category, Customer, Product
from shop.security import hash_password

PASSWORD = "correct horse"


@pytest.fixture(scope="session")
def password_hash():
    return hash_password(PASSWORD)


@pytest.fixture
async def engine():
    engine = create_async_engine("sqlite+aiosqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    await engine.dispose()


@pytest.fixture
def session_factory(engine):
    return async_sessionmaker(bind=engine, autoflush=False, expire_on_commit=False)


@pytest.fixture
async def session(session_factory):
    async with session_factory() as session:
        yield session


@pytest.fixture
async def customer(session, password_hash):
    customer = Customer(email="ada@example.com", name="Ada", password_hash=password_hash)
    session.add(customer)
    await session.commit()
    return customer


@pytest.fixture
async def staff(session, password_hash):
    staff = Customer(email="staff@example.com", name="Grace", password_hash=password_hash, is_staff=True)
    session.add(staff)
    await session.commit()
    return staff


@pytest.fixture
async def products(session):
    green, ware = Category(name="Green tea", slug="green-tea"), Category(name="Teaware", slug="teaware")
    products = {
        "SEN-100": Product(sku="SEN-100", name="Sencha", price=1200, stock=30, category=green),
        "GYO-050": Product(sku="GYO-050", name="Gyokuro", price=2900, stock=4, category=green),
        "POT-001": Product(sku="POT-001", name="Sencha teapot", price=4500, stock=0, category=ware),
    }
    session.add_all(products.values())
    await session.commit()
    return products


@pytest.fixture
async def client(session):
    app.dependency_overrides[get_db] = lambda: session
    async with (
        LifespanManager(app) as manager,
        AsyncClient(
            transport=ASGITransport(app=manager.app), base_url="http://testserver", follow_redirects=True
        ) as client,
    ):
        yield client
    app.dependency_overrides.clear()


@pytest.fixture
def as_customer(customer):
    return (customer.email, PASSWORD)


@pytest.fixture
def as_staff(staff):
    return (staff.email, PASSWORD)
