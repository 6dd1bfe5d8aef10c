"""Set operations: Query puts them into a subquery, and what follows speaks of that subquery instead of the entity.

    young.union(named).filter(User.id > 1).all()

A select says so by a name:

    select(combined := aliased(User, union(young, named).subquery())).where(combined.id > 1)

The name is left out where nothing refers to it. Of columns there is the subquery alone: `User.id` is `combined.c.id`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis.calls import EXPRESSION
from ..analysis.provenance import assigned
from ..analysis.queries import TERMINALS, Link, queries
from ..analysis.source import Source
from ..analysis.symbols import Function, dotted
from ..analysis.values import ClassObject, ColumnAttribute, Many, Row, Statement, Table, Value
from .edit import Edit, Replace, Wrap
from .import_lines import line_length
from .query_methods import ENTITY_CHANGING, SET_OPERATIONS, Rewriting, entity_text, is_table
from .query_text import Declined, close_bracket, open_bracket

ALIAS = "combined"
# Methods whose arguments name no entity.
PLAIN = frozenset({"limit", "offset", "slice", "execution_options", "yield_per", "with_for_update", "params"})
ADDING = frozenset({"add_column", "add_columns", "add_entity"})
REPLACING = frozenset({"select_from", "from_statement"})
SUBQUERIES = frozenset({"subquery", "cte"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What combined queries ask for: `texts` are the ways to write it, and what each is behind the subquery's name.

    `labelled`: all of it has labels.
    """

    entity: str
    classes: frozenset[str]
    texts: dict[str, str]
    labelled: bool = False


