"""Test clients, by suites that run before and after."""

from __future__ import annotations

from pathlib import Path

from asyncshift.analysis.decisions import Decision, Status

from .suites import follows, migrate, project, text

IMPORTS = """\
import pytest
from fastapi.testclient import TestClient

import application
from application import app


"""


def module_follows(root: Path, text: str) -> list[Decision]:
    """Check a suite of one module; the decisions that were made."""
    return follows(root, {"test_it.py": IMPORTS + text})


def kept(decisions: list[Decision]) -> list[str]:
    return [d.concern for d in decisions if d.codemod == "test-client" and d.status is Status.KEPT]


def test_client_of_a_fixture_is_made_without_lifespan(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
@pytest.fixture
def client():
    return TestClient(app)


def test_items(client: TestClient) -> None:
    assert client.post("/items/a").status_code == 201
    assert client.get("/items").json() == ["a"]
    assert application.events == []


def test_a_condition(client):
    if client.get("/items").json():
        raise AssertionError
    assert [client.get(u).status_code for u in ("/items", "/who")] == [200, 200]


def test_base_url(client):
    assert client.get("/who").json()["base"] == "http://testserver/"


def test_redirects_are_followed(client):
    assert client.get("/old").json() == []
    assert client.get("/old", follow_redirects=False).status_code == 307


def test_errors_are_raised(client):
    with pytest.raises(RuntimeError):
        client.get("/broken")
""",
    )
    new = text(tmp_path, "test_it.py")
    assert "def client():\n    return AsyncClient(\n" in new
    assert "async def test_items(client: AsyncClient) -> None:" in new
    assert "TestClient" not in new
    assert "lifespan" not in new.lower()


def test_client_that_is_entered_runs_the_lifespan(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
@pytest.fixture
def client():
    with TestClient(app) as entered:
        yield entered


def test_state(client):
    assert client.get("/colour").json() == "red"
    assert application.events == ["up"]


def test_events():
    application.events.clear()
    with TestClient(app):
        assert application.events == ["up"]
    assert application.events == ["up", "down"]


def test_inside_of_a_test(db):
    application.events.clear()
    with TestClient(app, headers={"x-key": "1"}) as client:
        assert client.get("/items").json() == []
    assert application.events == ["up", "down"]
""",
    )
    new = text(tmp_path, "test_it.py")
    assert "LifespanManager(app) as manager," in new
    assert "transport=ASGITransport(app=manager.app)" in new
    assert "    async with LifespanManager(app):\n" in new


def test_other_items_of_the_with_stay(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": IMPORTS
            + '''
from unittest.mock import patch


def test_patched():
    with patch.object(application, "events", ["patched"]), TestClient(app) as client:
        response = client.get("/items")
        assert response.json() == [] and application.events == ["patched", "up"], """
    text that keeps
  its indentation"""


def test_raises():
    with TestClient(app) as client, pytest.raises(RuntimeError):
        client.get("/broken")
'''
        },
    )
    assert '\n  its indentation"""' in text(tmp_path, "test_it.py")


def test_client_of_a_module_and_of_a_class(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
client = TestClient(app)


class TestItems:
    client = TestClient(app)

    def setup_method(self):
        self.own = TestClient(app)

    def test_class(self):
        assert self.client.get("/items").json() == []

    def test_instance(self):
        assert self.own.get("/items").json() == []


def test_module():
    assert client.get("/items").json() == []


def test_at_once():
    assert TestClient(app).get("/items").json() == []
""",
    )
    assert text(tmp_path, "test_it.py").count("AsyncClient(\n") == 4


def test_arguments_are_carried_over(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
def test_all():
    client = TestClient(
        app,
        base_url="http://elsewhere",
        raise_server_exceptions=False,
        headers={"x-key": "1", "user-agent": "me"},
        cookies={"c": "1"},
        follow_redirects=False,
    )
    assert client.get("/broken").status_code == 500
    assert client.get("/old").status_code == 307
    who = client.get("/who").json()
    assert who["base"] == "http://elsewhere/"
    assert who["agent"] == "me"
    assert client.headers["x-key"] == "1"
    assert client.cookies["c"] == "1"


def test_positions():
    client = TestClient(app, "http://elsewhere", False, "/root")
    assert client.get("/who").json()["base"] == "http://elsewhere/root/"
    assert client.get("/broken").status_code == 500
""",
    )
    new = text(tmp_path, "test_it.py")
    assert "ASGITransport(app=app, raise_app_exceptions=False)" in new
    assert 'ASGITransport(app=app, raise_app_exceptions=False, root_path="/root")' in new


