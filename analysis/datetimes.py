"""Datetimes with and without a time zone, and the columns that they reach.

A driver that hands values over in binary form, asyncpg, takes only naive datetimes for `timestamp without time zone`
and only aware ones for `timestamp with time zone`; psycopg sends text, and the server converts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from .mapped import Mapped
from .once import once
from .program import Program
from .source import Source, branches
from .stored import stored, type_name
from .symbols import Function
from .values import External, FunctionObject

DEPTH = 6
SQLMODEL = "sqlmodel.SQLModel"
UTC = frozenset({"datetime.UTC", "datetime.timezone.utc", "pytz.utc", "pytz.UTC", "dateutil.tz.UTC"})
TYPES = {"DateTime", "TIMESTAMP"}
DEFAULTS = {"default", "onupdate", "default_factory", "insert_default"}


class Zone(StrEnum):
    """What is known of a datetime."""

    UTC = "aware, in UTC"
    AWARE = "aware"
    NAIVE_UTC = "naive, in UTC"
    NAIVE = "naive, in local time"

    @property
    def is_aware(self) -> bool:
        return self in {Zone.UTC, Zone.AWARE}


@dataclass(frozen=True, eq=False, slots=True)
class Misfit:
    """A datetime that its column does not take: `node` is the value, or a function that a column calls for one.

    `is_sqlmodels`: SQLModel chooses the type of the column.
    """

    source: Source
    node: ast.expr
    zone: Zone
    column: str
    function: Function | None
    is_callable: bool = False
    is_sqlmodels: bool = False


@once
def misfits(program: Program) -> list[Misfit]:
    """All datetimes whose zone does not fit the column they are stored in or compared with."""
    return [*_defaults(program), *(m for f in program.functions for m in _in_function(program, f))]


def zone(program: Program, function: Function | None, node: ast.expr, depth: int = DEPTH) -> Zone | None:
    """What is known of the datetime that an expression gives; None where that is nothing."""
    if depth == 0:
        return None
    match node:
        case ast.Call():
            return _of_call(program, function, node, depth)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = (zone(program, function, side, depth - 1) for side in (left, right))
            return None if one and other else one or other
        case ast.BinOp(left=left, op=ast.Sub(), right=right) if _is_span(program, function, right):
            return zone(program, function, left, depth - 1)
        case ast.IfExp(body=body, orelse=orelse):
            return _all_same(zone(program, function, side, depth - 1) for side in (body, orelse))
        case ast.Name(id=name) if function is not None:
            return _all_same(zone(program, function, value, depth - 1) for value in bound_values(function, name))
        case ast.NamedExpr(value=value):
            return zone(program, function, value, depth - 1)
    return None


def _is_span(program: Program, function: Function | None, node: ast.expr) -> bool:
    """Is this surely a timedelta, so that what it is taken from stays a datetime?"""
    match node:
        case ast.Call(func=func):
            return External("datetime.timedelta") in program.values(func)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _is_span(program, function, left) or _is_span(program, function, right)
        case ast.Name(id=name):
            bound = list(bound_values(function, name)) if function is not None else []
            bound = bound or [s.value for s in _module_of(program, node) if _binds(s, name)]
            return bool(bound) and all(_is_span(program, function, value) for value in bound)
    return False


def _module_of(program: Program, node: ast.Name) -> list[ast.Assign]:
    """The assignments at the top of the file in which a name stands."""
    sources = (s for s in program.sources.values() if node in s.parents)
    return [s for source in sources for s in source.tree.body if isinstance(s, ast.Assign)]


def _binds(statement: ast.Assign, name: str) -> bool:
    return [getattr(t, "id", "") for t in statement.targets] == [name]


def _of_call(program: Program, function: Function | None, call: ast.Call, depth: int) -> Zone | None:
    match call.func:
        case ast.Attribute(value=owner, attr="replace") if base := zone(program, function, owner, depth - 1):
            given = _argument(call, "tzinfo", 7)
            if given is None:
                return base
            if _is_none(given):
                return Zone.NAIVE_UTC if base in {Zone.UTC, Zone.NAIVE_UTC} else Zone.NAIVE
            return _aware(program, given)
        case ast.Attribute(value=owner, attr="astimezone") if zone(program, function, owner, depth - 1):
            return _aware(program, _argument(call, "tz", 0))
    for value in program.values(call.func):
        match value:
            case External(name=name):
                return _of_library_call(program, name, call)
            case FunctionObject(key=key):
                called = program.function(key)
                returned = [n.value for n in called.own_nodes() if isinstance(n, ast.Return) and n.value]
                return _all_same(zone(program, called, r, depth - 1) for r in returned)
    return None


def _of_library_call(program: Program, name: str, call: ast.Call) -> Zone | None:
    match name:
        case "datetime.datetime.now":
            given = _argument(call, "tz", 0)
            return Zone.NAIVE if given is None or _is_none(given) else _aware(program, given)
        case "datetime.datetime.fromtimestamp":
            given = _argument(call, "tz", 1)
            return Zone.NAIVE if given is None or _is_none(given) else _aware(program, given)
        case "datetime.datetime.utcnow" | "datetime.datetime.utcfromtimestamp":
            return Zone.NAIVE_UTC
        case "datetime.datetime.today":
            return Zone.NAIVE
        case "datetime.datetime":
            given = _argument(call, "tzinfo", 7)
            return Zone.NAIVE if given is None or _is_none(given) else _aware(program, given)
        case "django.utils.timezone.now" | "pendulum.now" | "pendulum.utcnow":
            return Zone.AWARE
    return None


def _aware(program: Program, given: ast.expr | None) -> Zone:
    match given:
        case ast.Name() | ast.Attribute():
            names = {v.name for v in program.values(given) if isinstance(v, External)}
            return Zone.UTC if names and names <= UTC else Zone.AWARE
        case ast.Call(args=[ast.Constant(value="UTC")]):
            return Zone.UTC
    return Zone.AWARE


def _argument(call: ast.Call, name: str, position: int) -> ast.expr | None:
    named = next((k.value for k in call.keywords if k.arg == name), None)
    return named if named is not None or len(call.args) <= position else call.args[position]


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _all_same(zones: Iterator[Zone | None]) -> Zone | None:
    found = set(zones)
    return found.pop() if len(found) == 1 else None


def bound_values(function: Function, name: str) -> Iterator[ast.expr]:
    """What a local variable is bound to; an unknown value where it is bound in another way."""
    if any(p.arg == name for p in function.parameters()):
        yield ast.Constant(None)
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case (
                ast.AnnAssign(target=ast.Name(id=target), value=value)
                | ast.NamedExpr(target=ast.Name(id=target), value=value)
            ) if target == name and value is not None:
                yield value
            case ast.AugAssign(target=ast.Name(id=target)) if target == name:
                yield ast.Constant(None)
            case ast.For(target=target) | ast.comprehension(target=target) if name in _names(target):
                yield ast.Constant(None)
            case ast.Assign(targets=targets) if any(name in _names(t) for t in targets):
                yield ast.Constant(None)


def _names(target: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}


# Columns


def wants_aware(program: Program, mapped: Mapped, name: str) -> bool | None:
    """Does a column take aware datetimes (True), or naive ones (False)? None: it holds something else."""
    statement = mapped.columns.get(name)
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return None
    named = [n for n in ast.walk(statement.value or statement) if isinstance(n, ast.Name | ast.Attribute)]
    types = [n for n in named if type_name(n) in TYPES]
    if types:
        return _is_aware_type(program, types[0]) if len(types) == 1 else None
    return _maps_datetime_to_aware(program, mapped) if _is_implied(statement) else None


def _is_implied(statement: ast.stmt) -> bool:
    """Does the annotation alone say what a column holds, and is that a datetime?"""
    return (
        isinstance(statement, ast.AnnAssign) and _is_datetime(statement.annotation) and not _has_type(statement.value)
    )


def _is_datetime(annotation: ast.expr) -> bool:
    names = {type_name(n) for n in ast.walk(annotation) if isinstance(n, ast.Name | ast.Attribute)}
    return "datetime" in names and names <= {"Mapped", "Optional", "datetime", "None", "Union", "dt"}


def _has_type(value: ast.expr | None) -> bool:
    """Does a column name a type of its own?"""
    match value:
        case ast.Call(args=args, keywords=keywords):
            named = [k for k in keywords if k.arg in {"type_", "sa_type", "sa_column"}]
            return bool(named) or any(not isinstance(a, ast.Constant) and type_name(a) != "ForeignKey" for a in args)
    return False


def _maps_datetime_to_aware(program: Program, mapped: Mapped) -> bool | None:
    """What a `type_annotation_map` of the class's bases says of datetime; by default it is naive."""
    objects = program.interpreter.objects
    for key in objects.ancestry(mapped.cls.key):
        cls = objects.classes.get(key)
        for statement in cls.node.body if cls is not None else ():
            match statement:
                case ast.Assign(targets=[ast.Name(id="type_annotation_map")], value=ast.Dict(keys=keys, values=types)):
                    for known, column_type in zip(keys, types, strict=True):
                        if known is not None and type_name(known) == "datetime":
                            named = column_type.func if isinstance(column_type, ast.Call) else column_type
                            return _is_aware_type(program, named) if type_name(named) in TYPES else None
    return False


