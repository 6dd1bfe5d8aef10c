"""Functions that make applications: the cases in `application_factories/`, and suites that pass before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import follows, migrate, project, text
from .test_startup import APPLICATION
from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("application_factories"))
def test_text(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


HEAD, _, ROUTES = APPLICATION.partition("Base.metadata.create_all(bind=engine)\n\napp = FastAPI()\n{handler}\n")
MODULE = f"""{HEAD}
{{lifespan}}
def create_app() -> FastAPI:
    app = FastAPI({{given}})
    Base.metadata.create_all(bind=engine)
    with SessionLocal() as db:
        db.merge(Item(id=1))
        db.commit()
    {ROUTES.replace(chr(10), chr(10) + "    ").rstrip()}

    return app


app = create_app()
"""
LIFESPAN = """
from contextlib import asynccontextmanager

started = []


@asynccontextmanager
async def lifespan(app):
    started.append(app)
    yield

"""
FIXTURES = {
    "entered": """
@pytest.fixture
def client():
    with TestClient(create_app()) as client:
        yield client
""",
    "given back": """
@pytest.fixture
def client() -> TestClient:
    return TestClient(create_app())
""",
    "yielded": """
@pytest.fixture
def client():
    client = TestClient(create_app(), headers={"x-name": "me"})
    yield client
    client.close()
""",
    "of another fixture": """
@pytest.fixture
def made():
    return create_app()


@pytest.fixture
def client(made):
    return TestClient(made)
""",
    "of a module": """
app = create_app()


@pytest.fixture
def client():
    return TestClient(app)
""",
}
SUITE = """
import asyncio
import importlib

import pytest
from fastapi.testclient import TestClient

import application
from application import create_app

{fixture}

def test_items(client):
    assert client.get("/items").json() == [1]


def test_items_again(client):
    response = client.get("/items")
    assert response.json() == [1]


async def import_again():
    importlib.reload(application)


def test_a_server_imports_it_while_its_loop_runs():
    asyncio.run(import_again())
"""


@pytest.mark.parametrize("fixture", FIXTURES.values(), ids=FIXTURES)
def test_what_the_application_needs_is_there_when_it_starts(tmp_path: Path, fixture: str) -> None:
    files = {"conftest.py": "", "application.py": MODULE.format(lifespan="", given="")}
    follows(tmp_path, {**files, "test_it.py": SUITE.format(fixture=fixture)})
    assert "    app = FastAPI(lifespan=lifespan)" in text(tmp_path, "application.py")
    assert "LifespanManager" in text(tmp_path, "test_it.py")


def test_a_lifespan_does_both(tmp_path: Path) -> None:
    started = "\n\ndef test_started(client):\n    assert application.started\n"
    suite = SUITE.format(fixture=FIXTURES["entered"]) + started
    module = MODULE.format(lifespan=LIFESPAN, given="lifespan=lifespan")
    follows(tmp_path, {"conftest.py": "", "application.py": module, "test_it.py": suite})
    assert "def create_app() -> FastAPI:" in text(tmp_path, "application.py")


def test_a_client_in_a_test(tmp_path: Path) -> None:
    suite = """
    from fastapi.testclient import TestClient

    from application import create_app


    def test_items():
        app = create_app()
        # Whoever asks.
        client = TestClient(app)
        assert client.get("/items").json() == [1]
    """
    module = MODULE.format(lifespan="", given="")
    follows(tmp_path, {"conftest.py": "", "application.py": module, "test_it.py": suite})
    assert "    async with LifespanManager(app):\n" in text(tmp_path, "test_it.py")


def test_two_clients_in_a_test_start_nothing(tmp_path: Path) -> None:
    """One would be used behind the lifespan of the other."""
    suite = """
    from fastapi.testclient import TestClient

    from application import create_app


    def test_items():
        app = create_app()
        client = TestClient(app)
        other = TestClient(app)
        assert client.get("/items").status_code == other.get("/items").status_code
    """
    project(tmp_path, {"application.py": MODULE.format(lifespan="", given=""), "test_it.py": suite})
    migrate(tmp_path)
    assert "LifespanManager" not in text(tmp_path, "test_it.py")


def test_an_application_of_its_own_is_not_taken_for_another(tmp_path: Path) -> None:
    """Two calls of one function make two applications."""
    suite = """
    from fastapi.testclient import TestClient

    from application import app, create_app

    client = TestClient(create_app())


    def test_items():
        with client:
            assert client.get("/items").json() == [1]
    """
    project(tmp_path, {"application.py": MODULE.format(lifespan="", given=""), "test_it.py": suite})
    concerns = [d.concern for d in migrate(tmp_path) if d.codemod == "test-client"]
    assert "the application's lifespan has to run around it, in a LifespanManager of asgi-lifespan" in concerns
    assert "LifespanManager(app)" not in text(tmp_path, "test_it.py")
