"""Events that only a Query sends: what listens to them, often to add criteria, would not see a select."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.symbols import dotted
from .query_text import Declined

LISTENING = frozenset({"listen", "listens_for"})
# Events, and the method that sends each; "": all that are executed.
EVENTS = {
    "before_compile": "",
    "before_compile_update": "update",
    "before_compile_delete": "delete",
    "after_bulk_update": "update",
    "after_bulk_delete": "delete",
    "do_orm_execute": "count of a subquery",
}


def require_no_listeners(program: Program, method: str) -> None:
    """Raises Declined where the project listens to what a method of a query does, and would no longer be told."""
    for event in _listened(program):
        if event == "do_orm_execute" and EVENTS[event] == method:
            raise Declined("count() of a subquery is no longer seen by do_orm_execute, which may add criteria to it")
        if EVENTS[event] in {"", method}:
            raise Declined(f"the project listens to {event}, which only a Query sends: use do_orm_execute")


@once
def _listened(program: Program) -> list[str]:
    return list(dict.fromkeys(_events(program)))


def _events(program: Program) -> Iterator[str]:
    for source in program.sources.values():
        for node in source.nodes:
            match node:
                case ast.Call(func=function, args=[_, ast.Constant(value=str(event)), *_]) if event in EVENTS:
                    if dotted(function).rpartition(".")[2] in LISTENING:
                        yield event
