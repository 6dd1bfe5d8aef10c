"""Where a function's session may hold objects whose rows were changed otherwise, by the function or what it calls."""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .effects import is_own_session
from .once import once
from .order import may_follow, position
from .sql_changes import Change, changes
from .symbols import Function

if TYPE_CHECKING:
    from .program import Program

# Statements behind which one more can stand, and that go on to it.
PLAIN = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Assert)


@dataclass(frozen=True, eq=False, slots=True)
class Changed:
    """At `node`, a call in `function`, rows are changed; `is_committed`: and it has been committed behind it."""

    function: Function
    node: ast.expr
    change: Change
    is_committed: bool


class RowChanges:
    """The row changes of a program, spread from the statements to who calls them with the same session."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.by_function: defaultdict[Function, list[Changed]] = defaultdict(list)
        direct = [c for f in program.functions if not program.stays_sync(f) for c in self._own(f)]
        self._committing = self._spread_commits() if direct else set()
        pending, seen = deque(direct), set[tuple[ast.expr, Change, bool]]()
        while pending:
            changed = pending.popleft()
            key = changed.node, changed.change, changed.is_committed
            if key in seen:
                continue
            seen.add(key)
            self.by_function[changed.function].append(changed)
            if self._has_own_session(changed.function):
                continue
            is_committed = changed.is_committed or any(True for _ in self.ends(changed))
            for site in program.colours.calls_of(changed.function):
                pending.append(Changed(site.function, site.node, changed.change, is_committed))

    def _own(self, function: Function) -> Iterator[Changed]:
        for node in function.own_nodes():
            if isinstance(node, ast.Call):
                for change in changes(self._program, function, node):
                    yield Changed(function, node, change, is_committed=False)

    def ends(self, changed: Changed) -> Iterator[ast.stmt]:
        """The statements behind which a change is committed, and others can stand."""
        source, function = changed.function.source, changed.function
        if changed.is_committed:
            if isinstance(statement := source.statement(changed.node), PLAIN):
                yield statement
            return
        calls = [n for n in function.own_nodes() if isinstance(n, ast.expr) and self._is_commit(n)]
        calls += [n for callee, n in self._program.colours.calls_in(function) if callee in self._committing]
        for call in sorted(calls, key=position):
            if may_follow(source, changed.node, call) and isinstance(statement := source.statement(call), PLAIN):
                yield statement

    def _spread_commits(self) -> set[Function]:
        """The functions that commit the session that they are given."""
        found = {f for f in self._program.functions if any(map(self._is_commit, f.own_nodes()))}
        found = {f for f in found if not self._has_own_session(f)}
        pending = list(found)
        while pending:
            for caller in self._program.colours.callers(pending.pop()) - found:
                if not self._has_own_session(caller):
                    found.add(caller)
                    pending.append(caller)
        return found

    def _is_commit(self, node: ast.AST) -> bool:
        match node:
            case ast.Call(func=ast.Attribute(value=session, attr="commit")):
                return self._program.is_session(self._program.values(session))
        return False

    def _has_own_session(self, function: Function) -> bool:
        """Does a function make the session that it works with?"""
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name() as session)):
                    values = self._program.values(session)
                    if self._program.is_session(values) and is_own_session(self._program, function, node):
                        return True
        return False


@once
def row_changes(program: Program) -> RowChanges:
    """The row changes of a program whose colours are known, worked out once."""
    return RowChanges(program)
