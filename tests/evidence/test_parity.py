"""What two recordings, and two answers, are compared by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asyncshift.checks.evidence.parity import compare
from asyncshift.checks.evidence.recording import Application, Exchange, Frame, Load, Recording, Statement, Test, Warned
from asyncshift.checks.evidence.responses import differences
from asyncshift.checks.evidence.sql import is_plumbing, normal, shape
from asyncshift.cli.parity import told

HERE = (Frame("app.py", 3, "get"),)


def statement(sql: str, kind: str = "query", phase: str = "call") -> Statement:
    return Statement(sql, HERE, kind, phase, "", 1, "sqlite+pysqlite", False, "main", None)


def recording(*sent: Statement, outcome: str = "passed", **rest: Any) -> Recording:
    test = Test("test_it", outcome, statements=list(sent), loads=rest.pop("loads", []))
    return Recording(tests={"test_it": test}, **rest)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a.id AS a_id, a.name AS a_name FROM a", "SELECT a.id, a.name\nFROM a"),
        ("SELECT a.id FROM a WHERE a.id = ?", "SELECT a.id FROM a WHERE a.id = $1::INTEGER"),
        ("SELECT a.id FROM a WHERE a.n = %(n_1)s", "SELECT a.id FROM a WHERE a.n = $1::VARCHAR"),
        ("SELECT a.id FROM a WHERE a.id IN (?, ?, ?)", "SELECT a.id FROM a WHERE a.id IN (?)"),
        (
            "SELECT count(*) AS count_1 FROM (SELECT a.id AS a_id FROM a) AS anon_1",
            "SELECT count(*) AS count_1 FROM (SELECT a.id AS id FROM a) AS anon_1",
        ),
        (
            "SELECT count(*) AS count_1 FROM (SELECT a.id AS a_id FROM a WHERE a.n = ?) AS anon_1",
            "SELECT count(*) AS count_1 FROM a WHERE a.n = ?",
        ),
        (
            "SELECT EXISTS (SELECT 1 FROM a WHERE a.id = ?) AS anon_1",
            "SELECT EXISTS (SELECT a.id FROM a WHERE a.id = ?) AS anon_1",
        ),
        ("INSERT INTO a (n) VALUES (?)", "INSERT INTO a (n) VALUES ($1::VARCHAR) RETURNING a.id"),
        ("INSERT INTO a (n, m) VALUES (?, ?), (?, ?)", "INSERT INTO a (n, m) VALUES (?, ?)"),
    ],
)
def test_what_differs_by_nature(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a.id FROM a", "SELECT a.id FROM a LIMIT ?"),
        ("SELECT a.id FROM a WHERE a.x = ?", "SELECT a.id FROM a WHERE a.y = ?"),
        ("SELECT a.id FROM a", "SELECT DISTINCT a.id FROM a"),
        ("SELECT a.id FROM a ORDER BY a.id", "SELECT a.id FROM a ORDER BY a.id DESC"),
        ("SELECT a.id FROM a JOIN b ON a.id = b.a", "SELECT a.id FROM a LEFT OUTER JOIN b ON a.id = b.a"),
        ("SELECT count(*) FROM (SELECT a.id FROM a LIMIT ?) AS anon_1", "SELECT count(*) FROM a"),
        ("SELECT count(*) FROM (SELECT DISTINCT a.n FROM a) AS anon_1", "SELECT count(*) FROM a"),
        ("DELETE FROM a WHERE a.id = ?", "DELETE FROM a"),
    ],
)
def test_what_does_not(one: str, other: str) -> None:
    assert normal(one) != normal(other)
    found = compare(recording(statement(one)), recording(statement(other)))
    assert {(u.sign, u.where) for u in found.statements} == {("-", "app.py:3"), ("+", "app.py:3")}
    assert not found.is_equal


def test_a_joined_eager_load_is_the_same_statement() -> None:
    plain = "SELECT a.id AS a_id FROM a WHERE a.id = ? ORDER BY a.id"
    joined = "SELECT a.id, b_1.id AS id_1 FROM a LEFT OUTER JOIN b AS b_1 ON b_1.id = a.b WHERE a.id = ? ORDER BY a.id"
    assert shape(joined).holds(shape(plain))
    assert compare(recording(statement(plain)), recording(statement(joined))).is_equal
    assert not compare(recording(statement(joined)), recording(statement(plain))).is_equal


def test_columns_that_are_subqueries_are_columns() -> None:
    plain = "SELECT a.id, a.n FROM a WHERE a.id = ?"
    counted = "SELECT (SELECT count(b.id, b.n) FROM b WHERE b.a = a.id) AS anon_1, a.id, a.n FROM a WHERE a.id = ?"
    assert shape(counted).holds(shape(plain))
    assert not shape(plain).holds(shape(counted))
    assert not shape(counted.replace("a.id = ?", "a.n = ?")).holds(shape(plain))


def test_loads_that_were_made_explicit_are_explained() -> None:
    main = statement("SELECT a.id FROM a")
    before = recording(main, statement("SELECT b.id FROM b WHERE b.a = ?", "lazy"))
    after = recording(main, statement("SELECT b.a, b.id FROM b WHERE b.a IN (?)", "eager"))
    found = compare(before, after)
    assert found.is_equal
    assert found.explained == {"lazy less": 1, "eager more": 1}


def test_an_answer_that_was_kept_is_explained() -> None:
    answer = Exchange("GET", "/a", {}, None, 200, "application/json", "1f", "{}", "call")
    read, other = statement("SELECT a.id FROM a"), statement("SELECT b.id FROM b")

    def suite(*second: Statement, answer: Exchange = answer) -> Recording:
        tests = [Test("one", "passed", statements=[read]), Test("two", "passed", statements=list(second))]
        for test in tests:
            test.exchanges.append(answer)
        return Recording(tests={test.name: test for test in tests})

    found = compare(suite(), suite(read))
    assert found.is_equal
    assert found.explained == {"cached less": 1}
    assert not compare(suite(), suite(other)).is_equal
    assert not compare(suite(), suite(read, answer=replace(answer, digest="2f"))).is_equal
    assert not compare(suite(read), suite()).is_equal


def test_a_statement_that_moved_is_not_explained() -> None:
    one, two = statement("UPDATE a SET n=?", "flush"), statement("SELECT a.id FROM a")
    assert len(compare(recording(one, two), recording(two, one)).statements) == 2


def test_rows_that_are_flushed_one_by_one_are_the_same() -> None:
    one, other = statement("UPDATE a SET n=? WHERE a.id = ?", "flush"), statement("UPDATE a SET n=? WHERE a.id = ?")
    assert compare(recording(one), recording(one, one)).is_equal
    assert not compare(recording(other), recording(other, other)).is_equal


def test_tables_of_one_flush_have_no_order() -> None:
    one, two = statement("INSERT INTO a (n) VALUES (?)", "flush"), statement("UPDATE b SET n=?", "flush")
    assert compare(recording(one, two, one), recording(two, one)).is_equal
    again = replace(two, stack=(Frame("app.py", 9, "get"),))
    assert not compare(recording(one, again), recording(again, one)).is_equal


@pytest.mark.parametrize(
    ("one", "unseen", "other", "is_equal"),
    [
        ("UPDATE a SET n=? WHERE a.id = ?", ("n",), "", True),
        ("UPDATE a SET n=?, m=? WHERE a.id = ?", ("n",), "UPDATE a SET m=? WHERE a.id = ?", True),
        ("UPDATE a SET n=?, m=? WHERE a.id = ?", ("n",), "", False),
        ("UPDATE a SET n=?, m=? WHERE a.id = ?", ("n",), "UPDATE a SET n=? WHERE a.id = ?", False),
        ("UPDATE a SET n=?, m=? WHERE a.id = ?", ("n",), "UPDATE b SET m=? WHERE a.id = ?", False),
        ("UPDATE a SET n=?, m=? WHERE a.id = ?", ("n",), "UPDATE a SET m=n WHERE a.id = ?", False),
        ("UPDATE a SET n=? WHERE a.id = ?", (), "", False),
        ("DELETE FROM a WHERE a.id = ?", ("n",), "", False),
    ],
)
def test_values_that_were_written_again(one: str, unseen: tuple[str, ...], other: str, is_equal: bool) -> None:
    before = recording(replace(statement(one, "flush"), unseen=unseen))
    after = recording(*([statement(other, "flush")] if other else []))
    found = compare(before, after)
    assert found.is_equal is is_equal
    assert not is_equal or set(found.explained) == {"written again less"}


def test_what_is_sent_at_once_has_no_order() -> None:
    one, two, three = (statement(f"SELECT a.id FROM {name}") for name in ("a", "b", "c"))
    before, after = recording(one, two), recording(two, one, one)
    assert not compare(before, after).is_equal
    after.tests["test_it"].at_once = True
    assert compare(before, after).is_equal
    after.tests["test_it"].statements.append(three)
    (unlike,) = compare(before, after).statements
    assert (unlike.sign, unlike.statement) == ("+", three)


def test_only_tests_that_passed_are_compared() -> None:
    failing = compare(recording(outcome="failed"), recording(outcome="error"))
    assert not failing.lost
    assert not failing.is_equal
    assert list(told(failing, [])) == ["nothing was compared: the recording of the original holds no test that passed."]
    (lost,) = compare(recording(), recording(outcome="failed")).lost
    assert (lost.test, lost.after) == ("test_it", "failed")
    (gone,) = compare(recording(), Recording()).lost
    assert gone.after == "gone"


def test_what_a_driver_says_is_no_statement() -> None:
    assert is_plumbing("select pg_catalog.version()")
    assert is_plumbing("UPDATE alembic_version SET version_num='1a' WHERE alembic_version.version_num = '0b'")
    assert not is_plumbing("SELECT version FROM a")


def test_documents_tables_warnings_and_missing_greenlets() -> None:
    before = recording(applications=[Application("", "Shop", {"paths": {"/a": 1}})], metadata=[("a.id INTEGER",)])
    missing = Load("lazy", "models.A.bs", HERE, "query", (), (), "", True, "call")
    after = recording(
        applications=[Application("", "Shop", {"paths": {"/a": 2}})],
        metadata=[("a.id BIGINT",)],
        warnings=[Warned("test_it", "RuntimeWarning", "coroutine 'get' was never awaited", "app.py:1")],
        loads=[missing],
    )
    found = compare(before, after)
    assert found.documents == ["openapi.paths./a: 1 → 2"]
    assert found.tables == ["- a.id INTEGER", "+ a.id BIGINT"]
    assert [w.text for w in found.warnings] == ["coroutine 'get' was never awaited"]
    assert found.missing == [("test_it", missing)]
    assert compare(before, before).is_equal
    assert compare(before, recording(applications=before.applications)).tables == ["none were seen after"]


@pytest.mark.parametrize(
    ("one", "again", "new", "told"),
    [
        ({"id": 1}, {"id": 1}, {"id": 1}, []),
        ({"id": 1}, {"id": 1}, {"id": 2}, ["body.id: 1 → 2"]),
        ({"token": "x"}, {"token": "y"}, {"token": "z"}, []),
        ({"token": "x"}, {"token": "y"}, {"token": None}, ["body.token: x → null"]),
        ({"a": 1}, {"a": 1}, {}, ["body.a is gone (was 1)"]),
        ({}, {}, {"a": 1}, ["body.a is new: 1"]),
        ({"latency_ms": 0.5}, {"latency_ms": 0.5}, {"latency_ms": 0.7}, []),
        ({"song_duration": 3.5}, {"song_duration": 3.5}, {"song_duration": 0.0}, ["body.song_duration: 3.5 → 0.0"]),
        ({"price": 0.5}, {"price": 0.5}, {"price": 0.7}, ["body.price: 0.5 → 0.7"]),
        ([1, 2], [1, 2], [2, 1], ["body: the same items in another order"]),
        ([1, 2], [1, 2], [1], ["body: 2 items → 1"]),
        ({"at": "2026-05-01T10:00:00"}, {"at": "2026-05-01T10:00:00"}, {"at": "2026-05-01T10:00:01"}, []),
    ],
)
def test_answers(one: Any, again: Any, new: Any, told: list[str]) -> None:
    assert list(differences(one, again, new, "body")) == told
