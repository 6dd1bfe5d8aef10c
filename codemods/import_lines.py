"""The text of import statements: where a new name goes, and what is left when one is taken out."""

from __future__ import annotations

import ast
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from ..analysis.source import Source
from .edit import Import, Replace
from .scopes import Imported, is_type_checking

_Statement = ast.Import | ast.ImportFrom
_GAP = re.compile(rb"(?:\s|\\|#[^\r\n]*)*")
_CODING = re.compile(rb"#.*coding[:=]")
_LINE_LENGTH = 88
_LONGEST = 120

# The part of a file's imports that a line stands in.
_FUTURE, _STDLIB, _THIRD_PARTY, _OWN, _RELATIVE = range(5)


def insert(source: Source, wanted: Import, own: frozenset[str]) -> list[Replace]:
    """The edits that import a name at module level, before its first use."""
    head = _head(source, wanted)
    if wanted.name is not None:
        same = [s for s in head if isinstance(s, ast.ImportFrom) and _module_text(s) == wanted.module]
        same = [s for s in same if s.names[0].name != "*"]
        plain = [s for s in same if not any(n.asname for n in s.names)]
        is_one_name_a_line = len(plain) > 1 and all(len(s.names) == 1 for s in plain)
        if same and not is_one_name_a_line:
            return _merge(source, (plain or same)[-1], _name_text(wanted))
    return [_new_line(source, head, wanted, own)]


def insert_for_types(source: Source, wanted: Import) -> list[Replace]:
    """The edits that import a name where its package is imported for type checkers; none where it is not."""
    package = wanted.module.partition(".")[0]
    for block in source.tree.body:
        if not (isinstance(block, ast.If) and is_type_checking(block.test)):
            continue
        beside = [s for s in block.body if isinstance(s, ast.Import | ast.ImportFrom)]
        beside = _last_block(source, [s for s in beside if _module_text(s).partition(".")[0] == package])
        same = [s for s in beside if isinstance(s, ast.ImportFrom) and _module_text(s) == wanted.module]
        if same:
            return _merge(source, same[-1], _name_text(wanted))
        if beside and wanted.name is not None:
            index = _sorted_index(beside, wanted)
            number = beside[index].lineno if index < len(beside) else (beside[-1].end_lineno or beside[-1].lineno) + 1
            line = f"{source.indentation(beside[0])}from {wanted.module} import {_name_text(wanted)}"
            return [_as_line(source, number, line)]
    return []


def remove(source: Source, imported: Imported) -> Replace:
    """The edit that takes one imported name out; the statement goes with its last name, a block for types with it."""
    if len(imported.statement.names) > 1:
        return _without_name(source, imported.statement, imported.alias)
    return _without_statement(source, imported.statement)


# The statements of a file


def _head(source: Source, wanted: Import) -> list[_Statement]:
    """The module's import statements that a new one may stand beside: before the first definition and the first use."""
    limit = _first_use(source, wanted)
    head: list[_Statement] = []
    late: list[_Statement] = []
    found = head
    for statement in source.tree.body:
        if source.span(statement)[0] >= limit:
            break
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found = late
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            found.append(statement)
    return head or late


def _first_use(source: Source, wanted: Import) -> int:
    local = wanted.alias or wanted.name or wanted.module.partition(".")[0]
    uses = [n for n in source.nodes if isinstance(n, ast.Name) and n.id == local]
    return min((source.span(n)[0] for n in uses), default=len(source.content))


def _module_text(statement: _Statement) -> str:
    if isinstance(statement, ast.Import):
        return statement.names[0].name
    return "." * statement.level + (statement.module or "")


def _name_text(wanted: Import) -> str:
    return f"{wanted.name or wanted.module} as {wanted.alias}" if wanted.alias else wanted.name or wanted.module


# A new line


