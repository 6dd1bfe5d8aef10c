"""The imports of a rewritten file: under which name a codemod refers to a thing, and which imports come and go.

A codemod asks `request` for the text to write and yields the `Import` that comes with it; when all edits of a file are
applied, `settle` adds what is missing and removes what lost its last use.
"""

from __future__ import annotations

import ast
import builtins
import collections.abc
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from ..analysis.source import Source
from . import import_lines
from .edit import Conflict, Import, Replace, apply
from .scopes import Imported, Scope, Scopes, absolute, scopes

# Modules whose public names are, or behave like, the same names of another module.
_SAME = {
    "fastapi.concurrency": "starlette.concurrency",
    "sqlalchemy.engine": "sqlalchemy",
    "sqlalchemy.engine.url": "sqlalchemy",
    "sqlalchemy.ext.asyncio.engine": "sqlalchemy.ext.asyncio",
    "sqlalchemy.ext.asyncio.scoping": "sqlalchemy.ext.asyncio",
    "sqlalchemy.ext.asyncio.session": "sqlalchemy.ext.asyncio",
    "sqlalchemy.future": "sqlalchemy",
    "sqlalchemy.orm.query": "sqlalchemy.orm",
    "sqlalchemy.orm.scoping": "sqlalchemy.orm",
    "sqlalchemy.orm.session": "sqlalchemy.orm",
    "sqlalchemy.orm.strategy_options": "sqlalchemy.orm",
    "sqlalchemy.sql": "sqlalchemy",
    "sqlalchemy.sql.expression": "sqlalchemy",
    "sqlmodel": "sqlalchemy",
    "typing": "collections.abc",
    "typing_extensions": "collections.abc",
}
# Names for which the table above does not hold.
_OWN = {"sqlmodel": {"select", "Session", "Field", "Relationship", "SQLModel", "col", "orm", "sql"}}
_SHORT = {"sqlalchemy": "sa"}
_NOQA = re.compile(rb"#\s*noqa(?!:)|#\s*noqa:[^#]*\bF401\b", re.IGNORECASE)


def request(
    source: Source, module: str, name: str | None = None, at: ast.AST | None = None
) -> tuple[str, Import | None]:
    """The text that means `module.name` (or the module itself) in a file, and the import that it needs, if any.

    `at` is the node in whose place the text will stand. With it only the names seen from there count as clashes;
    without it those of all functions do.
    """
    return _request(source, Import(module, name), at)


def binding(source: Source, wanted: Import) -> str:
    """The text that means a wanted thing in a file."""
    return _request(source, wanted, None)[0]


def settle(
    before: Source,
    after: bytes,
    wanted: Iterable[Import],
    exported: frozenset[str],
    own: frozenset[str] = frozenset(),
) -> bytes:
    """The bytes of a rewritten file with its imports in order.

    Wanted imports are added where they are missing. A name that was imported and used in `before` and is used no more
    goes, unless other modules import it from here (`exported`). `own` are the project's own top-level packages, as far
    as the caller knows them: they tell where a new line belongs.

    Raises:
        Conflict: two wanted imports bind the same name.
        BrokenInput: `after` cannot be parsed.
    """
    claimed: dict[str, Import] = {}
    for item in sorted(set(wanted), key=lambda i: (i.module, i.name or "", i.alias or "")):
        if item.name is not None and claimed.setdefault(local_name(item), item) != item:
            raise Conflict(f"{before.path}: {claimed[local_name(item)]} and {item} are wanted under one name")
        after = _add(before.changed(after), item, own)
    return _prune(before, after, exported)


def local_name(wanted: Import) -> str:
    """The name that an import binds."""
    return wanted.alias or wanted.name or wanted.module.partition(".")[0]


# Asking


def _request(source: Source, wanted: Import, at: ast.AST | None) -> tuple[str, Import | None]:
    file = scopes(source)
    path = list(_outwards(file.around(at, source))) if at is not None else []
    visible = path[:-1] if at is not None else [s for s in file.all[1:] if not s.is_class]

    def is_clear(imported: Imported) -> bool:
        return not _means_other(source, file.module, imported.local, imported) and not any(
            _means_other(source, scope, imported.local, imported) for scope in visible
        )

    for scope in path[:-1]:
        for imported in scope.imports:
            if _is(source, imported, wanted) and not imported.guard and _precedes(imported, at) and is_clear(imported):
                return imported.expression, None
    found = [i for i in file.module.imports if _is(source, i, wanted) and is_clear(i)]
    for imported in found:
        if not imported.guard:
            return imported.expression, None
    for imported in found:
        return imported.expression, Import(wanted.module, wanted.name, imported.alias.asname)
    through = _through_module(source, file, wanted)
    for imported, text in through:
        if is_clear(imported):
            return text, None
    wanted = _as_the_file_does(file, wanted)
    if _is_free(source, file, visible, wanted):
        return wanted.alias or wanted.name or wanted.module, wanted
    wanted = Import(wanted.module, wanted.name, _alias(wanted))
    while not _is_free(source, file, visible, wanted):
        wanted = Import(wanted.module, wanted.name, f"{wanted.alias}_")
    return local_name(wanted), wanted


