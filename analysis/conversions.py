"""Values that the database gives back as something else: a text as a number or an Enum's member, a float as a Decimal.

A commit expired the object that was given such a value, and the next read had what the database made of it. Now the
object keeps what it was given, until it is refreshed. An SQL expression (`func.now()`) it loses when it is flushed, and
the next read, wherever that is, would send a query.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from .bindings import reads, reads_behind
from .calls import EXPRESSION
from .factories import expired_on_commit
from .mapped import Mapped
from .once import once
from .order import dominates, may_follow
from .server_values import is_sql
from .symbols import Class, Function, dotted
from .values import ClassObject, External, Instance, Text

if TYPE_CHECKING:
    from .program import Program

Ending = TypeVar("Ending", bound=ast.stmt)
NUMBERS = {
    "Integer": int, "BigInteger": int, "SmallInteger": int, "INTEGER": int, "BIGINT": int, "SMALLINT": int, "int": int,
    "Float": float, "FLOAT": float, "REAL": float, "Double": float, "float": float,
    "Numeric": float, "NUMERIC": float, "DECIMAL": float, "Decimal": float,
}  # fmt: skip
DECIMALS = {"Numeric", "NUMERIC", "DECIMAL", "Decimal"}
ENUM = "enum.Enum"


@dataclass(frozen=True, eq=False, slots=True)
class Conversion:
    """At `node` the variable `owner` gets values for `columns` that come back otherwise from `commit`, a statement.

    `cause` says why; what the database computes comes back from a flush as well. `conditions` are asked before the
    object is refreshed; where nothing can refresh it, the `concern` says why.
    """

    function: Function
    node: ast.expr
    owner: str
    columns: tuple[str, ...]
    commit: ast.stmt
    session: ast.expr | None
    cause: str = "a value of another type than its column's"
    conditions: tuple[str, ...] = ()
    concern: str = ""


def conversions(program: Program) -> Iterator[Conversion]:
    """Where objects are used behind a commit that no longer brings their values up to date."""
    for function in program.functions:
        if not program.stays_sync(function):
            yield from _in_function(program, function)


def _in_function(program: Program, function: Function) -> Iterator[Conversion]:
    given: dict[tuple[str, ast.Expr], list[tuple[ast.expr, str]]] = {}
    for owner, node, column in _given(program, function):
        is_lost = _is_expression(program, node)
        if not (is_lost or expired_on_commit(program)):
            continue
        behind = list(commits(program, function, owner, node, is_lost))
        for commit in behind[:1] if is_lost else settling(function, owner, behind):
            if not is_refreshed(function, owner, column, commit):
                given.setdefault((owner, commit), []).append((node, column))
    for (owner, commit), found in given.items():
        assert isinstance(commit.value, ast.Call)
        assert isinstance(commit.value.func, ast.Attribute)
        columns = tuple(dict.fromkeys(column for _, column in found))
        yield Conversion(function, found[0][0], owner, columns, commit, commit.value.func.value)


def lost(program: Program) -> Iterator[tuple[Function, str]]:
    """The functions that give objects an SQL expression and leave it to others to load what it gave, and the column."""
    for function in program.functions:
        settled = {
            node
            for owner, node, column in _given(program, function)
            if is_refreshed(function, owner, column, function.source.statement(node))
            or next(commits(program, function, owner, node, is_lost=True), None)
        }
        for statement in function.own_nodes():
            match statement:
                case ast.Assign(targets=[ast.Attribute(value=of, attr=column)], value=value) if value not in settled:
                    is_column = any(column in m.columns for m in _classes(program, of, Instance))
                    if is_column and _is_expression(program, value):
                        yield function, column
                case ast.Call(func=ast.Attribute(attr="values")) if _is_bulk_update(statement):
                    yield from ((function, name) for name, v in bulk_values(statement) if _is_expression(program, v))


def _is_bulk_update(node: ast.expr) -> bool:
    """`update(Model).where(…).values(…)`, which expires what it can't work out itself."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return isinstance(node, ast.Call) and dotted(node.func) == "update"


def bulk_values(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """The columns and what they get: `values(name=…)`, `values({Model.name: …})`, `values({"name": …})`."""
    yield from ((k.arg, k.value) for k in node.keywords if k.arg)
    for argument in node.args:
        if isinstance(argument, ast.Dict):
            for key, value in zip(argument.keys, argument.values, strict=True):
                match key:
                    case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                        yield name, value


def _given(program: Program, function: Function) -> Iterator[tuple[str, ast.expr, str]]:
    """The variable, the value and the column, where an object is given what the database gives back otherwise."""
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=[ast.Name(id=owner)], value=ast.Call(func=func, keywords=keywords)):
                for mapped in _classes(program, func, ClassObject):
                    for keyword in keywords:
                        if keyword.arg and _is_converted(program, mapped, keyword.arg, keyword.value):
                            yield owner, keyword.value, keyword.arg
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner) as of, attr=column)], value=value):
                for mapped in _classes(program, of, Instance):
                    if _is_converted(program, mapped, column, value):
                        yield owner, value, column


def _classes(program: Program, node: ast.expr, kind: type[ClassObject] | type[Instance]) -> Iterator[Mapped]:
    for value in program.values(node):
        if isinstance(value, kind) and (mapped := program.mapped(value.cls)):
            yield mapped


