"""What is said before a migration: each sentence follows from what the files and the plan hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asyncshift.analysis.decisions import OWN_LOOPS, Decision, Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Site, Source
from asyncshift.checks.outcome import Outcome
from asyncshift.cli.discovery import python_files
from asyncshift.codemods.engine import make_plan, rewrite
from asyncshift.reports import markdown
from asyncshift.reports.assessment import assessment, mistakes, stops
from asyncshift.reports.facts import facts

ORIGINALS = Path(__file__).parents[1] / "originals"
NONE = Outcome(())
HANDLER = b"import fastapi\n\nasync def orders(db):\n    return db.query(Order).all()\n"


def decision(codemod: str, line: int = 4, **more: Any) -> Decision:
    return Decision(codemod, Site("app.py", line, 0, line, 9), "await the call", **more)


def assessed(content: bytes, *decisions: Decision, **more: Any) -> dict[str, Any]:
    return assessment("shop", {"app.py": content}, decisions, **more)


AWAIT, ASYNC = decision("await-calls"), decision("async-def", 3, function="orders")


def test_a_coroutine_that_waits_for_the_database_blocks_today() -> None:
    told = assessed(HANDLER, AWAIT, ASYNC)
    assert told["blocking"] == [{"path": "app.py", "line": 3, "function": "orders", "calls": 1}]
    assert told["verdict"].startswith("Worth it: 1 coroutine blocks")
    assert assessed(HANDLER.replace(b"async ", b""), AWAIT, ASYNC)["blocking"] == []
    assert assessed(HANDLER, ASYNC)["blocking"] == []


def test_what_a_thread_does_does_not_block() -> None:
    in_thread = Decision("await-calls", AWAIT.site, "await it on the loop instead of calling it in a thread")
    assert assessed(HANDLER, in_thread, ASYNC)["blocking"] == []


SENDING = """\
import requests, time
from fastapi import FastAPI
from sqlalchemy.orm import Session

app = FastAPI()

def tell(url):
    requests.post(url)

@app.get("/")
def read(db: Session):
    tell("http://localhost")
    return db.get(int, 1)

async def poll():
    tell("http://localhost")

def report(db: Session):
    tell("http://localhost")
    db.commit()

def alone():
    tell("http://localhost")

def fill(db: Session):
    open("rows.csv").read()
    db.commit()

if __name__ == "__main__":
    fill(Session())
