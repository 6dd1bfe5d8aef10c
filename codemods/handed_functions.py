"""What pytest would call without awaiting it is called and awaited in place: finalizers, and what has to raise.

@pytest.fixture                              @pytest.fixture
def db(request):                             async def db(request):
    session = Session()                          session = Session()
    request.addfinalizer(session.close)  ->      yield session
    return session                               await session.close()

pytest.raises(ValueError, rename, db, "")    with pytest.raises(ValueError):
                                                 await rename(db, "")
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.handing import functions_of, handed
from ..analysis.library import library, split
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import External
from .arguments import Argument, arguments
from .edit import Edit, Replace
from .indenting import INDENT

NAME = "handed-functions"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each function that is handed over and that becomes async."""
    seen: set[ast.expr] = set()
    for site in program.colours.sites():
        if site.kind in {"finalizer", "raises"} and site.node not in seen:
            seen.add(site.node)
            yield _decision(program, site)
    for function in program.functions:
        if not program.stays_sync(function):
            for node in function.own_nodes():
                if isinstance(node, ast.Call) and node not in seen:
                    yield from _forgotten(program, function, node)


def _forgotten(program: Program, function: Function, node: ast.Call) -> Iterator[Decision]:
    """Methods that give a coroutine now, in the hands of what may call them and drop it."""
    for argument in (*node.args, *(k.value for k in node.keywords)):
        if isinstance(argument, ast.Attribute) and None in functions_of(program, argument) and _drops(program, node):
            called = program.short(function.source, argument)
            yield Decision(
                NAME,
                function.source.site(argument),
                "left as it is",
                Status.DECLINED,
                Confidence.LOW,
                f"{called} is async now, and {program.short(function.source, node.func)} may call it without await",
                function=function.qualname,
                node=argument,
            )


def _drops(program: Program, node: ast.Call) -> bool:
    """Is it not known that what a call is given is awaited?"""
    if any(s.node is node for f in (program.function_around(node),) if f for s in program.colours.sites_of(f)):
        return False
    called = program.values(node.func)
    return all(isinstance(v, External) and _policy(v) in {"", "sync", "starts"} for v in called)


def _policy(value: External) -> str:
    """How a library calls what it is given; "" where no table says it."""
    return library().policy(*split(value.name)) if value.receiver else library().policy("", value.name)


def _decision(program: Program, site: AsyncSite) -> Decision:
    function, node = site.function, site.node
    assert isinstance(node, ast.Call)
    is_finalizer = site.kind == "finalizer"
    understood = _is_simple_finalizer(function, node) if is_finalizer else _is_statement(function.source, node)
    actions = {"finalizer": "await it behind the fixture's yield", "raises": "await it inside of a `with`"}
    concern = "" if understood else f"what it hands over becomes async, and nobody awaits it there: {site.what}"
    return Decision(
        NAME,
        function.source.site(node),
        actions[site.kind] if understood else "left as it is",
        Status.DONE if understood else Status.DECLINED,
        Confidence.HIGH if understood else Confidence.LOW,
        concern,
        program.colours.site_chain(site),
        function.qualname,
        {"kind": site.kind},
        node,
    )


def _is_statement(source: Source, node: ast.Call) -> bool:
    """Does the call stand alone, or is it what one name is bound to?"""
    parent = source.parents[node]
    match parent:
        case ast.Expr() | ast.Assign(targets=[ast.Name()]):
            return not isinstance(node.args[1], ast.Lambda | ast.Starred)
    return False


def _is_simple_finalizer(function: Function, node: ast.Call) -> bool:
    """Is the finalizer added in the body of a fixture that returns once, at its end?"""
    statement = function.source.parents[node]
    if function.is_generator or statement not in function.body or _called(function.source, node) is None:
        return False
    returns = [n for n in function.own_nodes() if isinstance(n, ast.Return)]
    return not returns or returns == function.body[-1:]


def _called(source: Source, node: ast.Call) -> str | None:
    """The call that the finalizer stands for."""
    match handed(node):
        case _, ast.Name() | ast.Attribute() as given:
            return f"{source.text(given)}()"
        case _, ast.Lambda(args=ast.arguments(args=[], kwonlyargs=[]), body=ast.Call(func=called) as body):
            if isinstance(called, ast.Name | ast.Attribute) and all(map(_is_plain, arguments(body))):
                return source.text(body)
    return None


def _is_plain(argument: Argument) -> bool:
    return isinstance(argument.value if isinstance(argument, ast.keyword) else argument, ast.Name | ast.Constant)


# Rewriting


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one call."""
    source = program.sources[decision.site.path]
    node = decision.node
    assert isinstance(node, ast.Call)
    if decision.data["kind"] == "raises":
        yield from _raises(source, node)
        return
    function = program.function_at(source, node)
    assert function is not None
    finalizers = [
        s.node
        for s in program.colours.sites_of(function)
        if s.kind == "finalizer" and isinstance(s.node, ast.Call) and _is_simple_finalizer(function, s.node)
    ]
    yield from _finalized(source, function, finalizers)


def _raises(source: Source, node: ast.Call) -> Iterator[Edit]:
    """`pytest.raises(Error, f, a)` -> `with pytest.raises(Error):` and `await f(a)`."""
    statement = source.parents[node]
    assert isinstance(statement, ast.Expr | ast.Assign)
    target = ""
    start = source.span(statement)[0]
    if isinstance(statement, ast.Assign):
        target = f" as {source.text(statement.targets[0])}"
    yield Replace(start, source.span(node)[0], "with ")
    error, function, *following = arguments(node)
    assert isinstance(error, ast.expr)
    assert isinstance(function, ast.expr)
    inner = source.indentation(statement) + INDENT
    yield Replace(source.span(error)[1], source.span(function)[0], f"){target}:\n{inner}await ")
    behind = source.span(following[0])[0] if following else source.span(node)[1] - 1
    yield Replace(source.span(function)[1], behind, "(")


def _finalized(source: Source, function: Function, finalizers: Sequence[ast.Call]) -> Iterator[Edit]:
    """The edits of all finalizers of a fixture."""
    for node in finalizers:
        statement = source.parents[node]
        assert isinstance(statement, ast.Expr)
        following = function.body[function.body.index(statement) + 1 :]
        if following:
            yield Replace(source.span(statement)[0], source.span(following[0])[0], "")
    last = function.body[-1]
    indentation = source.indentation(last)
    awaits = "".join(f"\n{indentation}await {_called(source, node)}" for node in reversed(finalizers))
    start, end = source.span(last)
    if isinstance(last, ast.Return):
        yield Replace(start, start + len("return"), "yield")
        yield Replace(end, end, awaits)
    elif source.span(last) in [source.span(source.parents[n]) for n in finalizers]:  # type: ignore[arg-type]
        yield Replace(start, end, f"yield{awaits}")
    else:
        yield Replace(end, end, f"\n{indentation}yield{awaits}")
