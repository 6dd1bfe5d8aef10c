"""Legacy queries as they are written: chains of method calls, what each ends in, and where they are executed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .once import once
from .source import Source
from .values import ClassObject, External, FunctionObject, Query, Values

if TYPE_CHECKING:
    from .symbols import Function

# Methods that send the statement.
TERMINALS = frozenset(
    {"all", "first", "one", "one_or_none", "scalar", "count", "get", "delete", "update", "value", "values"}
)  # fmt: skip
# Builtins that run through the iterables they are given.
ITERATING = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "sorted", "iter", "enumerate", "zip", "map", "filter", "sum", "any",
     "all", "min", "max"}
)  # fmt: skip


class Knowing(Protocol):
    """The part of the program that this module asks."""

    @property
    def sources(self) -> dict[str, Source]: ...

    def values(self, node: ast.expr) -> Values: ...

    def function_at(self, source: Source, node: ast.AST) -> Function | None: ...


@dataclass(frozen=True, slots=True)
class Link:
    """One `.name(…)` of a chain; `call` is None where the attribute is only read."""

    attribute: ast.Attribute
    call: ast.Call | None

    @property
    def name(self) -> str:
        return self.attribute.attr

    @property
    def node(self) -> ast.expr:
        return self.call or self.attribute

    @property
    def receiver(self) -> ast.expr:
        return self.attribute.value

    @property
    def args(self) -> list[ast.expr]:
        return self.call.args if self.call else []

    @property
    def keywords(self) -> list[ast.keyword]:
        return self.call.keywords if self.call else []


@dataclass(frozen=True, slots=True)
class Chain:
    """A query expression: where it begins, and the methods called on it one after the other.

    `root` is `session.query(…)`, or whatever else gives a query: a name, an attribute, a call of a function.
    """

    source: Source
    root: ast.expr
    links: tuple[Link, ...]
    begins: bool

    @property
    def node(self) -> ast.expr:
        """The whole expression."""
        return self.links[-1].node if self.links else self.root

    @property
    def session(self) -> ast.expr | None:
        """The session whose `query` began it here."""
        match self.root:
            case ast.Call(func=ast.Attribute(value=session)) if self.begins:
                return session
        return None

    @property
    def end(self) -> Link | None:
        """The method that makes something else than a query of it."""
        return self.links[-1] if self.links and self.links[-1].name not in QUERY_METHODS else None

    @property
    def receiver(self) -> ast.expr:
        """The expression that still is a query: all but the end."""
        return self.end.receiver if self.end else self.node

    def steps(self) -> tuple[Link, ...]:
        """The links that give a query again."""
        return self.links[:-1] if self.end else self.links


# Methods that give a query again.
QUERY_METHODS = frozenset(
    {
        "add_column", "add_columns", "add_entity", "apply_labels", "autoflush", "correlate", "distinct",
        "enable_assertions", "enable_eagerloads", "except_", "except_all", "execution_options", "ext", "filter",
        "filter_by", "from_self", "from_statement", "group_by", "having", "intersect", "intersect_all", "join",
        "limit", "offset", "only_return_tuples", "options", "order_by", "outerjoin", "params", "populate_existing",
        "prefix_with", "reset_joinpoint", "select_entity_from", "select_from", "set_label_style", "slice",
        "suffix_with", "tuples", "union", "union_all", "where", "with_entities", "with_for_update", "with_hint",
        "with_labels", "with_parent", "with_session", "with_statement_hint", "with_transformation", "yield_per",
    }
)  # fmt: skip


def queries(values: Values) -> list[Query]:
    """The legacy queries among values."""
    return [v for v in values if isinstance(v, Query)]


def is_plain(node: ast.expr) -> bool:
    """Is it a dotted name, which can be written a second time and somewhere else?"""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def site_key(source: Source, node: ast.expr) -> str:
    """The key of a `.query(…)` call, as `Query.origin` has it."""
    return f"{source.path}:{node.lineno}:{node.col_offset}"


@once
def chains(program: Knowing) -> list[Chain]:
    """All query expressions of the program, each from its root to its last method."""
    return [chain for source in program.sources.values() for chain in _chains_in(program, source)]


def _chains_in(program: Knowing, source: Source) -> Iterator[Chain]:
    for node in source.nodes:
        if not isinstance(node, ast.expr) or not _loaded(node) or not queries(program.values(node)):
            continue
        if not _is_link(program, node) and not _sets_up_a_mock(source, chain := _chain(program, source, node)):
            yield chain


def _sets_up_a_mock(source: Source, chain: Chain) -> bool:
    """`session.query(User).first.return_value = user`: the calls name children of a mock, and send nothing."""
    last = chain.links[-1] if chain.links else None
    around = source.parents.get(last.attribute) if last and last.call is None else None
    return isinstance(around, ast.Attribute) and around.attr in {"return_value", "side_effect"}


def _loaded(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Load | None)


def _is_link(program: Knowing, node: ast.expr) -> bool:
    """Is this a method called on a query?"""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and bool(queries(program.values(node.func.value)))
    )


def chain_at(program: Knowing, source: Source, node: ast.expr) -> Chain:
    """The chain that ends in an expression which is a query."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_link(program, node):
        node = node.func.value
    return _chain(program, source, node)


