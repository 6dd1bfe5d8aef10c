import os
import tempfile

# Before the application reads them: no test may touch a real database, and hashing must not take long.
folder = tempfile.TemporaryDirectory(prefix="soul-sense-")
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", f"sqlite:///{folder.name}/soul.db")
os.environ["PASSWORD_ROUNDS"] = "5"

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient

from soul_sense.database import Base, SessionLocal, engine
from soul_sense.mailer import mailer
from soul_sense.main import app
from soul_sense.models import Achievement, AuditEvent, Question, User, UserSettings
from soul_sense.security import hash_password
from soul_sense.services.auth import AuthService

PASSWORD = "correct horse"
QUESTIONS = [
    ("I sleep well.", "balance", False),
    ("I am easily upset.", "balance", True),
    ("I notice how others feel.", "empathy", False),
]


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
        for model in (User, AuditEvent, Question, Achievement):  # all else goes with its user
            await connection.execute(model.__table__.delete())
    mailer.sent.clear()


@pytest.fixture
async def db(database):
    session = SessionLocal()
    yield session
    await session.close()


@pytest.fixture
def make_user(db, password_hash):
    async def make(name, **values):
        user = User(username=name, email=f"{name}@example.com", password_hash=password_hash, **values)
        user.settings = UserSettings()
        db.add(user)
        await db.commit()
        await db.refresh(user)
        return user

    return make


@pytest.fixture
async def user(make_user):
    return await make_user("noor")


@pytest.fixture
async def other(make_user):
    return await make_user("tomas")


@pytest.fixture
def make_headers(db):
    async def make(user):
        token = await AuthService(db, mailer).log_in(user.username, PASSWORD)
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture
async def as_other(other, make_headers):
    return await make_headers(other)


@pytest.fixture
async def as_staff(make_user, make_headers):
    return await make_headers(await make_user("imani", is_staff=True))


@pytest.fixture
def anonymous(application, database):
    return application


@pytest.fixture
async def client(application, user, make_headers):
    """The application, asked by a user who has logged in."""
    application.headers.update(await make_headers(user))
    yield application
    del application.headers["Authorization"]


@pytest.fixture
async def questions(db):
    """The ids of three questions, of two categories."""
    made = [Question(text=text, category=category, is_reversed=turned) for text, category, turned in QUESTIONS]
    db.add_all(made)
    await db.commit()
    return [question.id for question in made]


@pytest.fixture
def take_exam(client, questions):
    """Takes an assessment with the answers that are given; its id."""

    async def take(*values, headers=None):
        exam_id = (await client.post("/exams", headers=headers)).json()["id"]
        for question_id, value in zip(questions, values, strict=False):
            answer = {"question_id": question_id, "value": value}
            await client.post(f"/exams/{exam_id}/answers", json=answer, headers=headers)
        await client.post(f"/exams/{exam_id}/finish", headers=headers)
        return exam_id

    return take


@pytest.fixture
def write(client):
    """Writes a page; its id."""

    async def write(title="A page", mood=6, headers=None, **values):
        return (await client.post("/journal", json={"title": title, "mood": mood} | values, headers=headers)).json()["id"]

    return write
