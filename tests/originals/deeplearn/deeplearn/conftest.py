import pytest
from fastapi.testclient import TestClient

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
def session(infrastructure, database):
    with infrastructure.get_session_context() as session:
        yield session


@pytest.fixture
def content(session):
    return content_provider(session)


@pytest.fixture
def client(database):
    return TestClient(app)


def registered(name, is_admin=False):
    """A new user, and the headers of their requests."""
    email = f"{name.lower()}@example.com"
    with user_session() as accounts:
        users = user_provider(accounts)
        user = users.register(UserCreate(email=email, name=name, password=PASSWORD), is_admin=is_admin)
        token = users.log_in(Credentials(email=email, password=PASSWORD))
    return user, {"Authorization": f"Bearer {token.access_token}"}


@pytest.fixture
def ada_registered(database):
    return registered("Ada")


@pytest.fixture
def ada(ada_registered):
    return ada_registered[0]


@pytest.fixture
def as_ada(ada_registered):
    return ada_registered[1]


@pytest.fixture
def grace_registered(database):
    return registered("Grace")


@pytest.fixture
def grace(grace_registered):
    return grace_registered[0]


@pytest.fixture
def as_grace(grace_registered):
    return grace_registered[1]


@pytest.fixture
def as_admin(database):
    return registered("Admin", is_admin=True)[1]


def package(*answers):
    """A lesson's content with an exercise for each right answer."""
    exercises = [
        Exercise(id=f"e{number}", question="Which?", choices=["one", "two", "three"], answer=answer)
        for number, answer in enumerate(answers, start=1)
    ]
    return LessonPackage(objectives=["know it"], text="Read this.", exercises=exercises)


@pytest.fixture
def unit(session, content, ada):
    """Ada's unit about bread, with two lessons."""
    unit = content.create_unit(UnitCreate(title="Bread", user_id=ada.id))
    for title in ("Flour", "Water"):
        content.save_lesson(LessonCreate(title=title, package=package(0, 2), unit_id=unit.id))
    session.commit()
    return content.get_unit(unit.id)


@pytest.fixture
def lesson(content, unit):
    return content.get_lesson(unit.lesson_order[0])
