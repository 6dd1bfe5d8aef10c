"""Columns of one name: the row of a Query gives the last of them by it, the row of a select the first.

`db.query(User.id, Post.id)` becomes `select(User.id.label("user_id"), Post.id)`, unless its rows are only unpacked.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.queries import TERMINALS, Chain, is_executed
from ..analysis.symbols import dotted
from ..analysis.values import ColumnAttribute
from .edit import Edit, Wrap
from .query_methods import Rewriting
from .query_text import Declined

ADDING = frozenset({"add_column", "add_columns"})
# What does not give rows.
NAMELESS = frozenset({"count", "delete", "get", "scalar", "update", "value"})


def distinct_names(rewriting: Rewriting) -> Iterator[Edit]:
    """The labels that keep the names of a row's columns apart.

    Raises:
        Declined: the names are needed elsewhere too.
    """
    source = rewriting.chain.source
    asked = {ast.dump(node): node for node in _asked(rewriting.chain)}
    named = [(name, node) for node in asked.values() if (name := _name(rewriting, node))]
    names = [name for name, _ in named]
    hidden = [(name, node) for place, (name, node) in enumerate(named) if name in names[place + 1 :]]
    if not hidden or all(_unpacked(rewriting, chain) for chain in rewriting.group):
        return
    links = [link.name for chain in rewriting.group for link in chain.links]
    ends = [chain.end.name for chain in rewriting.group if chain.end is not None]
    if "from_statement" in links or not TERMINALS.issuperset(ends):
        raise Declined("two columns have one name, which means the last one in rows of a Query: give them labels")
    for name, node in hidden:
        label = dotted(node).replace(".", "_").lower()
        if not isinstance(node, ast.Attribute) or not label or label in names:
            raise Declined(f"two columns are called {name}, which means the last one in rows of a Query")
        names.append(label)
        yield Wrap(*source.span(node), "", f'.label("{label}")')


def _asked(chain: Chain) -> list[ast.expr]:
    """What the chain makes the query ask for."""
    asked = list(chain.root.args) if chain.begins and isinstance(chain.root, ast.Call) else []
    for link in chain.steps():
        if link.name == "with_entities":
            asked = list(link.args)
        elif link.name in ADDING:
            asked += link.args
    return asked


def _name(rewriting: Rewriting, node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Attribute(attr="label"), args=[ast.Constant(value=str(label))]):
            return label
        case ast.Attribute(value=ast.Attribute(attr="c" | "columns"), attr=name):
            return name
        case ast.Attribute(attr=name):
            values = rewriting.program.values(node)
            return name if any(isinstance(v, ColumnAttribute) for v in values) else ""
    return ""


def _unpacked(rewriting: Rewriting, chain: Chain) -> bool:
    """Does nobody read the rows by name, for all that is seen where a chain stands?"""
    if not is_executed(rewriting.program, chain) or (chain.end is not None and chain.end.name in NAMELESS):
        return True
    match chain.source.parents[chain.node]:
        case ast.For(target=target) | ast.comprehension(target=target):
            return isinstance(target, ast.Tuple)
        case ast.Assign(targets=[target]):
            return isinstance(target, ast.Tuple)
        case ast.Subscript():
            return chain.end is not None
        case ast.Call(func=ast.Name(id="dict")):
            return True
    return False