"""


def test_what_would_stop_the_loop_is_named_unless_a_thread_takes_it() -> None:
    program = Program(Path(), {"app.py": Source.parse("app.py", SENDING.encode())}, Settings())
    found = stops(program)
    assert [(c["function"], c["line"], c["is_today"]) for c in found] == [("poll", 16, True), ("report", 19, False)]
    assert found[0]["text"].startswith('tell("http://localhost") waits for an HTTP server: ')
    text = markdown.assessment(assessed(HANDLER, ASYNC, stopped=found))
    assert "## Calls that stop the event loop today\n" in text
    assert "- `app.py:19` `report`" in text
    assert "2 places to look at by hand" in text
    assert "stop the event loop today" not in markdown.assessment(assessed(HANDLER, ASYNC, stopped=found[1:]))


def test_mistakes_in_async_code_are_told_unless_the_migration_mends_them() -> None:
    source = b"async def send():\n    pass\n\nasync def poll():\n    send()\n"
    program = Program(Path(), {"app.py": Source.parse("app.py", source)}, Settings())
    found = mistakes(program)
    assert [(m["function"], m["line"], m["text"][:5]) for m in found] == [("poll", 5, "AS202")]
    text = markdown.assessment(assessed(source, ASYNC, mistaken=found))
    assert "## Mistakes in code that is async already\n\n- `app.py:5` `poll`: AS202 send()" in text
    assert "1 place to look at by hand" in text
    assert assessed(source, decision("await-calls", 5), mistaken=found)["mistakes"] == []


@pytest.mark.parametrize(
    ("content", "decisions", "start"),
    [
        (HANDLER, (), "Nothing to move"),
        (b"import fastapi\ndef orders(db): ...\n", (ASYNC,), "Worth it where requests wait"),
        (b"import flask_sqlalchemy\n", (ASYNC,), "Not as it is: Flask-SQLAlchemy"),
        (b"async def poll(): ...\n", (ASYNC,), "Possible"),
        (b"def orders(db): ...\n", (ASYNC,), "Hardly worth it"),
    ],
)
def test_the_verdict_follows_from_what_is_there(content: bytes, decisions: tuple[Decision, ...], start: str) -> None:
    assert assessed(content, *decisions)["verdict"].startswith(start)


def test_what_needs_a_person_is_named_with_its_place() -> None:
    look = decision("facades", status=Status.DECLINED, concern="who closes this?", function="orders")
    text = markdown.assessment(assessed(HANDLER, AWAIT, ASYNC, look))
    assert "- who closes this? (left as it is)\n  - `app.py:4` `orders`\n" in text
    assert "66.7% of the changes are made by the tool, 1 place to look at" in text
    assert "All of the changes" in markdown.assessment(assessed(HANDLER, AWAIT, ASYNC))


def test_loops_that_follow_each_other_are_all_named() -> None:
    """The plan tells of them once in a file; a single one in a function has no other to share an engine with."""
    action = "run it with asyncio.run"
    places = ((4, "a"), (5, "a"), (6, "b"))
    loops = [replace(decision("window-calls", line, function=name), action=action) for line, name in places]
    found = assessed(HANDLER, replace(loops[0], concern=OWN_LOOPS), *loops[1:])["by_hand"]
    assert [(site["line"], site["text"]) for site in found] == [(4, OWN_LOOPS), (5, OWN_LOOPS)]


def test_libraries_without_an_async_form_are_named() -> None:
    told = assessed(b"import os\nfrom flask_admin.contrib import sqla\n", ASYNC)
    assert [(c["name"], c["line"]) for c in told["companions"]] == [("flask_admin", 2)]
    assert assessed(b"import flask_administration\n", ASYNC)["companions"] == []


def test_styles_are_counted() -> None:
    told = assessed(b"from sqlalchemy.orm import scoped_session as s\ndb.query(A)\ndb.query(B)\n", ASYNC)
    assert told["styles"] == {"scoped_session": {"uses": 1, "files": 1}, "query() of 1.x": {"uses": 2, "files": 1}}


def test_a_broken_file_is_named() -> None:
    told = assessed(b"def (", broken=["app.py:1: invalid syntax"])
    text = markdown.assessment(told)
    assert "- app.py:1: invalid syntax" in text
    assert "| files that could not be read | 1 |" in text
    some = assessed(HANDLER, AWAIT, ASYNC, broken=["b.py:1: invalid syntax", "c.py:1: invalid syntax"])
    assert some["verdict"].endswith("0 places to look at by hand. 2 files could not be read and are not counted.")


@pytest.mark.parametrize("name", sorted(p.name for p in ORIGINALS.iterdir() if p.is_dir()))
def test_the_estimate_of_the_diff_is_near(name: str) -> None:
    root = ORIGINALS / name
    program = Program.build(root, python_files(root, [root], ()), Settings())
    plan = make_plan(program)
    contents = {path: source.content for path, source in program.sources.items()}
    estimate = assessment(name, contents, list(plan))["diff"]
    after = rewrite(program, plan)
    before = {p: (root / p).read_bytes() if (root / p).exists() else None for p in after}
    figures = facts(name, list(plan), before, after, (NONE, NONE))["figures"]
    assert estimate["added"] == pytest.approx(figures["added"], rel=0.3)
    assert estimate["removed"] == pytest.approx(figures["removed"], rel=0.3)
