"""A function or object that executes a query without having a session: callers pass theirs along, or it is kept."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..analysis.program import Program
from ..analysis.provenance import Callers, bound, is_own, kept, provenance
from ..analysis.queries import Chain, chain_at
from ..analysis.source import Source
from ..analysis.symbols import Function
from .blocks import stands_alone
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
    if problem.parameter not in {a.arg for a in (*function.node.args.args, *function.node.args.kwonlyargs)}:
        raise problem
    calls = callers(function)
    if not calls:
        raise Declined(f"{function.name}() has no session, and is used in ways in which none can be passed to it")
    texts = {call: _text(program, source, call, function, problem) for source, call in calls}
    name = _name(function, set(texts.values()))
    changes = [Change(source, call, [_first_argument(source, call, texts[call])]) for source, call in calls]
    return name, [_signature(program, function, name), *changes]


def kept_beside(program: Program, chain: Chain) -> tuple[str, list[Change]] | None:
    """How the session is written that an object keeps from now on beside its query, and what changes for that.

    None where it is no query that an object keeps, or where it is not one session in all its methods.
    """
    function = program.function_at(chain.source, chain.root)
    match chain.root:
        case ast.Attribute(value=ast.Name(id=this), attr=name) if function is not None and is_own(function, this):
            begun = list(_begun(program, function, name))
        case _:
            return None
    sessions = {session for _, session in begun}
    if len(sessions) != 1 or not all(sessions) or not _is_free(program, function, *sessions):
        return None
    (session,) = sessions
    return f"{this}.{session}", [_keeping(chain.source, target, session) for target, _ in begun]


def _begun(program: Program, function: Function, name: str) -> Iterator[tuple[ast.Attribute, str]]:
    """Where the methods of an object begin a query that it keeps under a name, and the name of the session there."""
    for method in function.owner.methods.values() if function.owner else ():
        for target, value in kept(method):
            chain = chain_at(program, method.source, value)
            goes_on = isinstance(chain.root, ast.Attribute) and chain.root.attr == name
            if target.attr == name and not goes_on:
                is_alone = stands_alone(method.source, method.source.statement(target))
                yield target, chain.session.id if isinstance(chain.session, ast.Name) and is_alone else ""


def _is_free(program: Program, function: Function, name: str) -> bool:
    """Does the object have no attribute of this name, of its class or of those above?"""
    objects = program.interpreter.objects
    key = function.owner.key if function.owner else ""
    above = [objects.classes[base] for base in objects.ancestry(key) if base in objects.classes]
    nodes = [n for cls in above for method in cls.methods.values() for n in method.own_nodes()]
    is_held = any(isinstance(n, ast.Attribute) and n.attr == name for n in nodes)
    is_bound = any(name in cls.methods for cls in above) or objects.class_attribute(key, name)
    return not (is_held or is_bound)


def _keeping(source: Source, target: ast.Attribute, session: str) -> Change:
    statement = source.statement(target)
    end = source.span(statement)[1]
    text = f"{source.newline}{source.indentation(statement)}{source.text(target.value)}.{session} = {session}"
    return Change(source, statement, [Replace(end, end, text)])


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
    source, node = function.source, function.node
    assert isinstance(node, ast.FunctionDef)
    change = Change(source, node)
    bound = 1 if function.binding in {"instance", "class"} else 0
    own, others = node.args.args[:bound], node.args.args[bound:]
    known = others or node.args.kwonlyargs
    text = name
    if known and known[0].annotation is not None:
        kept = program.stays_sync(function)
        module, cls = ("sqlalchemy.orm", "Session") if kept else ("sqlalchemy.ext.asyncio", "AsyncSession")
        expression, needed = request(source, module, cls)
        text = f"{name}: {expression}"
        if needed is not None:
            change.imports.append(needed)
    if others:
        start = source.span(others[0])[0]
        change.edits.append(Replace(start, start, f"{text}, "))
    elif own:
        end = source.span(own[0])[1]
        change.edits.append(Replace(end, end, f", {text}"))
    else:
        start = source.content.index(b"(", source.span(node)[0]) + 1
        change.edits.append(Replace(start, start, f"{text}, "))
    return change
