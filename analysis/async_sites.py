"""The places that need `await`, `async with` or `async for`, if what they reach is async."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .alembic import commands
from .asking import is_asked
from .border import kept_callees, lent
from .bridges import Run
from .clients import CLIENT, calls_client_by_name
from .consuming import consumed, generators
from .decisions import Confidence, Step
from .handing import functions_of, handed
from .library import library
from .mapping import is_mapping
from .open_calls import is_open
from .queries import executing_sites
from .schema import is_schema_call
from .stacks import holding_method
from .symbols import Function
from .threads import handed_function, handing_call, made_for_a_thread
from .values import ClassObject, Context, External, FunctionObject, Generated, Instance, Values

if TYPE_CHECKING:
    from .program import Program


@dataclass(frozen=True, slots=True, eq=False)
class AsyncSite:
    """A place that needs `await`, `async with` or `async for`.

    The words for `kind`; `callee` is the project function behind a site, None for a seed:

    * "await" (a call), "either" (a call of what may be async), "with" (a `with` item's expression)
    * "for" (an iterable of a loop or comprehension), "next" (`next(generator)`), "collect" (the generator in
      `list(generator)`), "yield from", "generator method" (`generator.close()`)
    * "wrapped" (a decorator's wrapper calls what it was given), "decorated" (a context manager as a decorator)
    * "map" (`map(callee, items)`), "property" (a read that calls), "sleep" (`time.sleep`)
    * "thread" (the call that hands `callee` to a thread), "thread maker" (`sync_to_async(callee)`)
    * "stack" and "stack end" (an `ExitStack` is given something to end, or closed)
    * "border" (a session is lent to what stays sync), "alembic" (a command of Alembic on an async connection)
    * "query" (a legacy query is sent), "schema" (`create_all` and its like), "load" (implicit I/O)
    * "bridge" (a coroutine is run to its end), "client" (a `with` item that enters a test client)
    * "start" (a test client is made whose application has to start first)
    * "finalizer" (`request.addfinalizer(callee)`), "raises" (`pytest.raises(error, callee)`)
    """

    function: Function
    node: ast.expr
    kind: str
    callee: Function | None = None
    what: str = ""
    confidence: Confidence = Confidence.HIGH

    def step(self) -> Step:
        """This site as a link of a why-chain."""
        return Step(self.function.source.site(self.node), self.what)


def all_sites(program: Program) -> Iterator[AsyncSite]:
    for function in program.functions:
        if function in program.vanishing:
            continue
        kept = program.stays_sync(function)
        yield from _decorated_sites(program, function)
        for command in () if kept else commands(program, function):
            yield AsyncSite(function, command, "alembic", None, "runs Alembic on an async connection")
        for node in function.own_nodes():
            # What a kept file does on its own sync session is its own affair; calls across its border are not.
            sites = [s for s in _sites_at(program, function, node) if s.callee is not None or not kept]
            yield from sorted(sites, key=_by_callee)
    for query, function in executing_sites(program):
        if function in program.vanishing:
            continue
        if not program.stays_sync(function) and not program.queries_stay_sync(query):
            yield _query_site(program, query, function)


def kept_sites(program: Program) -> Iterator[AsyncSite]:
    """What files that stay sync on purpose do on the sync sessions of their own."""
    for function in filter(program.stays_sync, program.functions):
        for node in function.own_nodes():
            yield from (site for site in _sites_at(program, function, node) if site.callee is None)
    for query, function in executing_sites(program):
        if program.stays_sync(function):
            yield _query_site(program, query, function)


def _query_site(program: Program, query: ast.expr, function: Function) -> AsyncSite:
    return AsyncSite(function, query, "query", None, f"sends the query {program.short(function.source, query)}")


def _decorated_sites(program: Program, function: Function) -> Iterator[AsyncSite]:
    """`@scope()`: a context manager of a generator function, entered whenever the function is called."""
    for decorator in function.decorators:
        for value in program.values(decorator):
            if isinstance(value, Context) and value.key:
                callee = program.function(value.key)
                yield AsyncSite(function, decorator, "decorated", callee, f"runs inside of {callee.qualname}")


def _by_callee(site: AsyncSite) -> str:
    return site.callee.key if site.callee else ""


def _sites_at(program: Program, function: Function, node: ast.AST) -> Iterator[AsyncSite]:
    for kind, place, iterable in consumed(program, node):
        for callee in generators(program, program.values(iterable)):
            yield AsyncSite(function, place, kind, callee, f"runs through {callee.qualname}")
    match node:
        case ast.With(items=items):
            for item in items:
                yield from _with_sites(program, function, item.context_expr)
        case ast.Call():
            yield from _call_sites(program, function, node)
            yield from _handed_sites(program, function, node)
        case ast.Attribute(ctx=ast.Load()):
            yield from _attribute_sites(program, function, node)


def _with_sites(program: Program, function: Function, node: ast.expr) -> Iterator[AsyncSite]:
    for value in sorted(program.values(node), key=repr):
        match value:
            case Context(key=key) if key:
                yield AsyncSite(
                    function, node, "with", program.function(key), f"enters {program.function(key).qualname}"
                )
            case Context(items=items, is_declared=True) if program.becomes_async(items):
                yield AsyncSite(function, node, "with", None, f"opens {program.short(function.source, node)}")
                return
            case Instance(cls=cls):
                for name in ("__enter__", "__exit__"):
                    for method in program.methods(cls, name):
                        yield AsyncSite(function, node, "with", method, f"enters {method.qualname}")
                if program.converted_class(cls) and not program.methods(cls, "__enter__"):
                    kind = "client" if program.interpreter.objects.is_a(cls, CLIENT) else "with"
                    yield AsyncSite(function, node, kind, None, f"opens a {program.plain_name(cls)}")
                    return
            case Context() if _is_seed(program, node) or _closes_session(program, node):
                yield AsyncSite(function, node, "with", None, f"opens {program.short(function.source, node)}")
                return


def _call_sites(program: Program, function: Function, node: ast.Call) -> Iterator[AsyncSite]:
    parent = function.source.parents.get(node)
    in_with = isinstance(parent, ast.withitem) and isinstance(function.source.parents.get(parent), ast.With)
    in_with = in_with or (isinstance(parent, ast.Call) and bool(holding_method(program, parent)))
    if is_schema_call(program, node):
        yield AsyncSite(function, node, "schema", None, f"runs {program.short(function.source, node)}")
        return
    if _is_seed(program, node) or calls_client_by_name(program, node):
        if not in_with:
            kind = "sync only" if _is_sync_only(program, node) else "await"
            yield AsyncSite(function, node, kind, None, f"calls {program.short(function.source, node)}")
            for value in program.values(node.func):
                if isinstance(value, FunctionObject):
                    yield from _function_sites(program, function, node, value)
        return
    yield from _handing_sites(program, function, node)
    yield from _stack_sites(program, function, node)
    if lent(program, node) and (kept := kept_callees(program, node)) and not program.stays_sync(function):
        yield AsyncSite(function, node, "border", None, f"lends its session to {kept[0].qualname}, which stays sync")
        return
    if is_mapping(program, node):
        for callee in functions_of(program, node.args[0]):
            if callee is not None and not callee.is_generator:
                yield AsyncSite(function, node, "map", callee, f"calls {callee.qualname} for each item")
    if is_asked(program, function, node):
        return
    for value in program.values(node.func):
        match value:
            case FunctionObject():
                yield from _function_sites(program, function, node, value)
            case Instance(cls=cls):
                for method in program.methods(cls, "__call__"):
                    yield from _plain_call(program, function, node, method)
            case ClassObject(cls=cls):
                for method in program.methods(cls, "__init__"):
                    yield AsyncSite(function, node, "construct", method, f"makes a {program.plain_name(cls)}")
            case External(name="generated.close" | "generated.throw" | "generated.send", receiver=Generated(key=key)):
                callee = program.function(key)
                if not callee.is_async:
                    yield AsyncSite(function, node, "generator method", callee, f"calls a method of {callee.qualname}")


def _stack_sites(program: Program, function: Function, node: ast.Call) -> Iterator[AsyncSite]:
    method = holding_method(program, node)
    if method == "callback":
        for callee in functions_of(program, node.args[0]):
            what = callee.qualname if callee else program.short(function.source, node.args[0])
            yield AsyncSite(function, node, "stack", callee, f"has {what} called")
    elif method:
        for site in _with_sites(program, function, node.args[0]):
            yield AsyncSite(function, node, "stack", site.callee, site.what)


def _function_sites(program: Program, function: Function, node: ast.Call, value: FunctionObject) -> Iterator[AsyncSite]:
    wrappers = [program.function(w) for w in value.wrappers]
    targets = [program.function(value.key), *(w for w in wrappers if not program.decorators.serves_both(w))]
    # Whoever calls what starts a loop itself has nothing to wait for.
    targets = [w for w in targets if program.decorators.starts(w)][:1] or targets
    if isinstance(value.receiver, Instance):
        targets.extend(program.alternatives(value.receiver.cls, targets[0].name))
    for target in dict.fromkeys(targets):
        if target in program.vanishing:
            continue
        if not program.decorators.is_passing(function, target):
            yield from _plain_call(program, function, node, target)
        elif not program.decorators.asks(function):
            yield AsyncSite(function, node, "wrapped", target, f"calls {target.qualname}")


def bridge_site(program: Program, run: Run) -> AsyncSite:
    subject = program.short(run.function.source, run.subject)
    return AsyncSite(run.function, run.node, "bridge", None, f"runs {subject} to its end")


def _plain_call(program: Program, function: Function, node: ast.Call, target: Function) -> Iterator[AsyncSite]:
    if not target.is_generator and node not in program.bridges.subjects:
        kind = "either" if is_open(program, function, node) else "await"
        yield AsyncSite(function, node, kind, target, f"calls {target.qualname}")


def _handed_sites(program: Program, function: Function, node: ast.Call) -> Iterator[AsyncSite]:
    found = handed(node)
    if found is None or found[0] == "cleanup":
        return
    kind, given = found
    for callee in functions_of(program, given):
        what = callee.qualname if callee else program.short(function.source, given)
        yield AsyncSite(function, node, kind, callee, f"has {what} called")


def _handing_sites(program: Program, function: Function, node: ast.Call) -> Iterator[AsyncSite]:
    handing = handing_call(program, node)
    given = handed_function(program, handing) if handing else None
    kind = "thread"
    if given is None:
        given, kind = made_for_a_thread(program, node), "thread maker"
    if given is None:
        return
    if _is_io(program, program.values(given)):
        what = f"calls {program.short(function.source, given)} in a thread"
        yield AsyncSite(function, node, kind, None, what)
    for value in program.values(given):
        if isinstance(value, FunctionObject) and not program.function(value.key).is_async:
            callee = program.function(value.key)
            yield AsyncSite(function, node, kind, callee, f"calls {callee.qualname} in a thread")


def _attribute_sites(program: Program, function: Function, node: ast.Attribute) -> Iterator[AsyncSite]:
    for value in program.values(node.value):
        if isinstance(value, Instance):
            for method in program.methods(value.cls, node.attr):
                if method.is_property:
                    yield AsyncSite(function, node, "property", method, f"reads {method.qualname}")


def _is_seed(program: Program, node: ast.expr) -> bool:
    """Is this a call that does I/O on something that becomes async?"""
    if not isinstance(node, ast.Call):
        return False
    for value in program.values(node.func):
        if isinstance(value, External) and value.receiver is None:
            function = library().functions.get(value.name)
            if function and (function.io or (function.io_with and _is_given_session(program, node))):
                return True
    return _is_io(program, program.values(node.func))


def _is_io(program: Program, values: Values) -> bool:
    """Is one of the values a method that does I/O on something that becomes async?"""
    for value in values:
        match value:
            case External(name=name, receiver=Instance(cls=cls)):
                base, _, method = name.rpartition(".")
                known = library().method(base, method)
                if known and known.io and program.converted_class(cls):
                    return True
    return False


def _is_sync_only(program: Program, node: ast.Call) -> bool:
    """Is this a method that the async session does not have?"""
    methods = [
        library().method(*v.name.rpartition(".")[::2]) for v in program.values(node.func) if isinstance(v, External)
    ]
    return any(m is not None and m.sync_only for m in methods)


def _closes_session(program: Program, node: ast.expr) -> bool:
    """Is this `closing(session)`?"""
    if not isinstance(node, ast.Call) or External("contextlib.closing") not in program.values(node.func):
        return False
    return _is_given_session(program, node)


def _is_given_session(program: Program, node: ast.Call) -> bool:
    """Is a session, connection or engine that becomes async among the arguments?"""
    given = [*node.args, *(k.value for k in node.keywords)]
    return any(program.becomes_async(program.values(g)) for g in given)