def _outwards(scope: Scope | None) -> Iterator[Scope]:
    while scope is not None:
        yield scope
        scope = scope.enclosing


def _precedes(imported: Imported, at: ast.AST | None) -> bool:
    return imported.statement.lineno < getattr(at, "lineno", 0)


def _home(module: str, name: str | None) -> tuple[str, str | None]:
    """Module and name of a thing, the same for all modules that offer it."""
    home = _SAME.get(module)
    if name is None or home is None or name in _OWN.get(module, ()):
        return module, name
    if home == "collections.abc" and name not in collections.abc.__all__:
        return module, name
    return home, name


def _is(source: Source, imported: Imported, wanted: Import) -> bool:
    """Does an import of the file bind the wanted thing itself?"""
    module = wanted.module.lstrip(".")
    if level := len(wanted.module) - len(module):
        module = absolute(source, level, module or None)
    if wanted.name is None:
        return module == (imported.module if imported.name is None else f"{imported.module}.{imported.name}")
    if imported.name is None:
        return False
    if _home(imported.module, imported.name) == _home(module, wanted.name):
        return True
    # A relative import names the path from the project's root, which need not be the root of its packages.
    is_relative = bool(getattr(imported.statement, "level", 0))
    return is_relative and imported.name == wanted.name and imported.module.endswith(f".{module}")


def _means_other(source: Source, scope: Scope, local: str, imported: Imported) -> bool:
    """Does a scope bind an import's local name to another thing, too?"""
    if local in scope.others:
        return True
    wanted = Import(imported.module, imported.name)
    return any(i.local == local and i is not imported and not _shares(source, i, wanted) for i in scope.imports)


def _shares(source: Source, imported: Imported, wanted: Import) -> bool:
    """Can an import stand beside a wanted one under the same name?"""
    if imported.guard == "fallback" or _is(source, imported, wanted):
        return True
    is_package = imported.name is None and not imported.alias.asname and wanted.name is None and not wanted.alias
    return is_package and imported.local == local_name(wanted)


def _through_module(source: Source, file: Scopes, wanted: Import) -> list[tuple[Imported, str]]:
    """Ways to the wanted name as an attribute of an imported module; none where the file imports names from it."""
    if wanted.name is None or any(i.module == wanted.module and i.name and not i.guard for i in file.module.imports):
        return []
    found = []
    for imported in file.module.imports:
        if imported.guard:
            continue
        if _is(source, imported, Import(wanted.module)):
            found.append((imported, f"{imported.expression}.{wanted.name}"))
        elif not imported.name and not imported.alias.asname and imported.module.startswith(f"{wanted.module}."):
            found.append((imported, f"{wanted.module}.{wanted.name}"))
    return found


def _as_the_file_does(file: Scopes, wanted: Import) -> Import:
    """A file that takes its abstract types from `typing` goes on to do so."""
    if wanted.module != "collections.abc" or wanted.name not in collections.abc.__all__:
        return wanted
    modules = {i.module for i in file.module.imports if i.name in collections.abc.__all__}
    if "typing" in modules and "collections.abc" not in modules and wanted.name not in {"Buffer", "ByteString"}:
        return Import("typing", wanted.name, wanted.alias)
    return wanted


def _is_free(source: Source, file: Scopes, visible: list[Scope], wanted: Import) -> bool:
    """Can the wanted import bind its name at module level and be read wherever it is needed?"""
    local = local_name(wanted)
    if local in file.module.others or any(
        i.local == local and not _shares(source, i, wanted) for i in file.module.imports
    ):
        return False
    for scope in visible:
        if local in scope.others or local in scope.fallbacks:
            return False
        if any(i.local == local and not _is(source, i, wanted) for i in scope.imports):
            return False
    is_builtin_or_starred = hasattr(builtins, local) or (file.stars and wanted.module not in file.stars)
    return not (local in file.unbound and is_builtin_or_starred)


