"""What a call is made on, or a module of the project, could not be found.

In async code `db.commit()` without `await` is a mistake whatever `db` is: nothing is committed if it is async, and the
event loop stands still if it is not. Where the project does not tell which, and where a file that uses SQLAlchemy
imports a module that is not there, the gate can't vouch for the file. Annotate the parameter or attribute; let the
missing module be checked with the rest.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.program import Program
from ...analysis.source import Source
from ...analysis.symbols import Function, dotted
from ...analysis.values import Statement
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS902"
NAME = "unresolved"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(db, user):
    db.add(user)
    db.commit()  # AS902
""",
        good="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(db: AsyncSession, user):
    db.add(user)
    await db.commit()
""",
    ),
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import AsyncSession

from .models import User  # AS902


async def load(db: AsyncSession):
    return await db.get(User, 1)
""",
        good="""\
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel


async def load(db: AsyncSession):
    return await db.get(SQLModel, 1)
""",
    ),
)
# Methods that sessions and connections have, and hardly anything else.
TELLING = frozenset({"commit", "rollback", "scalar", "scalars"})


def find(program: Program) -> Iterator[Finding]:
    for path in program.using_sqlalchemy:
        yield from _missing_modules(program, program.sources[path])
    for function in program.functions:
        if function.is_async and function.source.path in program.using_sqlalchemy:
            yield from _unknown_receivers(program, function)


def _missing_modules(program: Program, source: Source) -> Iterator[Finding]:
    modules = program.interpreter.modules
    for node in source.nodes:
        if not isinstance(node, ast.ImportFrom) or isinstance(source.parents[node], ast.Try):
            continue
        name = node.module or ""
        if node.level:
            is_missing = modules.relative(node.level, name, source.path) is None
        else:
            package = modules.absolute(name.partition(".")[0], source.path) or ""
            is_missing = package.endswith("/__init__.py") and modules.absolute(name, source.path) is None
        if is_missing:
            yield finding(source, node, CODE, f"{'.' * node.level}{name} is not there: what it holds is not known")


def _unknown_receivers(program: Program, function: Function) -> Iterator[Finding]:
    for node in function.own_nodes():
        match node:
            case ast.Call(func=ast.Attribute(value=receiver, attr=method)) if _is_telling(program, node):
                is_awaited = isinstance(function.source.parents[node], ast.Await)
                if not is_awaited and not program.values(receiver) and _comes_from_elsewhere(function, receiver):
                    name = dotted(receiver)
                    message = f"it is not known what {name} is: annotate it, so that {name}.{method}() can be checked"
                    yield finding(function.source, node, CODE, message)


def _is_telling(program: Program, call: ast.Call) -> bool:
    """Is the method one of a session, by its name or by the statement that it is given?"""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    is_sent = name == "execute" and any(isinstance(v, Statement) for a in call.args for v in program.values(a))
    return is_sent or name in TELLING


def _comes_from_elsewhere(function: Function, receiver: ast.expr) -> bool:
    """Is this a parameter that says nothing of its type, or an attribute of the method's own object?"""
    parameters = function.parameters()
    match receiver:
        case ast.Name(id=name):
            return any(parameter.arg == name and parameter.annotation is None for parameter in parameters)
        case ast.Attribute(value=ast.Name(id=name)):
            return function.binding == "instance" and name == parameters[0].arg
    return False
