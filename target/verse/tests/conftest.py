import json
import os

os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "sqlite://")  # no test may touch a real database

import pytest
from httpx import ASGITransport, AsyncClient

from verse.api.dependencies import users
from verse.database import SessionLocal, engine
from verse.main import app
from verse.models import Base


@pytest.fixture(scope="session")
async def tables():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)


@pytest.fixture
async def db(tables):
    async with SessionLocal() as db:
        yield db
        await db.rollback()
        for table in reversed(Base.metadata.sorted_tables):
            await db.execute(table.delete())
        await db.commit()


@pytest.fixture
def client(db):
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://testserver", follow_redirects=True)


@pytest.fixture
async def registered(db):
    """A reader, the first device and its token."""
    return await users.register(db, "Phone")


@pytest.fixture
def reader(registered):
    user, _, _ = registered
    return user


@pytest.fixture
def device(registered):
    _, device, _ = registered
    return device


@pytest.fixture
def as_reader(registered):
    _, _, token = registered
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def other_registered(db):
    return await users.register(db, "Tablet")


@pytest.fixture
def other(other_registered):
    user, _, _ = other_registered
    return user


@pytest.fixture
def as_other(other_registered):
    _, _, token = other_registered
    return {"Authorization": f"Bearer {token}"}


def told(response):
    """The events of a stream: (name, data)."""
    found = []
    for block in response.text.strip().split("\n\n"):
        name, data = block.split("\n", 1)
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def answer(response):
    return "".join(data["text"] for name, data in told(response) if name == "piece")
