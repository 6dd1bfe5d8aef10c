"""What the recorder notes of a suite, and what is said of one that does not come to its end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from asyncshift.checks.evidence.recording import Load, Recording, Unreadable
from asyncshift.checks.evidence.running import NotRun, Suite, record

from .projects import library, write

SUITE = """
    import random
    import threading
    import unittest
    from concurrent.futures import ThreadPoolExecutor
    import pytest
    from sqlalchemy import create_engine, func, text
    from sqlalchemy.orm import column_property, selectinload
    from models import Author, Book

    Author.loud = column_property(func.upper(Author.name))

    def get(session):
        return session.query(Author).filter(Author.name == "Ada").one()

    def test_lazy(session):
        author = get(session)
        assert len(author.books) == 2

    def test_deferred(session):
        assert get(session).story is None

    def test_expired(session):
        author = get(session)
        session.commit()
        assert author.name == "Ada"

    def test_server_default(session):
        author = Author(name="Bo")
        session.add(author)
        session.flush()
        assert author.age == 30

    def test_eager(session):
        author = session.query(Author).options(selectinload(Author.books)).one()
        assert len(author.books) == 2

    def test_delete(session):
        session.delete(get(session))
        session.flush()

    def test_written_again(session):
        author = get(session)
        author.age = 31
        session.commit()
        author.name = "Ada"
        session.commit()
        assert author.age == 31
        author.age, author.name = 32, "Eve"
        session.commit()

    def test_stand_in(session, monkeypatch):
        author, execute = get(session), session.execute
        session.commit()
        monkeypatch.setattr(session, "execute", lambda *args, **kwargs: execute(*args, **kwargs))
        assert author.name == "Ada"

    def test_draws():
        assert random.random() < 1

    def test_at_once():
        meeting = threading.Barrier(2, timeout=30)

        def send(_):
            with create_engine("sqlite://").connect() as connection:
                connection.connection.create_function("meet", 0, meeting.wait)
                connection.execute(text("SELECT meet()"))

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(send, range(2)))

    def test_fails(session):
        assert get(session).name == "Eve"

    @pytest.mark.skip(reason="later")
    def test_skipped():
        pass

    class TestOld(unittest.TestCase):
        def test_in_class(self):
            self.assertEqual(Author.__tablename__, "authors")
"""


def recorded(root: Path, *arguments: str) -> Recording:
    suite = Suite(root, root, sys.executable, ["-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments])
    target = root / ".asyncshift/recording.jsonl.gz"
    record(suite, {}, target)
    return Recording.read(target)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return recorded(library(tmp_path_factory.mktemp("library"), {"test_library.py": SUITE}))


def _loads(recording: Recording, test: str) -> list[Load]:
    return recording.tests[f"test_library.py::{test}"].loads


def test_outcomes(recording: Recording) -> None:
    assert {name.partition("::")[2]: test.outcome for name, test in recording.tests.items() if name} == {
        "test_lazy": "passed",
        "test_deferred": "passed",
        "test_expired": "passed",
        "test_server_default": "passed",
        "test_eager": "passed",
        "test_delete": "passed",
        "test_written_again": "passed",
        "test_stand_in": "passed",
        "test_draws": "passed",
        "test_at_once": "passed",
        "test_fails": "failed",
        "test_skipped": "skipped",
        "TestOld::test_in_class": "passed",
    }
    assert "'Ada' == 'Eve'" in recording.tests["test_library.py::test_fails"].message
    assert recording.defects == []


def _line(text: str) -> int:
    return next(i for i, line in enumerate(SUITE.strip("\n").splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("test", "kind", "attribute", "origin", "between", "line"),
    [
        ("test_lazy", "lazy", "books", "query", (), "assert len(author.books) == 2"),
        ("test_deferred", "deferred", "story", "query", (), "story is None"),
        ("test_expired", "expired", "name", "query", ("commit",), 'assert author.name == "Ada"'),
        ("test_server_default", "server default", "age", "made", (), "author.age"),
    ],
)
def test_implicit_loads(
    recording: Recording, test: str, kind: str, attribute: str, origin: str, between: tuple[str, ...], line: str
) -> None:
    (load,) = _loads(recording, test)
    assert (load.kind, load.attribute, load.origin) == (kind, f"models.Author.{attribute}", origin)
    assert set(load.between) >= set(between)
    assert load.stack[0].line == _line(line)
    if origin == "query":
        assert [frame.function for frame in load.loader] == ["get", test]


def test_eager_loads_are_none_of_them(recording: Recording) -> None:
    assert _loads(recording, "test_eager") == []
    kinds = [s.kind for s in recording.tests["test_library.py::test_eager"].statements if s.phase == "call"]
    assert kinds == ["query", "eager"]


def test_a_load_for_a_method_of_the_session_says_so(recording: Recording) -> None:
    assert {load.through for load in _loads(recording, "test_delete")} <= {"session.delete", "session.flush"}


def test_a_stand_in_for_the_session_is_none_that_reads(recording: Recording) -> None:
    (load,) = _loads(recording, "test_stand_in")
    assert (load.kind, load.attribute) == ("expired", "models.Author.name")
    assert [frame.function for frame in load.stack] == ["test_stand_in"]


def test_columns_that_are_written_without_a_look(recording: Recording) -> None:
    statements = recording.tests["test_library.py::test_written_again"].statements
    assert [s.unseen for s in statements if s.sql.startswith("UPDATE")] == [(), ("name",), ()]


def test_what_is_left_to_chance(recording: Recording) -> None:
    tests = {name.partition("::")[2]: test for name, test in recording.tests.items()}
    assert {name for name, test in tests.items() if test.seed is not None} == {"test_draws"}
    assert {name for name, test in tests.items() if test.at_once} == {"test_at_once"}


def test_statements(recording: Recording) -> None:
    first, *_ = [s for s in recording.tests["test_library.py::test_lazy"].statements if s.phase == "call"]
    assert "WHERE authors.name = ?" in first.sql
    assert (first.types, first.driver, first.is_async, first.lane) == ("str", "sqlite+pysqlite", False, "main")
    assert [frame.function for frame in first.stack] == ["get", "test_lazy"]


def test_tables_sessions_and_engines(recording: Recording) -> None:
    (lines,) = recording.metadata
    assert "authors.name VARCHAR(50) not null" in lines
    assert "books: ForeignKeyConstraint author_id authors.id" in lines
    made = {(m.kind, str(m.where)) for m in recording.made}
    line = _line("with create_engine")
    assert made == {("engine", "conftest.py:9"), ("session", "conftest.py:11"), ("engine", f"test_library.py:{line}")}


def test_tables_that_are_left_behind_do_not_count(tmp_path: Path) -> None:
    suite = """\
