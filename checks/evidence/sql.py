"""SQL without what differs by nature between a Query and a select(), and between one driver and another."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

PARAMETER = re.compile(r"%\(\w+\)s|\$\d+|(?<![:\w]):[a-zA-Z_]\w*|%s|\?")
CAST = re.compile(
    r"\?::[a-zA-Z_]+(?: (?:varying|precision|with(?:out)? time zone))*(?:\(\d+\))?(?:\[\])?", re.IGNORECASE
)
LIST = re.compile(r"\(\?(?:, \?)+\)")
VALUES = re.compile(r"(VALUES) \(.*?\)(?:, \(.*?\))*(?=$| ON | RETURNING)")
MANY_VALUES = re.compile(r"SELECT .* FROM \(VALUES .*\) AS imp_sen\(.*?\) ORDER BY sen_counter")
RETURNING = re.compile(r" RETURNING .*$")
LABEL = re.compile(r'((?:[\w"]+\.)+([\w"]+)|\)) AS ([\w"]+)(?=,| FROM |$)')
JOIN = re.compile(
    r" LEFT OUTER JOIN (\([^()]*\)|[\w\".]+) AS (\w+_\d+) ON .*?"
    r"(?= LEFT OUTER JOIN | JOIN | WHERE | GROUP BY | HAVING | ORDER BY | LIMIT | FOR UPDATE|$)"
)
# Query.count() counts the rows of a subquery, where counting directly says the same.
COUNTED = re.compile(r"^SELECT count\(\*\)(?: AS \w+)? FROM \(SELECT (?!DISTINCT )[^()]*? FROM (.*)\)(?: AS \w+)?$")
# What EXISTS selects says nothing.
EXISTS = re.compile(r"\bEXISTS \(SELECT [^()]*? FROM ")
# The table of a statement that writes.
WRITTEN = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) ([\w".]+)')
UNCOUNTABLE = re.compile(r" (?:LIMIT|OFFSET|GROUP BY|HAVING|UNION|FOR UPDATE)\b")
# What drivers and pools say when they connect, and how tables are made, whose order is not fixed; the tables that come
# of it are compared by themselves.
PLUMBING = re.compile(
    r"select pg_catalog\.|select version\(\)|show |select current_schema|select 1$|select cast\('test|set |pragma |"
    r"create |drop |alter |(?:insert into|update|delete from) alembic_version\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A statement's meaning, roughly: the columns that it reads, what it joins by the way, and the rest of it."""

    columns: frozenset[str]
    joined: tuple[str, ...]
    rest: str

    def holds(self, other: Shape) -> bool:
        """Is it the same statement, which may join and read more?"""
        more = Counter(self.joined)
        more.subtract(other.joined)
        return self.rest == other.rest and self.columns >= other.columns and min(more.values(), default=0) >= 0


def is_plumbing(sql: str) -> bool:
    """Is it said when a connection or the tables are made?"""
    return PLUMBING.match(sql.lstrip()) is not None


def table(sql: str) -> str:
    """The table that a statement writes to; "" for one that reads."""
    found = WRITTEN.match(sql.lstrip())
    return found[1] if found else ""


@lru_cache(maxsize=50_000)
def normal(sql: str) -> str:
    """The statement on one line, with `?` for each parameter, without casts, labels and RETURNING."""
    text = " ".join(sql.split())
    text = CAST.sub("?", PARAMETER.sub("?", text))
    text = EXISTS.sub("EXISTS (SELECT 1 FROM ", LIST.sub("(?)", text))
    if text.startswith(("INSERT", "UPDATE", "DELETE")):
        text = RETURNING.sub("", text)
        return VALUES.sub(r"\1 (?)", MANY_VALUES.sub("VALUES (?)", text)) if text.startswith("INSERT") else text
    counted = COUNTED.match(text)
    if counted and not UNCOUNTABLE.search(counted[1]):
        text = f"SELECT count(*) FROM {counted[1].partition(' ORDER BY ')[0]}"
    text = re.sub(r"^SELECT count\(\*\) AS \w+", "SELECT count(*)", text)
    labels = {label: column for _, column, label in LABEL.findall(text) if column}
    text = LABEL.sub(r"\1", text)
    for label, column in labels.items():
        if label != column:
            text = re.sub(rf"(?<=\.){re.escape(label)}\b|(?<=BY ){re.escape(label)}\b", column, text)
    return text


@lru_cache(maxsize=50_000)
def shape(sql: str) -> Shape:
    """The statement's shape, without the joins and columns of joined eager loads."""
    text = normal(sql)
    joins: list[tuple[str, str]] = JOIN.findall(text)
    aliases = {alias for _, alias in joins}
    text = JOIN.sub("", text)
    head, *tables = _parts(text.removeprefix("SELECT "), " FROM ")
    if not text.startswith("SELECT ") or not tables:
        return Shape(frozenset(), (), text)
    rest = " FROM ".join(tables)
    columns = [column for column in _parts(head, ", ") if column.partition(".")[0] not in aliases]
    for alias in aliases:  # an eager collection may bring its order
        rest = re.sub(rf"(?: ORDER BY|,) {alias}\.\w+(?: DESC| ASC)?", "", rest)
    return Shape(frozenset(columns), tuple(table for table, _ in joins), rest)


def _parts(text: str, separator: str) -> list[str]:
    """The parts of a text between separators that stand in no bracket."""
    parts, depth = [""], 0
    for piece in text.split(separator):
        parts[-1] += piece
        depth += piece.count("(") - piece.count(")")
        if depth:
            parts[-1] += separator
        else:
            parts.append("")
    return parts[:-1] if not parts[-1] else parts
