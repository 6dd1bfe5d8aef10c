"""Query chains become select statements of the same meaning: the cases in `query_to_select/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from sqlalchemy.orm import Query

from asyncshift.analysis.decisions import Decision, Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.queries import chains
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source
from asyncshift.codemods import query_to_select
from asyncshift.codemods.edit import Import, apply
from asyncshift.codemods.imports import settle

from .harness import MODELS, Case, cases, every_case, run_async, run_sync, without_imports

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::sqlalchemy.exc.SAWarning")


@cache
def convert(text: str, stays_sync: bool = False) -> tuple[str, list[Decision]]:
    """A module after the codemod, and what the codemod declined."""
    program = _program(text, stays_sync)
    decisions = [d for d in query_to_select.decide(program) if d.site.path == "case.py"]
    edits = [edit for decision in decisions for edit in query_to_select.rewrite(decision, program)]
    source = program.sources["case.py"]
    after = apply(source.content, edits)
    after = settle(source, after, [e for e in edits if isinstance(e, Import)], frozenset())
    return after.decode(), [d for d in decisions if d.status is Status.DECLINED]


def _program(text: str, stays_sync: bool) -> Program:
    files = {"models.py": MODELS, "case.py": text}
    sources = {path: Source.parse(path, content.encode()) for path, content in files.items()}
    return Program(Path(), sources, Settings(), stays_sync)


@pytest.mark.parametrize("case", every_case("query_to_select"))
def test_text(case: Case) -> None:
    after, declined = convert(case.module(case.before))
    expected = case.module(case.after)
    assert without_imports(after) == without_imports(expected)
    if case.declined:
        assert any(d.concern.startswith(case.declined) for d in declined)
    else:
        assert [d.concern for d in declined] == []


@pytest.mark.parametrize("case", [p for p in every_case("query_to_select") if p.values[0].executes])
def test_meaning(case: Case) -> None:
    before = run_sync(case.module(case.before))
    after = run_async(convert(case.module(case.before))[0])
    assert after.result == before.result
    if not case.sql_differs:
        assert after.sql == before.sql


@pytest.mark.parametrize("case", [p for p in every_case("query_to_select") if p.values[0].executes])
def test_meaning_where_the_session_stays_sync(case: Case) -> None:
    before = run_sync(case.module(case.before))
    text, _ = convert(case.module(case.before), stays_sync=True)
    after = run_sync(text)
    assert "await" not in text
    assert after.result == before.result
    if not case.sql_differs:
        assert after.sql == before.sql


@pytest.mark.parametrize("case", [p for p in every_case("query_to_select") if p.values[0].executes])
def test_a_second_run_changes_nothing(case: Case) -> None:
    once, _ = convert(case.module(case.before), stays_sync=True)
    assert convert(once, stays_sync=True)[0] == once


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    text = "\ufefffrom sqlalchemy.orm import Session\r\nfrom models import User\r\n\r\n\r\ndef run(db: Session):\r\n"
    text += "    return db.query(User).all()\r\n"
    after, _ = convert(text, stays_sync=True)
    body = "def run(db: Session):\r\n    return db.scalars(select(User)).all()\r\n"
    assert after.startswith("\ufeff")
    assert after.endswith(body)
    assert "\n" not in after.replace("\r\n", "")


def test_a_method_that_is_handed_on_where_the_session_stays_sync() -> None:
    text = "from sqlalchemy.orm import Session\nfrom models import User\n\n\ndef run(db: Session):\n"
    text += "    load = db.query(User).order_by(User.id).one\n    return [load(), map(db.query(User).count, ())]\n"
    after, _ = convert(text, stays_sync=True)
    assert "load = (lambda: db.scalars(select(User).order_by(User.id)).one())\n" in after
    assert "map(lambda: db.scalar(select(func.count()).select_from(User)), ())" in after


def test_a_sqlalchemy_that_has_no_scalars_yet(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("SQLAlchemy==1.4.22\n")
    text = "from sqlalchemy.orm import Session\nfrom models import User\n\n\ndef run(db: Session):\n"
    text += "    for user in db.query(User):\n        print(user)\n"
    text += "    return db.query(User).first(), db.query(User.id).all()\n"
    program = Program(tmp_path, _program(text, True).sources, Settings(), stays_sync=True)
    edits = [e for d in query_to_select.decide(program) for e in query_to_select.rewrite(d, program)]
    after = apply(program.sources["case.py"].content, edits).decode()
    assert "for user in db.execute(select(User)).scalars():" in after
    assert "db.execute(select(User).limit(1)).scalars().first(), db.execute(select(User.id)).all()" in after


# Every name of Query

# What Query inherits from the machinery of statements and events; nobody calls it on a query.
PLUMBING = {
    "allows_lambda", "dispatch", "get_children", "get_execution_options", "get_label_style", "inherit_cache",
    "is_clause_element", "is_delete", "is_dml", "is_from_statement", "is_insert", "is_select", "is_text", "is_update",
    "lazy_loaded_from", "load_options", "logger", "logging_name", "memoized_attribute", "memoized_instancemethod",
    "supports_execution", "uses_inspection",
}  # fmt: skip


def test_every_public_name_of_query_has_a_case() -> None:
    """A new name in a new SQLAlchemy has none."""
    public = {name for name in dir(Query) if not name.startswith("_")}
    assert public - PLUMBING - _asked_of_queries() == set()


def _asked_of_queries() -> set[str]:
    """What is called or read on the queries of all cases that run or say why they are declined."""
    found: set[str] = set()
    for case in cases("query_to_select"):
        if case.declined or case.executes:
            links = (link for chain in chains(_program(case.module(case.before), True)) for link in chain.links)
            found.update(link.name for link in links)
    return found


@pytest.mark.parametrize("name", sorted(PLUMBING & set(dir(Query))))
def test_plumbing_is_declined(name: str) -> None:
    text = "from sqlalchemy.orm import Session\nfrom models import User\n\n\n"
    text += "def run(db: Session):\n    query = db.query(User)\n"
    after, declined = convert(f"{text}    return query.{name}\n")
    assert {d.concern for d in declined} >= {f"{name} of a query has no counterpart"}
    assert "db.query(User)" in after
