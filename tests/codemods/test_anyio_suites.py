"""Suites of anyio, which stay such."""

from __future__ import annotations

from pathlib import Path

import pytest

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


WIDE = (
    MODULE
    + """
@pytest.fixture(scope="session")
def shared():
    with SessionLocal() as session:
        yield session


@pytest.mark.anyio
async def test_before():
    assert True


def test_names(shared):
    assert names(shared) == []


def test_again(shared):
    assert names(shared) == []


@pytest.fixture{scope}
def anyio_backend({parameters}):
    return "asyncio"
"""
)


@pytest.mark.parametrize("scope", ["", "()", '(scope="class")'])
def test_backend_is_widened_for_a_wide_fixture(tmp_path: Path, scope: str) -> None:
    follows(tmp_path, {"test_it.py": WIDE.format(scope=scope, parameters="")})
    assert '@pytest.fixture(scope="session")\ndef anyio_backend():' in text(tmp_path, "test_it.py")


def test_backend_that_can_not_be_widened(tmp_path: Path) -> None:
    project(tmp_path, {"test_it.py": WIDE.format(scope="", parameters="request")})
    concerns = [d.concern for d in migrate(tmp_path) if d.codemod == "pytest-suite" and d.status is Status.DECLINED]
    assert concerns == ["an async fixture of session scope needs an `anyio_backend` fixture of that scope"]


SHARED_CONFTEST = """\
import pytest

from application import Base, SessionLocal, engine


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def db():
    Base.metadata.create_all(engine)
    with SessionLocal() as session:
        yield session
    Base.metadata.drop_all(engine)
"""


def test_suite_of_both_is_run_by_one(tmp_path: Path) -> None:
    """A session that tests of both share would live on two loops."""
    follows(
        tmp_path,
        {
            "conftest.py": SHARED_CONFTEST,
            "names_base.py": """\
            import pytest

            from application import names


            class NamesBase:
                @pytest.mark.asyncio
                async def test_inherited(self, db):
                    assert names(db) == []

                @pytest.mark.anyio
                async def test_of_anyio(self, db):
                    assert names(db) == []
            """,
            "test_it.py": """\
            import pytest

            import names_base
            from application import names

            pytestmark = [pytest.mark.anyio]


            class TestNames(names_base.NamesBase):
                async def test_own(self, db):
                    assert names(db) == []


            def test_plain(db):
                assert names(db) == []
            """,
        },
    )
    assert "pytestmark = [pytest.mark.asyncio]" in text(tmp_path, "test_it.py")
    assert text(tmp_path, "names_base.py").count("mark.asyncio") == 2
    assert "asyncio_mode = auto" in text(tmp_path, "pytest.ini")


def test_suite_of_both_that_is_strict(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "conftest.py": SHARED_CONFTEST,
            "pytest.ini": "[pytest]\nasyncio_mode = strict\n",
            "test_it.py": MODULE
            + """
@pytest.mark.anyio
async def test_of_anyio():
    assert True


@pytest.mark.asyncio
async def test_of_asyncio(db):
    assert names(db) == []
""",
        },
    )
    migrate(tmp_path)
    assert "@pytest.mark.anyio\n" in text(tmp_path, "test_it.py")
