"""pytest suites: modes, marks, scopes and loops, by suites that run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.analysis.decisions import Decision

from .suites import follows, migrate, project, text

MODULE = """\
import pytest

from application import SessionLocal, add_item, names


"""


def module_follows(root: Path, text: str) -> list[Decision]:
    """Check a suite of one module; the decisions that were made."""
    return follows(root, {"test_it.py": MODULE + text})


def test_project_without_a_mode_gets_auto(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
def test_names(db):
    assert names(db) == []


def test_plain():
    assert True
""",
    )
    assert text(tmp_path, "pytest.ini") == (
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = session\n"
        "asyncio_default_test_loop_scope = session\n"
    )
    assert "mark" not in text(tmp_path, "test_it.py")
    assert "\ndef test_plain" in text(tmp_path, "test_it.py")
    assert "pytest_asyncio" not in text(tmp_path, "conftest.py")


def test_strict_mode_needs_marks(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "pytest.ini": "[pytest]\nasyncio_mode = strict\n",
            "test_it.py": MODULE
            + """
@pytest.fixture(scope="function")
def item(db):
    return add_item(db, "a")


@pytest.mark.parametrize("count", [1])
def test_names(db, item, count):
    assert names(db) == ["a"] * count


def test_sync(item):
    assert item.name == "a"


@pytest.mark.asyncio
class TestMarked:
    def test_names(self, db):
        assert names(db) == []


class TestItems:
    def test_names(self, db):
        assert names(db) == []
""",
        },
    )
    new = text(tmp_path, "test_it.py")
    assert '@pytest_asyncio.fixture(scope="function")\nasync def item(db):' in new
    assert '@pytest.mark.asyncio\n@pytest.mark.parametrize("count", [1])\nasync def test_names' in new
    assert "class TestItems:\n    @pytest.mark.asyncio\n    async def test_names" in new
    assert "\n\ndef test_sync(item):" in new
    assert new.count("@pytest.mark.asyncio") == 3
    assert "import pytest_asyncio" in text(tmp_path, "conftest.py")


def test_mark_of_the_module(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "pytest.ini": "[pytest]\nasyncio_mode = strict\n",
            "test_it.py": MODULE
            + """
pytestmark = [pytest.mark.asyncio]


async def test_before():
    assert True


def test_names(db):
    assert names(db) == []
""",
        },
    )
    assert text(tmp_path, "test_it.py").count("mark.asyncio") == 1


def test_scopes_share_a_loop(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "conftest.py": """\
            import pytest

            from application import Base, SessionLocal, add_item, engine


            @pytest.fixture(scope="session", autouse=True)
            def tables():
                Base.metadata.create_all(engine)
                yield
                Base.metadata.drop_all(engine)


            @pytest.fixture(scope="session")
            def db(tables):
                with SessionLocal() as session:
                    yield session


            @pytest.fixture(scope="module")
            def item(db):
                return add_item(db, "module")


            @pytest.fixture(scope="class")
            def more(db, item):
                return add_item(db, "class")
        """,
            "test_it.py": MODULE
            + """
def test_one(db, item):
    assert names(db) == [item.name]


class TestMore:
    def test_two(self, db, more):
        assert names(db) == ["module", "class"]

    def test_three(self, more):
        assert more.name == "class"
""",
        },
    )


def test_loop_scope_of_the_project_is_narrower(tmp_path: Path) -> None:
    decisions = follows(
        tmp_path,
        {
            "pytest.ini": "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n",
            "test_it.py": MODULE
            + """
@pytest.fixture(scope="module")
def shared():
    with SessionLocal() as session:
        yield session


def test_names(shared, db):
    assert names(shared) == []
""",
        },
    )
    assert '@pytest_asyncio.fixture(scope="module", loop_scope="module")\n' in text(tmp_path, "test_it.py")
    assert "asyncio_default_test_loop_scope = function" in text(tmp_path, "pytest.ini")
    assert "it runs on a loop of its own: the project runs function by function" in [d.concern for d in decisions]


@pytest.mark.parametrize(("version", "scope"), [("1.0.0", "function"), ("1.1.0", "session")])
def test_tests_that_take_the_loop_away(tmp_path: Path, version: str, scope: str) -> None:
    follows(
        tmp_path,
        {
            "requirements.txt": f"pytest-asyncio=={version}\n",
            "test_it.py": MODULE
            + """
import asyncio


async def one():
    return 1


def test_run():
    assert asyncio.run(one()) == 1


def test_names(db):
    assert names(db) == []
""",
        },
    )
    assert f"asyncio_default_test_loop_scope = {scope}" in text(tmp_path, "pytest.ini")


