"""What makes sessions for code that stays sync gets a module beside it, which makes async ones for the code that moves.

database.py                                        async_database.py
    engine = create_engine(URL)                        engine = create_async_engine(URL)
    SessionLocal = sessionmaker(engine)                SessionLocal = async_sessionmaker(engine)

orders.py
    from database import Base, SessionLocal    ->      from async_database import SessionLocal
                                                       from database import Base

The new module is written as a sync one, and the imports are turned, before anything is decided: the migration then
finds a module that moves like any other. One that is there from an earlier run gets what it lacks.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from ..analysis.decisions import Decision, Plan, Status
from ..analysis.program import Program
from ..analysis.source import Site, Source
from ..analysis.values import ModuleObject
from .edit import Edit, Import, Replace, apply
from .imports import settle
from .module_names import name_of
from .removal import span_of
from .shared_makers import Asking, Maker, asking, bound, listeners, loaded, maker_behind, only_goes_back, with_needed
from .taken_back import with_sessions_taken_back

NAME = "modules-beside"
WIDTH = 88
BLANK_LINE = re.compile(rb"\n[ \t]*\r?\n")


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each module beside another, and for what asks a module that stays sync in another way."""
    for path in sorted(program.beside):
        if program.as_read(path) is None:
            yield Decision(NAME, Site(path, 1, 0, 1, 0), "a new module: async sessions beside those that stay sync")
    for source in program.sources.values():
        if source.path not in program.kept:
            yield from _unserved(program, source)


def _unserved(program: Program, source: Source) -> Iterator[Decision]:
    for node in source.nodes:
        if isinstance(node, ast.Attribute):
            paths = [v.path for v in program.values(node.value) if isinstance(v, ModuleObject)]
            makers = [maker_behind(program, path, node.attr) for path in paths if path in program.sources]
            for maker in filter(None, makers):
                if program.stays_behind(maker.path) and maker.path not in program.alembic_scripts:
                    concern = f"{node.attr} stays sync: import it by its name, and an async one is made beside it"
                    yield Decision(
                        NAME, source.site(node), "left as it is", Status.DECLINED, concern=concern, node=node
                    )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Nothing: the modules are there before anything is decided."""
    yield from ()


def prepared(program: Program) -> Program:
    """The program as the migration wants to find it: a later one goes on where code that stayed sync was left."""
    if contents := with_sessions_taken_back(program):
        program = _changed(program, contents, program.beside)
    return with_modules_beside(program) if program.kept else program


def with_modules_beside(program: Program) -> Program:
    """The program with a module beside each that stays sync and has makers which code that moves asks for."""
    program = _with_shared_files_kept(program)
    wanted = [a for s in program.sources.values() if s.path not in program.kept for a in asking(program, s)]
    wanted = [a for a in wanted if program.stays_behind(a.maker.path) and a.maker.path not in program.alembic_scripts]
    wanted = [a for a in wanted if not only_goes_back(program, a)]
    if not wanted:
        return program
    makers = {m for m in with_needed(program, {a.maker for a in wanted}) if program.stays_behind(m.path)}
    contents = dict(_modules(program, makers, wanted)) | dict(_turned(program, wanted))
    return _changed(program, contents, frozenset(beside_of(m.path) for m in makers))


def _changed(program: Program, contents: dict[str, bytes], beside: frozenset[str]) -> Program:
    sources = program.sources | {p: _source(program, p, content) for p, content in contents.items()}
    changed = Program(program.root, sources, program.settings, broken=program.broken, beside=beside)
    changed.prepared = {path: program.as_read(path) for path in {*program.prepared, *contents}}
    changed.seen = program.seen
    return changed


def beside_of(path: str) -> str:
    """The path of the module beside a file."""
    pure = PurePosixPath(path)
    if pure.name == "__init__.py":
        return str(pure.with_name(f"async_{pure.parent.name}.py"))
    return str(pure.with_name(f"async_{pure.name}"))


def _source(program: Program, path: str, content: bytes) -> Source:
    known = program.sources.get(path)
    return known.changed(content) if known else Source.parse(path, content)


def _with_shared_files_kept(program: Program) -> Program:
    """The program with those files kept too that do nothing but give sessions, to kept code among others."""
    kept = [s for path, s in program.sources.items() if path in program.kept and path not in program.alembic_scripts]
    makers = {a.maker for source in kept for a in asking(program, source)}
    shared = {m.path for m in with_needed(program, makers) if m.path not in program.kept}
    reasons = {path: "code that stays sync has its sessions from it" for path in shared if _only_gives(program, path)}
    if not reasons:
        return program
    settings = replace(program.settings, keep_sync={**program.settings.keep_sync, **reasons})
    changed = Program(program.root, program.sources, settings, broken=program.broken)
    changed.seen, changed.prepared = program.seen, program.prepared
    return changed


def _only_gives(program: Program, path: str) -> bool:
    """Are all functions of a file that would become async makers?"""
    would = {f.qualname.partition(".")[0] for f in program.colours.reasons if f.source.path == path}
    return all(maker_behind(program, path, name) for name in would)


def project_files(program: Program, plan: Plan, changed: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The modules beside that were there before, with what they lacked alone."""
    for path in program.beside:
        before = program.as_read(path)
        if before is not None and path in changed:
            yield path, _completed(program, Source.parse(path, before), Source.parse(path, changed[path]))


