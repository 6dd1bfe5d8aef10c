"""The status of a migration that is under way: what is done, what is left, and in which order."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..analysis.decisions import Decision, Status
from ..analysis.test_reach import is_of_tests
from .facts import ASYNC_DEF, concern, is_route
from .graph import layers_of
from .surface import tree

VERSION = 1
DONE, UNDER_WAY, OPEN = "done", "in progress", "open"
# What a file of sync SQLAlchemy shows in its text, and one of async SQLAlchemy.
SYNC_WORDS, ASYNC_WORDS = (".query(", " Session"), ("await ", "AsyncSession")


def progress(
    name: str,
    contents: Mapping[str, bytes],
    decisions: Sequence[Decision],
    below: Mapping[str, Sequence[str]] | None = None,
    history: Sequence[tuple[str, str, Mapping[str, int]]] = (),
) -> dict[str, Any]:
    """How far each module is, as JSON values.

    `decisions` are what a migration of today's files would do, `below` names the files that each one calls into;
    `history` has a revision, its date, and how often each
    of the words stood in the files then, oldest first.
    """
    edges = [(path, callee) for path, callees in (below or {}).items() for callee in callees]
    depths = layers_of(contents, edges)
    modules = [_module(path, content, decisions, depths[path]) for path, content in sorted(contents.items())]
    told = [module for module in modules if module is not None]
    left = [module for module in told if module["state"] != DONE]
    return {
        "version": VERSION,
        "project": name,
        "figures": {state: sum(m["state"] == state for m in told) for state in (DONE, UNDER_WAY, OPEN)}
        | {key: sum(len(m[key]) for m in left) for key in ("functions", "endpoints", "concerns")},
        "modules": sorted(told, key=lambda m: (is_of_tests(m["path"]), m["depth"], m["path"])),
        "history": [
            {
                "revision": revision,
                "date": date,
                "sync": sum(words.get(word, 0) for word in SYNC_WORDS),
                "async": sum(words.get(word, 0) for word in ASYNC_WORDS),
            }
            for revision, date, words in history
        ],
    }


def _module(path: str, content: bytes, decisions: Sequence[Decision], depth: int) -> dict[str, Any] | None:
    """What is left in a file; None for one that has nothing to do with the migration."""
    own = [d for d in decisions if d.site.path == path]
    to_do = [d for d in own if d.status is Status.DONE]
    concerns = [concern(d) for d in own if d.concern or d.status is Status.DECLINED]
    is_async = b".ext.asyncio" in content or b"await " in content
    if not (to_do or concerns or is_async):
        return None
    functions = [d for d in to_do if d.codemod == ASYNC_DEF]
    routes = set(_routes(content))
    return {
        "path": path,
        "state": DONE if not (to_do or concerns) else UNDER_WAY if is_async else OPEN,
        "changes": len(to_do),
        "depth": depth,
        "functions": [{"name": d.function, "line": d.site.line} for d in functions if d.function not in routes],
        "endpoints": [{"name": d.function, "line": d.site.line} for d in functions if d.function in routes],
        "concerns": concerns,
    }


def _routes(content: bytes) -> Iterator[str]:
    root = tree(content)
    nodes = ast.walk(root) if root is not None else ()
    yield from (n.name for n in nodes if isinstance(n, ast.FunctionDef) and is_route(n))
