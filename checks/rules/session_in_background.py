"""A request's session is used by what runs on after the response.

When a background task or the body of a streamed response runs, the dependency has closed the session, or still uses it
for the same request. Give the task the keys of what it works on, and let it open a session of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from ...analysis.calling import tests_aside
from ...analysis.decisions import Step
from ...analysis.program import Program
from ...analysis.session_use import is_async_database
from ...analysis.symbols import Function
from ...analysis.tasks import SPAWNING, tasks
from ...analysis.values import ClassObject, External, FunctionObject, Instance
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS603"
NAME = "session-in-background"
BACKGROUND = "fastapi.BackgroundTasks"
STREAMING = frozenset({"StreamingResponse", "EventSourceResponse"})

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse

Session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"), expire_on_commit=False)


async def log(session: AsyncSession) -> None:
    await session.execute(text("insert into log values (1)"))
    await session.commit()


async def home(request):
    async with Session() as session:
        return JSONResponse([], background=BackgroundTask(log, session))  # AS603
""",
        good="""\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse

Session = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"), expire_on_commit=False)


async def log() -> None:
    async with Session() as session:
        await session.execute(text("insert into log values (1)"))
        await session.commit()


async def home(request):
    return JSONResponse([], background=BackgroundTask(log))
""",
    ),
    Example(
        bad="""\
from fastapi import BackgroundTasks
from sqlalchemy.ext.asyncio import AsyncSession


async def index(session: AsyncSession, key: int) -> None:
    await session.rollback()


async def save(session: AsyncSession, background: BackgroundTasks) -> None:
    background.add_task(index, session, 1)  # AS603
""",
        good="""\
from fastapi import BackgroundTasks
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

SessionLocal: async_sessionmaker[AsyncSession]


async def index(key: int) -> None:
    async with SessionLocal() as session:
        await session.rollback()


async def save(session: AsyncSession, background: BackgroundTasks) -> None:
    background.add_task(index, 1)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in tests_aside(program):
        lent = {p.arg for p in function.parameters()} | _opened(function)
        for node in function.own_nodes():
            later = _later(program, function, node) if isinstance(node, ast.Call) else None
            if later is not None:
                called, given = later
                for argument in given:
                    if isinstance(argument, ast.Name) and argument.id in lent and _is_session(program, argument):
                        yield _finding(function, node, argument.id, ())
                        break
                else:
                    for callee, chain in _sharing(program, function, called):
                        yield _finding(function, node, f"the session that {callee} uses", chain)


def _opened(function: Function) -> set[str]:
    """The names of what is closed again where a `with` ends."""
    blocks = (node for node in function.own_nodes() if isinstance(node, ast.AsyncWith))
    names = (item.optional_vars for block in blocks for item in block.items)
    return {name.id for name in names if isinstance(name, ast.Name)}


def _finding(function: Function, node: ast.AST, what: str, chain: Iterable[Step]) -> Finding:
    assert isinstance(node, ast.Call)
    message = f"{what} may be closed when this runs, behind the response: let it open its own session"
    return finding(function.source, node, CODE, message, chain)


def _later(program: Program, function: Function, node: ast.Call) -> tuple[ast.expr, list[ast.expr]] | None:
    """What a call lets run when its caller has ended, and the arguments of that."""
    for value in program.values(node.func):
        match value:
            case External(receiver=Instance(cls=cls), name=name) if cls == BACKGROUND and name.endswith(".add_task"):
                return (node.args[0], [*node.args[1:], *(k.value for k in node.keywords)]) if node.args else None
            case ClassObject(cls=cls) if cls == BACKGROUND and node.args:  # a `BackgroundTask` of its own
                return node.args[0], [*node.args[1:], *(k.value for k in node.keywords)]
            case External(name=name) if name in SPAWNING and node.args and _is_forgotten(function, node):
                return _called(node.args[0])
            case ClassObject(cls=cls) | External(name=cls) if cls.rpartition(".")[2] in STREAMING and node.args:
                return _called(node.args[0])
    return None


def _called(node: ast.expr) -> tuple[ast.expr, list[ast.expr]] | None:
    match node:
        case ast.Call(func=called, args=args, keywords=keywords):
            return called, [*args, *(k.value for k in keywords)]
    return None


def _sharing(program: Program, function: Function, called: ast.expr) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """The functions that use a session of the request without being given it: one inside of a handler or method."""
    for value in program.values(called):
        if isinstance(value, FunctionObject):
            callee = program.function(value.key)
            use = tasks(program).use_in(callee)
            is_held = isinstance(value.receiver, Instance) and _is_of_request(program, function, called)
            if use is not None and (is_held or callee.parent is function):
                yield callee.qualname, use


def _is_of_request(program: Program, function: Function, called: ast.expr) -> bool:
    """Is it a method of what the handler is given, and so made for the request?"""
    owner = called.value if isinstance(called, ast.Attribute) else None
    parameters = {p.arg for p in function.parameters()} - {"self", "cls"}
    is_served = any(policy == "awaits" for policy, _ in program.handed(function))
    return isinstance(owner, ast.Name) and owner.id in parameters and is_served


def _is_forgotten(function: Function, node: ast.Call) -> bool:
    return isinstance(function.source.parents.get(node), ast.Expr)


def _is_session(program: Program, node: ast.expr) -> bool:
    values = program.values(node)
    return program.is_session(values) and is_async_database(program, values)