def _is_aware_type(program: Program, node: ast.expr) -> bool | None:
    """What SQLAlchemy's own `DateTime` or `DateTime(timezone=…)` takes; None for what is not known."""
    if not any(isinstance(v, External) and v.name.startswith("sqlalchemy") for v in program.values(node)):
        return None
    sources = (s for s in program.sources.values() if node in s.parents)
    call = next((s.parents[node] for s in sources), None)
    given = _argument(call, "timezone", 0) if isinstance(call, ast.Call) and call.func is node else ast.Constant(False)
    if given is None:
        return False
    return bool(given.value) if isinstance(given, ast.Constant) else None


# Where datetimes reach columns


def _defaults(program: Program) -> Iterator[Misfit]:
    columns: dict[ast.stmt, tuple[Mapped, str]] = {}
    for mapped in program.interpreter.objects.mapped.known.values():
        for name, statement in mapped.columns.items():
            columns.setdefault(statement, (mapped, name))
    for source in program.sources.values():
        for node in source.nodes:
            if isinstance(node, ast.stmt) and node in columns:
                mapped, name = columns[node]
                for keyword in (k for n in ast.walk(node) if isinstance(n, ast.Call) for k in n.keywords):
                    if keyword.arg in DEFAULTS:
                        yield from _default(program, source, mapped, name, keyword.value)


