"""Queries, statements and results: what each call in a chain gives. The source of result shapes for the codemods."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

from .mapped import MappedClasses
from .values import (
    NOTHING,
    QUERY_PROPERTY,
    Awaitable,
    ClassObject,
    ColumnAttribute,
    Entity,
    External,
    Instance,
    Many,
    Query,
    Row,
    Rows,
    Statement,
    Value,
    Values,
)

COLUMN = Entity("column")
UNKNOWN = Entity("")
COLLECTING = {
    "join", "outerjoin", "select_from", "limit", "offset", "slice", "distinct", "yield_per", "from_statement",
    "group_by", "having", "options", "with_entities", "union", "union_all", "intersect",
    "intersect_all", "except_", "except_all", "order_by", "stream_results",
}  # fmt: skip
# Options of a statement that ask for its rows in parts.
IN_PARTS = frozenset({"stream_results", "yield_per"})
MOST_ENTITIES = 32
ENTITY_CHANGING = {"with_entities", "with_only_columns"}
ENTITY_ADDING = {"add_columns", "add_column", "add_entity"}
# Methods of a result that end it, and what they give of one row.
ONE = {"first", "one", "one_or_none", "fetchone"}
MANY = {"all", "fetchall", "fetchmany", "partitions", "__iter__"}
SCALAR = {"scalar", "scalar_one", "scalar_one_or_none"}


def entity(node: ast.expr, values: Values, mapped: MappedClasses) -> Entity:
    """What an argument of `query()` or `select()` is."""
    for value in sorted(values, key=repr) if len(values) > 1 else values:
        match value:
            case ClassObject(cls=cls):
                return Entity("entity", cls)
            case ColumnAttribute(cls=cls, name=name):
                known = mapped[cls]
                if known and name in known.relationships:
                    return UNKNOWN
                return COLUMN
            case Instance(cls="sqlalchemy.Table"):
                return Entity("table")
            case External(name="statement.subquery" | "statement.cte" | "statement.alias"):
                return Entity("table")
            case External(name="column.entity" | "column.mapper"):
                return UNKNOWN
            case External(name=name) if name.startswith(
                ("sqlalchemy.func", "column.", "sqlalchemy.literal", "statement.")
            ):
                return COLUMN
    return COLUMN if _is_column_expression(node) else UNKNOWN


def _is_column_expression(node: ast.expr) -> bool:
    """Is this a plain value by its form alone: a literal, an operation, `func.x(…)`, `….label(…)`, `table.c.x`?"""
    match node:
        case ast.Constant() | ast.BinOp() | ast.UnaryOp() | ast.Compare():
            return True
        case ast.Call(func=ast.Attribute(value=inner, attr=name)):
            return name in {"label", "desc", "asc", "cast", "as_scalar", "scalar_subquery", "distinct", "exists"} or (
                isinstance(inner, ast.Name | ast.Attribute) and _last_name(inner).endswith("func")
            )
        case ast.Call(func=ast.Name(id=name)):
            return name in {
                "func",
                "case",
                "cast",
                "distinct",
                "extract",
                "literal",
                "exists",
                "text",
                "literal_column",
            }
        case ast.Attribute(value=ast.Attribute(attr="c" | "columns")):
            return True
    return False


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def one_row(entities: Sequence[Entity]) -> Values:
    """A single row's value in the legacy way: the entity itself when it is the only one, else a row."""
    if len(entities) == 1 and entities[0].kind == "entity":
        return frozenset({entities[0].instance()})
    return row_of(entities)


def row_of(entities: Sequence[Entity]) -> Values:
    """A `Row` with a position for each entity."""
    if not entities or any(e.kind in {"table", ""} for e in entities):
        return NOTHING
    return frozenset({Row(tuple(first_column([e]) for e in entities))})


def first_column(entities: Sequence[Entity]) -> Values:
    """The first position of a row."""
    return frozenset({entities[0].instance()}) if entities and entities[0].kind == "entity" else NOTHING


