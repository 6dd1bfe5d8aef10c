"""An async engine is given the URL of a sync driver.

`create_async_engine` raises InvalidRequestError for a driver that is not async, a URL without a driver among them. Name
an async one: `postgresql+asyncpg://`, `mysql+aiomysql://`, `sqlite+aiosqlite://`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.library import library
from ...analysis.program import Program
from ...analysis.values import External
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS107"
NAME = "sync-driver"
MAKER = External("sqlalchemy.ext.asyncio.create_async_engine")
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
                name = _drivername(node.args[0])
                instead = _async_instead(name)
                if instead:
                    yield finding(source, node, CODE, f"{name}:// has no async driver: write {instead}://")


def _drivername(node: ast.expr) -> str:
    """The dialect and driver of a URL that is written there; "" when code makes it."""
    match node:
        case ast.Constant(value=str(url)) | ast.JoinedStr(values=[ast.Constant(value=str(url)), *_]) if "://" in url:
            return url.partition("://")[0]
    return ""


def _async_instead(name: str) -> str:
    """What a URL has to name instead of a sync driver; "" where it names none."""
    dialect, _, driver = name.partition("+")
    known = library().drivers.get(dialect)
    return f"{dialect}+{known.names[0]}" if known is not None and driver in {"", *known.sync} else ""
