"""Set operations: Query wraps them in a subquery and re-targets what follows; a compound select stands for itself.

`a.union(b).order_by(User.name).all()` becomes `select(User).from_statement(union(a, b).order_by(User.name))`. Criteria
that follow would have to name an alias of the subquery instead of the entity; such chains are declined.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.queries import Link
from .edit import Edit, Replace, Wrap
from .query_layout import Layer
from .query_methods import SET_OPERATIONS, Rewriting
from .query_text import Declined, open_bracket

FOLLOWING = frozenset({"order_by", "limit", "offset"})
EXECUTED = frozenset({"all", "first", "one", "one_or_none", "count"})
DIRECTIONS = frozenset({"desc", "asc", "nulls_first", "nulls_last", "nullsfirst", "nullslast"})


def combine(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """The edits of `….union(…)` and its like.

    Raises:
        Declined: what follows would have to be re-targeted.
    """
    chain, source = rewriting.chain, rewriting.chain.source
    if link.call is None:
        raise Declined(f"the method {link.name} is used as a value")
    behind = chain.steps()[chain.steps().index(link) + 1 :]
    again = SET_OPERATIONS & (rewriting.earlier_names() | {s.name for s in chain.steps() if s is not link})
    executed = chain.end.name in EXECUTED if chain.end is not None else rewriting.is_iterated
    if again or not executed or any(s.name not in FOLLOWING for s in behind) or link.keywords or not link.args:
        raise Declined(
            f"{link.name}() wraps both queries in a subquery and re-targets all later criteria to it; a select does not"
        )
    for step in behind:
        if step.name == "order_by" and not all(map(_is_column, step.args)):
            raise Declined(f"{link.name}() ordered by an expression, which a compound select cannot be")
    start, end = source.span(link.receiver)
    yield Wrap(start, end, f"{rewriting.name(link.name)}(", "", rank=3)
    yield Replace(end, open_bracket(link.call, source) + 1, ", ")


def _is_column(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr=name), args=[]) if name in DIRECTIONS:
            return _is_column(inner)
        case ast.Attribute(value=ast.Name() | ast.Attribute()) | ast.Constant():
            return True
    return False


def entity_layer(rewriting: Rewriting) -> list[Layer]:
    """What makes objects of the rows of a compound select, where the query is for one entity."""
    if not any(step.name in SET_OPERATIONS for step in rewriting.chain.steps()):
        return []
    return [Layer(f"{rewriting.name('select')}({rewriting.entity()}).from_statement(", ")")]
