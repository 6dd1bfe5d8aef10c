"""Makes a project's tables and gives each a few rows, from what its metadata says."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import enum
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from asyncshift_watch import catalogues, living

DAY = datetime.datetime(2024, 1, 1, 12, 0)


class Tables:
    """The tables of a running application, in the database of its engine."""

    def __init__(self) -> None:
        self._metadata: list[Any] = []
        self._engines: list[Any] = []
        self._unfilled: list[str] = []

    def learn(self) -> None:
        """Look for engines and tables; an application may make its engine when it starts."""
        from sqlalchemy.engine import Engine

        engines = living(Engine)
        self._engines = [e for e in engines if not getattr(e.dialect, "is_async", False)] or engines
        self._metadata = catalogues()

    async def create(self) -> None:
        """Make the tables that are not there."""
        for metadata in self._metadata:
            await self._run(metadata.create_all)

    async def fill(self, count: int) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
        """Give each table this many rows; all rows by table, and why some could not be made."""
        filled: dict[str, list[dict[str, Any]]] = {}
        for metadata in self._metadata:
            await self._run(partial(self._rows, tables=metadata.sorted_tables, count=count, filled=filled))
        return filled, self._unfilled

    async def close(self) -> None:
        """Disconnect."""
        from sqlalchemy.util import greenlet_spawn

        for engine in self._engines:
            await greenlet_spawn(engine.dispose)

    async def _run(self, work: Callable[[Any], None]) -> None:
        if not self._engines:
            return
        engine = self._engines[-1]
        if getattr(engine.dialect, "is_async", False):
            from sqlalchemy.ext.asyncio import AsyncEngine

            async with AsyncEngine(engine).begin() as connection:
                await connection.run_sync(work)
        else:
            await asyncio.get_running_loop().run_in_executor(None, _run_plain, engine, work)

    def _rows(self, connection: Any, tables: list[Any], count: int, filled: dict[str, list[dict[str, Any]]]) -> None:
        for table in tables:
            there = [dict(row._mapping) for row in connection.execute(table.select().limit(count))]
            for number in range(len(there) + 1, count + 1):
                try:
                    with connection.begin_nested():
                        connection.execute(table.insert().values(**row_for(table, number, filled)))
                except Exception as error:  # a constraint that the metadata does not tell
                    self._unfilled.append(f"{table.fullname}: {str(error).splitlines()[0][:200]}")
                    break
            filled[table.fullname] = [dict(row._mapping) for row in connection.execute(table.select())]


def _run_plain(engine: Any, work: Callable[[Any], None]) -> None:
    with engine.begin() as connection:
        work(connection)


def row_for(table: Any, number: int, filled: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The values of a row; columns with a default of their own are left to it."""
    values = {}
    for column in table.columns:
        if column.foreign_keys:
            values[column.name] = _reference(column, number, filled)
        elif column.default is None and column.server_default is None and column.computed is None:
            values[column.name] = _value(column, number)
    return {name: value for name, value in values.items() if value is not _NOTHING}


_NOTHING = object()


def _reference(column: Any, number: int, filled: dict[str, list[dict[str, Any]]]) -> Any:
    """A row of the other table: the first, but for columns that may not repeat and the last row."""
    target = next(iter(column.foreign_keys)).column
    there = filled.get(target.table.fullname, [])
    if not there:
        return None
    repeats = not (_is_unique(column) or number == len(there) > 1)
    return there[0 if repeats else min(number, len(there)) - 1][target.name]


def _is_unique(column: Any) -> bool:
    return (
        bool(column.unique or column.primary_key)
        or any(
            column.name in getattr(constraint, "columns", ())
            for constraint in column.table.constraints
            if type(constraint).__name__ == "UniqueConstraint"
        )
        or any(index.unique and column.name in index.columns for index in column.table.indexes)
    )


def _value(column: Any, number: int) -> Any:
    kind = column.type
    if column.primary_key and column.autoincrement in (True, "auto") and _python(kind) is int:
        return number if len(column.table.primary_key.columns) > 1 else _NOTHING
    if column.nullable and number % 3 == 0 and not _is_unique(column):
        return None
    choices = getattr(kind, "enums", None)
    if choices:
        chosen = choices[(number - 1) % len(choices)]
        return kind.enum_class[chosen] if getattr(kind, "enum_class", None) else chosen
    python = _python(kind)
    if python is str:
        return _text(column, number)
    zone = datetime.timezone.utc if getattr(kind, "timezone", False) else None
    plain = {
        bool: True, int: number, float: number + 0.5, decimal.Decimal: decimal.Decimal(number), bytes: b"bytes",
        datetime.datetime: DAY.replace(day=number, tzinfo=zone),
        datetime.date: DAY.date(), datetime.time: DAY.time(), datetime.timedelta: datetime.timedelta(days=1),
        uuid.UUID: uuid.UUID(int=number), dict: {}, list: [],
    }  # fmt: skip
    if python in plain:
        return plain[python]
    if isinstance(python, type) and issubclass(python, enum.Enum):
        return next(iter(python))
    return {} if "JSON" in type(kind).__name__.upper() else None


def _python(kind: Any) -> Any:
    try:
        return kind.python_type
    except NotImplementedError:
        return None


def _text(column: Any, number: int) -> str:
    name = column.name.lower()
    length = getattr(column.type, "length", None)
    if column.primary_key or "uuid" in name or name.endswith("_id"):
        text = str(uuid.UUID(int=number)) if (length or 36) >= 36 else str(number)
    elif "email" in name:
        text = f"user{number}@example.com"
    elif "url" in name or "link" in name:
        text = f"https://example.com/{number}"
    elif name.endswith(("_at", "date", "time", "timestamp")):
        text = DAY.replace(day=number).isoformat()
    elif "json" in name:
        text = "{}"
    else:
        text = f"{column.name} {number}"
    return text[:length] if length else text