def _chain(program: Knowing, source: Source, root: ast.expr) -> Chain:
    parents = source.parents
    links: list[Link] = []
    current: ast.AST = root
    while True:
        attribute = parents.get(current)
        if not (isinstance(attribute, ast.Attribute) and attribute.value is current):
            break
        call = parents.get(attribute)
        link = Link(attribute, call if isinstance(call, ast.Call) and call.func is attribute else None)
        links.append(link)
        current = link.node
        if link.name not in QUERY_METHODS or link.call is None:
            break
    match root:
        case ast.Call(func=ast.Attribute(attr="query")):
            begins = any(q.origin == site_key(source, root) for q in queries(program.values(root)))
        case _:
            begins = False
    return Chain(source, root, tuple(links), begins)


def is_read(program: Knowing, chain: Chain) -> bool:
    """Does the chain begin with the reading of an attribute, such as a dynamic relationship?"""
    if not isinstance(chain.root, ast.Attribute):
        return False
    return any(q.origin == site_key(chain.source, chain.root) for q in queries(program.values(chain.root)))


def is_iterated(program: Knowing, source: Source, node: ast.expr) -> bool:
    """Does the place where an expression stands run through it, or index it?"""
    parent = source.parents.get(node)
    match parent:
        case ast.For(iter=it) | ast.comprehension(iter=it):
            return it is node
        case ast.Starred() | ast.YieldFrom():
            return True
        case ast.Subscript(value=value):
            return value is node
        case ast.Compare(ops=ops, comparators=comparators):
            return any(c is node and isinstance(o, ast.In | ast.NotIn) for o, c in zip(ops, comparators, strict=True))
        case ast.AugAssign(value=value):
            return value is node
        case ast.Call(func=func) if node in parent.args:
            return _runs_through(program, func)
        case ast.Assign(targets=[ast.Tuple() | ast.List()]):
            return True
    return False


def _runs_through(program: Knowing, function: ast.expr) -> bool:
    """Does a function run through the iterable it is given?"""
    values = program.values(function)
    match function:
        case ast.Name(id=name) if name in ITERATING:
            return not any(isinstance(v, FunctionObject | ClassObject) for v in values)
        case ast.Attribute(value=ast.Constant(value=str()), attr="join") | ast.Attribute(attr="extend"):
            return True
    return any(isinstance(v, External) and v.name.startswith(("itertools.", "collections.")) for v in values)


def is_executed(program: Knowing, chain: Chain) -> bool:
    """Is the statement sent where the chain stands?"""
    if chain.end is not None:
        return chain.end.name in TERMINALS and chain.end.call is not None
    return is_iterated(program, chain.source, chain.node)


def executing_sites(program: Knowing) -> Iterable[tuple[ast.expr, Function]]:
    """Each place where a legacy query is sent: the call of `all()`, `first()`, …, or what is iterated or indexed."""
    for chain in chains(program):
        if is_executed(program, chain):
            function = program.function_at(chain.source, chain.node)
            if function is not None:
                yield chain.node, function
