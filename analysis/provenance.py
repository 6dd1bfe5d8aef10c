"""Where a legacy query comes from: the `.query(…)` calls behind an expression, and the methods called on the way.

The flow of values joins all callers of a function; this follows one call at a time, so that a helper that serves many
queries does not mix them up. What is not followed gives an origin without a call.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from .bindings import returned
from .queries import Chain, Knowing, Link, chain_at, is_plain, queries, site_key
from .source import Source
from .symbols import Function, dotted
from .values import External, FunctionObject, Values


class Calling(Knowing, Protocol):
    """The part of the program that this module asks."""

    def function(self, key: str) -> Function: ...

    def is_session(self, values: Values) -> bool: ...


@dataclass(frozen=True, slots=True)
class Step:
    """A method that was called on the query, and the file where that stands."""

    source: Source
    link: Link


@dataclass(frozen=True, slots=True)
class Origin:
    """One beginning of a query: the `.query(…)` call, None when it is not seen.

    `session` is how the session is written in the function `home`; "" when that cannot be said. A beginning that is not
    seen may be what callers hand to a `parameter` of `home`.
    """

    call: ast.Call | None = None
    source: Source | None = None
    session: str = ""
    home: Function | None = None
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The beginnings of a query and all methods that may have been called on it since, in no order."""

    origins: tuple[Origin, ...]
    steps: tuple[Step, ...]

    @property
    def complete(self) -> bool:
        """Was every beginning seen?"""
        return bool(self.origins) and all(o.call is not None for o in self.origins)

    @property
    def handed(self) -> tuple[Function | None, str]:
        """The function and its parameter through which everything comes that is not seen; "" when there is none."""
        unseen = {(o.home, o.parameter) for o in self.origins if o.call is None}
        return unseen.pop() if len(unseen) == 1 else (None, "")


UNKNOWN = Origin()
# How many calls are followed into each other.
DEPTH = 4


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """A call that is being followed: what the function's parameters are given, in the caller's terms."""

    arguments: Mapping[str, ast.expr]
    source: Source
    function: Function | None
    outer: Frame | None


def provenance(program: Calling, chain: Chain) -> Provenance:
    """Where the query at the root of a chain comes from."""
    function = program.function_at(chain.source, chain.root)
    follower = _Follower(program)
    found = tuple(dict.fromkeys(follower.expression(chain.source, function, chain.root, None)))
    return Provenance(found, tuple(follower.steps))


class Callers:
    """Where each function of the program is called, and where it is a value."""

    def __init__(self, program: Calling) -> None:
        self._calls: defaultdict[str, list[tuple[Source, ast.Call]]] = defaultdict(list)
        self._other: defaultdict[str, list[tuple[Source, ast.expr]]] = defaultdict(list)
        for source in program.sources.values():
            for node in source.nodes:
                if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                    self._add(source, node, [v for v in program.values(node) if isinstance(v, FunctionObject)])

    def _add(self, source: Source, node: ast.expr, found: list[FunctionObject]) -> None:
        call = source.parents.get(node)
        for value in found:
            if isinstance(call, ast.Call) and call.func is node and len(found) == 1:
                self._calls[value.key].append((source, call))
            else:
                self._other[value.key].append((source, node))

    def __call__(self, function: Function) -> list[tuple[Source, ast.Call]]:
        """All calls of a function; none when it is called in ways that are not seen."""
        known = function.key not in self._other and not function.decorators
        return self._calls[function.key] if known else []

    def others(self, function: Function) -> list[tuple[Source, ast.expr]]:
        """Where a function is not called, but handed on or kept."""
        return self._other.get(function.key, [])


def provenances(program: Calling, callers: Callers, chain: Chain, depth: int = DEPTH) -> list[Provenance]:
    """Where the query at the root of a chain comes from: one answer for each caller that hands it in."""
    own = provenance(program, chain)
    function, name = own.handed
    if not name or not depth or function is None:
        return [own]
    known = tuple(o for o in own.origins if o.call is not None)
    found: list[Provenance] = []
    for source, call in callers(function):
        argument = bound(function, call).get(name)
        if argument is None or not queries(program.values(argument)):
            return [own]
        given = chain_at(program, source, argument)
        steps = tuple(Step(source, link) for link in given.steps())
        for outer in provenances(program, callers, given, depth - 1):
            found.append(Provenance((*known, *outer.origins), (*outer.steps, *steps, *own.steps)))
    return found or [own]