def combine(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """The edits of `….union(…)` and its like.

    Raises:
        Declined: what the operation gives cannot be said in one expression.
    """
    source = rewriting.chain.source
    if link.call is None:
        raise Declined(f"the method {link.name} is used as a value")
    if link.keywords or not link.args:
        raise Declined(f"{link.name}() without queries, or with more than queries")
    asked = _asked(rewriting)
    naming = ""
    if _is_spoken_of(rewriting, link, asked):
        if _is_run_through(source, link.node):
            raise Declined(f"{link.name}() in what a comprehension runs through, where its result cannot get a name")
        naming = f"{_alias(rewriting, source, link.node)} := "
    made = f"{rewriting.name('aliased', 'sqlalchemy.orm')}({asked.entity}, " if asked.entity else ""
    head, tail = f"{naming}{made}{rewriting.name(link.name)}(", ".subquery())" if made else ".subquery()"
    opening, closing = _lines(rewriting, link, len(head) + len(tail) + len("select()"))
    start, end = source.span(link.receiver)
    yield Wrap(start, end, f"{rewriting.name('select')}({opening}{head}", "", rank=3)
    yield Replace(end, open_bracket(link.call, source) + 1, ", ")
    bracket = close_bracket(link.call, source)
    yield Wrap(bracket, bracket + 1, "", f"{tail}{closing})")


def _lines(rewriting: Rewriting, link: Link, more: int) -> tuple[str, str]:
    """The line breaks within the brackets of `select(…)`, where a statement that is only kept becomes too long."""
    source, node = rewriting.chain.source, rewriting.chain.node
    text = source.content[source.offset(node.lineno, 0) :].partition(b"\n")[0].rstrip().decode()
    executed = rewriting.is_iterated or (rewriting.chain.end is not None and rewriting.chain.end.name in TERMINALS)
    if executed or link.node.end_lineno != node.lineno or len(text) + more <= line_length(source):
        return "", ""
    indent = text[: len(text) - len(text.lstrip())]
    unit = "\t" if "\t" in indent else "    "
    return f"{source.newline}{indent}{unit}", f"{source.newline}{indent}"


def retargeted(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """The edits of a method's arguments where its query is the result of a set operation.

    Raises:
        Declined: it speaks of what is combined in a way that has no other name.
    """
    given = [*link.args, *(k.value for k in link.keywords)]
    operations = _operations_before(rewriting, link)
    if operations and link.name in SUBQUERIES and not _asked(rewriting).labelled:
        raise Declined(f"{link.name}() of a set operation, whose columns have other names there: give them labels")
    if not given or not operations or link.name in PLAIN or link.name in SET_OPERATIONS:
        return
    if link.name in REPLACING:
        raise Declined(f"{link.name}() behind a set operation takes the place of its result")
    known = queries(rewriting.program.values(link.receiver))
    asked = _asked(rewriting)
    found = [pair for argument in given for pair in _references(rewriting, argument, asked)]
    if not found:
        yield from _kept_subquery(rewriting, link)
        return
    if asked.entity and link.name in ADDING and any(node in given for node, _ in found):
        raise Declined(f"{link.name}() asks a second time for the result of a set operation")
    names = {_name_of(rewriting, source, node) for source, node in operations}
    if len(names) != 1 or "" in names or not all(q.traits & SET_OPERATIONS for q in known):
        raise Declined(f"{link.name}() speaks of the result of a set operation that has no one name here")
    name = names.pop()
    for node, text in found:
        yield Replace(*rewriting.chain.source.span(node), name + text)


def _kept_subquery(rewriting: Rewriting, link: Link) -> Iterator[Edit]:
    """`with_entities(func.count())` of a Query keeps the subquery, of which it names nothing."""
    if link.name == "with_entities" and link.call is not None:
        bracket = close_bracket(link.call, rewriting.chain.source)
        yield Replace(bracket, bracket, ", maintain_column_froms=True")


def _operations_before(rewriting: Rewriting, link: Link) -> list[tuple[Source, ast.expr]]:
    """The set operations whose result a method may be called on, each the last of its chain."""
    chain = rewriting.chain
    own = [done for done in chain.links[: chain.links.index(link)] if done.name in SET_OPERATIONS]
    if own:
        return [(chain.source, own[-1].node)]
    found = [step for step in rewriting.earlier_steps() if step.link.name in SET_OPERATIONS]
    inner = {node for step in found for node in ast.walk(step.link.receiver)}
    return [(step.source, step.link.node) for step in found if step.link.node not in inner]


# What is asked for


def _asked(rewriting: Rewriting) -> Asked:
    """What the first of the combined queries asks for.

    Raises:
        Declined: that is not seen.
    """
    program = rewriting.program
    steps = [*rewriting.chain.steps(), *(step.link for step in rewriting.earlier_steps())]
    changes = [s for s in steps if s.name in ENTITY_CHANGING and not _is_combined(rewriting, s)]
    begun = {ast.dump(o.call): o.call for o in rewriting.origins if o.call}
    asked = {tuple(map(ast.dump, call.args)): call.args for call in begun.values()}
    if changes or not rewriting.is_complete or len(asked) != 1:
        raise Declined("a set operation of queries that are not known to ask for one thing")
    arguments = asked.popitem()[1]
    values = [program.values(a) for a in arguments]
    classes = frozenset(v.cls for found in values for v in found if isinstance(v, ClassObject | ColumnAttribute))
    if any(isinstance(a, ast.Name) and EXPRESSION in found for a, found in zip(arguments, values, strict=True)):
        raise Declined("a set operation of an expression under a name, which may be a bundle")
    if not any(isinstance(v, ClassObject) for found in values for v in found):
        labelled = all(isinstance(a, ast.Call) and getattr(a.func, "attr", "") == "label" for a in arguments)
        return Asked("", classes, _columns(arguments, values), labelled)
    if len(arguments) > 1:
        raise Declined("a set operation of queries for objects and more")
    entity = entity_text(rewriting, arguments[0])
    return Asked(entity, classes, {entity: ""})


def _columns(arguments: list[ast.expr], values: list[frozenset[Value]]) -> dict[str, str]:
    """The columns that have names of their own in the subquery; a table is the subquery."""
    if len(arguments) == 1 and any(map(is_table, values[0])):
        return {ast.unparse(arguments[0]): ""}
    texts: dict[str, str] = {}
    for node in arguments:
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr="label"), args=[ast.Constant(value=str(label))]):
                texts[ast.unparse(inner)] = f".c.{label}"
            case ast.Attribute(attr=name):
                texts[ast.unparse(node)] = f".c.{name}"
    return texts if len(set(texts.values())) == len(arguments) else {}


# The name


def _name_of(rewriting: Rewriting, source: Source, node: ast.expr) -> str:
    """The name of an operation's subquery where the chain stands; "" where it has none."""
    chain = rewriting.chain
    function = rewriting.program.function_at(source, node)
    if source is not chain.source or function is not rewriting.program.function_at(source, chain.node):
        return ""
    return _alias(rewriting, source, node)


def _alias(rewriting: Rewriting, source: Source, node: ast.expr) -> str:
    """The name of an operation's subquery: one for all operations whose result the same variable takes."""
    function = rewriting.program.function_at(source, node)
    assert function is not None
    names: dict[object, str] = {}
    free = _free_names(function)
    for other in function.own_nodes():
        if _is_operation(rewriting, other) and _taker(source, other) not in names:
            names[_taker(source, other)] = next(free)
    return names[_taker(source, node)]


def _free_names(function: Function) -> Iterator[str]:
    taken = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)} | {a.arg for a in function.parameters()}
    yield from (n for n in (f"{ALIAS}_{k}" if k > 1 else ALIAS for k in range(1, 1000)) if n not in taken)


def _is_operation(rewriting: Rewriting, node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=receiver, attr=name)) if name in SET_OPERATIONS:
            return bool(queries(rewriting.program.values(receiver)))
    return False