# Columns


def _is_converted(program: Program, mapped: Mapped, column: str, value: ast.expr) -> bool:
    statement = mapped.columns.get(column)
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    if _is_expression(program, value):
        return column in _read_columns(program)
    texts = {v.text for v in program.values(value) if isinstance(v, Text)}
    for node in (n for n in _type(statement) if isinstance(n, ast.Name | ast.Attribute)):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in NUMBERS:
            given = type(value.value) if isinstance(value, ast.Constant) else None
            is_other = given in {int, float} if name in DECIMALS else given is int and NUMBERS[name] is float
            return is_other or any(_reads_as(NUMBERS[name], text) for text in texts)
        for known in program.values(node) if texts else ():
            if isinstance(known, ClassObject) and ENUM in program.interpreter.objects.ancestry(known.cls):
                return any(_names_member(program, known, value, text) for text in texts)
    return False


def _is_expression(program: Program, value: ast.expr) -> bool:
    return EXPRESSION in program.values(value) or is_sql(program, value)


def _names_member(program: Program, known: ClassObject, value: ast.expr, text: str) -> bool:
    """Is it a text that reaches the column, and not the member itself, which is known by its text as well?"""
    objects = program.interpreter.objects
    members = dict(_members(objects.classes.get(known.cls)))
    if "str" in objects.ancestry(known.cls) and not isinstance(value, ast.Constant):
        return False
    as_member = {v.name.rpartition(".")[2] for v in program.values(value) if isinstance(v, External)}
    return any(text in pair and pair[0] not in as_member for pair in members.items())


def _type(statement: ast.Assign | ast.AnnAssign) -> Iterator[ast.AST]:
    """The parts of what says a column's type: the first argument that is one, or else the annotation."""
    if isinstance(statement.value, ast.Call):
        for argument in statement.value.args:
            yield from ast.walk(argument)
    if isinstance(statement, ast.AnnAssign):
        yield from ast.walk(statement.annotation)


def _reads_as(number: Callable[[str], float], text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return True


def _members(cls: Class | None) -> Iterator[tuple[str, object]]:
    """The names and the values of an Enum's members."""
    for statement in cls.node.body if cls is not None else ():
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value.value if isinstance(value, ast.Constant) else None


@once
def _read_columns(program: Program) -> frozenset[str]:
    """The names of attributes that are read of mapped objects, or by what can't be told apart from them."""
    found: set[str] = set()
    for function in program.functions:
        for node in function.own_nodes():
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                values = program.values(node.value)
                if not values or any(isinstance(v, Instance) and program.mapped(v.cls) for v in values):
                    found.add(node.attr)
    for cls in program.interpreter.objects.classes.values():
        found.update(
            s.target.id for s in cls.node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
        )
    return frozenset(found)


# Commits


def commits(program: Program, function: Function, owner: str, node: ast.expr, is_lost: bool) -> Iterator[ast.Expr]:
    """The commits behind a node at which the owner is surely an object and after which it is used.

    What is lost is lost when it is flushed, for whoever else has the object too.
    """
    source, methods = function.source, {"commit", "flush"} if is_lost else {"commit"}
    for statement in function.own_nodes():
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=session, attr=method))) if method in methods:
                if (
                    program.is_session(program.values(session))
                    and may_follow(source, node, statement)
                    and _is_object(function, owner, node, statement)
                    and (is_lost or any(may_follow(source, statement, n) for n in reads(function, owner)))
                ):
                    yield statement


def settling(function: Function, owner: str, ends: Sequence[Ending]) -> list[Ending]:
    """Of the commits that outdate an owner those behind which it is read before the next; what one settles stays so."""
    source, found = function.source, list[Ending]()
    for position, end in enumerate(ends):
        later = ends[position + 1 :]
        if not any(dominates(source, earlier, end) for earlier in found) and any(
            not any(dominates(source, other, node) for other in later) for node in reads_behind(function, owner, end)
        ):
            found.append(end)
    return found


def _is_object(function: Function, owner: str, node: ast.expr, commit: ast.stmt) -> bool:
    """Is the variable surely an object at the commit: given the value, made where it was missing, or read before?"""
    source = function.source
    if dominates(source, node, commit):
        return True
    parent = source.parents.get(node)
    while parent is not None and parent is not function.node:
        match parent:
            case ast.If(test=test, body=body) if is_missing(test, owner):
                made = any(isinstance(s, ast.Assign) and node in ast.walk(s) for s in body)
                return made and dominates(source, test, commit)
        parent = source.parents.get(parent)
    attributes = (source.parents.get(name) for name in reads(function, owner))
    return any(isinstance(a, ast.Attribute) and dominates(source, a, commit) for a in attributes)


def is_missing(test: ast.expr, owner: str) -> bool:
    """Is this `not owner`, or `owner is None`?"""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)):
            return name == owner
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return name == owner
    return False


def is_refreshed(function: Function, owner: str, column: str, commit: ast.stmt) -> bool:
    for node in function.own_nodes():
        match node:
            case ast.Call(func=ast.Attribute(attr="refresh"), args=[ast.Name(id=name), *names]) if name == owner:
                named = [n.value for n in ast.walk(names[0]) if isinstance(n, ast.Constant)] if names else [column]
                if column in named and may_follow(function.source, commit, node):
                    return True
    return False