def _new_line(source: Source, head: list[_Statement], wanted: Import, own: frozenset[str]) -> Replace:
    newline = source.newline
    text = _name_text(wanted)
    line = f"import {text}" if wanted.name is None else f"from {wanted.module} import {text}"
    if len(line) > line_length(source) and wanted.name is not None:
        line = f"from {wanted.module} import ({newline}    {text},{newline})"
    if not head:
        return _first_import(source, line)
    section = _section(source, wanted.module, own)
    package = wanted.module.partition(".")[0]
    beside = [s for s in head if _module_text(s).partition(".")[0] == package and package]
    beside = _last_block(source, beside) or _first_block(
        source, [s for s in head if _section(source, _module_text(s), own) == section]
    )
    if beside:
        index = _sorted_index(beside, wanted)
        if index == 0:
            return _at(_line_before(source, beside[0]), f"{line}{newline}")
        return _behind(source, beside[index - 1], line)
    lower = [s for s in head if _section(source, _module_text(s), own) < section]
    if not lower:
        return _at(_line_before(source, head[0]), f"{line}{newline}{newline}")
    is_spaced = _is_blank(source, _last_line(source, lower[-1]) + 1)
    return _behind(source, lower[-1], f"{newline if is_spaced else ''}{line}")


def _section(source: Source, module: str, own: frozenset[str]) -> int:
    package = module.partition(".")[0]
    if module == "__future__":
        return _FUTURE
    if not package:
        return _RELATIVE
    if package in sys.stdlib_module_names:
        return _STDLIB
    is_own = package in own or package in PurePosixPath(source.path).parent.parts
    return _OWN if is_own else _THIRD_PARTY


def _blocks(source: Source, statements: list[_Statement]) -> list[list[_Statement]]:
    """Statements of one kind, split where anything but a plain line stands between them."""
    blocks: list[list[_Statement]] = []
    for statement in statements:
        previous = blocks[-1][-1] if blocks else None
        if previous is not None and not any(
            _is_blank(source, line) for line in range(previous.lineno, statement.lineno)
        ):
            blocks[-1].append(statement)
        else:
            blocks.append([statement])
    return blocks


def _first_block(source: Source, statements: list[_Statement]) -> list[_Statement]:
    return next(iter(_blocks(source, statements)), [])


def _last_block(source: Source, statements: list[_Statement]) -> list[_Statement]:
    return (_blocks(source, statements) or [[]])[-1]


def _sorted_index(statements: list[_Statement], wanted: Import) -> int:
    """Before which of the statements a new one goes: its place in their order, or the end where they have none."""
    with_form = [(not isinstance(s, ast.Import), _module_text(s).casefold()) for s in statements]
    new = (wanted.name is not None, wanted.module.casefold())
    if with_form == sorted(with_form):
        return bisect_right(with_form, new)
    modules = [module for _, module in with_form]
    return bisect_right(modules, new[1]) if modules == sorted(modules) else len(modules)


