"""Runs the cases of a codemod: texts compared, both texts executed on SQLite, results and SQL compared.

A case file is Markdown. Each `##` heading is a case, its text says why it is one. The first Python block is the code
before, the second the code after. With one block the code stays as it is; a line `Declined: …` then gives (the
beginning of) the concern. A line `SQL differs: …` says that, and why, the statements are not compared. With a line
`Since: 2.1` an older SQLAlchemy only has the texts compared.

A block without imports of its own is put behind `PRELUDE`. What runs is `run(db)`; before, `db` is a Session; after, an
AsyncSession. A case without `run` is compared as text only.
"""

from __future__ import annotations

import ast
import asyncio
import re
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from packaging.version import Version
from sqlalchemy import Row, create_engine, event, inspect
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

HERE = Path(__file__).parent
MODELS = (HERE / "models.py").read_text("utf-8")
PRELUDE = """\
from sqlalchemy import and_, case, distinct, exists, func, literal, or_, select, text, union
from sqlalchemy.orm import Query, Session, aliased, contains_eager
from sqlalchemy.orm import joinedload, selectinload, with_parent

from models import Album, Post, Profile, Song, Tag, User, post_tags


"""


@dataclass(slots=True)
class Case:
    """One heading of a case file."""

    name: str
    before: str
    after: str
    declined: str = ""
    sql_differs: str = ""
    since: str = ""
    has_imports: bool = False

    def module(self, text: str) -> str:
        return text if self.has_imports else PRELUDE + text

    @property
    def executes(self) -> bool:
        runs = re.search(r"^def run\(db", self.before, re.M) is not None
        return not self.declined and runs and is_installed(self.since)


def is_installed(since: str) -> bool:
    """Is SQLAlchemy at least of a version?"""
    return Version(version("sqlalchemy")) >= Version(since or "0")


def cases(folder: str) -> Iterator[Case]:
    """All cases of a codemod, file by file."""
    for path in sorted((HERE / folder).glob("*.md")):
        for section in re.split(r"^## ", path.read_text("utf-8"), flags=re.M)[1:]:
            title, _, body = section.partition("\n")
            blocks = re.findall(r"^```python\n(.*?)^```$", body, re.M | re.S)
            assert 1 <= len(blocks) <= 2, f"{path.name}: {title}: one or two Python blocks are expected"
            prose = re.sub(r"^```python\n.*?^```$", "", body, flags=re.M | re.S)
            yield Case(
                f"{path.stem}: {title.strip()}",
                blocks[0],
                blocks[-1],
                note(prose, "Declined"),
                note(prose, "SQL differs"),
                note(prose, "Since"),
                re.search(r"^(from|import) ", blocks[0], re.M) is not None,
            )


def note(prose: str, word: str) -> str:
    """What a line of a case's prose says behind a word."""
    found = re.search(rf"^{word}: (.*)$", prose, re.M)
    return found[1].strip() if found else ""


def without_imports(text: str) -> str:
    """The text behind the import statements at the top."""
    body = [s for s in ast.parse(text).body if not isinstance(s, ast.Import | ast.ImportFrom)]
    first = min((min([s.lineno, *(d.lineno for d in getattr(s, "decorator_list", []))]) for s in body), default=1)
    return "\n".join(text.split("\n")[first - 1 :])


# Execution


@dataclass(slots=True)
class Outcome:
    """What a run gave: its result (or exception), in plain values, and the statements it sent."""

    result: object
    sql: list[str] = field(default_factory=list)
    raised: bool = False


def run_sync(text: str) -> Outcome:
    """`run(db)` with a Session."""
    return outcome(_load(text))