def options_in_parts(options: Iterable[ast.keyword]) -> list[ast.keyword]:
    """Those of `execution_options(…)` that ask for the rows in parts."""
    off = (False, None)
    return [
        k for k in options if k.arg in IN_PARTS and not (isinstance(k.value, ast.Constant) and k.value.value in off)
    ]


def trait(method: str, call: ast.Call) -> str:
    """What a method of a query or statement is remembered as: its name, or what its options ask for."""
    asks = method == "execution_options" and options_in_parts(call.keywords)
    return "stream_results" if asks else method


def query_method(query: Query, name: str, entities: Sequence[Entity]) -> Values:
    """What a method of a legacy query gives; `entities` are those of its arguments."""
    if name in {"all", "__iter__", "values"}:
        return frozenset({Many(one_row(query.entities))})
    if name in {"first", "one", "one_or_none", "get"}:
        return one_row(query.entities)
    if name in {"count", "delete", "update", "exists", "subquery", "as_scalar", "scalar_subquery", "cte", "label"}:
        return NOTHING if name in {"count", "delete", "update"} else frozenset({External(f"statement.{name}")})
    if name in {"scalar", "value"}:
        return first_column(query.entities)
    if name in {"statement", "selectable"}:
        return frozenset({Statement("select", query.entities, query.traits)})
    traits = query.traits | {name} if name in COLLECTING else query.traits
    return frozenset({Query(_changed(query.entities, name, entities), traits, query.origin)})


def statement_method(statement: Statement, name: str, entities: Sequence[Entity]) -> Values:
    """What a method of a Core or 2.0 statement gives."""
    if name in {"subquery", "cte", "alias", "scalar_subquery", "exists", "label", "as_scalar", "compile"}:
        return frozenset({External(f"statement.{name}")})
    kind = statement.kind
    if name == "returning":
        return frozenset({Statement(kind, tuple(entities), statement.traits)})
    traits = statement.traits | {name} if name in COLLECTING else statement.traits
    return frozenset({Statement(kind, _changed(statement.entities, name, entities), traits)})


def _changed(before: tuple[Entity, ...], name: str, entities: Sequence[Entity]) -> tuple[Entity, ...]:
    if name in ENTITY_CHANGING:
        return tuple(entities)
    if name not in ENTITY_ADDING:
        return before
    # A loop may add without an end.
    return (*before, *entities) if len(before) < MOST_ENTITIES else (UNKNOWN,)


def result_method(result: Rows, name: str) -> Values:
    """What a method of a buffered result gives."""
    scalars = result.kind == "scalars"
    row = first_column(result.entities) if scalars else row_of(result.entities)
    if name in ONE:
        return row
    if name in MANY:
        return frozenset({Many(row)})
    if name in SCALAR:
        return first_column(result.entities)
    if name in {"unique", "yield_per", "columns", "freeze"}:
        return frozenset({result})
    if name in {"scalars", "mappings", "tuples"}:
        return frozenset({Rows(result.entities, name)})
    return NOTHING


Evaluated = tuple[ast.expr, Values]


def special(
    name: str, receiver: Value | None, arguments: Sequence[Evaluated], mapped: MappedClasses, origin: str
) -> Values | None:
    """What the library tables call `@name`; None when `name` is none of these."""
    maker = SPECIAL.get(name)
    return maker(receiver, arguments, mapped, origin) if maker else None


Maker = Callable[[Value | None, Sequence[Evaluated], MappedClasses, str], Values]


def _entities(arguments: Sequence[Evaluated], mapped: MappedClasses) -> tuple[Entity, ...]:
    return tuple(_starred(v, mapped) if isinstance(n, ast.Starred) else entity(n, v, mapped) for n, v in arguments)


def _starred(values: Values, mapped: MappedClasses) -> Entity:
    """What `*columns` is, where all of them are plain columns."""
    items = [i for v in values for i in (v.items if isinstance(v, Many) else (v,))]
    placeholder = ast.Name("columns", ast.Load())
    columns = [entity(placeholder, frozenset({item}), mapped) == COLUMN for item in items]
    return COLUMN if columns and all(columns) else UNKNOWN


def _query(_: Value | None, arguments: Sequence[Evaluated], mapped: MappedClasses, origin: str) -> Values:
    return frozenset({Query(_entities(arguments, mapped), frozenset(), origin)})


