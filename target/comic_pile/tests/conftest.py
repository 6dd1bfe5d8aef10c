import os
import tempfile

# Before the application reads them: no test may touch a real database, and hashing must not take long.
folder = tempfile.TemporaryDirectory(prefix="comic-pile-")
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", f"sqlite:///{folder.name}/pile.db")
os.environ["PASSWORD_COST"] = "2"
os.environ["DEADLOCK_DELAY"] = "0"

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from sqlalchemy import delete

from comic_pile.database import Base, SessionLocal, engine
from comic_pile.main import app
from comic_pile.models import Thread, User
from comic_pile.security import hash_password
from comic_pile.services import accounts

PASSWORD = "correct horse"
TITLES = ["Saltwater", "Night Ferry", "Two Clocks", "Hollow Crown", "Sparrow"]


@pytest.fixture(scope="session")
def password_hash():
    return hash_password(PASSWORD)


@pytest.fixture(scope="session")
async def tables():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    yield
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()


@pytest.fixture(scope="session")
async def application(tables):
    async with (
        LifespanManager(app) as manager,
        AsyncClient(
            transport=ASGITransport(app=manager.app), base_url="http://testserver", follow_redirects=True
        ) as client,
    ):
        yield client


@pytest.fixture
async def database(tables):
    """Empty tables, whatever a test leaves behind."""
    yield engine
    async with engine.begin() as connection:
        await connection.execute(delete(User))  # all else goes with its user


@pytest.fixture
async def db(database):
    async with SessionLocal() as session:
        yield session


@pytest.fixture
def make_user(db, password_hash):
    async def make(name, **values):
        user = User(email=f"{name}@example.com", name=name.title(), password_hash=password_hash, **values)
        db.add(user)
        await db.commit()
        return user

    return make


@pytest.fixture
async def user(make_user):
    return await make_user("enid")


@pytest.fixture
async def other(make_user):
    return await make_user("rebecca")


@pytest.fixture
async def admin(make_user):
    return await make_user("ramona", is_admin=True)


@pytest.fixture
def make_headers(db):
    async def make(user):
        pair = await accounts.log_in(db, user.email, PASSWORD)
        return {"Authorization": f"Bearer {pair.access_token}"}

    return make


@pytest.fixture
async def as_other(other, make_headers):
    return await make_headers(other)


@pytest.fixture
async def as_admin(admin, make_headers):
    return await make_headers(admin)


@pytest.fixture
def anonymous(application, database):
    return application


@pytest.fixture
async def client(application, user, make_headers):
    """The application, asked by a reader who has logged in."""
    application.headers.update(await make_headers(user))
    yield application
    del application.headers["Authorization"]


@pytest.fixture
def make_threads(db):
    async def make(user, titles, **values):
        threads = [
            Thread(user_id=user.id, title=title, format="issues", issues_left=10, position=position)
            for position, title in enumerate(titles, 1)
        ]
        for thread in threads:
            for name, value in values.items():
                setattr(thread, name, value)
        db.add_all(threads)
        await db.commit()
        return [thread.id for thread in threads]

    return make


@pytest.fixture
async def pile(user, make_threads):
    """The ids of five threads, from the front of the queue."""
    return await make_threads(user, TITLES)


@pytest.fixture
def dice_show(monkeypatch):
    """Dice that show what a test wants."""

    def show(result):
        monkeypatch.setattr("comic_pile.services.dice.throw", lambda die: result)

    return show
