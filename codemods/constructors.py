"""What a constructor awaits is awaited in a class method, which makes the object.

class Report:                               class Report:
    def __init__(self, db):                     @classmethod
        self.users = db.query(User).all()  ->   async def create(cls, db):
                                                    self = cls()
                                                    self.users = (await db.scalars(select(User))).all()
                                                    return self

report = Report(db)                         report = await Report.create(db)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision, Step
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from .awaiting import wrap_await
from .carried import as_data, carried
from .edit import Edit, Replace, Wrap
from .indenting import first_comment

NAME = "constructors"
NAMES = ("create", "make", "build", "load")


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each constructor that awaits, and for each call of one."""
    for function in program.colours.reasons:
        if function.name == "__init__" and function.owner is not None:
            edits = list(_as_class_method(function))
            why = program.colours.chain(function)
            assert isinstance(function.node, ast.FunctionDef)
            yield _decision(function, function.node, "make the object in a class method", edits, why)
    for site in program.colours.sites():
        if site.kind == "construct" and site.callee is not None:
            awaits = program.is_async_after(site.function)
            if awaits or site.function in program.windows:
                edits = list(_called(site.function.source, site.node, site.callee, awaits))
                action = "await the class method" if awaits else "call the class method"
                yield _decision(site.function, site.node, action, edits, program.colours.site_chain(site))


def _decision(
    function: Function, node: ast.expr | ast.stmt, action: str, edits: list[Edit], why: tuple[Step, ...]
) -> Decision:
    source = function.source
    return Decision(
        NAME, source.site(node), action, why=why, function=function.qualname, data=as_data(edits), node=node
    )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def class_method(function: Function) -> str:
    """The name of the class method in a constructor's place: one that nothing in the class has."""
    assert function.owner is not None
    attributes = {n.attr for n in ast.walk(function.owner.node) if isinstance(n, ast.Attribute)}
    return next(n for n in (*NAMES, "create_instance") if n not in attributes | set(function.owner.methods))


def _as_class_method(function: Function) -> Iterator[Edit]:
    source, node, body = function.source, function.node, function.body
    assert isinstance(node, ast.FunctionDef)
    assert function.owner is not None
    start, margin, inner = source.span(node)[0], source.indentation(node), source.indentation(body[-1])
    name_ends = source.content.index(b"__init__", start) + len(b"__init__")
    yield Replace(start, name_ends, f"@classmethod\n{margin}async def {class_method(function)}")
    receiver = function.parameters()[0]
    at = source.span(receiver)[0]
    yield Replace(at, at + len(receiver.arg.encode()), "cls")
    if isinstance(node.returns, ast.Constant):
        yield Replace(*source.span(node.returns), f'"{function.owner.name}"')
    documented = ast.get_docstring(node) is not None
    statements = body[1:] if documented else body
    behind = (body[0].end_lineno or 0) if documented else statements[0].lineno - 1
    begins = source.offset(first_comment(source, statements[0], behind), 0)
    yield Replace(begins, begins, f"{inner}{receiver.arg} = cls()\n")
    for statement in function.own_nodes():
        if isinstance(statement, ast.Return):
            yield Replace(*source.span(statement), f"return {receiver.arg}")
    if not isinstance(body[-1], ast.Return):
        yield Wrap(*source.span(body[-1]), "", f"\n{inner}return {receiver.arg}", 9)


def _called(source: Source, node: ast.expr, constructor: Function, awaits: bool) -> Iterator[Edit]:
    assert isinstance(node, ast.Call)
    end = source.span(node.func)[1]
    yield Replace(end, end, f".{class_method(constructor)}")
    if awaits:
        yield from wrap_await(source, node)
