"""Objects of a test's session, which the application uses too, that a request outdates for the next one.

One request has loaded what a relationship holds, a second deletes such rows or adds some, and a third is given what the
first one had. In the application each request has a session of its own; in the test a commit expired the objects.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .factories import expired_on_commit
from .fixtures import is_test
from .mapped import Relationship
from .order import may_follow
from .requested import gives_its_session
from .routes import handler
from .row_changes import PLAIN, row_changes
from .session_objects import session_of
from .staleness import Stale
from .symbols import Function
from .values import ClassObject, Instance

if TYPE_CHECKING:
    from .program import Program


class RequestChanges:
    """Finds the relationships that a request outdates."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._read: defaultdict[Function, set[Relationship]] = defaultdict(set)
        loads = program.colours.loads
        of_options = [load for paths in loads.options.values() for needed in paths.values() for load in needed]
        for load in (*loads.awaited, *of_options, *(x for needed in loads.eager.values() for x in needed)):
            self._read[load.function].add(load.relationship)

    def found(self) -> Iterator[Stale]:
        """Each relationship of each variable once a request."""
        if not (expired_on_commit(self._program) and gives_its_session(self._program)):
            return
        for function in self._program.functions:
            if is_test(function) and not self._program.stays_sync(function):
                yield from self._in(function)

    def _in(self, function: Function) -> Iterator[Stale]:
        calls = [n for n in function.own_nodes() if isinstance(n, ast.Call) and self._program.colours.clients.at(n)]
        requests = [(n, h) for n in calls if (h := handler(self._program, n)) is not None]
        reads = {node: self._reads(h) for node, h in requests}
        source = function.source
        for node, changing in requests:
            earlier = {r for other, known in reads.items() if may_follow(source, other, node) for r in known}
            later = {r for other, known in reads.items() if may_follow(source, node, other) for r in known}
            outdated = earlier & later
            changed = self._changed(changing) if outdated else set()
            for relationship in (r for r in outdated if r.target in changed and r.holder not in changed):
                yield from self._stale(function, node, relationship)

    def _stale(self, function: Function, node: ast.Call, relationship: Relationship) -> Iterator[Stale]:
        statement = function.source.statement(node)
        is_plain = isinstance(statement, PLAIN)
        session = session_of(self._program, function, statement) if is_plain else None
        seen: set[str] = set()
        for name in function.own_nodes():
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load) and name.id not in seen:
                classes = {v.cls for v in self._program.values(name) if isinstance(v, Instance)}
                is_older = may_follow(function.source, name, node) or name in ast.walk(node)
                if relationship.holder in classes and is_older:
                    seen.add(name.id)
                    cause = f"changes what {name.id}.{relationship.name} holds, in the session that both have"
                    yield Stale(function, node, statement, session, name, relationship, cause)

    def _reads(self, function: Function) -> set[Relationship]:
        """The relationships that a function loads, or what it calls."""
        return {r for f in self._program.colours.reached([function]) for r in self._read.get(f, ())}

    def _changed(self, function: Function) -> set[str]:
        """The mapped classes of which a function, or what it calls, deletes rows or makes objects."""
        found = {
            c.change.cls for c in row_changes(self._program).by_function.get(function, ()) if c.change.kind == "delete"
        }
        for reached in self._program.colours.reached([function]):
            for node in reached.own_nodes():
                match node:
                    case ast.Call(func=ast.Attribute(value=session, attr="delete"), args=[deleted]):
                        if self._program.is_session(self._program.values(session)):
                            found |= {v.cls for v in self._program.values(deleted) if isinstance(v, Instance)}
                    case ast.Call(func=made):
                        classes = (v.cls for v in self._program.values(made) if isinstance(v, ClassObject))
                        found.update(cls for cls in classes if self._program.mapped(cls))
        return found
