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
PASSING = (
    ast.Return, ast.Assign, ast.AnnAssign, ast.Expr, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Yield, ast.Lambda,
    ast.NamedExpr, ast.withitem, ast.FormattedValue, ast.arguments,
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
    call = rewriting.chain.source.parents[parent] if isinstance(parent, ast.keyword) else parent
    if not isinstance(call, ast.Call):
        return
    values = rewriting.program.values(call.func)
    if any(isinstance(v, FunctionObject | ClassObject) for v in values):
        return
    if any(isinstance(v, External) and v.name.startswith(("sqlalchemy", "sqlmodel")) for v in values):
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
    raise Declined(f"the query is handed to {dotted(call.func) or 'a function'}(), which may expect a Query")