import gc
from sqlalchemy import Column, Integer, MetaData, Table

def test_it():
    gc.disable()
    table = Table("left_behind", MetaData(), Column("id", Integer))
    table.metadata.info["itself"] = table
"""
    assert len(recorded(library(tmp_path, {"test_left.py": suite})).metadata) == 1


def test_the_same_with_workers(tmp_path: Path, recording: Recording) -> None:
    root = library(tmp_path, {"test_library.py": SUITE})
    spread = recorded(root, "-n", "2")
    assert {n: t.outcome for n, t in spread.tests.items()} == {n: t.outcome for n, t in recording.tests.items()}
    assert sorted(map(repr, spread.loads)) == sorted(map(repr, recording.loads))
    assert spread.defects == []


def test_a_module_that_can_not_be_collected(tmp_path: Path) -> None:
    files = {"test_good.py": "def test_good(): pass", "test_bad.py": "import nothing_of_that_name"}
    (defect,) = recorded(write(tmp_path, files)).defects
    assert defect == (
        "test_bad.py could not be collected: E   ModuleNotFoundError: No module named 'nothing_of_that_name'"
    )


def test_a_suite_that_crashes(tmp_path: Path) -> None:
    text = "import os\ndef test_first(): pass\ndef test_second(): os._exit(3)\n"
    recording = recorded(write(tmp_path, {"test_it.py": text}))
    assert recording.tests["test_it.py::test_first"].outcome == "passed"
    assert recording.defects == [
        "a process of the suite ended before its time (last finished test: test_it.py::test_first)"
    ]


def test_a_suite_that_is_interrupted(tmp_path: Path) -> None:
    # A process that was started in the background ignores the signal.
    text = (
        "import os, signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\ndef test_first(): pass\n"
        "def test_second(): os.kill(os.getpid(), signal.SIGINT)\n"
    )
    recording = recorded(write(tmp_path, {"test_it.py": text}))
    assert recording.tests["test_it.py::test_first"].outcome == "passed"
    assert recording.defects == ["the suite was interrupted"]


def test_a_suite_that_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(NotRun, match="did not come as far as its tests"):
        recorded(tmp_path, "--no-such-option")
    with pytest.raises(NotRun, match="what runs the suite"):
        record(Suite(tmp_path, tmp_path, sys.executable, ["make", "test"]), {}, tmp_path / "recording")


def test_a_file_that_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "recording").write_bytes(b"nothing")
    with pytest.raises(Unreadable, match="record again"):
        Recording.read(tmp_path / "recording")


def test_a_recorder_that_fails_is_told_and_the_suite_goes_on(tmp_path: Path) -> None:
    breaking = """
        import asyncshift_watch
        asyncshift_watch._types = lambda parameters: 1 / 0
    """
    root = library(tmp_path, {"test_library.py": SUITE})
    write(root, {"plug/breaking.py": breaking})
    suite = Suite(root, root, sys.executable, ["-m", "pytest", "-q", "-p", "plug.breaking", "-p", "no:cacheprovider"])
    record(suite, {}, root / "recording")
    recording = Recording.read(root / "recording")
    assert recording.tests["test_library.py::test_lazy"].outcome == "passed"
    assert recording.defects == ["the recorder failed in _before: ZeroDivisionError: division by zero"]


def test_a_thread_that_tests_leave_does_not_hold_the_suite(tmp_path: Path) -> None:
    left = """
        import threading

        def test_leaves_a_thread():
            threading.Thread(target=threading.Event().wait).start()
    """
    found = recorded(library(tmp_path, {"test_left.py": left}))
    assert [test.outcome for name, test in found.tests.items() if name] == ["passed"]
    assert found.defects == []


def test_a_wrong_path_leaves_what_was_recorded_before(tmp_path: Path) -> None:
    root = library(tmp_path, {"test_fine.py": "def test_fine(): ..."})
    recorded(root)
    with pytest.raises(NotRun, match=r"did not come as far as its tests \(exit code 4\)"):
        recorded(root, "no_such_file.py")
    assert "test_fine.py::test_fine" in Recording.read(root / ".asyncshift/recording.jsonl.gz").tests
