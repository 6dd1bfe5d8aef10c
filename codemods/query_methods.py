"""What becomes of each method in a chain that gives a query again: the edits of its joints, arguments left alone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ..analysis.program import Program
from ..analysis.provenance import Callers, Origin, Provenance, Step, provenances
from ..analysis.queries import TERMINALS, Chain, Link, is_executed, is_iterated, queries
from ..analysis.symbols import dotted
from ..analysis.uniqueness import JOINS, History, history
from ..analysis.values import ClassObject, ColumnAttribute, External, Instance, Many, Query, Value
from .edit import Edit, Import, Replace, Wrap
from .imports import request
from .query_text import Declined, close_bracket, dropped, name_span, open_bracket, renamed, rewritten

UNCHANGED = frozenset(
    {
        "add_columns", "correlate", "distinct", "ext", "from_statement", "group_by", "having",
        "limit", "offset", "prefix_with", "select_from", "set_label_style", "slice", "suffix_with", "where",
        "with_for_update", "with_hint", "with_statement_hint",
    }
)  # fmt: skip
RENAMED = {
    "add_column": "add_columns",
    "filter": "where",
    "with_entities": "with_only_columns",
}
# They only set a state of Query that a select does not have.
DROPPED = frozenset({"enable_assertions", "only_return_tuples", "reset_joinpoint", "tuples"})
OPTIONS = {"populate_existing": "execution_options(populate_existing=True)"}
# Expressions that bind no tighter than `==`.
LOOSE = (ast.Compare, ast.BoolOp, ast.IfExp, ast.Lambda, ast.UnaryOp)
NO_COUNTERPART = {
    "enable_eagerloads": "a select has no way to switch eager loads off; take the loader option out instead",
    "from_self": "from_self() is gone in 2.0: select from aliased(Entity, statement.subquery()), later criteria too",
    "select_entity_from": "select_entity_from() is gone in 2.0: use aliased(Entity, subquery)",
    "with_session": "with_session() changes the session of a query; a select gets its session where it is executed",
    "with_transformation": "with_transformation(f) becomes f(statement), and f must expect a select",
}
ENTITY_CHANGING = frozenset({"with_entities", "add_columns", "add_column", "add_entity"})
SET_OPERATIONS = frozenset({"union", "union_all", "intersect", "intersect_all", "except_", "except_all"})
JOIN_ENDS = frozenset({"with_entities", "reset_joinpoint", "from_statement", *SET_OPERATIONS})
AMBIGUOUS = (
    "filter_by() after joins in other statements: 2.1 searches all entities, Query the one joined last; "
    "name it with where(Entity.name == value)"
)


@dataclass(frozen=True, slots=True)
class Past:
    """One way in which the query of a chain came about, and what the query then is."""

    history: History
    queries: tuple[Query, ...]


@dataclass(slots=True)
class Rewriting:
    """One chain that is being rewritten: what is known of it, and the imports that its new text needs."""

    program: Program
    chain: Chain
    group: Sequence[Chain]
    callers: Callers
    imports: list[Import] = field(default_factory=list)
    provenances: list[Provenance] = field(init=False)

    def __post_init__(self) -> None:
        self.provenances = provenances(self.program, self.callers, self.chain)

    def name(self, name: str, module: str = "sqlalchemy") -> str:
        """How the file writes a name of a library, which it imports if it does not yet."""
        expression, needed = request(self.chain.source, module, name)
        if needed is not None:
            self.imports.append(needed)
        return expression

    def pasts(self) -> list[Past]:
        """What the query at the end of the chain can be."""
        found = _settled(queries(self.program.values(self.chain.receiver)))
        traits = {t for q in found for t in q.traits}
        pasts: list[Past] = []
        for known in self.provenances:
            past = history(self.chain, known, self.group, traits)
            names = past.names(Query((), frozenset(traits)))
            entities = dict.fromkeys(q.entities for q in found)
            if known.complete and not names & ENTITY_CHANGING:
                calls = [o.call for o in known.origins if o.call]
                begun = {q.entities for call in calls for q in _settled(queries(self.program.values(call)))}
                entities = {e: None for e in entities if e in begun} or entities
            pasts.append(Past(past, tuple(Query(e, names) for e in entities)))
        return pasts

    @property
    def origins(self) -> list[Origin]:
        """All beginnings of the query."""
        return list(dict.fromkeys(o for known in self.provenances for o in known.origins))

    @property
    def is_complete(self) -> bool:
        """Was every beginning of the query seen?"""
        return all(known.complete for known in self.provenances)

    @property
    def is_read_too(self) -> bool:
        """Is the query of a bulk statement also executed in other ways?"""
        used = {c.end.name for c in self.group if c.end is not None and c.end.name in TERMINALS}
        return len(used) > 1 or any(is_executed(self.program, c) and c.end is None for c in self.group)

    @property
    def is_iterated(self) -> bool:
        """Does the place where the chain stands run through it?"""
        return is_iterated(self.program, self.chain.source, self.chain.node)

    def entity(self) -> str:
        """How the chain's file writes the one entity of the query."""
        found = {entity_text(self, o.call.args[0]) for o in self.origins if o.call and len(o.call.args) == 1}
        if len(found) != 1:
            raise Declined("the entity of this query has no one name here")
        return found.pop()

    def earlier_steps(self) -> list[Step]:
        """The methods that were called on the query before this chain, as far as they are seen."""
        return list(dict.fromkeys(step for known in self.provenances for step in known.steps))

    def earlier_names(self) -> frozenset[str]:
        """The names of the methods that were called on the query before this chain."""
        if self.is_complete:
            return frozenset(step.link.name for step in self.earlier_steps())
        return frozenset(t for q in queries(self.program.values(self.chain.root)) for t in q.traits)