def _completed(program: Program, there: Source, whole: Source) -> bytes:
    """A file with those globals of another text of it that it lacks."""
    known = {n for s in there.tree.body for n in bound(s)}
    hung = listeners(whole, {n for s in whole.tree.body for n in bound(s)} - known)
    lacking = [s for s in whole.tree.body if (bound(s) and not bound(s) & known) or s in hung]
    if not lacking:
        return there.content
    body = "".join(_separated(whole, lacking)).replace("\n", there.newline).encode()
    needed = {n for s in lacking for n in loaded(s)}
    return settle(there, there.content.rstrip() + there.newline.encode() + body, _wanted(whole, needed), frozenset())


def _wanted(source: Source, needed: set[str]) -> Iterator[Import]:
    """The imports of a file that give some names."""
    for statement in source.tree.body:
        match statement:
            case ast.ImportFrom(names=aliases, module=module, level=level):
                for alias in aliases:
                    if (alias.asname or alias.name) in needed:
                        yield Import("." * level + (module or ""), alias.name, alias.asname)
            case ast.Import(names=aliases):
                yield from (Import(a.name, None, a.asname) for a in aliases if (a.asname or a.name) in needed)


# The modules beside


def _modules(program: Program, makers: Collection[Maker], wanted: Collection[Asking]) -> Iterator[tuple[str, bytes]]:
    names: defaultdict[str, set[str]] = defaultdict(set)
    for maker in makers:
        names[maker.path].add(maker.name)
    for path, made in sorted(names.items()):
        like = next(((a.source, a.statement) for a in wanted if a.maker.path == path), None)
        yield beside_of(path), _module(program, program.sources[path], made, makers, like)


def _module(
    program: Program,
    source: Source,
    names: set[str],
    makers: Collection[Maker],
    like: tuple[Source, ast.ImportFrom] | None,
) -> bytes:
    """The text of a module with some globals of another; what these need is imported."""
    hung = listeners(source, names)
    copied = [s for s in source.tree.body if bound(s) & names or s in hung]
    needed = {n for s in copied for n in loaded(s)} - {n for s in copied for n in bound(s)}
    lines = _imports(program, source, needed, makers)
    own = sorted(n for n in needed if any(n in bound(s) for s in source.tree.body))
    if own:
        lines.extend(["", ""][: bool(lines)])
        lines.append(f"from {name_of(program, source.path, beside_of(source.path), like)} import {', '.join(own)}")
    title = f'"""Async sessions, beside the sync ones of `{program.interpreter.modules.dotted(source.path)}`."""'
    text = "\n".join([title, "", *lines, ""]) + "".join(_separated(source, copied))
    return text.replace("\n", source.newline).encode()


