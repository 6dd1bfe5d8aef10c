"""What tests do with a test client: streams, websockets, its application, derived classes, annotations."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import follows, migrate, project, text
from .test_test_client import IMPORTS, kept, module_follows


def test_streams_are_read_asynchronously(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
client = TestClient(app)


def test_lines():
    found = []
    with client.stream("GET", "/lines") as response:
        for line in response.iter_lines():
            found.append(line)
    assert found == ["one", "two"]


def test_collected():
    with client.stream("GET", "/lines") as response:
        assert list(response.iter_lines()) == ["one", "two"]
    with client.stream("GET", "/lines") as response:
        assert "".join(response.iter_text()) == "one\\ntwo\\n"
    with client.stream("GET", "/lines") as response:
        assert [line.upper() for line in response.iter_lines()] == ["ONE", "TWO"]
    with client.stream("GET", "/lines") as response:
        body = response.read()
    assert body == b"one\\ntwo\\n"


def test_plain_response():
    assert list(client.get("/lines").iter_lines()) == ["one", "two"]
""",
    )


def test_websockets_keep_the_client(tmp_path: Path) -> None:
    decisions = module_follows(
        tmp_path,
        """
@pytest.fixture
def client():
    return TestClient(app)


@pytest.fixture
def other():
    return TestClient(app)


def test_echo(client):
    with client.websocket_connect("/echo") as socket:
        socket.send_text("hi")
        assert socket.receive_text() == "hi"


def test_of_the_same_client(client):
    assert client.get("/who").status_code == 200


def test_of_another_client(other):
    assert other.get("/items").json() == []
""",
    )
    new = text(tmp_path, "test_it.py")
    assert new.count("return TestClient(app)") == 1
    assert "\ndef test_of_the_same_client" in new
    assert "async def test_of_another_client" in new
    assert kept(decisions) == ["test_it.py:20 opens a websocket with it, and httpx has none"]


def test_application_of_the_client(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "clients.py": """\
            import pytest
            from fastapi.testclient import TestClient

            from application import app


            @pytest.fixture
            def client():
                yield TestClient(app)
        """,
            "test_it.py": """\
            from application import get_db
            from clients import client


            def test_overrides(client, db):
                client.app.dependency_overrides[get_db] = lambda: db
                assert client.get("/items").json() == []
                client.app.dependency_overrides.clear()
        """,
        },
    )
    new = text(tmp_path, "test_it.py")
    assert "    app.dependency_overrides[get_db]" in new
    assert "from application import app, get_db" in new


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("app = client.app", ""),
        ("app = cast(FastAPI, client.app)", ""),
        ("application = client.app", "    application = app\n"),
    ],
)
def test_application_of_the_client_under_its_own_name(tmp_path: Path, statement: str, expected: str) -> None:
    name = statement.partition(" ")[0]
    code = f"""\
from typing import cast

import pytest
from application import app, get_db
from fastapi import FastAPI
from fastapi.testclient import TestClient


@pytest.fixture
def client():
    yield TestClient(app)


def test_overrides(client, db):
    {statement}
    {name}.dependency_overrides[get_db] = lambda: db
    assert client.get("/items").json() == []
    {name}.dependency_overrides.clear()
"""
    follows(tmp_path, {"test_it.py": code})
    assert f"def test_overrides(client, db):\n{expected}    {name}.dependency" in text(tmp_path, "test_it.py")


def test_application_that_the_function_has_another_name_for_is_left(tmp_path: Path) -> None:
    code = """\
from application import app
from fastapi.testclient import TestClient

client = TestClient(app)


def test_other():
    app = None
    other = client.app
    assert app is None and other
"""
    project(tmp_path, {"test_it.py": code})
    assert any("take the application from where it is made" in d.concern for d in migrate(tmp_path))
    assert "    other = client.app\n" in text(tmp_path, "test_it.py")


def test_derived_class(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
class Client(TestClient):
    def names(self):
        return self.get("/items").json()


class Counting(TestClient):
    def __init__(self, *args, **kwargs):
        self.counted = 0
        super().__init__(*args, **kwargs)

    def count(self):
        self.counted += len(self.get("/items").json())
        return self.counted


class Fixed(TestClient):
    def __init__(self):
        super().__init__(app, base_url="http://fixed")

    def base(self):
        return self.get("/who").json()["base"]


def test_client():
    assert Client(app).names() == []


def test_counting():
    assert Counting(app, base_url="http://counting").count() == 0


def test_fixed():
    assert Fixed().base() == "http://fixed/"


def test_entered():
    with Client(app) as client:
        assert client.names() == []
""",
    )


def test_old_names(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
def test_closed():
    client = TestClient(app)
    assert client.get("/items").json() == []
    client.close()


@pytest.mark.parametrize("method", ["get", "head"])
def test_methods(method):
    client = TestClient(app)
    assert getattr(client, method)("/items").status_code in {200, 405}
    assert client.request(method.upper(), "/who").status_code in {200, 405}


def test_method_as_a_value():
    get = TestClient(app).get
    assert get("/items").json() == []
""",
    )
    new = text(tmp_path, "test_it.py")
    assert "await client.aclose()" in new


def test_renamed_argument(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "test_it.py": IMPORTS
            + """
def test_it():
    assert TestClient(app).get("/old", allow_redirects=False).status_code == 307
"""
        },
    )
    migrate(tmp_path)
    assert '.get("/old", follow_redirects=False)' in text(tmp_path, "test_it.py")


ANNOTATIONS = ['"TestClient"', "TestClient | None", "Iterator[TestClient]", "testclient.TestClient"]


@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_annotations(tmp_path: Path, annotation: str) -> None:
    project(
        tmp_path,
        {
            "test_it.py": f"""\
        from collections.abc import Iterator

        import pytest
        from fastapi import testclient
        from fastapi.testclient import TestClient

        from application import app


        @pytest.fixture
        def client() -> {annotation}:
            yield TestClient(app)


        def test_it(client: {annotation}):
            assert client.get("/items").json() == []
    """
        },
    )
    migrate(tmp_path)
    assert "testclient.TestClient" not in text(tmp_path, "test_it.py")
    assert "TestClient" not in text(tmp_path, "test_it.py").replace("testclient import TestClient", "")
