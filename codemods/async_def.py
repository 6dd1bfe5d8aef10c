"""Functions that reach the database become `async def`.

def load(db):                     async def load(db):
    return db.get(User, 1)   ->       return await db.get(User, 1)

@contextmanager                   @asynccontextmanager
def session_scope():         ->   async def session_scope():
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ..analysis.async_sites import AsyncSite, kept_sites
from ..analysis.caching import is_cached
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.source import Site
from ..analysis.symbols import Function
from ..analysis.values import External
from .edit import Edit, Replace
from .imports import request
from .shared_makers import asking

NAME = "async-def"

RENAMED = {
    "__enter__": "__aenter__",
    "__exit__": "__aexit__",
    "__iter__": "__aiter__",
}


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each function that becomes async, and for each stub file that declares such."""
    for function, reason in program.colours.reasons.items():
        is_other = function.name == "__init__" or function.declares_generators or is_cached(program, function)
        if isinstance(function.node, ast.FunctionDef) and not is_other:
            yield Decision(
                NAME,
                function.site(),
                "make async",
                confidence=reason.confidence,
                concern=_concern(program, function, reason),
                why=program.colours.chain(function),
                function=function.qualname,
                node=function.node,
            )
    yield from _kept(program)
    for path in sorted({function.source.path for function in program.colours.reasons}):
        stub = Path(path).with_suffix(".pyi").as_posix()
        if (program.root / stub).is_file():
            concern = "it declares functions that become async; a stub is not rewritten"
            yield Decision(NAME, Site(stub, 1, 0, 1, 0), "declare them async", Status.DECLINED, concern=concern)


def _kept(program: Program) -> Iterator[Decision]:
    """A decision for each file that reaches the database and stays sync on purpose."""
    if program.colours.reasons:
        asking_ones = {path for path in program.kept.keys() & program.sources if _asks(program, path)}
        for path in sorted(asking_ones | {site.function.source.path for site in kept_sites(program)}):
            action = f"stays sync: {program.kept[path]}"
            yield Decision(NAME, Site(path, 1, 0, 1, 0), action, Status.KEPT)


def _asks(program: Program, path: str) -> bool:
    """Does a file import what makes sessions?"""
    return any(True for _ in asking(program, program.sources[path]))


def _concern(program: Program, function: Function, reason: AsyncSite) -> str:
    if reason.confidence is not Confidence.HIGH:
        return "the receiver's class is not known; its method was recognised by its name"
    for policy, node in program.handed(function):
        if policy == "unknown" and not _is_wrapping(node, function):
            return f"it is handed to {_taker(program, node)}, of which it is not known whether it awaits"
    return ""


def _taker(program: Program, node: ast.AST) -> str:
    """What a function is handed to, and where."""
    around = program.function_around(node)
    if around is None or not isinstance(node, ast.expr):
        return "something"
    called = node.func if isinstance(node, ast.Call) else node
    return f"{program.short(around.source, called)} ({around.source.site(node)})"


def _is_wrapping(node: ast.AST, function: Function) -> bool:
    """Is this one of the function's own decorators?"""
    return any(node is d or node in ast.walk(d) for d in function.decorators)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Write `async`, and what goes with it on the lines of the definition."""
    node = decision.node
    assert isinstance(node, ast.FunctionDef)
    source = program.sources[decision.site.path]
    start = source.span(node)[0]
    yield Replace(start, start, "async ")
    if node.name in RENAMED:
        name = source.content.index(node.name.encode(), start)
        yield Replace(name, name + len(node.name), RENAMED[node.name])
    for decorator in node.decorator_list:
        if any(isinstance(v, External) and v.name == "contextlib.contextmanager" for v in program.values(decorator)):
            text, wanted = request(source, "contextlib", "asynccontextmanager", at=decorator)
            yield Replace(*source.span(decorator), text)
            if wanted:
                yield wanted