def _select(_: Value | None, arguments: Sequence[Evaluated], mapped: MappedClasses, __: str) -> Values:
    # The 1.x form took a list of columns.
    if len(arguments) == 1 and isinstance(arguments[0][0], ast.List):
        return frozenset({Statement("select", (UNKNOWN,))})
    return frozenset({Statement("select", _entities(arguments, mapped))})


def _dml(kind: str) -> Maker:
    def make(_: Value | None, __: Sequence[Evaluated], ___: MappedClasses, ____: str) -> Values:
        return frozenset({Statement(kind)})

    return make


def _executed(kind: str) -> Maker:
    def make(_: Value | None, arguments: Sequence[Evaluated], __: MappedClasses, ___: str) -> Values:
        known = [v for v in arguments[0][1] if isinstance(v, Statement | Query)] if arguments else []
        return frozenset({Rows(s.entities, kind) for s in known} or {Rows((UNKNOWN,), kind)})

    return make


def _exec(_: Value | None, arguments: Sequence[Evaluated], __: MappedClasses, ___: str) -> Values:
    known = [v for v in arguments[0][1] if isinstance(v, Statement)] if arguments else []
    return frozenset(Rows(s.entities, "scalars" if len(s.entities) == 1 else "result") for s in known)


def _scalar(_: Value | None, arguments: Sequence[Evaluated], __: MappedClasses, ___: str) -> Values:
    known = [v for v in arguments[0][1] if isinstance(v, Statement)] if arguments else []
    return frozenset(v for s in known for v in first_column(s.entities))


def _get(_: Value | None, arguments: Sequence[Evaluated], __: MappedClasses, ___: str) -> Values:
    return frozenset(Instance(v.cls) for v in arguments[0][1] if isinstance(v, ClassObject)) if arguments else NOTHING


def _first_argument(_: Value | None, arguments: Sequence[Evaluated], __: MappedClasses, ___: str) -> Values:
    return arguments[0][1] if arguments else NOTHING


def _inspect(_: Value | None, arguments: Sequence[Evaluated], __: MappedClasses, ___: str) -> Values:
    """`inspect()` of an engine or connection; of anything else it gives what does no I/O."""
    inspected = {"sqlalchemy.Engine", "sqlalchemy.Connection"}
    is_database = arguments and any(isinstance(v, Instance) and v.cls in inspected for v in arguments[0][1])
    return frozenset({Instance("sqlalchemy.Inspector")}) if is_database else NOTHING


def _table_select(_: Value | None, __: Sequence[Evaluated], ___: MappedClasses, ____: str) -> Values:
    return frozenset({Statement("select", (Entity("table"),))})


def _query_property(_: Value | None, __: Sequence[Evaluated], ___: MappedClasses, ____: str) -> Values:
    return frozenset({QUERY_PROPERTY})


def _declarative_base(_: Value | None, __: Sequence[Evaluated], ___: MappedClasses, ____: str) -> Values:
    return frozenset({ClassObject("sqlalchemy.orm.DeclarativeBase")})


def _bind(_: Value | None, __: Sequence[Evaluated], ___: MappedClasses, origin: str) -> Values:
    return frozenset({Instance("sqlalchemy.Engine", origin)})


SPECIAL: dict[str, Maker] = {
    "query": _query,
    "select": _select,
    "insert": _dml("insert"),
    "update": _dml("update"),
    "delete": _dml("delete"),
    "text": _dml("text"),
    "execute": _executed("result"),
    "scalars": _executed("scalars"),
    "scalar": _scalar,
    "exec": _exec,
    "get": _get,
    "first-argument": _first_argument,
    "aliased": _first_argument,
    "inspect": _inspect,
    "table-select": _table_select,
    "query-property": _query_property,
    "declarative-base": _declarative_base,
    "bind": _bind,
}


def iterate(value: Value) -> Values:
    """What a loop over a value of this module gives."""
    match value:
        case Query():
            return one_row(value.entities)
        case Rows():
            return result_method(value, "first")
        case Awaitable():
            return NOTHING
    return NOTHING
