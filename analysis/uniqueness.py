"""Can the rows of a query repeat an entity? A legacy Query drops such repetitions, a select does not.

The answer "no" is a proof, from the joins, loader options, criteria and relationships that are seen; where one of them
is not understood the answer is "yes".
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from .mapped import Mapped
from .provenance import Calling, Provenance, Step
from .queries import Chain, Link, queries
from .source import Source
from .symbols import dotted
from .values import ClassObject, ColumnAttribute, Query, Statement, Values

JOINED_LOADS = frozenset({"joinedload", "contains_eager", "joinedload_all"})
CRITERIA = frozenset({"filter", "where", "having", "order_by", "group_by"})
JOINS = frozenset({"join", "outerjoin"})
COMBINING = frozenset(
    {"from_statement", "union_all", "intersect_all", "except_all", "from_self", "select_entity_from",
     "with_transformation"}
)  # fmt: skip

# Set operations whose rows are distinct.
DISTINCT = frozenset({"union", "intersect", "except_"})
# Methods that the flow of values follows from statement to statement.
FOLLOWED = JOINS | COMBINING | DISTINCT | {"select_from", "distinct", "yield_per", "limit", "offset", "slice"}


class Mapping(Calling, Protocol):
    """The part of the program that this module asks."""

    def mapped(self, key: str) -> Mapped | None: ...


@dataclass(frozen=True, slots=True)
class History:
    """What was called on a query up to some place, and the texts of what it asks for.

    `complete`: every beginning was seen; else the flow of values says more (`Query.traits`).
    """

    steps: tuple[Step, ...]
    entities: frozenset[str]
    complete: bool

    def names(self, query: Query) -> frozenset[str]:
        """The methods that were called, as far as any source knows."""
        own = frozenset(step.link.name for step in self.steps)
        return own if self.complete else own | query.traits


def history(chain: Chain, known: Provenance, group: Sequence[Chain], traits: Collection[str]) -> History:
    """The history of the query at the end of a chain.

    `group` are all chains that may work on it; of the methods that values follow, `traits` tells which did.
    """
    own = tuple(Step(chain.source, link) for link in chain.steps())
    if known.complete:
        asked = frozenset(o.source.text(a) for o in known.origins if o.call and o.source for a in o.call.args)
        return History((*known.steps, *own), asked, True)
    earlier = tuple(
        Step(c.source, link)
        for c in group
        if c is not chain
        for link in c.steps()
        if link.name not in FOLLOWED or link.name in traits
    )
    roots = [c for c in (chain, *group) if c.begins and isinstance(c.root, ast.Call)]
    asked = frozenset(c.source.text(a) for c in roots for a in c.root.args)  # type: ignore[attr-defined]
    return History((*earlier, *own), asked, False)


def loads_collection(program: Mapping, past: History, query: Query) -> bool:
    """May a joined eager load of a collection multiply the rows?"""
    for step in past.steps:
        if step.link.name == "options" and any(_joins_collection(program, step.source, a) for a in step.link.args):
            return True
    return any(_maps_joined_collection(program, e.cls, set()) for e in query.entities if e.kind == "entity")


def may_repeat(program: Mapping, past: History, query: Query) -> bool:
    """May the rows repeat an entity, so that the legacy query would have dropped some?"""
    names = past.names(query)
    if not any(e.kind == "entity" for e in query.entities) or "yield_per" in names:
        return False
    if loads_collection(program, past, query) or names & COMBINING:
        return True
    if names & DISTINCT and len(query.entities) == 1:
        return _multiplies(program, _behind_operations(past), query)
    if len(query.entities) == 1:
        whole = any(step.link.name == "distinct" and not step.link.args for step in past.steps)
        if whole and past.complete and "with_entities" not in names:
            return False
    elif not all(e.kind == "entity" for e in query.entities):
        return not _grouped_by_key(program, query, past.steps)
    return _multiplies(program, past, query)


def _behind_operations(past: History) -> History:
    """What was called behind the last set operation, whose own rows are distinct."""
    places = [place for place, step in enumerate(past.steps) if step.link.name in DISTINCT]
    return replace(past, steps=past.steps[places[-1] + 1 :]) if places else past


def _multiplies(program: Mapping, past: History, query: Query) -> bool:
    """May joins or criteria give several rows for one row of what is asked for?"""
    seen = {step.link.name for step in past.steps}
    if not past.complete and any(name in query.traits and name not in seen for name in (*JOINS, "select_from")):
        return True
    known = {e.cls for e in query.entities}
    allowed = set(past.entities)
    joins = [step for step in past.steps if step.link.name in JOINS]
    if len(query.entities) > 1:
        # Each row is another combination of the entities, unless something else is joined as well.
        joined = [step.source.text(a) for step in joins for a in step.link.args[:1]]
        return not past.complete or not allowed.issuperset(joined)
    while joins:
        single = next((step for step in joins if _joins_one(program, known, step.link)), None)
        if single is None:
            return True
        joins.remove(single)
        known |= _joined_classes(program, single.link)
        allowed.update(single.source.text(a) for a in single.link.args[:1])
    if any(
        step.source.text(argument) not in allowed
        for step in past.steps
        if step.link.name == "select_from"
        for argument in step.link.args
    ):
        return True
    allowed |= {cls for cls in known if cls}
    return any(
        _crosses(program, step.source, argument, allowed)
        for step in past.steps
        if step.link.name in CRITERIA
        for argument in step.link.args
    )


def _grouped_by_key(program: Mapping, query: Query, steps: Iterable[Step]) -> bool:
    """Is there one row for each entity, because the rows are grouped by its primary key?"""
    wanted = {e.cls for e in query.entities if e.kind == "entity"}
    for step in steps:
        if step.link.name == "group_by":
            for argument in step.link.args:
                keys = [v for v in program.values(argument) if isinstance(v, ColumnAttribute) and _is_key(program, v)]
                wanted -= {v.cls for v in keys}
    return not wanted


def _is_key(program: Mapping, value: ColumnAttribute) -> bool:
    """Is a column the only primary key column of its class?"""
    mapped = program.mapped(value.cls)
    keys = [name for name, statement in mapped.columns.items() if _says_primary_key(statement)] if mapped else []
    return keys == [value.name]


def _says_primary_key(statement: ast.stmt) -> bool:
    return any(
        isinstance(n, ast.keyword)
        and n.arg == "primary_key"
        and not (isinstance(n.value, ast.Constant) and n.value.value is False)
        for n in ast.walk(statement)
    )


def _joins_one(program: Mapping, known: set[str], link: Link) -> bool:
    """Does a join find at most one row for each row that was there before?"""
    if not link.args or any(isinstance(a, ast.Starred) for a in link.args):
        return False
    given = [*link.args[1:], *(k.value for k in link.keywords if k.arg == "onclause")]
    condition = given[0] if given else None
    target = program.values(link.args[0])
    if condition is None:
        relationships = [v for v in target if isinstance(v, ColumnAttribute)]
        if relationships:
            return all(not _is_many(program, v) for v in relationships)
        classes = [v.cls for v in target if isinstance(v, ClassObject)]
        return bool(classes) and all(_refers_to_one(program, known, cls) for cls in classes)
    values = program.values(condition)
    if any(isinstance(v, ColumnAttribute) and _relationship(program, v) for v in values):
        return all(isinstance(v, ColumnAttribute) and not _is_many(program, v) for v in values)
    match condition:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            classes = [v.cls for v in target if isinstance(v, ClassObject)]
            sides = [*program.values(left), *program.values(right)]
            return any(_is_key(program, v) and v.cls in classes for v in sides if isinstance(v, ColumnAttribute))
    return False


def _refers_to_one(program: Mapping, known: set[str], target: str) -> bool:
    """Do the relationships between what is there and a class all lead to one object of it?"""
    there = [r for cls in known if (m := program.mapped(cls)) for r in m.relationships.values() if r.target == target]
    other = program.mapped(target)
    back = [r for r in other.relationships.values() if r.target in known] if other else []
    return bool(there) and not any(r.many for r in there) and all(r.many for r in back) and target not in known


def _relationship(program: Mapping, value: ColumnAttribute) -> bool:
    mapped = program.mapped(value.cls)
    return mapped is not None and value.name in mapped.relationships


def _is_many(program: Mapping, value: ColumnAttribute) -> bool:
    mapped = program.mapped(value.cls)
    relationship = mapped.relationships.get(value.name) if mapped else None
    return relationship is None or relationship.many


def _joined_classes(program: Mapping, link: Link) -> set[str]:
    found: set[str] = set()
    for value in program.values(link.args[0]):
        match value:
            case ClassObject(cls=cls):
                found.add(cls)
            case ColumnAttribute(cls=cls, name=name):
                mapped = program.mapped(cls)
                if mapped and name in mapped.relationships:
                    found.add(mapped.relationships[name].target)
    return found


def _joins_collection(program: Mapping, source: Source, option: ast.expr) -> bool:
    """May a loader option join a collection? Options that are not written out may."""
    calls = [n for n in ast.walk(option) if isinstance(n, ast.Call)]
    if not calls:
        return not isinstance(option, ast.List | ast.Tuple) or any(
            _joins_collection(program, source, e) for e in option.elts
        )
    for call in calls:
        name = dotted(call.func).rpartition(".")[2] if dotted(call.func) else getattr(call.func, "attr", "")
        if name in JOINED_LOADS:
            for argument in call.args:
                values = program.values(argument)
                if not values or any(not isinstance(v, ColumnAttribute) or _is_many(program, v) for v in values):
                    return True
                if any(_maps_joined_collection(program, t, set()) for t in _targets(program, values)):
                    return True
    return False


def _targets(program: Mapping, values: Values) -> Iterator[str]:
    for value in values:
        mapped = program.mapped(value.cls) if isinstance(value, ColumnAttribute) else None
        if mapped and isinstance(value, ColumnAttribute) and value.name in mapped.relationships:
            yield mapped.relationships[value.name].target


def _maps_joined_collection(program: Mapping, cls: str, seen: set[str]) -> bool:
    """Is a collection joined whenever an object of the class is loaded, by `lazy="joined"` somewhere along the way?"""
    mapped = program.mapped(cls)
    if mapped is None:
        return True
    seen.add(cls)
    joined = [r for r in mapped.relationships.values() if r.lazy == "joined"]
    return any(r.many or (r.target not in seen and _maps_joined_collection(program, r.target, seen)) for r in joined)


def _crosses(program: Mapping, source: Source, criterion: ast.expr, allowed: set[str]) -> bool:
    """May a criterion bring a further table into the FROM list?"""
    match criterion:
        case ast.Starred(value=ast.Name() as name) | (ast.Name() as name):
            parts = list(_assigned(program, source, name))
            return not parts or any(_crosses(program, source, p, allowed) for p in parts)
        case ast.Starred():
            return True
    return any(_is_foreign(program, source, n, allowed) for n in _outside_subqueries(program, criterion))


def _outside_subqueries(program: Mapping, node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        name = dotted(node.func).rpartition(".")[2] or getattr(node.func, "attr", "")
        if name in {"any", "has", "exists", "select"}:
            return
    values = program.values(node)
    if queries(values) or any(isinstance(v, Statement) for v in values):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _outside_subqueries(program, child)
        elif isinstance(child, ast.keyword):
            yield from _outside_subqueries(program, child.value)


def _is_foreign(program: Mapping, source: Source, node: ast.expr, allowed: set[str]) -> bool:
    match node:
        case ast.Attribute(value=ast.Attribute(attr="c" | "columns")):
            return True
        case ast.Attribute(value=base):
            if source.text(base) in allowed:
                return False
            columns = {v.cls for v in program.values(node) if isinstance(v, ColumnAttribute)}
            classes = {v.cls for v in program.values(base) if isinstance(v, ClassObject) and program.mapped(v.cls)}
            # Another name than the class's own may be an alias.
            named = dotted(base).rpartition(".")[2]
            return any(c not in allowed or c.rpartition("::")[2] != named for c in columns | classes)
    return False


def _assigned(program: Mapping, source: Source, name: ast.Name) -> Iterator[ast.expr]:
    """What a local name, or the list under it, is made of; nothing when part of that is not seen."""
    function = program.function_at(source, name)
    if function is None or any(a.arg == name.id for a in function.parameters()):
        return
    for node in function.own_nodes():
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=target)], value=value)
                | ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value)
            ) if target == name.id:
                yield from value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
            case ast.AugAssign(target=ast.Name(id=target), value=value) if target == name.id:
                yield from value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
            case ast.Call(func=ast.Attribute(value=ast.Name(id=target), attr="append"), args=[value]):
                if target == name.id:
                    yield value
