"""Threads as comma-separated values, to take a queue along."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from comic_pile.errors import BadImport
from comic_pile.models import Thread, ThreadStatus

COLUMNS = ("title", "format", "issues_left", "status", "notes")
MOST_ISSUES = 10_000


@dataclass(frozen=True)
class Row:
    title: str
    format: str
    issues_left: int
    status: ThreadStatus
    notes: str


def written(threads: Iterable[Thread]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for thread in threads:
        writer.writerow([thread.title, thread.format, thread.issues_left, thread.status, thread.notes])
    return out.getvalue()


def parsed(content: bytes, limit: int) -> list[Row]:
    """The rows of a file.

    Raises:
        BadImport: with the line that is wrong.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadImport("the file is not UTF-8") from None
    if "\0" in text:
        raise BadImport("the file is not text")
    try:
        return _rows(csv.DictReader(io.StringIO(text), strict=True), limit)
    except csv.Error as error:
        raise BadImport(f"the file can't be read: {error}") from None


def _rows(reader: csv.DictReader, limit: int) -> list[Row]:
    missing = [name for name in ("title", "format", "issues_left") if name not in (reader.fieldnames or ())]
    if missing:
        raise BadImport(f"missing columns: {', '.join(missing)}")
    rows = []
    for line in reader:
        rows.append(_row(line, reader.line_num))
        if len(rows) > limit:
            raise BadImport(f"more than {limit} rows")
    return rows


def _row(line: dict[str, str | None], number: int) -> Row:
    title, format = ((line[name] or "").strip() for name in ("title", "format"))
    if not title or len(title) > 120:
        raise BadImport(f"line {number}: a title has 1 to 120 characters")
    if not format or len(format) > 40:
        raise BadImport(f"line {number}: a format has 1 to 40 characters")
    return Row(title, format, _issues(line["issues_left"], number), _status(line, number), line.get("notes") or "")


def _issues(text: str | None, number: int) -> int:
    digits = (text or "").strip()
    if not digits.isdecimal() or len(digits) > 6 or int(digits) > MOST_ISSUES:
        raise BadImport(f"line {number}: issues_left is a number from 0 to {MOST_ISSUES}")
    return int(digits)


def _status(line: dict[str, str | None], number: int) -> ThreadStatus:
    try:
        return ThreadStatus(line.get("status") or ThreadStatus.ACTIVE)
    except ValueError:
        raise BadImport(f"line {number}: there is no status {line['status']}") from None
