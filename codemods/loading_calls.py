"""Calls inside of which attributes may be loaded: in a greenlet, as all of SQLAlchemy's own code.

return Schema.model_validate(row)   ->   return await db.run_sync(lambda _: Schema.model_validate(row))

https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#running-synchronous-methods-and-functions-under-asyncio
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.program import Program
from ..analysis.symbols import Function, dotted
from .awaiting import wrap_await
from .edit import Edit, Replace, Wrap
from .older_loads import spawning
from .query_session import near_sessions


def in_greenlet(program: Program, function: Function, call: ast.Call) -> Iterator[Edit]:
    """The edits that make a call with a session's `run_sync`, or where that is not sure with what it does itself."""
    source = function.source
    sessions = set(near_sessions(program, source, function))
    is_plain = dotted(call.func) and all(map(dotted, call.args)) and not call.keywords
    if len(sessions) == 1 and is_plain:
        yield Wrap(*source.span(call), f"{sessions.pop()}.run_sync(lambda _: ", ")", rank=-1)
    else:
        spawn, wanted = spawning(source, call)
        yield from wanted
        start, end = source.span(call.func)
        bracket = source.content.index(b"(", end)
        yield Wrap(start, end, f"{spawn}(", "")
        yield Replace(bracket, bracket + 1, ", " if bracket + 1 == source.span(call.args[0])[0] else ",")
    yield from wrap_await(source, call)
