"""What is awaited is not awaitable.

`await` on what a sync function returns raises TypeError, once that line runs. Take the `await` away, or make the
function async if it has a reason to be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import runs_on_loop
from ...analysis.library import library
from ...analysis.program import Program
from ...analysis.session_use import is_async_database
from ...analysis.symbols import Function
from ...analysis.values import External, FunctionObject, Instance, Many, Row, Rows, Statement, Table, Text, Value
from ..finding import Finding, Step, finding
from ..rule import Example

CODE = "AS204"
NAME = "await-on-a-value"
# Methods of a session that only note something.
WITHOUT_IO = frozenset({"add", "add_all", "expunge", "expunge_all", "expire", "expire_all", "in_transaction"})

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)


async def first(db: AsyncSession) -> User | None:
    result = await db.execute(select(User))
    return await result.scalar_one_or_none()  # AS204
""",
        good="""\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)


async def first(db: AsyncSession) -> User | None:
    result = await db.stream(select(User))
    return await result.scalar_one_or_none()
""",
    ),
    Example(
        bad="""\
def shout(text: str) -> list[str]:
    return text.upper().split()


async def show(text: str) -> list[str]:
    return await shout(text)  # AS204
""",
        good="""\
def shout(text: str) -> list[str]:
    return text.upper().split()


async def show(text: str) -> list[str]:
    return shout(text)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in program.functions:
        for node in function.own_nodes():
            match node:
                case ast.Await(value=ast.Call() as call):
                    callee = _sync_callee(program, call)
                    if callee is not None:
                        site = callee.site()
                        message = f"{callee.qualname} is sync and gives a value: take the await away"
                        step = Step(site.path, site.line, f"{callee.qualname} is sync")
                        yield finding(function.source, call, CODE, message, [step])
                    elif _is_plain_call(program, call):
                        text = function.source.text(call.func)
                        yield finding(function.source, call, CODE, f"{text}() gives a value: take the await away")
                case ast.Await(value=ast.Attribute() as method) if _is_coroutine_method(program, method):
                    text = function.source.text(method)
                    yield finding(function.source, method, CODE, f"{text} is a method: call it, {text}()")


def _is_plain_call(program: Program, call: ast.Call) -> bool:
    """Does a call of a library give a value: of a statement or a result, or of what a session does without I/O?"""
    match call.func:
        case ast.Attribute(value=session, attr=name) if name in WITHOUT_IO:
            values = program.values(session)
            return program.is_session(values) and is_async_database(program, values)
    functions, given = program.values(call.func), program.values(call)
    if functions and all(isinstance(f, External) and isinstance(f.receiver, Rows) for f in functions):
        return True  # the result is there, whatever is taken from it
    if functions and all(isinstance(f, External) and _blocks(f.name) for f in functions):
        return True
    return (
        bool(functions and given)
        and all(isinstance(f, External) and not isinstance(f.receiver, Instance) for f in functions)
        and all(isinstance(v, Statement | Rows | Many) for v in given)
    )


def _blocks(name: str) -> bool:
    """Is it a function of a library that waits by itself?"""
    known = library().functions.get(name)
    return known is not None and bool(known.blocks)


def _is_coroutine_method(program: Program, node: ast.Attribute) -> bool:
    """Is a coroutine method of a session named, and not called?"""
    for value in program.values(node):
        if isinstance(value, External) and isinstance(value.receiver, Instance):
            known = library().method(*value.name.rpartition(".")[::2])
            is_coroutine = known is not None and known.returns.startswith("await[")
            if is_coroutine and program.is_session(frozenset({value.receiver})):
                return True
    return False


def _sync_callee(program: Program, node: ast.Call) -> Function | None:
    """The sync function that a call reaches, and nothing else, if what it gives is surely a plain value."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    functions: list[Function] = []
    for value in program.values(node.func):
        if not isinstance(value, FunctionObject) or value.wrappers:
            return None
        functions.append(program.function(value.key))
        if functions[-1].name != name:
            return None  # a variable: what else it can hold is not known
        if isinstance(value.receiver, Instance):
            functions.extend(program.alternatives(value.receiver.cls, functions[-1].name))
    if not functions or not all(_gives_a_value(program, f) for f in functions):
        return None
    return functions[0]


def _gives_a_value(program: Program, function: Function) -> bool:
    if runs_on_loop(program, function) or function.is_generator or function.decorators or function.is_stub:
        return False
    returned = program.interpreter.store.peek("return", function.key)
    returns = [n for n in function.own_nodes() if isinstance(n, ast.Return) and n.value is not None]
    if not returns:
        return not function.is_lambda
    return bool(returned) and all(_is_plain(program, v) for v in returned)


def _is_plain(program: Program, value: Value) -> bool:
    match value:
        case Instance(cls=cls):
            return program.mapped(cls) is not None
        case Many() | Row() | Table() | Text():
            return True
    return False
