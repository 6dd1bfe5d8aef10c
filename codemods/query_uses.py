"""Where a query goes that is not executed on the spot: assigned, returned, handed on, asked for its truth."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.queries import ITERATING, is_plain, queries
from ..analysis.source import Source
from ..analysis.symbols import dotted
from ..analysis.values import ClassObject, External, FunctionObject, Statement
from .edit import Edit, Replace, Wrap
from .query_methods import Rewriting
from .query_text import Declined

# Methods of columns, statements and sessions that take a select as they took a query.
TAKING = frozenset(
    {"in_", "not_in", "notin_", "any_", "all_", "from_select", "execute", "scalars", "scalar", "stream", "where",
     "filter", "having", "join", "outerjoin", "select_from", "add_columns", "union", "union_all", "intersect",
     "except_", "values", "order_by", "query", "from_statement", "with_entities"}
)  # fmt: skip
SHOWING = frozenset({"str", "repr", "print", "id", "type", "isinstance", "hasattr", "format"})
HANDED = "the query is handed to {}(), which may expect a Query"
LIBRARIES = ("sqlalchemy", "sqlmodel")
# Libraries that call a function for the project's own code.
CALLING = ("fastapi.", "functools.", "contextlib.", "pytest.", "unittest.mock.", "builtins.")
PASSING = (
    ast.Assign, ast.AnnAssign, ast.Expr, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Yield, ast.NamedExpr,
    ast.withitem, ast.FormattedValue, ast.arguments, ast.ListComp, ast.SetComp, ast.GeneratorExp,
)  # fmt: skip


def use(rewriting: Rewriting) -> Iterator[Edit]:
    """The edits around a query that is used as a value.

    Raises:
        Declined: it goes where a select may not do.
    """
    source, node = rewriting.chain.source, rewriting.chain.node
    parent = source.parents[node]
    if isinstance(node, ast.BoolOp) and _is_condition(node, source):
        return
    match parent:
        case ast.Attribute(attr=name):
            raise Declined(f"{name} is not known of a query")
        case ast.Call() | ast.keyword():
            _argument(rewriting, parent)
        case ast.Compare(ops=[ast.Is() | ast.IsNot()]):
            return
        case ast.UnaryOp(op=ast.Not()):
            start = source.span(parent)[0]
            yield Replace(start, source.span(node)[0], "")
            yield Wrap(*source.span(node), "", " is None")
        case ast.BoolOp():
            yield from _operand(rewriting, parent)
        case ast.If() | ast.While() | ast.Assert() | ast.IfExp() if parent.test is node:
            yield from _is_given(rewriting)
        case ast.comprehension(ifs=conditions) if node in conditions:
            yield from _is_given(rewriting)
        case ast.IfExp() | ast.Await():
            return
        case ast.Return() | ast.Lambda():
            _returned(rewriting, parent)
        case ast.Assign(targets=targets) if any(isinstance(t, ast.Subscript) for t in targets):
            raise Declined("it is stored in a container, where it is lost sight of")
        case _ if isinstance(parent, PASSING):
            return
        case _:
            raise Declined(f"a query in {_kind(parent)} is not understood")


def _kind(node: ast.AST) -> str:
    return f"a {type(node).__name__} expression" if isinstance(node, ast.expr) else f"a {type(node).__name__} statement"


def _is_given(rewriting: Rewriting) -> Iterator[Edit]:
    """A query is always true, a select has no truth value: what was asked is whether there is one."""
    node = rewriting.chain.node
    if not is_plain(node):
        raise Declined("the truth value of a query is asked: it is always true, and a select has none")
    yield Wrap(*rewriting.chain.source.span(node), "", " is not None")


def _operand(rewriting: Rewriting, operation: ast.BoolOp) -> Iterator[Edit]:
    source, node = rewriting.chain.source, rewriting.chain.node
    if _is_condition(operation, source):
        yield from _is_given(rewriting)
    elif operation.values[-1] is node:
        return
    elif isinstance(operation.op, ast.Or) and len(operation.values) == 2 and is_plain(node):
        start = source.span(node)[1]
        word = source.content.index(b"or", start)
        yield Replace(word, word + 2, f"if {source.text(node)} is not None else")
    else:
        raise Declined("the truth value of a query is asked: it is always true, and a select has none")


def _is_condition(node: ast.expr, source: Source) -> bool:
    """Is only the truth of an expression asked?"""
    match source.parents[node]:
        case ast.If() | ast.While() | ast.Assert() | ast.IfExp() as parent:
            return parent.test is node
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp() as parent:
            return _is_condition(parent, source)
        case ast.comprehension(ifs=conditions):
            return node in conditions
    return False


def _argument(rewriting: Rewriting, parent: ast.Call | ast.keyword) -> None:
    """May what is called get a select?"""
    call = _call_of(rewriting.chain.source, parent)
    if call is None or _calls_known(rewriting, call, LIBRARIES):
        return
    match call.func:
        case ast.Name(id=name) if name in SHOWING or name in ITERATING:
            return
        case ast.Attribute(attr=name) if name in TAKING or name in {"append", "add"}:
            return
        case ast.Attribute(value=receiver):
            receivers = rewriting.program.values(receiver)
            if queries(receivers) or any(isinstance(v, Statement) for v in receivers):
                return
    raise Declined(HANDED.format(dotted(call.func) or "a function"))


def _call_of(source: Source, node: ast.AST) -> ast.Call | None:
    """The call that an argument, or a keyword of it, is given to."""
    call = source.parents[node] if isinstance(node, ast.keyword) else node
    return call if isinstance(call, ast.Call) else None


def _calls_known(rewriting: Rewriting, call: ast.Call, libraries: tuple[str, ...]) -> bool:
    """Is a function of the project called, or one of some libraries?"""
    return any(
        isinstance(v, FunctionObject | ClassObject) or (isinstance(v, External) and v.name.startswith(libraries))
        for v in rewriting.program.values(call.func)
    )


def _given_by(rewriting: Rewriting, source: Source, function: ast.expr) -> None:
    """Raises Declined where a function that gives the query is handed to what may expect a Query of it."""
    parent = source.parents[function]
    call = _call_of(source, parent)
    if call is None or call.func is function or _calls_known(rewriting, call, (*LIBRARIES, *CALLING)):
        return
    if not (isinstance(call.func, ast.Name) and call.func.id in {*SHOWING, *ITERATING}):
        raise Declined(HANDED.format(dotted(call.func) or "a function"))


def _returned(rewriting: Rewriting, parent: ast.Return | ast.Lambda) -> None:
    """May those that get the function which returns the query get a select of it?"""
    program, source = rewriting.program, rewriting.chain.source
    if isinstance(parent, ast.Lambda):
        _given_by(rewriting, source, parent)
    elif (function := program.function_at(source, parent)) is not None:
        for place, reference in rewriting.callers.others(function):
            _given_by(rewriting, place, reference)
