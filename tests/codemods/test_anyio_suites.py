"""Suites of anyio, which stay such."""

from __future__ import annotations

from pathlib import Path

from asyncshift.analysis.decisions import Status

from .suites import follows, migrate, project, text
from .test_pytest_suite import MODULE, module_follows


def test_anyio_stays(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": MODULE
            + """
@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
async def test_before():
    assert True


def test_names(db):
    assert names(db) == []


@pytest.mark.anyio
class TestItems:
    def test_names(self, db):
        assert names(db) == []


def test_plain():
    assert True
""",
            "conftest.py": """\
    import pytest

    from application import Base, SessionLocal, engine


    @pytest.fixture
    def db():
        Base.metadata.create_all(engine)
        with SessionLocal() as session:
            yield session
        Base.metadata.drop_all(engine)
    """,
        },
    )
    new = text(tmp_path, "test_it.py")
    assert "@pytest.mark.anyio\nasync def test_names(db):" in new
    assert new.count("@pytest.mark.anyio") == 3
    assert "asyncio" not in text(tmp_path, "pytest.ini")


def test_marks_of_anyio_without_a_backend(tmp_path: Path) -> None:
    """Anyio would run a new test on all of its backends, under new ids."""
    module_follows(
        tmp_path,
        """
@pytest.mark.anyio
async def test_before(anyio_backend_name):
    assert anyio_backend_name in {"asyncio", "trio"}


def test_names(db):
    assert names(db) == []
""",
    )
    assert "@pytest.mark.asyncio\nasync def test_names(db):" in text(tmp_path, "test_it.py")
    assert "asyncio_mode = strict" in text(tmp_path, "pytest.ini")


def test_marks_of_anyio_in_auto_mode(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "pytest.ini": "[pytest]\nasyncio_mode = auto\n",
            "test_it.py": MODULE
            + """
@pytest.mark.anyio
async def test_before():
    assert True


def test_names(db):
    assert names(db) == []
""",
        },
    )
    assert "\n\nasync def test_names(db):" in text(tmp_path, "test_it.py")


def test_anyio_with_a_wide_fixture(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "test_it.py": MODULE
            + """
@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def shared():
    with SessionLocal() as session:
        yield session


def test_names(shared):
    assert names(shared) == []
"""
        },
    )
    concerns = [d.concern for d in migrate(tmp_path) if d.codemod == "pytest-suite" and d.status is Status.DECLINED]
    assert concerns == ["an async fixture of session scope needs an `anyio_backend` fixture of session scope"]