def test_what_a_test_client_says_of_itself(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
def test_who(db):
    who = TestClient(app).get("/who").json()
    assert who["host"] == "testclient"
    assert who["agent"] == "testclient"
""",
    )
    assert 'client=("testclient", 50000)' in text(tmp_path, "test_it.py")


def test_arguments_that_are_not_written_out(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "test_it.py": IMPORTS
            + """
options = {"base_url": "http://elsewhere"}


def test_it():
    assert TestClient(app, **options).get("/items").json() == []
"""
        },
    )
    decisions = migrate(tmp_path)
    assert [d.concern for d in decisions if d.codemod == "test-client" and d.status is Status.DECLINED] == [
        "its arguments are not written out; make the AsyncClient by hand"
    ]


def test_backend_is_reported(tmp_path: Path) -> None:
    decisions = module_follows(
        tmp_path,
        """
def test_it():
    assert TestClient(app, backend="asyncio").get("/items").json() == []
""",
    )
    assert "backend: an AsyncClient runs on the loop of its test" in [d.concern for d in decisions]


def test_application_without_a_database_keeps_its_client(tmp_path: Path) -> None:
    decisions = module_follows(
        tmp_path,
        """
from fastapi import APIRouter, Depends, FastAPI


def test_plain():
    plain = FastAPI()
    router = APIRouter()

    @router.get("/one")
    def one():
        return 1

    plain.include_router(router)
    assert TestClient(plain).get("/one").json() == 1


def test_with_dependency():
    small = FastAPI()

    @small.get("/items")
    def items(db=Depends(application.get_db)):
        return application.names(db)

    assert TestClient(small).get("/items").json() == []


def test_mounted():
    outer = FastAPI()
    outer.mount("/inner", app)
    assert TestClient(outer).get("/inner/items").json() == []
""",
    )
    new = text(tmp_path, "test_it.py")
    assert "\ndef test_plain" in new
    assert "async def test_with_dependency" in new
    assert "async def test_mounted" in new
    assert kept(decisions) == ["its application runs nothing that becomes async"]


def test_client_in_a_thread(tmp_path: Path) -> None:
    decisions = module_follows(
        tmp_path,
        """
from concurrent.futures import ThreadPoolExecutor


def test_functions():
    client = TestClient(app)

    def load(path):
        return client.get(path).json()

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(load, path) for path in ["/items", "/items"]]
        assert [f.result() for f in found] == [[], []]


def test_lambdas():
    client = TestClient(app)
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda path: client.get(path).json(), ["/items", "/items"])
    assert list(found) == [[], []]
""",
    )
    new = text(tmp_path, "test_it.py")
    assert "return asyncio.run(run())" in new
    assert new.count("    client = TestClient(app)\n") == 1
    assert [k.partition(",")[0] for k in kept(decisions)] == ["it is used at test_it.py:26"]


def test_client_is_entered_where_it_is_used(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
@pytest.fixture
def client():
    return TestClient(app)


def test_entered(client):
    application.events.clear()
    with client:
        assert application.events == ["up"]
        assert client.get("/items").json() == []
    assert application.events == ["up", "down"]


def test_entered_under_a_name(client):
    with client as entered:
        assert entered.get("/items").json() == []


def test_entered_again(client):
    assert client.get("/items").json() == []
    for _ in range(2):
        application.events.clear()
        with client:
            assert client.post("/items/a").status_code == 201
        assert application.events == ["up", "down"]
    assert client.get("/items").json() == ["a", "a"]
""",
    )
    assert "async with LifespanManager(app):" in text(tmp_path, "test_it.py")
    assert "async with LifespanManager(app), client as entered:" in text(tmp_path, "test_it.py")


def test_the_application_of_a_client_that_is_entered_is_a_fixture(tmp_path: Path) -> None:
    """It was used before, so that the client itself can't be entered; what the lifespan does at its end is awaited."""
    suite = """
import application
import pytest
from fastapi.testclient import TestClient


@pytest.fixture
def web():
    from application import app as made

    made.state.colour = "red"
    yield made


@pytest.fixture
def client(web):
    return TestClient(web)


@pytest.fixture
def used(client):
    assert client.get("/items").json() == []
    return client


def test_entered(used: TestClient):
    for name in "ab":
        application.events.clear()
        with used:
            assert used.post(f"/items/{name}").status_code == 201
        assert application.events == ["up", "down"]
    with used:
        assert used.get("/items").json() == ["a", "b"]


def test_entered_under_another_name(used, web):
    with used:
        assert used.get("/items").json() == []
"""
    follows(tmp_path, {"test_it.py": suite})
    new = text(tmp_path, "test_it.py")
    assert "async def test_entered(used: AsyncClient, web):" in new
    assert new.count("async with LifespanManager(web):") == 3


def test_clients_of_two_fixtures_that_are_entered(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
from fastapi import FastAPI


def made():
    made = FastAPI(lifespan=application.lifespan)
    made.include_router(app.router)
    return made


@pytest.fixture
def first():
    return made()


@pytest.fixture
def second():
    return made()


@pytest.fixture
def reader(first):
    return TestClient(first)


@pytest.fixture
def writer(second):
    return TestClient(second)


def test_both(reader, writer):
    with writer:
        assert writer.post("/items/a").status_code == 201
    with reader:
        assert reader.get("/items").json() == ["a"]
""",
    )
    assert "async def test_both(reader, first, writer, second):" in text(tmp_path, "test_it.py")


def test_client_that_is_entered_behind_patches(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
from unittest.mock import patch


@pytest.fixture
def client():
    with (
        patch("application.events", []),
        # of the database
        patch("application.SessionLocal", application.SessionLocal),
        TestClient(app) as entered,
    ):
        yield entered


def test_items(client: TestClient) -> None:
    assert client.get("/items").json() == []
""",
    )
    assert """\
    with (
        patch("application.events", []),
        # of the database
        patch("application.SessionLocal", application.SessionLocal),
    ):
        async with (
            LifespanManager(app) as manager,
            AsyncClient(
""" in text(tmp_path, "test_it.py")
