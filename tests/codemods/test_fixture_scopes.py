"""Scopes that pytest-asyncio 0.23 can't serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import migrate, project, text

CONFTEST = """\
import pytest

from application import Base, SessionLocal, engine


@pytest.fixture(scope="module")
def label():
    return "a"


@pytest.fixture(scope='module')
def db(label):
    Base.metadata.create_all(engine)
    with SessionLocal() as session:
        yield session
    Base.metadata.drop_all(engine)


@pytest.fixture(scope="module")
def number():
    return 1
"""
TEST = """\
import pytest

from application import names


@pytest.fixture(scope="module")
def own(db):
    return names(db)


@pytest.fixture(scope="class")
def of_a_class(db):
    return names(db)


def test_names(db, own, of_a_class):
    assert names(db) == own == of_a_class
"""


def test_scopes_that_are_not_served(tmp_path: Path) -> None:
    files = {"requirements.txt": "pytest-asyncio==0.23.8\n", "conftest.py": CONFTEST, "test_it.py": TEST}
    project(tmp_path, files)
    decisions = [d for d in migrate(tmp_path) if d.codemod == "fixture-scopes"]
    assert [d.function for d in decisions] == ["label", "db", "own", "of_a_class"]
    conftest, test = text(tmp_path, "conftest.py"), text(tmp_path, "test_it.py")
    assert '@pytest.fixture(scope="session")\ndef label():' in conftest
    assert "@pytest.fixture(scope='session')\nasync def db(label):" in conftest
    assert '@pytest.fixture(scope="module")\ndef number():' in conftest
    assert '@pytest.fixture(scope="session")\nasync def own(db):' in test
    assert '@pytest.fixture(scope="session")\nasync def of_a_class(db):' in test


@pytest.mark.parametrize("version", ["0.21.1", "1.1.0"])
def test_other_versions(tmp_path: Path, version: str) -> None:
    files = {"requirements.txt": f"pytest-asyncio=={version}\n", "conftest.py": CONFTEST, "test_it.py": TEST}
    project(tmp_path, files)
    migrate(tmp_path)
    assert 'scope="session"' not in text(tmp_path, "test_it.py")
    assert "scope='module'" in text(tmp_path, "conftest.py")
