"""Which session executes a statement: a Query carries its session, a select does not."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.program import Program
from ..analysis.queries import Chain, queries, site_key
from ..analysis.source import Source
from ..analysis.symbols import Function, dotted
from ..analysis.values import FunctionObject
from .query_text import Declined, is_plain

UNKNOWN = ""


def session_text(program: Program, chain: Chain) -> str:
    """How the session of a query is written where the chain stands.

    Raises:
        Declined: no session is in reach.
    """
    source = chain.source
    if chain.session is not None:
        return source.text(chain.session)
    function = program.function_at(source, chain.node)
    found = set(_origins(program, source, function, chain.root, frozenset()))
    if len(found) == 1 and UNKNOWN not in found:
        return found.pop()
    if len(found - {UNKNOWN}) > 1:
        raise Declined("the query can have one of several sessions")
    near = list(dict.fromkeys(_near(program, source, function)))
    if len(near) == 1:
        return near[0]
    if near:
        raise Declined(f"the query carries its session, a select does not, and there are several here: {', '.join(near)}")
    raise Declined("the query carries its session, a select does not: no session is in reach where it is executed")


def _origins(
    program: Program, source: Source, function: Function | None, node: ast.expr, seen: frozenset[ast.AST]
) -> Iterator[str]:
    """The sessions of the `.query(…)` calls that an expression comes from, as written at the expression's place."""
    if node in seen:
        return
    seen |= {node}
    root = _root(program, node)
    match root:
        case ast.Call(func=ast.Attribute(attr="query", value=session)) if _begins(program, source, root):
            yield source.text(session) if is_plain(session) else UNKNOWN
        case ast.Name(id=name):
            yield from _of_name(program, source, function, name, seen)
        case ast.Call():
            yield from _of_call(program, source, root, seen)
        case ast.Attribute(value=ast.Name(id=this)) if _is_own(function, this):
            yield from _of_attribute(program, source, function, root, seen)
        case ast.IfExp(body=body, orelse=orelse):
            for part in (body, orelse):
                yield from _origins(program, source, function, part, seen)
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from _origins(program, source, function, part, seen)
        case ast.NamedExpr(value=value):
            yield from _origins(program, source, function, value, seen)
        case ast.Constant(value=None):
            return
        case _:
            yield UNKNOWN


def _root(program: Program, node: ast.expr) -> ast.expr:
    while True:
        match node:
            case ast.Call(func=ast.Attribute(value=inner)) if queries(program.values(inner)):
                node = inner
            case _:
                return node


def _begins(program: Program, source: Source, call: ast.Call) -> bool:
    return any(q.origin == site_key(source, call) for q in queries(program.values(call)))


def _of_name(
    program: Program, source: Source, function: Function | None, name: str, seen: frozenset[ast.AST]
) -> Iterator[str]:
    scope = function
    while scope is not None:
        values = list(_assigned(scope, name))
        if any(a.arg == name for a in scope.parameters()):
            yield UNKNOWN
        if values:
            for value in values:
                yield from _origins(program, source, function, value, seen)
            return
        scope = scope.parent
    yield UNKNOWN


def _assigned(function: Function, name: str) -> Iterator[ast.expr]:
    """What a function assigns to a name."""
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=targets, value=value) if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                yield value
            case (
                ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value)
                | ast.NamedExpr(target=ast.Name(id=target), value=value)
            ) if target == name:
                yield value


def _of_call(program: Program, source: Source, call: ast.Call, seen: frozenset[ast.AST]) -> Iterator[str]:
    """The session of a query that a project function returns, in terms of the call."""
    functions = [v for v in program.values(call.func) if isinstance(v, FunctionObject)]
    if not functions:
        yield UNKNOWN
    for value in functions:
        callee = program.function(value.key)
        returned = [n.value for n in callee.own_nodes() if isinstance(n, ast.Return) and n.value]
        if not returned:
            yield UNKNOWN
            continue
        for result in returned:
            for text in _origins(program, callee.source, callee, result, seen):
                yield _translated(text, callee, call, source)


def _translated(text: str, callee: Function, call: ast.Call, source: Source) -> str:
    """A session of the called function, as the caller writes it."""
    head, _, rest = text.partition(".")
    positional = [*callee.arguments.posonlyargs, *callee.arguments.args] if callee.arguments else []
    if callee.binding in {"instance", "class"} and positional:
        receiver, positional = positional[0], positional[1:]
        if head == receiver.arg:
            if isinstance(call.func, ast.Attribute) and is_plain(call.func.value):
                return ".".join([source.text(call.func.value), rest] if rest else [source.text(call.func.value)])
            return UNKNOWN
    given = dict(zip([a.arg for a in positional], call.args, strict=False))
    given |= {k.arg: k.value for k in call.keywords if k.arg}
    if head in given:
        argument = given[head]
        if isinstance(argument, ast.Starred) or not is_plain(argument):
            return UNKNOWN
        return ".".join([source.text(argument), rest] if rest else [source.text(argument)])
    own = {a.arg for a in callee.parameters()} | {
        n.id for n in callee.own_nodes() if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    return text if head not in own and callee.source is source else UNKNOWN


def _is_own(function: Function | None, name: str) -> bool:
    """Is a name the object whose method the function is?"""
    if function is None or function.binding != "instance":
        return False
    return bool(function.parameters()) and function.parameters()[0].arg == name


def _of_attribute(
    program: Program, source: Source, function: Function | None, node: ast.Attribute, seen: frozenset[ast.AST]
) -> Iterator[str]:
    """The session of a query that an object keeps, where the object keeps the session too."""
    owner = function.owner if function else None
    for method in owner.methods.values() if owner else ():
        kept = list(_kept(method))
        for attribute, value in kept:
            if attribute.attr == node.attr:
                for text in _origins(program, source, method, value, seen):
                    this = source.text(attribute.value)
                    beside = [source.text(a) for a, v in kept if dotted(v) == text and text]
                    yield text if text.startswith(f"{this}.") else beside[0] if beside else UNKNOWN


def _kept(method: Function) -> Iterator[tuple[ast.Attribute, ast.expr]]:
    """What a method stores on its object."""
    for node in method.own_nodes():
        match node:
            case (
                ast.Assign(targets=[ast.Attribute(value=ast.Name(id=this)) as target], value=value)
                | ast.AnnAssign(target=ast.Attribute(value=ast.Name(id=this)) as target, value=ast.expr() as value)
            ) if _is_own(method, this):
                yield target, value


def _near(program: Program, source: Source, function: Function | None) -> Iterator[str]:
    """Sessions that are in reach of a function: its parameters and names, or attributes of its object."""
    scope = function
    while scope is not None and not scope.is_module:
        found = [n for n in scope.own_nodes() if isinstance(n, ast.Name | ast.Attribute) and _is_session(program, n)]
        parameters = {a.arg for a in scope.parameters()}
        yield from (a.arg for a in scope.parameters() if program.is_session(program.parameter(scope, a.arg)))
        yield from (dotted(n) for n in found if dotted(n) and dotted(n).partition(".")[0] in parameters)
        scope = scope.parent
    owner = function.owner if function and function.binding == "instance" else None
    for method in owner.methods.values() if owner else ():
        yield from (source.text(target) for target, value in _kept(method) if _is_session(program, value))


def _is_session(program: Program, node: ast.expr) -> bool:
    return program.is_session(program.values(node))


