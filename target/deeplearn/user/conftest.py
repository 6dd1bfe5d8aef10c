import pytest
from httpx import ASGITransport, AsyncClient

from deeplearn.server import app
from user.public import Credentials, UserCreate, user_provider
from user.sessions import user_session

PASSWORD = "correct horse"


@pytest.fixture
async def session(database):
    async with user_session() as session:
        yield session


@pytest.fixture
async def ada(database):
    async with user_session() as session:
        return await user_provider(session).register(UserCreate(email="ada@example.com", name="Ada", password=PASSWORD))


@pytest.fixture
async def token(ada):
    async with user_session() as session:
        return (await user_provider(session).log_in(Credentials(email=ada.email, password=PASSWORD))).access_token


@pytest.fixture
def as_ada(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def client(database):
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://testserver", follow_redirects=True)
