"""Every statement of a report is backed by data: take the data away, and the statement changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from asyncshift.analysis.decisions import Confidence, Decision, Status, Step
from asyncshift.analysis.source import Site
from asyncshift.checks.evidence.parity import Lost, Parity
from asyncshift.checks.finding import Finding
from asyncshift.checks.outcome import Accepted, How, Outcome
from asyncshift.reports import markdown
from asyncshift.reports.facts import facts
from asyncshift.reports.html import page
from asyncshift.reports.requirements import REQUIREMENTS
from asyncshift.reports.suite import suite

from .leaves import leaves, without

CLEAN = Outcome(())
NONE = "schema: none, they are the same in both recordings"
TESTS = {"tests/test_shop.py": b""}
BEFORE = b"def load(db):\n    return db.get(Order, 1)\n"
AFTER = b"async def load(db):\n    return await db.get(Order, 1)\n"
ROUTES = b"@router.get('/orders')\ndef orders(db):\n    return load(db) or db.commit()\n"
SEED = Step(Site("shop/store.py", 2, 11, 2, 27), "calls db.get(Order, 1)")


def decision(path: str, codemod: str = "async-def", function: str = "load", **more: Any) -> Decision:
    return Decision(codemod, Site(path, 1, 0, 2, 0), "becomes async", function=function, **more)


def finding(code: str) -> Finding:
    return Finding("shop/store.py", 2, 0, 2, 5, code, "is not awaited")


def told(*decisions: Decision, **more: Any) -> dict[str, Any]:
    given = {
        "before": {"shop/store.py": BEFORE, "shop/api.py": ROUTES},
        "after": {"shop/store.py": AFTER, "shop/api.py": ROUTES.replace(b"def", b"async def")},
        "outcomes": (CLEAN, CLEAN),
        "others": TESTS,
    } | more
    return facts("shop", decisions, **given)


LOAD = decision("shop/store.py", why=(SEED,))
ROUTE = decision("shop/api.py", function="orders", why=(Step(Site("shop/api.py", 3, 0, 3, 5), "calls load"), SEED))


def test_modules_come_in_the_order_of_the_call_graph() -> None:
    found = told(ROUTE, LOAD)
    assert [(m["path"], m["phase"]) for m in found["modules"]] == [
        ("shop/store.py", "business logic"),
        ("shop/api.py", "routes"),
    ]
    assert found["modules"][0] | {"decisions": []} == {
        "path": "shop/store.py",
        "phase": "business logic",
        "depth": 1,
        "added": 2,
        "removed": 2,
        "ranges": [[1, 2]],
        "changes": {"async-def": 1},
        "functions": [{"name": "load", "line": 1, "why": [SEED.as_json()], "confidence": "high"}],
        "confidence": "high",
        "concerns": [],
        "decisions": [],
    }


@pytest.mark.parametrize(
    ("path", "content", "phase"),
    [
        ("tests/test_orders.py", BEFORE, "tests"),
        ("pyproject.toml", b"[project]\n", "project files"),
        ("shop/auth/service.py", ROUTES, "authentication"),
        ("shop/orders.py", ROUTES, "routes"),
        ("shop/orders.py", BEFORE, "business logic"),
        ("shop/orders.py", None, "business logic"),
    ],
)
def test_phases(path: str, content: bytes | None, phase: str) -> None:
    found = told(decision(path), before={path: content}, after={path: content or AFTER})
    assert [m["phase"] for m in found["modules"]] == [phase]


def test_a_module_without_async_functions_is_a_foundation() -> None:
    (found,) = told(decision("shop/store.py", "engines"), before={}, after={})["modules"]
    assert found["phase"] == "foundation"


def test_the_chain_stands_in_the_trace() -> None:
    text = markdown.trace(told(LOAD, ROUTE))
    assert "`orders`: calls load (shop/api.py:3) → calls db.get(Order, 1) (shop/store.py:2)" in text
    assert "calls load (shop/api.py:3)" not in markdown.trace(told(LOAD))


def test_a_concern_lowers_the_confidence_and_is_told_with_its_place() -> None:
    look = decision(
        "shop/store.py", "facades", status=Status.DECLINED, confidence=Confidence.LOW, concern="who closes this?"
    )
    text = markdown.trace(told(LOAD, look))
    assert "**Confidence level:** low" in text
    assert "- `shop/store.py:1` `load`: who closes this? (left as it was)" in text
    assert "who closes this?" in markdown.pull_request(told(LOAD, look))
    assert "**Confidence level:** low" not in markdown.trace(told(LOAD))


def test_places_of_the_same_concern_stand_together() -> None:
    looks = [
        Decision(
            "facades", Site("shop/store.py", line, 0, line, 9), "left", Status.DECLINED, function=name, concern="who?"
        )
        for line, name in ((1, "load"), (2, ""))
    ]
    assert "- who? (left as it was): 2 places\n  - `shop/store.py`: 1 `load`, 2\n\n" in markdown.trace(
        told(LOAD, *looks)
    )
    left = Outcome((finding("AS201"), replace(finding("AS201"), line=9)))
    text = markdown.trace(told(LOAD, outcomes=(CLEAN, left)))
    assert "  - AS201 is not awaited: 2 places\n    - `shop/store.py`: 2, 9\n" in text


def verdicts(**more: Any) -> dict[str, str]:
    return {r["text"]: r["verdict"] for r in told(LOAD, **more)["requirements"]}


AWAITED = "Everything that has to be awaited is awaited"
NOTHING_LEFT = "No sync session, engine or query is left"


def test_a_finding_of_the_gate_changes_the_verdict() -> None:
    assert verdicts()[AWAITED] == "met"
    assert verdicts(outcomes=(CLEAN, Outcome((finding("AS201"),))))[AWAITED] == "not met"
    assert verdicts(outcomes=(Outcome((finding("AS201"),)), CLEAN))[AWAITED] == "met"


def test_what_is_kept_is_a_concern_with_its_reason() -> None:
    kept = Outcome((), (Accepted(finding("AS101"), How.KEPT, "the worker stays sync"),))
    assert verdicts(outcomes=(CLEAN, kept))[NOTHING_LEFT] == "met, with concerns"
    text = markdown.trace(told(LOAD, outcomes=(CLEAN, kept)))
    assert "- kept: `shop/store.py:2` the worker stays sync" in " ".join(text.split("\n"))


SUITE: dict[str, Any] = {key: [] for key in ("lost", "statements", "documents", "tables", "warnings", "missing")}
SUITE |= {"compared": 12, "sent": [80, 79], "explained": {"lazy less": 1}}


def test_without_recordings_nothing_is_said_of_the_suite() -> None:
    text = "Every test that passed before passes after"
    assert verdicts()[text] == "not checked"
    assert verdicts(suite=SUITE)[text] == "met"
    assert verdicts(suite={**SUITE, "lost": ["test_load passed, now failed"]})[text] == "not met"
    text = markdown.pull_request(told(LOAD))
    assert (
        "- 1 function is a coroutine function now: code outside of this project that calls it has to await it." in text
    )
    assert "not shown, no test was recorded before and after" in text
    assert "not shown, there are no tests" in markdown.pull_request(told(LOAD, others={}))
    assert NONE in markdown.pull_request(told(LOAD, suite=SUITE))


def test_what_there_is_nothing_of_is_not_met() -> None:
    """A requirement of tests without tests, one of commits without a commit."""
    without = {r["text"]: (r["verdict"], r["evidence"]) for r in told(LOAD, others={})["requirements"]}
    nothing = ("not checked", "there are no tests: nothing to compare")
    assert without["Mocks and clients of the tests have the right colour"] == nothing
    assert without["Every test that passed before passes after"] == nothing
    silent = {"before": {"a.py": b"x = 1\n"}, "after": {"a.py": b"x = 2\n"}}
    found = {r["text"]: (r["verdict"], r["evidence"]) for r in told(**silent)["requirements"]}
    said = "no changed file calls any: nothing to compare"
    assert found["Commits, rollbacks and flushes stay where they were"] == ("not checked", said)


def evidence(suite: dict[str, Any]) -> dict[str, str]:
    return {r["text"]: r["evidence"] for r in told(LOAD, suite=suite)["requirements"]}


def test_what_the_suite_showed_is_told_in_figures() -> None:
    assert evidence(SUITE)["The suite sends the same SQL"] == (
        "80 statements before, 79 after, 0 differences (explained: 1 lazy less)"
    )
    text = "Every test that passed before passes after"
    assert evidence(SUITE)[text] == "12 of 12 tests still pass, 0 differences"
    assert evidence(SUITE | {"lost": ["test_load passed, now failed"]})[text].startswith("11 of 12")


def test_a_comparison_becomes_lines() -> None:
    parity = Parity(lost=[Lost("test_load", "failed", "boom")], documents=["openapi.paths differs"], compared=2)
    found = suite(parity)
    assert found["lost"] == ["test_load passed, now failed"]
    assert verdicts(suite=found)["The API's OpenAPI document is the same"] == "not met"
    assert verdicts(suite=suite(Parity(compared=2)))["The API's OpenAPI document is the same"] == "met"


CODES = {text: f"{prefix}01" for text, prefix in REQUIREMENTS.items()}
IN_SUITE = {
    "Every test that passed before passes after": "lost",
    "The suite sends the same SQL": "statements",
    "The API's OpenAPI document is the same": "documents",
    "The database's schema is the same": "tables",
    "No coroutine is lost": "warnings",
    "No query is sent where asyncio can't": "missing",
}
AGAINST: dict[str, dict[str, Any]] = {
    **{text: {"outcomes": (CLEAN, Outcome((finding(code),)))} for text, code in CODES.items()},
    **{text: {"suite": {**SUITE, key: ["this differs"]}} for text, key in IN_SUITE.items()},
    "No sync Session is imported": {"others": TESTS | {"shop/jobs.py": b"from sqlalchemy.orm import Session\n"}},
    "Commits, rollbacks and flushes stay where they were": {
        "before": {"shop/store.py": BEFORE},
        "after": {"shop/store.py": AFTER + b"    await db.commit()\n"},
    },
}
KINDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "trace": markdown.trace,
    "pull-request": markdown.pull_request,
    "html": lambda found: page(found, [], {}, {}).split('<script type="application/json"')[0],
}


def said_of(text: str, report: str) -> str:
    """What a report says of a requirement: its title, line and what stands below that."""
    escaped = text.replace("'", "&#39;")
    start = report.index(escaped if escaped in report else text)
    title = report[:start].rpartition("### ")[2].partition("\n")[0]
    return title + re.split(r"\n- |\n\n|</tr>", report[start:])[0]


def test_evidence_is_known_for_every_requirement() -> None:
    assert {r["text"] for r in told(LOAD)["requirements"]} == set(AGAINST)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", AGAINST)
def test_a_requirement_says_something_else_without_its_evidence(text: str, kind: str) -> None:
    met, not_met = told(LOAD, suite=SUITE), told(LOAD, **{"suite": SUITE} | AGAINST[text])
    (was,) = (r for r in met["requirements"] if r["text"] == text)
    (now,) = (r for r in not_met["requirements"] if r["text"] == text)
    assert (was["verdict"], now["verdict"] != "met") == ("met", True)
    assert was["evidence"] != now["evidence"]
    assert said_of(text, KINDS[kind](met)) != said_of(text, KINDS[kind](not_met))
    others = AGAINST.keys() - {text}
    for other in others if "before" not in AGAINST[text] else ():
        assert said_of(other, KINDS[kind](met)) == said_of(other, KINDS[kind](not_met)), other


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", IN_SUITE)
def test_without_recordings_a_requirement_is_not_checked(text: str, kind: str) -> None:
    for suite_seen in (None, SUITE | {"compared": 0}):
        found = told(LOAD, suite=suite_seen)
        assert {r["verdict"] for r in found["requirements"] if r["text"] in IN_SUITE} == {"not checked"}
        report = KINDS[kind](found)
        assert report != KINDS[kind](told(LOAD, suite=SUITE))
        assert NONE not in report


def test_a_rule_that_could_not_run_leaves_its_requirement_open() -> None:
    broken = Outcome((), failures=("AS201 session-call-not-awaited failed",))
    assert verdicts(outcomes=(CLEAN, broken))[AWAITED] == "not checked"
    assert "AS201 session-call-not-awaited failed" in markdown.trace(told(LOAD, outcomes=(CLEAN, broken)))


@pytest.mark.parametrize("part", ["project", "figures", "kept", "requirements"])
def test_every_value_is_told(part: str) -> None:
    """A value of the JSON that no report tells could be wrong for long."""
    look = decision("shop/store.py", "facades", status=Status.KEPT)
    found = told(LOAD, look, outcomes=(CLEAN, Outcome((finding("AS201"),))))
    for place in leaves(found[part]):
        if place == ("tests",):  # told where there are none
            continue
        other = found | {part: without({part: found[part]}, (part, *place))[part]}
        if place[-1:] != ("verdict",):  # one of four words
            assert any(tell(found) != tell(other) for tell in KINDS.values()), (part, *place)