class _Follower:
    """Follows expressions backwards; an expression is entered once for each frame."""

    def __init__(self, program: Calling) -> None:
        self.program = program
        self.seen: set[tuple[ast.expr, Frame | None]] = set()
        self.steps: dict[Step, None] = {}
        self.frames: dict[tuple[ast.Call, str, Frame | None], Frame] = {}

    def expression(
        self, source: Source, function: Function | None, node: ast.expr, frame: Frame | None
    ) -> Iterator[Origin]:
        if (node, frame) in self.seen:
            return
        self.seen.add((node, frame))
        yield from self._root(source, function, self._unwound(source, node), frame)

    def _unwound(self, source: Source, node: ast.expr) -> ast.expr:
        while True:
            match node:
                case ast.Call(func=ast.Attribute(value=inner) as attribute) if queries(self.program.values(inner)):
                    self.steps[Step(source, Link(attribute, node))] = None
                    node = inner
                case _:
                    return node

    def _root(self, source: Source, function: Function | None, root: ast.expr, frame: Frame | None) -> Iterator[Origin]:
        match root:
            case ast.Call(func=ast.Attribute(attr="query", value=session)) if self._begins(source, root):
                text = source.text(session) if is_plain(session) else ""
                yield Origin(root, source, text, function)
            case ast.Name(id=name):
                yield from self._name(source, function, name, frame)
            case ast.Call():
                yield from self._call(source, function, root, frame)
            case ast.Attribute(value=ast.Name(id=this)) if is_own(function, this):
                yield from self._attribute(source, function, root)
            case ast.IfExp(body=body, orelse=orelse):
                yield from self.expression(source, function, body, frame)
                yield from self.expression(source, function, orelse, frame)
            case ast.BoolOp(values=parts):
                for part in parts:
                    yield from self.expression(source, function, part, frame)
            case ast.NamedExpr(value=value):
                yield from self.expression(source, function, value, frame)
            case ast.Constant(value=None):
                return
            case _:
                yield UNKNOWN

    def _begins(self, source: Source, call: ast.Call) -> bool:
        return any(q.origin == site_key(source, call) for q in queries(self.program.values(call)))

    def _name(self, source: Source, function: Function | None, name: str, frame: Frame | None) -> Iterator[Origin]:
        scope = function
        while scope is not None:
            values = list(assigned(scope, name))
            is_parameter = any(a.arg == name for a in scope.parameters())
            if is_parameter and frame is not None and scope is function and name in frame.arguments:
                yield from self.expression(frame.source, frame.function, frame.arguments[name], frame.outer)
            elif is_parameter:
                yield Origin(home=scope, parameter=name)
            for value in values:
                yield from self.expression(source, function, value, frame)
            if values or is_parameter:
                return
            scope = scope.parent
        yield UNKNOWN

    def _call(self, source: Source, function: Function | None, call: ast.Call, frame: Frame | None) -> Iterator[Origin]:
        """What a project function returns, in terms of the call."""
        if frame is not None and isinstance(call.func, ast.Name) and call.func.id in frame.arguments:
            given = frame.arguments[call.func.id]
            if partial := self._partial(given):
                yield from self._call(frame.source, frame.function, partial, frame.outer)
                return
            found = [v for v in self.program.values(given) if isinstance(v, FunctionObject)]
        else:
            found = [v for v in self.program.values(call.func) if isinstance(v, FunctionObject)]
        if not found or _depth(frame) >= DEPTH:
            yield UNKNOWN
            return
        for value in found:
            callee = self.program.function(value.key)
            results = returned(callee)
            if not results:
                yield UNKNOWN
            inner = Frame(bound(callee, call), source, function, frame)
            inner = self.frames.setdefault((call, value.key, frame), inner)
            for result in results:
                for origin in self.expression(callee.source, callee, result, inner):
                    if origin.home is callee:
                        text = _translated(origin.session, callee, call, source)
                        yield replace(origin, session=text, home=function)
                    else:
                        yield origin

    def _partial(self, node: ast.expr) -> ast.Call | None:
        """The call that `partial(f, …)` stands for."""
        if isinstance(node, ast.Call) and node.args and External("functools.partial") in self.program.values(node.func):
            return ast.copy_location(ast.Call(node.args[0], node.args[1:], node.keywords), node)
        return None

    def _attribute(self, source: Source, function: Function | None, node: ast.Attribute) -> Iterator[Origin]:
        """What an object keeps, where it keeps the session too."""
        owner = function.owner if function else None
        getter = owner.methods.get(node.attr) if owner else None
        if getter is not None and any(dotted(d) == "property" for d in getter.decorators):
            yield from self._got(source, getter, function)
        for method in owner.methods.values() if owner else ():
            everything = list(kept(method))
            for attribute, value in everything:
                if attribute.attr != node.attr:
                    continue
                for origin in self.expression(source, method, value, None):
                    beside = [source.text(a) for a, v in everything if dotted(v) and dotted(v) == origin.session]
                    own = origin.session.startswith(f"{source.text(attribute.value)}.")
                    text = origin.session if own else beside[0] if beside else ""
                    yield replace(origin, session=text, home=function)

    def _got(self, source: Source, getter: Function, function: Function | None) -> Iterator[Origin]:
        """What a property gives, as another method of the same object writes it."""
        for result in [n.value for n in getter.own_nodes() if isinstance(n, ast.Return) and n.value]:
            for origin in self.expression(source, getter, result, None):
                own = is_own(getter, origin.session.partition(".")[0])
                yield replace(origin, session=origin.session if own else "", home=function)