def _imports(program: Program, source: Source, needed: set[str], makers: Collection[Maker]) -> list[str]:
    """The lines that import names as another file does; makers come from the module beside theirs."""
    lines: list[str] = []
    last: ast.stmt | None = None
    unseen = needed - _told(source) - vars(builtins).keys()
    for statement in source.tree.body:
        count = len(lines)
        match statement:
            case ast.ImportFrom(module="__future__"):
                lines.append(source.text(statement))
            case ast.ImportFrom(names=[ast.alias(name="*")]) if unseen:
                lines.append(source.text(statement))
            case ast.Import(names=aliases):
                wanted = [a for a in aliases if (a.asname or a.name.partition(".")[0]) in needed]
                lines.extend(f"import {source.text(a)}" for a in wanted)
            case ast.ImportFrom(names=aliases, module=module, level=level):
                plain = []
                for alias in (a for a in aliases if (a.asname or a.name) in needed):
                    maker = maker_behind(program, source.path, alias.asname or alias.name)
                    if maker in makers and maker is not None:
                        other = name_of(program, beside_of(maker.path), source.path, (source, statement))
                        lines.append(f"from {other} import {_named(maker.name, alias)}")
                    else:
                        plain.append(source.text(alias))
                if plain:
                    lines.append(f"from {'.' * level}{module or ''} import {', '.join(plain)}")
        if len(lines) > count:
            if last is not None and _is_apart(source, last, statement):
                lines.insert(count, "")
            last = statement
    return lines


def _told(source: Source) -> set[str]:
    """The names that a file binds at its top level, but for those that it imports without naming them."""
    found = {n for s in source.tree.body for n in bound(s)}
    for statement in source.tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            found |= {a.asname or a.name.partition(".")[0] for a in statement.names}
    return found


def _is_apart(source: Source, first: ast.stmt, second: ast.stmt) -> bool:
    """Is there a blank line between two statements?"""
    return BLANK_LINE.search(source.content, source.span(first)[1], source.span(second)[0]) is not None


def _named(name: str, alias: ast.alias) -> str:
    local = alias.asname or alias.name
    return name if name == local else f"{name} as {local}"


def _separated(source: Source, statements: list[ast.stmt]) -> Iterator[str]:
    """The texts of statements of the top level, with the blank lines that belong between them."""
    before: ast.stmt | None = None
    for statement in statements:
        start, end = span_of(source, statement)
        text = source.content[start:end].decode().replace("\r\n", "\n")
        plain = isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr)
        if plain and (before is None or isinstance(before, ast.Assign | ast.AnnAssign | ast.Expr)):
            yield f"\n{text}\n" if before is None or statement.lineno - (before.end_lineno or 0) > 1 else f"{text}\n"
        else:
            yield f"\n\n{text}\n"
        before = statement


# The imports


def _turned(program: Program, wanted: Collection[Asking]) -> Iterator[tuple[str, bytes]]:
    """The files whose imports name the modules beside."""
    by_statement: defaultdict[ast.ImportFrom, list[Asking]] = defaultdict(list)
    for each in wanted:
        by_statement[each.statement].append(each)
    edits: defaultdict[str, list[Edit]] = defaultdict(list)
    for statement, asked in by_statement.items():
        source = asked[0].source
        edits[source.path].append(Replace(*source.span(statement), _statements(program, statement, asked)))
        edits[source.path].extend(_strings(program, asked))
    for path, changes in edits.items():
        yield path, apply(program.sources[path].content, changes)


def _strings(program: Program, asked: list[Asking]) -> Iterator[Edit]:
    """Strings that name a maker by its module, as the targets of patches do, name the one beside."""
    source, dotted = asked[0].source, program.interpreter.modules.dotted
    named = {
        f"{dotted(a.maker.path)}.{a.maker.name}": f"{dotted(beside_of(a.maker.path))}.{a.maker.name}" for a in asked
    }
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in named:
            text = source.text(node)
            yield Replace(*source.span(node), text.replace(node.value, named[node.value]))


def _statements(program: Program, statement: ast.ImportFrom, asked: list[Asking]) -> str:
    """What stands in the place of an import: one of the modules beside, and one of what is left."""
    source = asked[0].source
    imported: defaultdict[str, list[str]] = defaultdict(list)
    for each in asked:
        target = beside_of(each.maker.path)
        imported[name_of(program, target, source.path, (source, statement))].append(_named(each.maker.name, each.alias))
    moved = {each.alias for each in asked}
    if rest := [source.text(alias) for alias in statement.names if alias not in moved]:
        imported["." * statement.level + (statement.module or "")] = rest
    margin = source.indentation(statement)
    lines = [_line(module, names, margin, source) for module, names in sorted(imported.items())]
    return f"{source.newline}{margin}".join(lines)


def _line(module: str, names: list[str], margin: str, source: Source) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(margin) + len(line) <= (source.line_length or WIDTH):
        return line
    inner = "".join(f"{margin}    {name},{source.newline}" for name in names)
    return f"from {module} import ({source.newline}{inner}{margin})"
