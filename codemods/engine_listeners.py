"""Event listeners: SQLAlchemy has events for the sync objects alone, which stand inside the async ones.

    @event.listens_for(engine, "connect")            @event.listens_for(engine.sync_engine, "connect")
    @event.listens_for(SessionLocal, "after_flush")  @event.listens_for(SyncSession, "after_flush")

A factory's events are those of a class of its own, which it is told as `sync_session_class`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count
from typing import TypeGuard

from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.provenance import Callers, bound
from ..analysis.source import Source
from ..analysis.values import External, Instance
from .arguments import argument, keyword
from .carried import Work, left
from .edit import Edit, Import, Replace
from .imports import request
from .references import bound_values, references, variable_home
from .scopes import scopes
from .top_level import definition_before, top_statement

LISTENING = {f"sqlalchemy.event.{name}" for name in ("listen", "listens_for", "remove", "contains")}
FACTORIES = ("sqlalchemy.orm.sessionmaker", "sqlalchemy.orm.scoped_session")
FACADES = {
    "sqlalchemy.Engine": "sync_engine",
    "sqlalchemy.Connection": "sync_connection",
    "sqlalchemy.orm.Session": "sync_session",
}
NO_EVENTS = "async_sessionmaker has no events: listen on a class that is given to it as sync_session_class="


@dataclass(frozen=True, slots=True)
class _Factory:
    """A factory that is listened to: its statement, and the name of the class that stands for it."""

    source: Source
    statement: ast.stmt
    name: str
    variable: str


class Listening:
    """All listeners of a program, and the factories that they listen to."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._factories: dict[ast.Call, _Factory] = {}
        self._targets: list[tuple[Source, ast.expr, ast.Call | None]] = []
        self._sync_sides: dict[ast.Attribute, Source] = {}
        for source in program.sources.values():
            if source.path not in program.kept and b"event" in source.content:
                for node in source.nodes:
                    if isinstance(node, ast.Call) and _is_listening(program, node):
                        self._note(source, node)

    def _note(self, source: Source, node: ast.Call) -> None:
        target = argument(node, "target")
        if target is None or _is_sync_side(target):
            return
        given = self._given(source, target)
        sync_sides = {node: where for where, node in given if _is_sync_side(node)}
        if sync_sides and len(sync_sides) == len(given):
            return
        self._sync_sides |= sync_sides
        made = self._factory(source, target) if self._is_a(target, FACTORIES) else None
        self._targets.append((source, target, made))

    def _given(self, source: Source, target: ast.expr) -> list[tuple[Source, ast.expr]]:
        """What callers give for a target that is a parameter of a function around it."""
        function = self._program.function_at(source, target)
        while isinstance(target, ast.Name) and function is not None and not function.is_module:
            if target.id in {parameter.arg for parameter in function.parameters()}:
                calls = _callers(self._program)(function)
                given = [(where, bound(function, call).get(target.id)) for where, call in calls]
                return [(where, node) for where, node in given if node is not None]
            function = function.parent
        return []

    def _is_a(self, node: ast.expr, classes: tuple[str, ...]) -> bool:
        objects = self._program.interpreter.objects
        found = [v.cls for v in self._program.values(node) if isinstance(v, Instance)]
        return any(objects.is_a(cls, wanted) for cls in found for wanted in classes)

    def _factory(self, source: Source, target: ast.expr) -> ast.Call | None:
        """The call that makes a factory, where it is a global and makes sessions of no special class."""
        home = variable_home(self._program, source, target) if isinstance(target, ast.Name | ast.Attribute) else None
        if home is None or not home[1].is_module:
            return None
        where, function, variable = home
        made = bound_values(self._program, function, variable) or []
        call = made[0] if len(made) == 1 else None
        if isinstance(call, ast.Call) and self._is_a(call, FACTORIES[1:]):
            call = argument(call, "session_factory")
        if not isinstance(call, ast.Call) or not self._is_a(call, FACTORIES[:1]) or keyword(call, "class_"):
            return None
        if call not in self._factories:
            self._factories[call] = _Factory(where, top_statement(where, call), self._free_name(where), variable)
        return call

    def _free_name(self, source: Source) -> str:
        """A name for a class that means nothing else in a file, and no other factory's class."""
        taken = {n for scope in scopes(source).all for n in (*scope.others, *(i.local for i in scope.imports))}
        taken |= {factory.name for factory in self._factories.values()}
        names = chain(["SyncSession"], (f"SyncSession{number}" for number in count(2)))
        return next(name for name in names if name not in taken)

    # At the factories

    def arguments(self, call: ast.Call) -> list[str]:
        """What a factory is told of the class that is listened to."""
        factory = self._factories.get(call)
        return [f"sync_session_class={factory.name}"] if factory else []

    def definition(self, source: Source, call: ast.Call) -> Iterator[Edit]:
        """The class itself, in front of the factory."""
        factory = self._factories.get(call)
        if factory is None:
            return
        base, wanted = request(source, "sqlalchemy.orm", "Session")
        docstring = f'"""The sync session inside those of {factory.variable}: what listeners listen to."""'
        yield definition_before(source, factory.statement, f"class {factory.name}({base}):\n    {docstring}\n")
        if wanted is not None:
            yield wanted

    # At the listeners

    def work(self) -> Iterator[Work]:
        """What is to be done at each listener."""
        for source, target, made in self._targets:
            if made is not None:
                yield self._on_class(source, target, self._factories[made])
            elif self._is_a(target, FACTORIES):
                yield left(source, target, NO_EVENTS)
            else:
                facade = next((name for cls, name in FACADES.items() if self._is_a(target, (cls,))), "")
                if facade:
                    end = source.span(target)[1]
                    yield Work(source, target, f"listen on .{facade}", [Replace(end, end, f".{facade}")])
        for node, source in self._sync_sides.items():
            cut = Replace(source.span(node.value)[1], source.span(node)[1], "")
            yield Work(source, node, f"give the async one, of which .{node.attr} is listened to", [cut])

    def _on_class(self, source: Source, target: ast.expr, factory: _Factory) -> Work:
        text, wanted = factory.name, None
        if source is not factory.source:
            module = references(self._program).spelling(source, factory.source.path)
            text, wanted = request(source, module, factory.name, at=target)
        edits: list[Edit] = [Replace(*source.span(target), text), *_needed(wanted)]
        return Work(source, target, f"listen on the sync sessions of {factory.variable}", edits)


@once
def _callers(program: Program) -> Callers:
    return Callers(program)


def _is_sync_side(node: ast.expr) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and node.attr in FACADES.values()


def _needed(wanted: Import | None) -> list[Edit]:
    return [wanted] if wanted is not None else []


def _is_listening(program: Program, call: ast.Call) -> bool:
    return any(isinstance(v, External) and v.name in LISTENING for v in program.values(call.func))
