"""What a file's text shows without any analysis: the styles it is written in, and what it imports."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis.library import library
from ..analysis.source import BrokenInput, Source

# Style -> how it shows: a method that is called, or a name that is imported.
METHODS = {
    "query": "query() of 1.x",
    "run_sync": "run_sync()",
}
NAMES = {
    "sqlalchemy.select": "select() of 2.0",
    "sqlalchemy.future.select": "select() of 2.0",
    "sqlalchemy.text": "SQL as text",
    "sqlalchemy.create_engine": "sync engines",
    "sqlalchemy.orm.sessionmaker": "sessionmaker",
    "sqlalchemy.orm.scoped_session": "scoped_session",
    "sqlalchemy.orm.declarative_base": "declarative_base()",
    "sqlalchemy.ext.declarative.declarative_base": "declarative_base()",
    "sqlalchemy.orm.DeclarativeBase": "DeclarativeBase",
    "sqlalchemy.orm.joinedload": "loader options",
    "sqlalchemy.orm.selectinload": "loader options",
    "sqlmodel.SQLModel": "SQLModel",
    "sqlmodel.select": "SQLModel",
    "sqlalchemy.ext.hybrid.hybrid_property": "hybrid properties",
    "sqlalchemy.event": "event listeners",
}
MODULES = {
    "sqlalchemy.ext.asyncio": "AsyncSession already",
    "flask_sqlalchemy": "Flask-SQLAlchemy",
    "alembic": "Alembic",
    "fastapi": "FastAPI",
    "starlette": "Starlette",
    "litestar": "Litestar",
    "flask": "Flask",
    "django": "Django",
    "click": "command lines",
    "typer": "command lines",
    "celery": "Celery",
}
LOOPS = {"FastAPI", "Starlette", "Litestar"}


@dataclass(frozen=True, slots=True)
class Surface:
    """What one file shows: how often each style appears, the modules it imports with their lines, and the async
    functions as (name, first and last line)."""

    lines: int
    styles: Counter[str]
    imports: dict[str, int]
    coroutines: list[tuple[str, int, int]]


def tree(content: bytes) -> ast.Module | None:
    """The syntax tree of a file; None where it can't be parsed."""
    try:
        return Source.parse("", content).tree
    except BrokenInput:
        return None


def surface(content: bytes) -> Surface | None:
    """What the file shows; None for one that can't be parsed."""
    root = tree(content)
    if root is None:
        return None
    styles: Counter[str] = Counter()
    imports: dict[str, int] = {}
    coroutines = []
    for node in ast.walk(root):
        match node:
            case ast.Call(func=ast.Attribute(attr=method)) if method in METHODS:
                styles[METHODS[method]] += 1
            case ast.Import() | ast.ImportFrom():
                for name in _imported(node):
                    imports.setdefault(name, node.lineno)
            case ast.AsyncFunctionDef():
                coroutines.append((node.name, node.lineno, node.end_lineno or node.lineno))
    styles.update({style for name in imports if (style := NAMES.get(name))})
    styles.update({style for name in imports for known, style in MODULES.items() if _is_below(name, known)})
    return Surface(content.count(b"\n") + 1, styles, imports, coroutines)


def companions(imports: dict[str, int]) -> Iterator[tuple[str, int, str]]:
    """What is imported and has no async form: its module, the line, and what that means."""
    for module, meaning in library().without_async.items():
        lines = [line for name, line in imports.items() if _is_below(name, module)]
        if lines:
            yield module, min(lines), meaning


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield alias.name
        elif not node.level and node.module:
            yield f"{node.module}.{alias.name}"


def _is_below(name: str, module: str) -> bool:
    return f"{name}.".startswith(f"{module}.")
