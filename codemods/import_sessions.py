"""A session that a module takes from a generator when it is imported comes from the factory that the generator calls.

db = next(get_db())    ->    db = SessionLocal()

Nobody holds the generator: it has closed its session again by the time the module uses it, and a closed session begins
anew. An async generator can't be asked for one where no event loop runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.symbols import Function
from .edit import Edit, Replace
from .entry_bodies import named_beside

NAME = "import-sessions"
SHARED = "the whole program shares this session, which only one task at a time can use"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each such call."""
    for function in program.colours.boundaries:
        for site in program.colours.sites_of(function) if function.is_module else ():
            if factory_behind(program, site):
                yield Decision(
                    NAME,
                    function.source.site(site.node),
                    "take the session from its factory",
                    concern=SHARED,
                    why=program.colours.site_chain(site),
                    node=site.node,
                )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Call the factory, under a name that means it here."""
    node = decision.node
    source = program.sources[decision.site.path]
    site = next(s for s in program.colours.sites_of(program.function(f"{source.path}::")) if s.node is node)
    assert isinstance(node, ast.Call)
    assert isinstance(node.args[0], ast.Call)
    made = node.args[0]
    yield from named_beside(source, made.func, factory_behind(program, site))
    # `next(` goes, and the parentheses around what the generator was given stay for the factory.
    yield Replace(source.span(node)[0], source.span(made)[0], "")
    yield Replace(source.span(made)[1], source.span(node)[1], "")


def factory_behind(program: Program, site: AsyncSite) -> str:
    """The name of the factory whose session a generator yields; "" where it does more, or takes it elsewhere."""
    node = site.node
    if site.kind != "next" or site.callee is None or program.colours.can_await(site.function, node):
        return ""
    match node:
        case ast.Call(args=[ast.Call(func=ast.Name() | ast.Attribute(), args=[], keywords=[])], keywords=[]):
            return _factory(program, site.callee)
    return ""


def _factory(program: Program, generator: Function) -> str:
    """The factory in `db = Factory()`, `try: yield db`, or `with Factory() as db: yield db`."""
    begin = [s for s in generator.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    match begin:
        case [ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as made), ast.Try() | ast.With() as block]:
            pass
        case [ast.With(items=[ast.withitem(context_expr=made, optional_vars=ast.Name(id=name))]) as block]:
            pass
        case _:
            return ""
    match made, block.body[0]:
        case ast.Call(func=ast.Name(id=factory), args=[], keywords=[]), ast.Expr(value=ast.Yield(value=given)):
            is_global = factory not in {a.arg for a in generator.parameters()} and generator.owner is None
            is_same = isinstance(given, ast.Name) and given.id == name
            return factory if is_same and is_global and program.is_session(program.values(made)) else ""
    return ""
