"""A function that executes a query it was given, but has no session: its callers pass theirs along."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..analysis.program import Program
from ..analysis.provenance import Callers, bound, provenance
from ..analysis.queries import Chain, chain_at
from ..analysis.source import Source
from ..analysis.symbols import Function
from .edit import Edit, Import, Replace
from .imports import request
from .query_session import NoSession, session_text
from .query_text import Declined, open_bracket


@dataclass(slots=True)
class Change:
    """One place of a file that passes the session on: a call, or the function's own parameters."""

    source: Source
    node: ast.expr | ast.stmt
    edits: list[Edit] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)


def passed_along(program: Program, callers: Callers, problem: NoSession) -> tuple[str, list[Change]]:
    """The name of the new parameter, and what changes so that every caller gives it.

    Raises:
        Declined: the function or one of its callers cannot be changed so.
    """
    function = problem.function
    if function is None or not isinstance(function.node, ast.FunctionDef) or function.decorators:
        raise problem
    if problem.parameter not in {a.arg for a in function.node.args.args}:
        raise problem
    calls = callers(function)
    if not calls:
        raise Declined(f"{function.name}() has no session, and is used in ways in which none can be passed to it")
    texts = {call: _text(program, source, call, function, problem) for source, call in calls}
    name = _name(function, set(texts.values()))
    changes = [Change(source, call, [_first_argument(source, call, texts[call])]) for source, call in calls]
    return name, [_signature(program, function, name), *changes]


def _text(program: Program, source: Source, call: ast.Call, function: Function, problem: NoSession) -> str:
    """How the caller writes the session of the query that it gives."""
    argument = bound(function, call).get(problem.parameter)
    if argument is None:
        raise problem
    chain = chain_at(program, source, argument)
    return session_text(program, Chain(source, chain.root, (), chain.begins), [provenance(program, chain)])


def _name(function: Function, texts: set[str]) -> str:
    """A name for the parameter: that of the callers, where it is free."""
    lasts = {text.rpartition(".")[2] for text in texts}
    name = lasts.pop() if len(lasts) == 1 else "session"
    taken = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)} | {a.arg for a in function.parameters()}
    while name in taken:
        name = "session" if name != "session" and "session" not in taken else f"{name}_"
    return name


def _first_argument(source: Source, call: ast.Call, text: str) -> Replace:
    start = open_bracket(call, source) + 1
    return Replace(start, start, f"{text}, " if call.args or call.keywords else text)


def _signature(program: Program, function: Function, name: str) -> Change:
    source = function.source
    assert isinstance(function.node, ast.FunctionDef)
    parameters = function.node.args.args
    index = 1 if function.binding in {"instance", "class"} else 0
    start, _ = source.span(parameters[index])
    change = Change(source, function.node)
    text = name
    if parameters[index].annotation is not None:
        kept = program.stays_sync(function)
        module, cls = ("sqlalchemy.orm", "Session") if kept else ("sqlalchemy.ext.asyncio", "AsyncSession")
        expression, needed = request(source, module, cls)
        text = f"{name}: {expression}"
        if needed is not None:
            change.imports.append(needed)
    change.edits.append(Replace(start, start, f"{text}, "))
    return change