def _settled(found: list[Query]) -> list[Query]:
    """Without what the flow of values said of a query before it knew what that asks for."""
    known = [q for q in found if all(e.kind for e in q.entities)]
    sizes = {(q.origin, len(q.entities)) for q in known}
    return [q for q in found if q in known or (q.origin, len(q.entities)) not in sizes]


def step(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """The edits of one method that gives a query again.

    Raises:
        Declined: it has no 2.0 form of the same meaning.
    """
    source = rewriting.chain.source
    if link.call is None:
        raise Declined(f"the method {link.name} is used as a value")
    if link.name in UNCHANGED:
        return
    if link.name in RENAMED:
        yield renamed(link, source, RENAMED[link.name])
    elif link.name in DROPPED:
        yield dropped(link, source)
    elif link.name in OPTIONS:
        yield rewritten(link, source, OPTIONS[link.name])
    elif link.name in NO_COUNTERPART:
        raise Declined(NO_COUNTERPART[link.name])
    else:
        yield from SPECIAL[link.name](rewriting, link)


def _add_entity(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    if len(link.args) != 1 or link.keywords:
        raise Declined("add_entity(alias=…): add aliased(Entity, alias) as a column instead")
    yield renamed(link, rewriting.chain.source, "add_columns")


def _autoflush(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    source = rewriting.chain.source
    assert link.call is not None
    yield Replace(name_span(link, source)[0], open_bracket(link.call, source) + 1, "execution_options(autoflush=")


def _yield_per(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    source = rewriting.chain.source
    assert link.call is not None
    yield Replace(name_span(link, source)[0], open_bracket(link.call, source) + 1, "execution_options(yield_per=")


def _labels(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    style = rewriting.name("LABEL_STYLE_TABLENAME_PLUS_COL")
    yield rewritten(link, rewriting.chain.source, f"set_label_style({style})")


def _with_parent(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    source = rewriting.chain.source
    assert link.call is not None
    given = len(link.args) + len(link.keywords)
    if given < 2:
        raise Declined("with_parent() without a relationship searches for one; name it")
    for keyword in link.keywords:
        if keyword.arg == "property":
            yield Replace(source.span(keyword)[0], source.span(keyword.value)[0], "prop=")
    function = rewriting.name("with_parent", "sqlalchemy.orm")
    yield Replace(name_span(link, source)[0], open_bracket(link.call, source), f"where({function}")
    yield _behind(close_bracket(link.call, source), ")")


def _behind(bracket: int, text: str) -> Wrap:
    return Wrap(bracket, bracket + 1, "", text)


def _options(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """Query takes a list of options, a select does not."""
    source = rewriting.chain.source
    for argument in link.args:
        listed = any(isinstance(v, Many) for v in rewriting.program.values(argument))
        if isinstance(argument, ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp) or listed:
            yield Wrap(*source.span(argument), "*", "", rank=2)


def _order_by(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """`order_by(False)` took the order away, as `order_by(None)` does."""
    match link.args:
        case [ast.Constant(value=False) as argument]:
            yield Replace(*rewriting.chain.source.span(argument), "None")


def _execution_options(_: Rewriting, link: Link) -> Iterator[Edit]:
    if any(keyword.arg == "compiled_cache" for keyword in link.keywords):
        raise Declined("the option compiled_cache is for connections: a select refuses it")
    return
    yield


def _params(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """Behind `from_statement()` they are values of the statement that it is given."""
    given = [done for done in rewriting.chain.links if done.name == "from_statement"]
    if not given and "from_statement" not in rewriting.earlier_names():
        return
    source = rewriting.chain.source
    plain = all(isinstance(k.value, ast.Name | ast.Attribute | ast.Constant) and k.arg for k in link.keywords)
    if not given or link.args or not plain:
        raise Declined("params() after from_statement(): give the values to execute(), or to text().bindparams()")
    values = ", ".join(source.text(k) for k in link.keywords)
    yield dropped(link, source)
    yield Wrap(*source.span(given[0].args[0]), "", f".params({values})")


def selecting_one(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """`exists()` of a Query selects 1 whatever it asked for; a select of an aggregate has a row even of nothing."""
    links = [*rewriting.chain.steps(), *(step.link for step in rewriting.earlier_steps())]
    asked = [a for done in links if done.name in ENTITY_CHANGING for a in done.args]
    asked += [a for o in rewriting.origins if o.call for a in o.call.args]
    found = _settled(queries(rewriting.program.values(link.receiver)))
    objects = all(e.kind == "entity" for q in found for e in q.entities)
    plain = rewriting.is_complete and all(isinstance(a, ast.Name | ast.Attribute) for a in asked)
    if not (objects or plain):
        start = name_span(link, rewriting.chain.source)[0]
        one = f'{rewriting.name("literal_column")}("1")'
        yield Replace(start, start, f"with_only_columns({one}, maintain_column_froms=True).")


def subquery_flags(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """`subquery(with_labels=True)` and `subquery(reduce_columns=True)` are methods of their own before it."""
    flags = {k.arg: k.value for k in link.keywords if k.arg in {"with_labels", "reduce_columns"}}
    if not flags:
        return
    plain = all(isinstance(v, ast.Constant) and v.value is True for v in flags.values())
    if len(flags) > 1 or not plain or link.args or len(link.keywords) > 1:
        raise Declined("subquery(with_labels, reduce_columns): use set_label_style(), reduce_columns() first")
    before = "reduce_columns()"
    if "with_labels" in flags:
        before = f"set_label_style({rewriting.name('LABEL_STYLE_TABLENAME_PLUS_COL')})"
    yield rewritten(link, rewriting.chain.source, f"{before}.subquery()")


def _join(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """The forms of 2.0 stay; tuples, strings and several relationships at once were forms of 1.x."""
    source = rewriting.chain.source
    if any(k.arg in {"aliased", "from_joinpoint"} for k in link.keywords):
        raise Declined("join(aliased=True) and join(from_joinpoint=True) are gone in 2.0: join an explicit aliased()")
    relationships = [a for a in link.args if _is_relationship(rewriting, a)]
    if len(relationships) > 1 and len(relationships) == len(link.args) and not link.keywords:
        for first, second in pairwise(link.args):
            yield Replace(source.span(first)[1], source.span(second)[0], f").{link.name}(")
    for argument in link.args:
        match argument:
            case ast.Constant(value=str(name)):
                if len(link.args) > 1 or rewriting.earlier_names() & JOINS or _first_join(rewriting) is not link:
                    raise Declined("a relationship given as a string is gone in 2.0: join Class.relationship")
                yield Replace(*source.span(argument), f"{rewriting.entity()}.{name}")
            case ast.Tuple(elts=[target, condition]) if len(link.args) == 1:
                start, end = source.span(argument)
                yield Replace(start, source.span(target)[0], "")
                yield Replace(source.span(condition)[1], end, "")
            case ast.Tuple():
                raise Declined("join() of several tuples is gone in 2.0: join(Target, condition) one after the other")


def _is_relationship(rewriting: Rewriting, node: ast.expr) -> bool:
    for value in rewriting.program.values(node):
        mapped = rewriting.program.mapped(value.cls) if isinstance(value, ColumnAttribute) else None
        if mapped and isinstance(value, ColumnAttribute) and value.name in mapped.relationships:
            return True
    return False


def _first_join(rewriting: Rewriting) -> Link | None:
    return next((link for link in rewriting.chain.steps() if link.name in JOINS), None)


def _filter_by(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """Query looks at the entity that was joined last, a select of 2.1 at all of them."""
    source = rewriting.chain.source
    target = filter_by_target(rewriting, link)
    if target is None:
        return
    assert link.call is not None
    yield Replace(*name_span(link, source), "where")
    for keyword in link.keywords:
        start, end = source.span(keyword)
        value_start, value_end = source.span(keyword.value)
        if keyword.arg is None:
            yield Replace(start, value_start, f"*(getattr({target}, name) == value for name, value in ")
            yield Wrap(value_start, value_end, "", ".items())", rank=1)
        elif isinstance(keyword.value, ast.Constant) and keyword.value.value is None:
            yield Replace(start, end, f"{target}.{keyword.arg}.is_(None)")
        else:
            first = source.content.index(b"=", start) + 1
            spaces = len(source.content[first:value_start]) - len(source.content[first:value_start].lstrip())
            yield Replace(start, first + spaces, f"{target}.{keyword.arg} == ")
            if isinstance(keyword.value, LOOSE) and source.content[first + spaces : first + spaces + 1] != b"(":
                yield Wrap(value_start, value_end, "(", ")", rank=1)


def filter_by_target(rewriting: Rewriting, link: Link) -> str | None:
    """The entity whose attributes `filter_by` names; None: a select finds it too.

    It is what was joined last, else what the query selects from, else the first thing that it asks for.
    """
    before = rewriting.chain.links[: rewriting.chain.links.index(link)]
    earlier = rewriting.earlier_names()
    # What ends the reach of the joins made so far.
    ends = [n for n, done in enumerate(before) if done.name in JOIN_ENDS]
    joins = [done for done in before[ends[-1] + 1 if ends else 0 :] if done.name in JOINS and done.args]
    starts = [done for done in before if done.name == "select_from" and done.args]
    if any(done.name in SET_OPERATIONS for done in before):
        starts = []
    if joins or starts:
        return entity_text(rewriting, (joins or starts)[-1].args[0])
    in_reach = {"select_from"} if ends else {*JOINS, "select_from"}
    if earlier & in_reach:
        if earlier & JOIN_ENDS:
            raise Declined(AMBIGUOUS)
        return entity_text(rewriting, _only_join(rewriting, in_reach))
    known = _settled(queries(rewriting.program.values(link.receiver)))
    several = any(len(q.entities) > 1 for q in known)
    if any(q.traits & SET_OPERATIONS for q in known):
        if several or not all(e.kind == "entity" for q in known for e in q.entities):
            raise Declined("filter_by() behind a set operation of columns: use where()")
        return None
    joined = {done.name for done in before} | earlier
    return _first_entity(rewriting, before) if several or joined & {*JOINS, "select_from"} else None


def _first_entity(rewriting: Rewriting, before: Sequence[Link]) -> str:
    """The first thing that the query asks for."""
    asked = [done.args[0] for done in before if done.name == "with_entities" and done.args]
    if not asked and "with_entities" not in rewriting.earlier_names() and rewriting.is_complete:
        found = {entity_text(rewriting, o.call.args[0]) for o in rewriting.origins if o.call and o.call.args}
        if len(found) == 1:
            return found.pop()
    if not asked:
        raise Declined("filter_by() on a query of several entities: name the entity with where(Entity.name == value)")
    return entity_text(rewriting, asked[-1])


def _steps_of(group: Sequence[Chain]) -> list[Step]:
    return [Step(chain.source, link) for chain in group for link in chain.steps()]


def _only_join(rewriting: Rewriting, names: set[str]) -> ast.expr:
    """The join (or `select_from`) that another statement made."""
    seen = rewriting.earlier_steps() if rewriting.is_complete else _steps_of(rewriting.group)
    found = [step.link.args[0] for step in seen if step.link.name in names and step.link.args]
    if len({ast.dump(f) for f in found}) != 1:
        raise Declined(AMBIGUOUS)
    return found[0]


def entity_text(rewriting: Rewriting, node: ast.expr) -> str:
    """How the chain's file writes the entity that `join(node)` or `query(node)` means; of a table, its columns."""
    program, source = rewriting.program, rewriting.chain.source
    is_joined = any(node in step.link.args for step in _joins(rewriting))
    match node:
        case ast.Call(func=ast.Attribute(attr="of_type"), args=[kind]):
            return entity_text(rewriting, kind)
        case ast.Attribute(value=owner):
            for value in program.values(node):
                if isinstance(value, ColumnAttribute):
                    mapped = program.mapped(value.cls)
                    if mapped and value.name in mapped.relationships:
                        return class_text(rewriting, mapped.relationships[value.name].target)
                    if dotted(owner) and not is_joined:
                        return source.text(owner)
    values = program.values(node)
    if dotted(node) and node in source.parents:
        if any(is_table(v) for v in values):
            return f"{source.text(node)}.c"
        if values and all(isinstance(v, ClassObject) for v in values):
            return source.text(node)
    for value in values:
        if isinstance(value, ClassObject):
            return class_text(rewriting, value.cls)
    raise Declined("filter_by() after a join of what has no name here: name it with where(Entity.name == value)")


def _joins(rewriting: Rewriting) -> list[Step]:
    steps = [*_steps_of(rewriting.group), *rewriting.earlier_steps()]
    return [step for step in steps if step.link.name in JOINS]


def is_table(value: Value) -> bool:
    """Is it a table, or a subquery that stands for one?"""
    return value == Instance("sqlalchemy.Table") or (
        isinstance(value, External) and value.name in {"statement.subquery", "statement.cte", "statement.alias"}
    )


def class_text(rewriting: Rewriting, key: str) -> str:
    """A name under which the chain's file knows a class."""
    source = rewriting.chain.source
    for node in source.tree.body:
        names = (
            [a.asname or a.name for a in node.names]
            if isinstance(node, ast.ImportFrom)
            else [node.name]
            if isinstance(node, ast.ClassDef)
            else []
        )
        for name in names:
            if ClassObject(key) in rewriting.program.interpreter.store.peek("global", source.path, name):
                return name
    name = rewriting.program.plain_name(key)
    raise Declined(f"filter_by() names attributes of {name}, which this file does not import: use where()")


SPECIAL: dict[str, Callable[[Rewriting, Link], Iterator[Edit]]] = {
    "add_entity": _add_entity,
    "apply_labels": _labels,
    "autoflush": _autoflush,
    "execution_options": _execution_options,
    "filter_by": _filter_by,
    "join": _join,
    "options": _options,
    "order_by": _order_by,
    "outerjoin": _join,
    "params": _params,
    "with_labels": _labels,
    "with_parent": _with_parent,
    "yield_per": _yield_per,
}
