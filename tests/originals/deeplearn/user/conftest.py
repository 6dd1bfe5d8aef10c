import pytest
from fastapi.testclient import TestClient

from deeplearn.server import app
from user.public import Credentials, UserCreate, user_provider
from user.sessions import user_session

PASSWORD = "correct horse"


@pytest.fixture
def session(database):
    with user_session() as session:
        yield session


@pytest.fixture
def ada(database):
    with user_session() as session:
        return user_provider(session).register(UserCreate(email="ada@example.com", name="Ada", password=PASSWORD))


@pytest.fixture
def token(ada):
    with user_session() as session:
        return user_provider(session).log_in(Credentials(email=ada.email, password=PASSWORD)).access_token


@pytest.fixture
def as_ada(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def client(database):
    return TestClient(app)
