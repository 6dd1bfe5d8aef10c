"""Which rows a call changes otherwise than through their objects: bulk statements, upserts, a table's own, SQL as text.

The session follows a statement about a mapped class, unless it is told not to; anything else it does not see.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .bindings import assigned
from .conversions import bulk_values
from .mapped import Mapped
from .once import once
from .symbols import Function, dotted
from .values import ClassObject, Query, Statement, Text

if TYPE_CHECKING:
    from .program import Program

EXECUTING = frozenset({"execute", "exec", "scalars", "scalar"})
CHANGING = frozenset({"update", "insert", "delete"})
UPSERTS = frozenset({"on_conflict_do_update", "on_duplicate_key_update"})
VALUES = UPSERTS | {"values"}
# What a project derives constructs of its own from.
CONSTRUCTS = re.compile(r"sqlalchemy\..*\b(Executable|ClauseElement|UpdateBase|ValuesBase|Insert|Update|Delete)")
NAME = r'[`"\[]?(\w+)[`"\]]?'
TABLE = rf"(?:{NAME}\.)*{NAME}"
UPDATE = re.compile(
    rf"\s*UPDATE\s+(?:ONLY\s+)?{TABLE}(?:\s+(?:AS\s+)?\w+)?\s+SET\s+(.*?)(?:\s(?:WHERE|FROM|RETURNING)\s.*)?$",
    re.IGNORECASE | re.DOTALL,
)
DELETE = re.compile(rf"\s*DELETE\s+FROM\s+{TABLE}\b", re.IGNORECASE)
UPSERT = re.compile(
    rf"\s*INSERT\s+INTO\s+{TABLE}\b.*\b(?:DO\s+UPDATE\s+SET|ON\s+DUPLICATE\s+KEY\s+UPDATE)\s+(.*)$",
    re.IGNORECASE | re.DOTALL,
)
ASSIGNED = re.compile(rf"(?:^|,)\s*(?:\w+\.)?{NAME}\s*=")


@dataclass(frozen=True, slots=True)
class Change:
    """Rows of a mapped class are updated or deleted: `columns` of them, None where these are not known.

    `is_followed`: the session brings its objects up to date.
    """

    cls: str
    kind: str
    columns: frozenset[str] | None = None
    is_followed: bool = False


def changes(program: Program, function: Function, call: ast.Call) -> Iterator[Change]:
    """What a call changes."""
    match call:
        case ast.Call(func=ast.Attribute(value=session, attr=method), args=[statement, *given]) if method in EXECUTING:
            kinds = {v.kind for v in program.values(statement) if isinstance(v, Statement)}
            if program.is_session(program.values(session)) and not (kinds and kinds <= {"select", "compound"}):
                calls = list(_calls(program, function, statement))
                is_followed = not any(map(_is_not_synchronised, (*calls, call))) and not _is_by_key(calls, given)
                yield from _changed(program, function, calls, is_followed)
        case ast.Call(func=ast.Attribute(value=query, attr="update" | "delete" as kind)):
            entities = [e for v in program.values(query) if isinstance(v, Query) for e in v.entities]
            for cls in {e.cls for e in entities if e.kind == "entity"}:
                yield Change(cls, kind, _columns(program, cls, [call]), is_followed=True)


def _calls(
    program: Program, function: Function, node: ast.expr, seen: frozenset[str] = frozenset()
) -> Iterator[ast.Call]:
    """The calls that make a statement, the outermost first; of a variable those of all that it is bound to."""
    while isinstance(node, ast.Call):
        yield node
        if not isinstance(node.func, ast.Attribute) or _target(program, node) is not None:
            return
        node = node.func.value
    if isinstance(node, ast.Name) and node.id not in seen:
        for value in assigned(function, node.id):
            yield from _calls(program, function, value, seen | {node.id})


def _target(program: Program, call: ast.Call) -> tuple[str, ast.expr] | None:
    """What `update(Model)`, or `table.update()`, changes, and how."""
    match call:
        case ast.Call(func=ast.Attribute(value=target, attr=name), args=[]) if name in CHANGING:
            return name, target
        case ast.Call(func=ast.Attribute(attr=name), args=[target]) if name in CHANGING:
            return name, target
        case ast.Call(func=ast.Name(), args=[target]):
            kinds = {v.kind for v in program.values(call) if isinstance(v, Statement)} & CHANGING
            return next(((kind, target) for kind in kinds), None)
    return None


def _is_not_synchronised(call: ast.Call) -> bool:
    """Does a call say `synchronize_session=False`, or give that among `execution_options`?"""
    for keyword in call.keywords:
        match keyword:
            case ast.keyword(arg="synchronize_session", value=ast.Constant(value=False)):
                return True
            case ast.keyword(arg="execution_options", value=ast.Dict(keys=keys, values=values)):
                options = zip(keys, values, strict=True)
                if any(_says(k, "synchronize_session") and _says(v, False) for k, v in options):
                    return True
    return False


def _says(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == value and type(node.value) is type(value)


def _is_by_key(calls: list[ast.Call], given: list[ast.expr]) -> bool:
    """Is it an update of many rows by their keys, `execute(update(Model), rows)`, which reaches no object?"""
    methods = {c.func.attr for c in calls if isinstance(c.func, ast.Attribute)}
    return bool(given) and not isinstance(given[0], ast.Dict) and methods.isdisjoint({"where", "filter", "filter_by"})


def _changed(program: Program, function: Function, calls: list[ast.Call], is_followed: bool) -> Iterator[Change]:
    for call in calls:
        if dotted(call.func).rpartition(".")[2] == "text" and call.args:
            for sql in _texts(program, function, call.args[0]):
                yield from _in_text(program, sql)
        elif target := _target(program, call):
            kind, node = target
            is_upsert = any(map(_is_upsert, calls))
            if kind == "insert" and not is_upsert:
                continue
            for cls, is_table in _classes(program, node):
                columns = _columns(program, cls, calls)
                is_seen = is_followed and not (is_table or is_upsert)
                yield Change(cls, "delete" if kind == "delete" else "update", columns, is_seen)
        elif _is_own_construct(program, call):
            for argument in (*call.args, *(k.value for k in call.keywords)):
                yield from (Change(cls, "update") for cls, _ in _classes(program, argument))


def _is_upsert(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in UPSERTS


def _is_own_construct(program: Program, call: ast.Call) -> bool:
    """Is it a class of the project that SQLAlchemy compiles as a statement?"""
    made = [v.cls for v in program.values(call.func) if isinstance(v, ClassObject)]
    return any(CONSTRUCTS.search(base) for cls in made for base in program.interpreter.objects.library_bases(cls))


def _classes(program: Program, node: ast.expr) -> Iterator[tuple[str, bool]]:
    """The mapped classes that are meant, and whether by their tables."""
    is_table = isinstance(node, ast.Attribute) and node.attr == "__table__"
    of = node.value if isinstance(node, ast.Attribute) and is_table else node
    for value in program.values(of):
        if isinstance(value, ClassObject) and program.mapped(value.cls):
            yield value.cls, is_table


# Columns


def _columns(program: Program, cls: str, calls: list[ast.Call]) -> frozenset[str] | None:
    """The columns that a statement gives values; None where they are not all written out."""
    found: set[str] = set()
    # Of a row that is there an upsert changes what it says for that case.
    upserts = list(filter(_is_upsert, calls))
    for call in upserts or calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        given = [k.value for k in call.keywords if k.arg == "set_"]
        if name == "update" and call.args:
            given += call.args[:1]
        elif name in VALUES - {"on_conflict_do_update"}:
            given += call.args
            found.update(k.arg for k in call.keywords if k.arg)
            given += [k.value for k in call.keywords if k.arg is None]
        for mapping in given:
            if not isinstance(mapping, ast.Dict):
                return None
            as_call = ast.Call(func=call.func, args=[mapping], keywords=[])
            names = [name for name, _ in bulk_values(as_call)]
            if len(names) < len(mapping.keys):
                return None
            found.update(names)
    return frozenset(_attributes(program, cls, found)) or None


def _attributes(program: Program, cls: str, names: set[str]) -> Iterator[str]:
    """The attributes of a mapped class for columns that are named as it does, or as the database does."""
    mapped = program.mapped(cls)
    known = mapped.columns if mapped else {}
    for attribute, statement in known.items():
        if attribute in names or _name_in_database(statement) in names:
            yield attribute


def _name_in_database(statement: ast.stmt) -> str:
    """The name that a column is given where its attribute has another one."""
    match getattr(statement, "value", None):
        case ast.Call(args=[ast.Constant(value=str(name)), *_]):
            return name
        case ast.Call(keywords=keywords):
            return next(
                (str(k.value.value) for k in keywords if k.arg == "name" and isinstance(k.value, ast.Constant)), ""
            )
    return ""


# SQL as text


def _texts(program: Program, function: Function, node: ast.expr) -> Iterator[str]:
    """The SQL that an expression may be; what is put into it and not known stands as a question mark."""
    match node:
        case ast.JoinedStr(values=parts):
            yield "".join(next(_texts(program, function, p), "?") for p in parts)
        case ast.FormattedValue(value=ast.Attribute(value=of, attr="__tablename__")):
            yield from (m.table for cls, _ in _classes(program, of) if (m := program.mapped(cls)))
        case ast.FormattedValue(value=value):
            yield from _texts(program, function, value)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield next(_texts(program, function, left), "?") + next(_texts(program, function, right), "?")
        case ast.Constant(value=str(text)):
            yield text
        case _:
            yield from sorted(v.text for v in program.values(node) if isinstance(v, Text))


def _in_text(program: Program, sql: str) -> Iterator[Change]:
    for pattern in (UPDATE, UPSERT):
        if found := pattern.match(sql):
            *_, table, assigned_columns = found.groups()
            for mapped in _by_table(program).get(table.lower(), ()):
                names = set(ASSIGNED.findall(assigned_columns))
                if columns := frozenset(_attributes(program, mapped.cls.key, names)):
                    yield Change(mapped.cls.key, "update", columns)
    if found := DELETE.match(sql):
        yield from (Change(m.cls.key, "delete") for m in _by_table(program).get(found.groups()[-1].lower(), ()))


@once
def _by_table(program: Program) -> dict[str, list[Mapped]]:
    found: dict[str, list[Mapped]] = {}
    for mapped in program.interpreter.objects.mapped.known.values():
        found.setdefault(mapped.table.lower(), []).append(mapped)
    return found
