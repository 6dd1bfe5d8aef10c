"""What has to hold after a migration, and what was seen of it: facts with their evidence, as JSON values."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from ..checks.engine import GROUPS
from ..checks.finding import Finding
from ..checks.outcome import How, Outcome
from .surface import surface, tree

# What has to be true of the result, and the rules of the gate that look for the contrary.
REQUIREMENTS = {
    "No sync session, engine or query is left": "AS1",
    "Everything that has to be awaited is awaited": "AS2",
    "No attribute access sends a query": "AS3",
    "Bridges between sync and async are gone": "AS4",
    "Nothing blocks the event loop": "AS5",
    "No session is shared between tasks": "AS6",
    "Mocks and clients of the tests have the right colour": "AS8",
}
# Looks at tests alone.
OF_TESTS = "AS8"
NO_TESTS = "there are no tests"
MET, CONCERNS, NOT_MET, UNKNOWN = "met", "met, with concerns", "not met", "not checked"
SYNC_SESSIONS = ("sqlalchemy.orm.Session", "sqlmodel.Session")
ENDINGS = ("commit", "rollback", "flush")
Contents: TypeAlias = Mapping[str, bytes | None]


def of_gate(text: str, prefix: str, before: Outcome, after: Outcome, *, has_tests: bool = True) -> dict[str, Any]:
    """A requirement that the gate looks after."""
    if prefix == OF_TESTS and not has_tests:
        return _nothing_to_compare(text, NO_TESTS)
    was = [f for f in before.findings if f.code.startswith(prefix)]
    left = [f for f in after.findings if f.code.startswith(prefix)]
    accepted = [a for a in after.accepted if a.finding.code.startswith(prefix) and a.how is not How.BASELINE]
    failed = [failure for failure in after.failures if failure.startswith(prefix)]
    evidence = f"rules {prefix}xx ({GROUPS[prefix].title}): {_counted(len(was), 'finding')} before, {len(left)} after"
    return {
        "text": text,
        "verdict": NOT_MET if left else UNKNOWN if failed else CONCERNS if accepted else MET,
        "evidence": "; ".join([evidence, *failed]),
        "sites": [_site(f, f"{f.code} {f.message}") for f in left],
        "kept": [_site(a.finding, a.reason) for a in accepted],
    }


def _nothing_to_compare(text: str, reason: str) -> dict[str, Any]:
    return {"text": text, "verdict": UNKNOWN, "evidence": f"{reason}: nothing to compare", "sites": [], "kept": []}


def _site(finding: Finding, text: str) -> dict[str, Any]:
    return {"path": finding.path, "line": finding.line, "function": finding.function, "text": text}


def of_suite(suite: Mapping[str, Any] | None, *, has_tests: bool = True) -> list[dict[str, Any]]:
    """The requirements that only running the project can show."""
    texts = {
        "lost": "Every test that passed before passes after",
        "statements": "The suite sends the same SQL",
        "documents": "The API's OpenAPI document is the same",
        "tables": "The database's schema is the same",
        "warnings": "No coroutine is lost",
        "missing": "No query is sent where asyncio can't",
    }
    if suite is None and not has_tests:
        return [_nothing_to_compare(text, NO_TESTS) for text in texts.values()]
    return [_shown(text, key, suite) for key, text in texts.items()]


def _shown(text: str, key: str, suite: Mapping[str, Any] | None) -> dict[str, Any]:
    evidence = "no recordings of the suite: `asyncshift record` before, `asyncshift verify` after the migration"
    differences = None
    if suite is not None:
        differences = suite[key]
        seen = {
            "lost": f"{suite['compared'] - len(suite['lost'])} of {suite['compared']} tests still pass",
            "statements": f"{suite['sent'][0]} statements before, {suite['sent'][1]} after",
        }.get(key, "two recordings of the suite")
        evidence = f"{seen}, {_counted(len(differences), 'difference')}"
        if key == "statements" and suite["explained"]:
            explained = ", ".join(f"{number} {kind}" for kind, number in suite["explained"].items())
            evidence += f" (explained: {explained})"
    return {
        "text": text,
        "verdict": UNKNOWN if not suite or not suite["compared"] else NOT_MET if differences else MET,
        "evidence": evidence,
        "sites": [{"path": "", "line": 0, "function": "", "text": difference} for difference in differences or ()],
        "kept": [],
    }


def imports(before: Contents, after: Contents, others: Contents) -> dict[str, Any]:
    """Where the sync session is still imported."""
    was, left = (list(_imported({**others, **side})) for side in (before, after))
    return {
        "text": "No sync Session is imported",
        "verdict": CONCERNS if left else MET,
        "evidence": f"{_counted(len(was), 'import')} before, {len(left)} after",
        "sites": [],
        "kept": left,
    }


def _imported(contents: Contents) -> Iterator[dict[str, Any]]:
    for path, content in sorted(contents.items()):
        shown = surface(content) if content and path.endswith(".py") else None
        for name in SYNC_SESSIONS:
            if shown is not None and name in shown.imports:
                yield {"path": path, "line": shown.imports[name], "function": "", "text": f"imports {name}"}


def transactions(before: Contents, after: Contents) -> dict[str, Any]:
    """Whether each file commits, rolls back and flushes as often as before, in the same order."""
    sums: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    kept = []
    for path in sorted(path for path in before.keys() & after.keys() if path.endswith(".py")):
        was, now = (_endings(side[path]) for side in (before, after))
        sums[0].update(was)
        sums[1].update(now)
        if was != now:
            counts = ", ".join(
                f"{name} {was.count(name)} → {now.count(name)}" for name in ENDINGS if name in {*was, *now}
            )
            kept.append(
                {"path": path, "line": 1, "function": "", "text": f"not the same calls in the same order: {counts}"}
            )
    evidence = "; ".join(f"{name}() {sums[0][name]} before, {sums[1][name]} after" for name in ENDINGS)
    text = "Commits, rollbacks and flushes stay where they were"
    if not any(sums):
        return _nothing_to_compare(text, "no changed file calls any")
    return {
        "text": text,
        "verdict": CONCERNS if kept else MET,
        "evidence": f"calls in the changed files: {evidence}",
        "sites": [],
        "kept": kept,
    }


def _endings(content: bytes | None) -> list[str]:
    """The calls that end a transaction or send what is pending, in the order of their lines."""
    root = tree(content) if content else None
    calls = [
        (node.func.attr, node.lineno, node.col_offset)
        for node in (ast.walk(root) if root is not None else ())
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ENDINGS
    ]
    return [name for name, *place in sorted(calls, key=lambda call: call[1:])]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