def test_kinds_of_fixtures(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "deep/conftest.py": """\
            import pytest

            from application import add_item


            @pytest.fixture
            def item(item, db):
                return add_item(db, item.name + "-deep")


            @pytest.fixture
            def label():
                return "overridden"
        """,
            "conftest.py": """\
            import pytest

            from application import Base, SessionLocal, add_item, engine, names


            @pytest.fixture(autouse=True)
            def tables():
                Base.metadata.create_all(engine)
                yield
                Base.metadata.drop_all(engine)


            @pytest.fixture
            def db():
                with SessionLocal() as session:
                    yield session


            @pytest.fixture
            def item(db):
                return add_item(db, "top")


            @pytest.fixture
            def label(item):
                return item.name


            @pytest.fixture(params=["a", "b"])
            def each(request, db):
                return add_item(db, request.param)


            @pytest.fixture
            def make(db):
                def _make(name="made"):
                    return add_item(db, name)

                return _make


            @pytest.fixture
            def make_all(make):
                made = []

                def _make_all(*given):
                    made.extend(make(name) for name in given)
                    return made

                yield _make_all
                made.clear()


            @pytest.fixture(name="renamed")
            def _renamed(db):
                return add_item(db, "renamed")
        """,
            "test_top.py": MODULE
            + """
def test_label(label):
    assert label == "top"


def test_each(each, db):
    assert names(db) == [each.name]


@pytest.mark.parametrize("each", ["c"], indirect=True)
def test_indirect(each, db):
    assert names(db) == ["c"]


def test_factory(make, make_all, db):
    make()
    first, second = make_all("x", "y")
    assert [first.name, second.name] == ["x", "y"]
    assert names(db) == ["made", "x", "y"]


def test_renamed(renamed):
    assert renamed.name == "renamed"


class TestItems:
    @pytest.fixture(autouse=True)
    def _item(self, db):
        self.item = add_item(db, "class")

    @pytest.fixture
    def own(self, db):
        return names(db)

    def test_own(self, own):
        assert own == ["class"] == [self.item.name]


@pytest.mark.usefixtures("item")
def test_used(db):
    assert names(db) == ["top"]
""",
            "deep/test_deep.py": """\
            from application import names


            def test_item(item, db):
                assert item.name == "top-deep"
                assert names(db) == ["top", "top-deep"]


            def test_label(label):
                assert label == "overridden"
        """,
        },
    )
    assert "\n    def test_label(label)" not in text(tmp_path, "deep/test_deep.py")
    assert "\ndef test_label(label):" in text(tmp_path, "deep/test_deep.py")
    assert "\ndef test_label(label):" in text(tmp_path, "test_top.py")


def test_module_level_calls(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
from application import Base, engine


def prepare():
    Base.metadata.create_all(engine)
    with SessionLocal() as db:
        return names(db)


FOUND = prepare()


def test_found():
    assert FOUND == []
""",
    )
    assert "FOUND = asyncio.run(prepare())" in text(tmp_path, "test_it.py")


def test_functions_and_fixtures_that_parameters_name(tmp_path: Path) -> None:
    module_follows(
        tmp_path,
        """
def first(session, name):
    return add_item(session, name)


def twice(session, name):
    add_item(session, name)
    return add_item(session, name)


class Plain:
    def add(self, session):
        pass


class Adding:
    def add(self, session):
        add_item(session, "x")


@pytest.fixture
def plain():
    return Plain()


@pytest.fixture
def adding():
    return Adding()


@pytest.fixture(params=["plain", pytest.param("adding")])
def worker(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def maker(request):
    return request.param


@pytest.mark.parametrize("function", [first, pytest.param(twice, id="again")])
def test_functions(db, function):
    assert function(db, "a").name == "a"


@pytest.mark.parametrize(("count", "function"), [(1, first), (2, twice)])
def test_rows(db, count, function):
    function(db, "a")
    assert len(names(db)) == count


@pytest.mark.parametrize("maker", [first, twice], indirect=True)
def test_indirect(db, maker):
    assert maker(db, "a").name == "a"


def test_fixture_by_name(db, worker):
    worker.add(db)
    assert set(names(db)) <= {"x"}
""",
    )
    assert '(await function(db, "a")).name' in text(tmp_path, "test_it.py")
    assert "await worker.add(db)" in text(tmp_path, "test_it.py")


def test_nothing_is_written_where_no_test_changes(tmp_path: Path) -> None:
    project(tmp_path, {"conftest.py": "", "test_it.py": "def test_plain():\n    assert True\n"})
    migrate(tmp_path)
    assert text(tmp_path, "pytest.ini") == "[pytest]\n"