def _taker(source: Source, node: ast.AST) -> object:
    """The variable that takes the query at the end of an operation's chain; or the operation, which stands alone."""
    current, parent = node, source.parents[node]
    while isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and parent.func is current):
        if isinstance(parent, ast.Attribute) and parent.attr in SET_OPERATIONS:
            return node
        current, parent = parent, source.parents[parent]
    match parent:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return node


def _is_run_through(source: Source, node: ast.AST) -> bool:
    """Does it stand in the iterable of a comprehension, where no name can be given?"""
    parent = source.parents[node]
    while isinstance(parent, ast.expr):
        node, parent = parent, source.parents[parent]
    return isinstance(parent, ast.comprehension) and parent.iter is node


# What speaks of it


def _is_spoken_of(rewriting: Rewriting, link: Link, asked: Asked) -> bool:
    """May anything behind a set operation name what it asks for?"""
    chain, source, function_at = rewriting.chain, rewriting.chain.source, rewriting.program.function_at
    function = function_at(source, link.node)
    later = list(chain.links[chain.links.index(link) + 1 :])
    if isinstance(_taker(source, link.node), str):
        others = [c for c in rewriting.group if c is not chain and function_at(c.source, c.node) is function]
        later += [other for c in others for other in c.links if _is_combined(rewriting, other)]
    given = [a for other in later if other.name not in PLAIN for a in [*other.args, *other.keywords]]
    return any(isinstance(n, ast.expr) and ast.unparse(n) in asked.texts for a in given for n in ast.walk(a))


def _is_combined(rewriting: Rewriting, link: Link) -> bool:
    return any(q.traits & SET_OPERATIONS for q in queries(rewriting.program.values(link.receiver)))


def _references(rewriting: Rewriting, node: ast.expr, asked: Asked) -> Iterator[tuple[ast.expr, str]]:
    """The parts of an argument that speak of what is combined, and what each is behind the subquery's name."""
    text = ast.unparse(node)
    values = rewriting.program.values(node)
    if text in asked.texts:
        yield node, asked.texts[text]
        return
    match node:
        case ast.Constant(value=str(column)) if _is_expression(rewriting, node):
            if f".c.{column}" not in asked.texts.values():
                raise Declined("what is combined is ordered or filtered by a string, which means another column then")
        case ast.Name() if _may_speak(rewriting, node, asked):
            raise Declined(f"{node.id} may speak of what is combined")
        case ast.Attribute() if any(isinstance(v, ColumnAttribute) and v.cls in asked.classes for v in values):
            if not dotted(node).startswith(tuple(f"{t}." for t in asked.texts)):
                raise Declined("criteria behind a set operation speak of what it does not ask for")
    if queries(values) or any(isinstance(v, Statement) for v in values):
        if any(isinstance(n, ast.expr) and ast.unparse(n) in asked.texts for n in ast.walk(node)):
            raise Declined("a subquery in the criteria behind a set operation speaks of what is combined")
        return
    if _searches_combined(rewriting, node, asked):
        raise Declined("has() or any() behind a set operation searches what is combined, half of which Query renames")
    for child in ast.iter_child_nodes(node):
        inner = child.value if isinstance(child, ast.keyword) else child
        if isinstance(inner, ast.expr):
            yield from _references(rewriting, inner, asked)


def _searches_combined(rewriting: Rewriting, node: ast.expr, asked: Asked) -> bool:
    """Is this `has()` or `any()` of a relationship that leads to a class which is among what is combined?"""
    objects = rewriting.program.interpreter.objects
    match node:
        case ast.Call(func=ast.Attribute(value=relationship, attr="has" | "any")):
            read = [v for v in rewriting.program.values(relationship) if isinstance(v, ColumnAttribute)]
            found = (objects.relationship(value.cls, value.name) for value in read)
            return any(known is not None and known.target in asked.classes for known in found)
    return False


def _is_expression(rewriting: Rewriting, node: ast.expr) -> bool:
    """Does a name or string stand where a column or a criterion does, and not beside one, as its value?"""
    parent = rewriting.chain.source.parents[node]
    match parent:
        case ast.Call(func=ast.Attribute(value=receiver)) if parent.func is not node:
            return bool(queries(rewriting.program.values(receiver)))
        case ast.Call():
            return parent.func is not node
    return isinstance(parent, ast.Starred)


def _may_speak(rewriting: Rewriting, name: ast.Name, asked: Asked) -> bool:
    """May a variable hold criteria or columns of what is combined?"""
    values = rewriting.program.values(name)
    if any(not isinstance(v, Many | Row | Table | Statement) and v != EXPRESSION for v in values):
        return any(isinstance(v, ClassObject | ColumnAttribute) and v.cls in asked.classes for v in values)
    function = rewriting.program.function_at(rewriting.chain.source, name)
    held = list(assigned(function, name.id)) if function else []
    if not held:
        return _is_expression(rewriting, name)
    return any(isinstance(n, ast.expr) and ast.unparse(n) in asked.texts for part in held for n in ast.walk(part))