def _default(program: Program, source: Source, mapped: Mapped, name: str, value: ast.expr) -> Iterator[Misfit]:
    is_callable = not isinstance(value, ast.Lambda | ast.Call)
    body = value.body if isinstance(value, ast.Lambda) else value
    given = ast.Call(value, [], []) if is_callable else body
    found = zone(program, None, given)
    yield from _misfit(program, mapped, name, Misfit(source, body, found, "", None, is_callable) if found else None)


def _in_function(program: Program, function: Function) -> Iterator[Misfit]:
    for node in function.own_nodes():
        for mapped, name, value in stored(program, node):
            for part in branches(value):
                if found := zone(program, function, part):
                    yield from _misfit(program, mapped, name, Misfit(function.source, part, found, "", function))


def _misfit(program: Program, mapped: Mapped, name: str, value: Misfit | None) -> Iterator[Misfit]:
    wanted = wants_aware(program, mapped, name)
    if value is not None and wanted is not None and value.zone.is_aware != wanted:
        is_sqlmodels = SQLMODEL in program.interpreter.objects.ancestry(mapped.cls.key)
        is_chosen = is_sqlmodels and _is_implied(mapped.columns[name])
        yield replace(value, column=f"{mapped.cls.name}.{name}", is_sqlmodels=is_chosen)