def _alias(wanted: Import) -> str:
    package = wanted.module.strip(".").partition(".")[0]
    short = _SHORT.get(package, package)
    name = wanted.name
    if name is None:
        return wanted.module.rpartition(".")[2] + "_module"
    if name[:1].isupper() and name != name.upper():
        return (short.upper() if package in _SHORT else short.title().replace("_", "")) + name
    return f"{short}_{name}"


# Adding


def _add(source: Source, wanted: Import, own: frozenset[str]) -> bytes:
    module = scopes(source).module
    local = local_name(wanted)
    same = [i for i in module.imports if i.local == local and _is(source, i, wanted)]
    for_types = [i for i in same if i.guard == "typing"]
    if any(not i.guard for i in same) or (for_types and local not in module.evaluated):
        return source.content
    if not for_types and _are_for_types(module, wanted):
        inside = apply(source.content, import_lines.insert_for_types(source, wanted))
        if inside != source.content and _is_for_types(source.changed(inside), local):
            return inside
    content = apply(source.content, import_lines.insert(source, wanted, own))
    if for_types:
        # What is imported at run time needs no import for type checkers beside it.
        source = source.changed(content)
        moved = [i for i in scopes(source).module.imports if i.guard == "typing" and i.local == local]
        content = apply(content, [import_lines.remove(source, moved[0])])
    return content


def _are_for_types(module: Scope, wanted: Import) -> bool:
    """Does a file import what only its annotations name for type checkers alone, as far as the package goes?"""
    package = wanted.module.partition(".")[0]
    beside = [i for i in module.imports if i.module.partition(".")[0] == package]
    return all(i.guard == "typing" or i.local in module.evaluated for i in beside)


def _is_for_types(source: Source, local: str) -> bool:
    """Do only annotations that nothing reads at run time use a name?"""
    module = scopes(source).module
    return local in module.used and local not in module.evaluated


# Removing


def _prune(before: Source, after: bytes, exported: frozenset[str]) -> bytes:
    """Remove the imports that lost their last use, one at a time: a removed block may free another name."""
    used = {key for scope, imported, key in _imports(before) if _is_used(scope, imported)}
    while True:
        source = before.changed(after)
        edit = _next_removal(source, used, exported)
        if edit is None:
            return after
        after = apply(after, [edit])


def _next_removal(source: Source, used: set[tuple[object, ...]], exported: frozenset[str]) -> Replace | None:
    module = scopes(source).module
    for scope, imported, key in _imports(source):
        is_public = scope is module and (imported.local in exported or _is_reexport(source, imported))
        if key in used and not _is_used(scope, imported) and not is_public and not _is_kept(source, imported):
            return import_lines.remove(source, imported)
    return None


def _imports(source: Source) -> Iterator[tuple[Scope, Imported, tuple[object, ...]]]:
    """Every import with its scope, and a key that tells it again in another state of the file."""
    for scope in scopes(source).all:
        for imported in scope.imports:
            yield scope, imported, (scope.name, imported.module, imported.name, imported.alias.asname)


def _is_used(scope: Scope, imported: Imported) -> bool:
    if imported.expression in scope.used or scope.is_class:
        return True
    others = [i for i in scope.imports if i.local == imported.local and i.statement is not imported.statement]
    return imported.local in scope.used and not others


def _is_reexport(source: Source, imported: Imported) -> bool:
    """Is a name bound for others: `import x as x`, or a package's `__init__.py` gathering its own names?"""
    if imported.alias.asname is not None and imported.alias.asname == imported.alias.name:
        return True
    path = PurePosixPath(source.path)
    is_relative = bool(getattr(imported.statement, "level", 0))
    return path.stem == "__init__" and (is_relative or imported.module.partition(".")[0] in path.parts)


def _is_kept(source: Source, imported: Imported) -> bool:
    """Is an import asked to stay, by a comment or by asking whether the module is there at all?"""
    lines = source.content.splitlines()
    for line in {imported.statement.lineno, imported.statement.end_lineno or 0, imported.alias.lineno}:
        if _NOQA.search(lines[line - 1]):
            return True
    node: ast.AST | None = imported.statement
    while node is not None:
        if isinstance(node, ast.Try) and any(map(_expects_import_error, node.handlers)):
            return True
        node = source.parents.get(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
    return False


def _expects_import_error(handler: ast.excepthandler) -> bool:
    kind = handler.type if isinstance(handler, ast.ExceptHandler) else None
    names = {n.id for n in ast.walk(kind) if isinstance(n, ast.Name)} if kind else set()
    return bool(names & {"ImportError", "ModuleNotFoundError"})
