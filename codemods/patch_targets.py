"""Patches name what the patched module uses now.

patch("app.db.Session")             ->    patch("app.db.AsyncSession")
patch.object(db, "create_engine")   ->    patch.object(db, "create_async_engine")

A patch of the library's own name reaches those alone who read it from the library; who is handed a mock for an engine
could make a sync session of it all the same, an async one not. Such a patch is put where the class is looked up.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.mocks import Patch
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import ClassObject, External, FunctionObject, Mock, ModuleObject
from .carried import Work, carried, decided
from .edit import Edit, Replace
from .engines import FACTORY, MAKERS
from .imports import request
from .scopes import scopes
from .versions import is_before_2

NAME = "patch-targets"
REACHED = "it reached nothing before, where the class has a name of its own; a session of a mock needs it now"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each patch of something that the module no longer uses."""
    patches = {patch.node: patch for patch in program.interpreter.mocks.patches}
    for function in program.functions if patches else ():
        for node in function.own_nodes():
            if isinstance(node, ast.Call) and node in patches and not program.stays_sync(function):
                for work in _work(program, function, node, patches[node]):
                    yield decided(program, NAME, work)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _work(program: Program, function: Function, node: ast.Call, patch: Patch) -> Iterator[Work]:
    source = function.source
    name = next((a for a in node.args[:2] if isinstance(a, ast.Constant) and _ends(a.value, patch.name)), None)
    if name is None or source.text(name)[1:-1] != name.value:
        return
    start, end = source.span(name)
    match patch.owner:
        case ModuleObject(path=path) if path in program.sources and path not in program.kept:
            text = _name_now(program, program.sources[path], _held(program, patch))
            if text and text != patch.name:
                edit = Replace(end - 1 - len(patch.name), end - 1, text)
                yield Work(source, node, f"patch {text}", [edit])
        case External(name=library, receiver=None) if name is node.args[0]:
            homes = set(_homes(program, function, f"{library}.{patch.name}"))
            if len(homes) == 1:
                (target,) = homes
                yield Work(source, node, f"patch {target}", [Replace(start + 1, end - 1, target)], REACHED)


def _ends(value: object, name: str) -> bool:
    return isinstance(value, str) and f".{value}".endswith(f".{name}")


def _held(program: Program, patch: Patch) -> str:
    """What the patched name of a module means but for the replacement: a key of MAKERS, or ""."""
    held = program.interpreter.attribute(frozenset({patch.owner}), patch.name) - patch.replacement
    names = {v.cls if isinstance(v, ClassObject) else getattr(v, "name", "") for v in held}
    return names.pop() if len(names) == 1 else ""


def _name_now(program: Program, source: Source, what: str) -> str:
    """The name that a module has for the async counterpart; "" where there is none."""
    if what not in MAKERS or (what == FACTORY and is_before_2(program)):
        return ""
    return request(source, *MAKERS[what])[0]


def _homes(program: Program, function: Function, name: str) -> Iterator[str]:
    """The targets that mean a library's class where the functions use it that a test hands a mock to."""
    meant = program.interpreter.external(name)
    what = meant.cls if isinstance(meant, ClassObject) else ""
    imports = [i for s in scopes(function.source).all for i in s.imports]
    for call in (n for n in function.own_nodes() if isinstance(n, ast.Call)):
        given = [*call.args, *(k.value for k in call.keywords)]
        if not any(isinstance(v, Mock) for g in given for v in program.values(g)):
            continue
        for value in program.values(call.func):
            called = program.function(value.key) if isinstance(value, FunctionObject) else None
            home = next((i.module for i in imports if isinstance(call.func, ast.Name) and i.local == call.func.id), "")
            if called is not None and home and called.source.path not in program.kept and _makes(program, called, what):
                text = _name_now(program, called.source, what)
                if text:
                    yield f"{home}.{text}"


def _makes(program: Program, function: Function, what: str) -> bool:
    """Does a function make an object of a class?"""
    calls = [n for n in function.own_nodes() if isinstance(n, ast.Call)]
    return any(ClassObject(what) in program.values(call.func) for call in calls)