def outcome(module: Any, expire_on_commit: bool = False) -> Outcome:
    """A module's `run(db)` with a Session."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    base = sys.modules["models"]
    with engine.begin() as connection:
        base.Base.metadata.create_all(connection)
    with Session(engine) as session:
        session.add_all(base.rows())
        session.commit()
    found = Outcome(None)
    with Session(engine, expire_on_commit=expire_on_commit) as session:
        event.listen(engine, "before_cursor_execute", _recorder(found.sql))
        try:
            result = module.run(session)
            found.result = plain(list(result) if isinstance(result, types.GeneratorType) else result)
        except Exception as error:
            found.result, found.raised = type(error).__name__, True
    engine.dispose()
    return found


def run_async(text: str) -> Outcome:
    """`run(db)` with an AsyncSession; functions that await are made async, and so are the calls of them awaited."""
    return asyncio.run(async_outcome(_load(text, asynchronous=True)))


async def async_outcome(module: Any) -> Outcome:
    """A module's `run(db)` with an AsyncSession."""
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    base = sys.modules["models"]
    async with engine.begin() as connection:
        await connection.run_sync(base.Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        session.add_all(base.rows())
        await session.commit()
    found = Outcome(None)
    async with AsyncSession(engine, expire_on_commit=False) as session:
        event.listen(engine.sync_engine, "before_cursor_execute", _recorder(found.sql))
        try:
            result = module.run(session)
            if isinstance(result, types.AsyncGeneratorType):
                found.result = plain([item async for item in result])
            else:
                found.result = plain(await result if isinstance(result, types.CoroutineType) else result)
        except Exception as error:
            found.result, found.raised = type(error).__name__, True
    await engine.dispose()
    return found


def _recorder(sql: list[str]) -> Callable[..., None]:
    def record(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sql.append(f"{normal_sql(statement)} {parameters}")

    return record


def normal_sql(statement: str) -> str:
    """A statement without what differs between Query and select: labels, and names made of them."""
    text = re.sub(r" AS \w+", "", re.sub(r"\s+", " ", statement))
    tables = "|".join(sys.modules["models"].Base.metadata.tables)
    return re.sub(rf"\b(anon_\d+)\.(?:anon_\d+_)*(?:{tables})_(\w+)\b", r"\1.\2", text).strip()


def plain(value: object) -> object:
    """A result as values that can be compared across sessions."""
    if isinstance(value, Row | tuple):
        return tuple(plain(v) for v in value)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | set | frozenset):
        return [plain(v) for v in value]
    state = inspect(value, raiseerr=False)
    if state is not None and hasattr(state, "identity"):
        return (type(value).__name__, state.identity)
    return value


class _Async(ast.NodeTransformer):
    """Makes the functions that await async, and awaits the calls of them, as the codemods beside this one do."""

    def __init__(self, tree: ast.Module) -> None:
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        names: set[str] = set()
        while True:
            found = {f.name for f in functions if any(_awaits(n, names) for n in ast.walk(f))}
            if found == names:
                break
            names = found
        self.names = names

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        if node.name not in self.names:
            return node
        return ast.AsyncFunctionDef(**{f: getattr(node, f, None) for f in node._fields})

    def visit_Await(self, node: ast.Await) -> ast.AST:
        for child in ast.iter_child_nodes(node.value):
            self.visit(child)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return ast.Await(node) if _name(node.func) in self.names or _is_plain_io(node) else node


def _awaits(node: ast.AST, names: set[str]) -> bool:
    if isinstance(node, ast.Await | ast.AsyncFor):
        return True
    return isinstance(node, ast.Call) and (_name(node.func) in names or _is_plain_io(node))


def _is_plain_io(call: ast.Call) -> bool:
    """Is this a call of the session itself, which the case has on both sides?"""
    return isinstance(call.func, ast.Attribute) and (_name(call.func.value), call.func.attr) in {
        (session, method) for session in ("db", "session") for method in ("get", "execute", "flush", "commit")
    }


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _load(text: str, asynchronous: bool = False) -> Any:
    load_models()
    tree = ast.parse(text)
    if asynchronous:
        tree = ast.fix_missing_locations(_Async(tree).visit(tree))
    module = types.ModuleType("case")
    exec(compile(tree, "case.py", "exec"), module.__dict__)
    return module


def load_models() -> None:
    """Make the schema importable as `models`, once."""
    if "models" not in sys.modules:
        models = types.ModuleType("models")
        sys.modules["models"] = models
        exec(compile(MODELS, "models.py", "exec"), models.__dict__)


def every_case(folder: str) -> Sequence[Any]:
    """The cases as pytest parameters."""
    import pytest

    return [pytest.param(case, id=case.name) for case in cases(folder)]