def _depth(frame: Frame | None) -> int:
    return 0 if frame is None else 1 + _depth(frame.outer)


def is_own(function: Function | None, name: str) -> bool:
    """Is a name the object whose method the function is?"""
    if function is None or function.binding != "instance":
        return False
    return bool(function.parameters()) and function.parameters()[0].arg == name


def kept(method: Function) -> Iterator[tuple[ast.Attribute, ast.expr]]:
    """What a method stores on its object."""
    for node in method.own_nodes():
        match node:
            case (
                ast.Assign(targets=[ast.Attribute(value=ast.Name(id=this)) as target], value=value)
                | ast.AnnAssign(target=ast.Attribute(value=ast.Name(id=this)) as target, value=ast.expr() as value)
            ) if is_own(method, this):
                yield target, value


def assigned(function: Function, name: str) -> Iterator[ast.expr]:
    """What a function assigns to a name."""
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=targets, value=value):
                if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                    yield value
            case (
                ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value)
                | ast.NamedExpr(target=ast.Name(id=target), value=value)
            ) if target == name:
                yield value
            case (
                ast.For(target=ast.Name(id=target), iter=ast.List(elts=items) | ast.Tuple(elts=items))
                | ast.comprehension(target=ast.Name(id=target), iter=ast.List(elts=items) | ast.Tuple(elts=items))
            ) if target == name:
                yield from items


def bound(callee: Function, call: ast.Call) -> dict[str, ast.expr]:
    """What a call gives to a function's parameters, by name; the object of a method is left out."""
    positional = [*callee.arguments.posonlyargs, *callee.arguments.args] if callee.arguments else []
    if callee.binding in {"instance", "class"}:
        positional = positional[1:]
    given: dict[str, ast.expr] = {}
    for parameter, argument in zip(positional, call.args, strict=False):
        if isinstance(argument, ast.Starred):
            break
        given[parameter.arg] = argument
    return given | {k.arg: k.value for k in call.keywords if k.arg}


def _translated(text: str, callee: Function, call: ast.Call, source: Source) -> str:
    """A session of the called function, as the caller writes it; "" when the caller cannot."""
    head, _, rest = text.partition(".")
    if is_own(callee, head):
        given = call.func.value if isinstance(call.func, ast.Attribute) else None
    else:
        given = bound(callee, call).get(head)
    if given is not None:
        return ".".join([source.text(given), *([rest] if rest else [])]) if is_plain(given) else ""
    own = {a.arg for a in callee.parameters()} | {
        n.id for n in callee.own_nodes() if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    return text if head not in own and callee.source is source else ""
