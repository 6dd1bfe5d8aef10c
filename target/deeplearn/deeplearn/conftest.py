import pytest
from httpx import ASGITransport, AsyncClient

from deeplearn.content.dtos import Exercise, LessonPackage
from deeplearn.content.public import LessonCreate, UnitCreate, content_provider
from deeplearn.infrastructure.public import infrastructure_provider
from deeplearn.server import app
from user.public import Credentials, UserCreate, user_provider
from user.sessions import user_session

PASSWORD = "correct horse"


@pytest.fixture(scope="session")
def infrastructure():
    return infrastructure_provider()


@pytest.fixture
async def session(infrastructure, database):
    async with infrastructure.get_session_context() as session:
        yield session


@pytest.fixture
def content(session):
    return content_provider(session)


@pytest.fixture
def client(database):
    return AsyncClient(
        transport=ASGITransport(app=app), base_url="http://testserver", follow_redirects=True
    )


async def registered(name, is_admin=False):
    """A new user, and the headers of their requests."""
    email = f"{name.lower()}@example.com"
    async with user_session() as accounts:
        users = user_provider(accounts)
        user = await users.register(UserCreate(email=email, name=name, password=PASSWORD), is_admin=is_admin)
        token = await users.log_in(Credentials(email=email, password=PASSWORD))
    return user, {"Authorization": f"Bearer {token.access_token}"}


@pytest.fixture
async def ada_registered(database):
    return await registered("Ada")


@pytest.fixture
def ada(ada_registered):
    return ada_registered[0]


@pytest.fixture
def as_ada(ada_registered):
    return ada_registered[1]


@pytest.fixture
async def grace_registered(database):
    return await registered("Grace")


@pytest.fixture
def grace(grace_registered):
    return grace_registered[0]


@pytest.fixture
def as_grace(grace_registered):
    return grace_registered[1]


@pytest.fixture
async def as_admin(database):
    return (await registered("Admin", is_admin=True))[1]


def package(*answers):
    """A lesson's content with an exercise for each right answer."""
    exercises = [
        Exercise(id=f"e{number}", question="Which?", choices=["one", "two", "three"], answer=answer)
        for number, answer in enumerate(answers, start=1)
    ]
    return LessonPackage(objectives=["know it"], text="Read this.", exercises=exercises)


@pytest.fixture
async def unit(session, content, ada):
    """Ada's unit about bread, with two lessons."""
    unit = await content.create_unit(UnitCreate(title="Bread", user_id=ada.id))
    for title in ("Flour", "Water"):
        await content.save_lesson(LessonCreate(title=title, package=package(0, 2), unit_id=unit.id))
    await session.commit()
    return await content.get_unit(unit.id)


@pytest.fixture
async def lesson(content, unit):
    return await content.get_lesson(unit.lesson_order[0])
