"""What is told of a migration, as JSON values: every statement of a report is made from these.

Paths are relative to the project's root. Lines are those of the original file, but for `ranges`, which are those of the
migrated one, and for what `located` puts where it is now.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.moved import Moved
from ..analysis.test_reach import is_of_tests
from ..checks.outcome import Outcome
from .requirements import REQUIREMENTS, Contents, imports, of_gate, of_suite, transactions
from .surface import tree

VERSION = 1
ASYNC_DEF = "async-def"
ORDER = [Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW]
# Phases in the order in which a reader wants them.
FOUNDATION, LOGIC, AUTHENTICATION, ROUTES = "foundation", "business logic", "authentication", "routes"
TESTS, PROJECT = "tests", "project files"
PHASES = (FOUNDATION, LOGIC, AUTHENTICATION, ROUTES, TESTS, PROJECT)
HTTP = {"get", "post", "put", "patch", "delete", "head", "options", "websocket", "route", "api_route"}
AUTHENTICATION_WORDS = {"auth", "authentication", "security", "login", "jwt", "oauth", "oauth2"}


def facts(
    name: str,
    decisions: Sequence[Decision],
    before: Contents,
    after: Contents,
    outcomes: tuple[Outcome, Outcome],
    suite: Mapping[str, Any] | None = None,
    others: Contents | None = None,
) -> dict[str, Any]:
    """Everything that is known of a migration.

    `before` and `after` hold the changed files, None for one that is not there, `others` those that stay as they are;
    `outcomes` what the gate finds in the whole project before and after; `suite` the comparison of two recordings, if
    there are any.
    """
    paths = sorted({*before, *after, *(d.site.path for d in decisions if _is_told(d))})
    modules = [
        _module(path, before.get(path), after.get(path), [d for d in decisions if d.site.path == path])
        for path in paths
    ]
    modules.sort(key=lambda m: (PHASES.index(m["phase"]), m["depth"], m["path"]))
    tests = sum(map(is_of_tests, {*paths, *(others or ())}))
    return {
        "version": VERSION,
        "project": name,
        "figures": _figures(modules, decisions) | {"tests": tests},
        "modules": modules,
        "kept": [kept(d) for d in decisions if d.status is Status.KEPT],
        "requirements": [
            *(of_gate(text, code, *outcomes, has_tests=tests > 0) for text, code in REQUIREMENTS.items()),
            imports(before, after, others or {}),
            transactions(before, after),
            *of_suite(suite, has_tests=tests > 0),
        ],
        "suite": suite,
    }


def _is_told(decision: Decision) -> bool:
    return decision.status is not Status.KEPT or bool(decision.concern)


def _figures(modules: Sequence[Mapping[str, Any]], decisions: Sequence[Decision]) -> dict[str, Any]:
    changed = [m for m in modules if m["added"] or m["removed"]]
    return {
        "files": len(changed),
        "added": sum(m["added"] for m in changed),
        "removed": sum(m["removed"] for m in changed),
        "functions": sum(len(m["functions"]) for m in modules),
        "decisions": dict(Counter(str(d.status) for d in decisions)),
        "confidence": dict(Counter(str(d.confidence) for d in decisions if d.status is Status.DONE)),
        "concerns": sum(len(m["concerns"]) for m in modules),
    }


def _module(path: str, before: bytes | None, after: bytes | None, decisions: Sequence[Decision]) -> dict[str, Any]:
    added, removed, ranges = _difference(before, after)
    told = [d for d in decisions if _is_told(d)]
    functions = [d for d in told if d.codemod == ASYNC_DEF and d.status is Status.DONE]
    return {
        "path": path,
        "phase": _phase(path, before if before is not None else after, decisions),
        "depth": median(len(d.why) for d in functions) if functions else 0,
        "added": added,
        "removed": removed,
        "ranges": ranges,
        "changes": dict(sorted(Counter(d.codemod for d in told if d.status is Status.DONE).items())),
        "functions": [_function(d) for d in functions],
        "confidence": str(max((d.confidence for d in told), key=ORDER.index, default=Confidence.HIGH)),
        "concerns": [concern(d) for d in told if d.concern or d.status is Status.DECLINED],
        "decisions": [d.as_json() for d in decisions],
    }


def _difference(before: bytes | None, after: bytes | None) -> tuple[int, int, list[list[int]]]:
    """Lines added and removed, and the ranges of lines in the new file that differ."""
    added = removed = 0
    ranges: list[list[int]] = []
    for tag, first, last, begin, end in Moved(before, after).opcodes:
        if tag != "equal":
            removed += last - first
            added += end - begin
            ranges.append([begin + 1, max(end, begin + 1)])
    return added, removed, ranges


def _phase(path: str, content: bytes | None, decisions: Iterable[Decision]) -> str:
    if not path.endswith(".py"):
        return PROJECT
    if is_of_tests(path):
        return TESTS
    words = set(path.removesuffix(".py").replace("_", "/").split("/"))
    if words & AUTHENTICATION_WORDS:
        return AUTHENTICATION
    if content is not None and _has_routes(content):
        return ROUTES
    codemods = {d.codemod for d in decisions}
    return FOUNDATION if "engines" in codemods or ASYNC_DEF not in codemods else LOGIC


def _has_routes(content: bytes) -> bool:
    root = tree(content)
    return root is not None and any(map(is_route, ast.walk(root)))


def is_route(node: ast.AST) -> bool:
    """Is this a function that a decorator such as `@router.get(…)` stands above?"""
    return any(
        isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr in HTTP
        for decorator in getattr(node, "decorator_list", ())
    )


def _function(decision: Decision) -> dict[str, Any]:
    return {
        "name": decision.function,
        "line": decision.site.line,
        "why": [step.as_json() for step in decision.why],
        "confidence": str(decision.confidence),
    }


def concern(decision: Decision) -> dict[str, Any]:
    """What a person should look at."""
    return {
        "path": decision.site.path,
        "line": decision.site.line,
        "function": decision.function,
        "codemod": decision.codemod,
        "is_declined": decision.status is Status.DECLINED,
        "text": decision.concern or decision.action,
        "confidence": str(decision.confidence),
    }


def kept(decision: Decision) -> dict[str, Any]:
    """What stays as it is on purpose."""
    return {
        "path": decision.site.path,
        "line": decision.site.line,
        "function": decision.function,
        "text": decision.action,
    }