def _first_import(source: Source, line: str) -> Replace:
    """The first import of a file: behind its docstring, else behind the comments that speak of the whole file."""
    newline = source.newline
    body = source.tree.body
    if body and ast.get_docstring(source.tree, clean=False) is not None:
        text = f"{newline}{line}"
        if len(body) > 1 and not _is_blank(source, _last_line(source, body[0]) + 1):
            text += newline
        return _behind(source, body[0], text)
    first = _line_of_first_code(source)
    if not body:
        return _as_line(source, first, line)
    is_definition = isinstance(body[0], ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    return _at(source.offset(first, 0), f"{line}{newline}{newline}{newline if is_definition else ''}")


def _line_of_first_code(source: Source) -> int:
    """The line behind the comments that speak of the file: `#!`, coding, and those that a blank line sets apart."""
    lines = source.content[source.offset(1, 0) :].splitlines()
    start = pending = 1
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if not stripped or stripped.startswith(b"#!") or (number < 3 and _CODING.match(stripped)):
            start = pending = number + 1
        elif stripped.startswith(b"#"):
            pending = number + 1
        else:
            return start
    return pending if lines and lines[-1].strip() else start


def _behind(source: Source, statement: ast.stmt, line: str) -> Replace:
    return _as_line(source, _last_line(source, statement) + 1, line)


def _as_line(source: Source, number: int, line: str) -> Replace:
    """The edit that makes a text the line of that number, also where the file ends before it without a line end."""
    if number <= _line_count(source):
        return _at(source.offset(number, 0), f"{line}{source.newline}")
    return _at(len(source.content), f"{source.newline}{line}")


def _last_line(source: Source, statement: ast.stmt) -> int:
    """The last line of a statement and of those that follow it behind semicolons."""
    last = statement.end_lineno or statement.lineno
    for other in source.tree.body:
        if other.lineno == last:
            last = max(last, other.end_lineno or last)
    return last


def _line_before(source: Source, statement: ast.stmt) -> int:
    """The offset of the first line of a statement and of those that stand before it with semicolons."""
    first = statement.lineno
    for other in reversed(source.tree.body):
        if other.end_lineno == first:
            first = other.lineno
    return source.offset(first, 0)


def _at(offset: int, text: str) -> Replace:
    return Replace(offset, offset, text)


# One more name in a statement


def _merge(source: Source, statement: ast.ImportFrom, text: str) -> list[Replace]:
    names = statement.names
    index = _name_index([n.name for n in names], text.partition(" ")[0])
    if _is_one_a_line(source, statement):
        return _merge_line(source, names, index, text)
    wrapped = _wrapped(source, statement, index, text)
    if wrapped:
        return [wrapped]
    if index == 0:
        return [_at(source.span(names[0])[0], f"{text}, ")]
    return [_at(source.span(names[index - 1])[1], f", {text}")]


def _name_index(names: list[str], new: str) -> int:
    """Before which name a new one goes: its place in their order, or the end where they have none."""
    orders: Sequence[Callable[[str], tuple[int, str]]] = (
        _kind_of_name,
        lambda name: (0, name.casefold()),
        lambda name: (0, name),
    )
    for order in orders:
        keys = [order(name) for name in names]
        if keys == sorted(keys):
            return bisect_right(keys, order(new))
    return len(names)


def _kind_of_name(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.casefold()


def _is_one_a_line(source: Source, statement: ast.ImportFrom) -> bool:
    lines = [n.lineno for n in statement.names]
    return _is_parenthesised(source, statement) and len({statement.lineno, *lines}) == len(lines) + 1


def _is_parenthesised(source: Source, statement: _Statement) -> bool:
    return b"(" in source.content[source.span(statement)[0] : source.span(statement.names[0])[0]]


def _merge_line(source: Source, names: list[ast.alias], index: int, text: str) -> list[Replace]:
    """Add a name to a list with a line for each."""
    newline = source.newline
    first = source.offset(names[0].lineno, 0)
    indent = source.content[first : source.span(names[0])[0]].decode()
    if index == 0:
        return [_at(first, f"{indent}{text},{newline}")]
    end = source.span(names[index - 1])[1]
    comma = _comma_behind(source, end)
    if b")" in _rest_of_line(source, comma or end).partition(b"#")[0]:
        added = f"{newline}{indent}{text}"
        return [_at(comma, f"{added},") if comma else _at(end, f",{added}")]
    following = source.offset(source.position(comma or end)[0] + 1, 0)
    if comma is None:
        return [_at(end, ","), _at(following, f"{indent}{text}{newline}")]
    return [_at(following, f"{indent}{text},{newline}")]


def _comma_behind(source: Source, end: int) -> int | None:
    """The offset behind the comma that follows a name, if one does."""
    gap = _GAP.match(source.content, end)
    comma = gap.end() if gap else end
    return comma + 1 if source.content[comma : comma + 1] == b"," else None


def _rest_of_line(source: Source, offset: int) -> bytes:
    return re.split(rb"[\r\n]", source.content[offset:], maxsplit=1)[0]


def _wrapped(source: Source, statement: ast.ImportFrom, index: int, text: str) -> Replace | None:
    """A statement of one line that would become too long, with a line for each name."""
    start, end = source.span(statement)
    line = source.offset(statement.lineno, 0)
    alone = start == line and not _rest_of_line(source, end).strip() and statement.lineno == statement.end_lineno
    if not alone or end - start + len(text) + 2 <= line_length(source):
        return None
    names = [source.text(n) for n in statement.names]
    names.insert(index, text)
    newline = source.newline
    prefix = source.content[start : source.span(statement.names[0])[0]].decode().rstrip("( \t")
    lines = "".join(f"    {name},{newline}" for name in names)
    return Replace(start, end, f"{prefix} ({newline}{lines})")


def line_length(source: Source) -> int:
    """How long the lines of the file may be, within reason: as its formatter has it, else as its longest line."""
    if source.line_length:
        return min(source.line_length, _LONGEST)
    longest = max((len(line) for line in source.content.splitlines() if not line.lstrip().startswith(b"#")), default=0)
    return min(max(_LINE_LENGTH, longest), _LONGEST)


# One name less


def _without_name(source: Source, statement: _Statement, alias: ast.alias) -> Replace:
    names = statement.names
    index = names.index(alias)
    start, end = source.span(alias)
    line = source.offset(alias.lineno, 0)
    rest = _rest_of_line(source, end).strip().removeprefix(b",").strip()
    starts_line = not source.content[line:start].strip()
    if _is_parenthesised(source, statement) and starts_line and (not rest or rest.startswith(b"#")):
        return Replace(line, source.offset((alias.end_lineno or alias.lineno) + 1, 0), "")
    if index + 1 < len(names):
        return Replace(start, source.span(names[index + 1])[0], "")
    previous = source.span(names[index - 1])[1]
    if b"#" in source.content[previous:start]:
        return Replace(start, end, "")
    return Replace(previous, end, "")


def _without_statement(source: Source, statement: ast.stmt) -> Replace:
    start, end = source.span(statement)
    parent = source.parents[statement]
    block = next(b for b in _bodies(parent) if statement in b)
    if len(block) == 1 and not isinstance(parent, ast.Module):
        if isinstance(parent, ast.If) and is_type_checking(parent.test) and _is_plain_block(source, parent):
            return _without_statement(source, parent)
        return Replace(start, end, "pass")
    index = block.index(statement)
    if index + 1 < len(block) and block[index + 1].lineno == statement.end_lineno:
        return Replace(start, source.span(block[index + 1])[0], "")
    if index and block[index - 1].end_lineno == statement.lineno:
        return Replace(source.span(block[index - 1])[1], end, "")
    if source.content[source.offset(statement.lineno, 0) : start].strip():
        return Replace(start, end, "pass")
    return _without_lines(source, statement, is_first=index == 0)


def _is_plain_block(source: Source, block: ast.If) -> bool:
    return not block.orelse and source.content.startswith(b"if", source.span(block)[0])


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value


def _without_lines(source: Source, statement: ast.stmt, is_first: bool) -> Replace:
    """Take out whole lines; of the blank lines above and below, only the larger number stays."""
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    above = first - 1
    while above > 0 and _is_blank(source, above):
        above -= 1
    below = last + 1
    while _is_blank(source, below):
        below += 1
    kept_above = first - 1 - above
    blank_below = below - last - 1
    dropped = blank_below if is_first and kept_above == 0 else min(kept_above, blank_below)
    end = last + 1 + dropped
    content = source.content
    return Replace(source.offset(first, 0), source.offset(end, 0) if end <= _line_count(source) else len(content), "")


def _line_count(source: Source) -> int:
    return source.position(len(source.content))[0]


def _is_blank(source: Source, line: int) -> bool:
    if not 1 <= line <= _line_count(source):
        return False
    return not _rest_of_line(source, source.offset(line, 0)).strip()
