"""The call graph of a migration, from its why-chains: which function reaches the database through which."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..analysis.decisions import Decision, Status
from ..analysis.test_reach import is_of_tests
from .facts import ASYNC_DEF, is_route
from .requirements import Contents
from .surface import tree

# Codemods whose chains go down from call to call; those of others may lead from a query up to where its rows are read.
CALLING = {ASYNC_DEF, "await-calls"}
BECOMES, ALREADY, SYNC, LOOK = "becomes async", "was async", "stays sync", "to look at"


@dataclass(frozen=True, slots=True)
class Definition:
    """A function of the original file."""

    path: str
    name: str
    first: int
    last: int
    is_async: bool
    is_route: bool

    @property
    def key(self) -> str:
        return f"{self.path}:{self.first}"


def graph(decisions: Sequence[Decision], before: Contents) -> dict[str, Any]:
    """Functions and the calls between them, tests left out, as JSON values.

    `layer` is the longest way from a function down to one that waits for the database itself; `calls` are what that
    one calls there.
    """
    functions = {path: list(_definitions(path, content)) for path, content in before.items() if content is not None}
    nodes: dict[str, Definition] = {}
    edges: set[tuple[str, str]] = set()
    seeds: defaultdict[str, list[str]] = defaultdict(list)
    states: defaultdict[str, set[str]] = defaultdict(set)
    for decision in decisions:
        here = _at(functions, decision.site.path, decision.site.line)
        if here is None or is_of_tests(here.path):
            continue
        if decision.why or decision.codemod == ASYNC_DEF:
            nodes[here.key] = here
        states[here.key].add(_state(decision))
        steps = decision.why if decision.codemod in CALLING else ()
        chain = [here, *(_at(functions, step.site.path, step.site.line) for step in steps)]
        for caller, callee in pairwise(chain):
            if caller and callee and caller is not callee:
                nodes |= {caller.key: caller, callee.key: callee}
                edges.add((caller.key, callee.key))
        last = chain[-1]
        if steps and last is not None and not is_of_tests(last.path):
            what = steps[-1].what
            if what not in seeds[last.key]:
                seeds[last.key].append(what)
    layers = layers_of(nodes, edges)
    return {
        "nodes": [
            {
                "key": key,
                "path": node.path,
                "name": node.name,
                "line": node.first,
                "layer": layers[key],
                "state": _told(node, states[key]),
                "is_route": node.is_route,
                "calls": seeds[key],
            }
            for key, node in sorted(nodes.items())
        ],
        "edges": sorted(map(list, edges)),
    }


def _state(decision: Decision) -> str:
    if decision.concern or decision.status is Status.DECLINED:
        return LOOK
    if decision.codemod != ASYNC_DEF:
        return ""
    return BECOMES if decision.status is Status.DONE else SYNC


def _told(node: Definition, states: set[str]) -> str:
    if node.is_async and LOOK not in states:
        return ALREADY
    return next((state for state in (LOOK, BECOMES) if state in states), SYNC)


def _definitions(path: str, content: bytes) -> Iterator[Definition]:
    root = tree(content) if path.endswith(".py") else None
    pending: list[tuple[ast.AST, str]] = [(root, "")] if root is not None else []
    while pending:
        parent, prefix = pending.pop()
        for node in ast.iter_child_nodes(parent):
            name = prefix
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{prefix}{node.name}."
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                is_async = isinstance(node, ast.AsyncFunctionDef)
                last = node.end_lineno or node.lineno
                yield Definition(path, name[:-1], node.lineno, last, is_async, is_route(node))
            pending.append((node, name))


def _at(functions: Mapping[str, Sequence[Definition]], path: str, line: int) -> Definition | None:
    """The innermost function around a line."""
    around = [d for d in functions.get(path, ()) if d.first <= line <= d.last]
    return max(around, key=lambda d: d.first, default=None)


def layers_of(nodes: Iterable[str], edges: Collection[tuple[str, str]]) -> dict[str, int]:
    """The longest way down from each node along edges from callers to callees; a cycle counts once."""
    callees: defaultdict[str, list[str]] = defaultdict(list)
    for caller, callee in sorted(edges):
        callees[caller].append(callee)
    layers: dict[str, int] = {}
    for start in sorted(nodes):
        pending = [start]
        entered: set[str] = set()
        while pending:
            key = pending[-1]
            below = [c for c in callees[key] if c not in layers and c not in entered]
            if key not in entered and below:
                entered.add(key)
                pending += below
                continue
            pending.pop()
            layers.setdefault(key, max((layers[c] + 1 for c in callees[key] if c in layers), default=0))
    return layers
