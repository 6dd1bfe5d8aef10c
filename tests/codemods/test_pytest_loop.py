"""One event loop for suites whose pytest-asyncio has no setting for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import migrate, project, text
from .test_pytest_suite import MODULE

OLD = [
    ("pytest-asyncio==0.21.1", "def event_loop()"),
    ("pytest-asyncio==0.23.8", "def current_event_loop(event_loop)"),
    ("pytest==7.4.4", "def current_event_loop(event_loop)"),
]


@pytest.mark.parametrize(("pin", "loop"), OLD)
def test_old_versions_get_one_loop(tmp_path: Path, pin: str, loop: str) -> None:
    project(
        tmp_path,
        {
            "requirements.txt": f"sqlalchemy==2.0.40\n{pin}\n",
            "test_it.py": MODULE
            + """
def test_names(db):
    assert names(db) == []
""",
        },
    )
    migrate(tmp_path)
    new = text(tmp_path, "conftest.py")
    assert new.startswith("import asyncio\n\nimport pytest\n")
    assert loop in new
    assert "loop_scope" not in text(tmp_path, "pytest.ini")


def test_wider_fixtures_run_on_that_loop(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "requirements.txt": "sqlalchemy==2.0.40\npytest-asyncio==0.24.0\n",
            "pytest.ini": "[pytest]\nasyncio_default_fixture_loop_scope = function\n",
            "test_it.py": MODULE
            + """
@pytest.fixture(scope="module")
def found():
    db = SessionLocal()
    yield names(db)
    db.close()


def test_names(found):
    assert found == []
""",
        },
    )
    migrate(tmp_path)
    assert "def event_loop()" in text(tmp_path, "conftest.py")
    assert '@pytest_asyncio.fixture(scope="module", loop_scope="session")' in text(tmp_path, "test_it.py")


@pytest.mark.parametrize("pin", ["pytest-asyncio>=0.26", "pytest-asyncio==1.1.0", "pytest==8.3.1", "pytest>=7"])
def test_new_versions_need_none(tmp_path: Path, pin: str) -> None:
    project(
        tmp_path,
        {
            "requirements.txt": f"sqlalchemy==2.0.40\n{pin}\n",
            "test_it.py": MODULE
            + """
def test_names(db):
    assert names(db) == []
""",
        },
    )
    migrate(tmp_path)
    assert "loop" not in text(tmp_path, "conftest.py")


OWN_LOOP = """
@pytest.fixture{scope}
def event_loop({parameters}):
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_names(db):
    assert names(db) == []
"""


def loop_of_its_own(root: Path, pin: str, **given: str) -> list[str]:
    """Migrate a suite that has a loop of its own; what is said of that."""
    test = f"import asyncio\n{MODULE}" + OWN_LOOP.format(**{"scope": "", "parameters": ""} | given)
    project(root, {"requirements.txt": f"{pin}\n", "test_it.py": test})
    decisions = migrate(root)
    assert "event_loop" not in text(root, "conftest.py")
    return [d.concern for d in decisions if d.function == "event_loop"]


@pytest.mark.parametrize("pin", ["pytest-asyncio==0.21.1", "pytest-asyncio==0.23.8"])
@pytest.mark.parametrize("scope", ["", "()", '(scope="module")', '(scope="session")'])
def test_loop_of_the_project_lasts_for_the_suite(tmp_path: Path, pin: str, scope: str) -> None:
    loop_of_its_own(tmp_path, pin, scope=scope)
    assert '@pytest.fixture(scope="session")\ndef event_loop():' in text(tmp_path, "test_it.py")


def test_loop_of_the_project_that_stays(tmp_path: Path) -> None:
    (concern,) = loop_of_its_own(tmp_path, "pytest-asyncio==0.21.1", parameters="kind")
    assert concern.startswith("pooled connections work on one event loop alone")
    assert "@pytest.fixture\ndef event_loop(kind):" in text(tmp_path, "test_it.py")


def test_loop_that_newer_versions_do_not_ask_for(tmp_path: Path) -> None:
    assert not loop_of_its_own(tmp_path, "pytest-asyncio==1.1.0")
    assert "@pytest.fixture\ndef event_loop():" in text(tmp_path, "test_it.py")


def test_suite_without_a_conftest(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "requirements.txt": "pytest-asyncio==0.21.1\n",
            "tests/test_it.py": MODULE
            + """
def test_names():
    with SessionLocal() as db:
        assert names(db) == []
""",
        },
    )
    (tmp_path / "conftest.py").unlink()
    migrate(tmp_path)
    assert "def event_loop():" in text(tmp_path, "tests/conftest.py")
