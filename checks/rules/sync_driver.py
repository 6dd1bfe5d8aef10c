"""An async engine is given the URL of a sync driver.

`create_async_engine` raises InvalidRequestError for a driver that is not async, a URL without a driver among them. Name
an async one: `postgresql+asyncpg://`, `mysql+aiomysql://`, `sqlite+aiosqlite://`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.program import Program
from ...analysis.values import External
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS107"
NAME = "sync-driver"
MAKER = External("sqlalchemy.ext.asyncio.create_async_engine")
ASYNC = {
    "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "postgresql+psycopg2": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite", "sqlite+pysqlite": "sqlite+aiosqlite", "mysql": "mysql+aiomysql",
    "mysql+pymysql": "mysql+aiomysql", "mysql+mysqldb": "mysql+aiomysql", "mariadb": "mariadb+aiomysql",
}  # fmt: skip

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql://localhost/app")  # AS107
""",
        good="""\
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://localhost/app")
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for source in program.sources.values():
        for node in source.nodes:
            if isinstance(node, ast.Call) and node.args and MAKER in program.values(node.func):
                schemes = _schemes(node.args[0])
                if schemes and schemes <= ASYNC.keys():
                    scheme = min(schemes)
                    yield finding(source, node, CODE, f"{scheme}:// has no async driver: write {ASYNC[scheme]}://")


def _schemes(node: ast.expr) -> set[str]:
    """The dialect and driver of a URL that is written there; none when code makes it."""
    match node:
        case ast.Constant(value=str(url)) if "://" in url:
            return {url.partition("://")[0]}
        case ast.JoinedStr(values=[ast.Constant(value=str(url)), *_]) if "://" in url:
            return {url.partition("://")[0]}
    return set()
