"""What a project must install to run under asyncio: SQLAlchemy's extra, the async driver, the tools of its tests.

Before:

    sqlalchemy>=2.0

After:

    sqlalchemy[asyncio]>=2.0
    aiosqlite>=0.20

The synchronous driver stays: migrations and synchronous tools go on to use it. Lock files are not written but reported.
"""

from __future__ import annotations

import ast
import codecs
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import tomlkit
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from ..analysis.decisions import PROJECT
from ..analysis.library import library
from ..analysis.source import BOM, BrokenInput
from .requirement_lists import ArrayList, LineList, Listed, RequirementList, TableList, parse

# Of the versions of SQLAlchemy that let a process with aiosqlite 0.22 end, the first and some that are still to come.
_ENDING_AIOSQLITE = ("2.0.46", "2.0.99", "2.1.0", "2.1.99", "2.2", "3.0")
# Lock files and what brings them up to date.
_LOCKS = {
    "uv.lock": "uv lock",
    "poetry.lock": "poetry lock",
    "pdm.lock": "pdm lock",
    "Pipfile.lock": "pipenv lock",
    "pylock.toml": "your locker",
}
# Where pyproject.toml keeps arrays of requirements, and tables of them; "*" stands for any key.
_ARRAYS = (
    ("project", "dependencies"),
    ("project", "optional-dependencies", "*"),
    ("dependency-groups", "*"),
    ("tool", "uv", "dev-dependencies"),
    ("tool", "pdm", "dev-dependencies", "*"),
    ("tool", "hatch", "envs", "*", "dependencies"),
    ("tool", "hatch", "envs", "*", "extra-dependencies"),
)
_TABLES = (
    ("tool", "poetry", "dependencies"),
    ("tool", "poetry", "dev-dependencies"),
    ("tool", "poetry", "group", "*", "dependencies"),
)
_PIPFILE_TABLES = (("packages",), ("dev-packages",))
_FOR_TESTS = re.compile(r"\b(?:dev|devel|develop|development|test|tests|testing)\b", re.IGNORECASE)
_COMPILED = re.compile(r"^#.*(?:pip-compile|uv pip compile|uv export|poetry export)", re.MULTILINE)
_CONSTRAINTS = re.compile(r"^\s*(?:-c|--constraint)[\s=]+(\S+)", re.MULTILINE)
_INCLUDES = re.compile(r"^\s*(?:-r|--requirement)[\s=]+(\S+)", re.MULTILINE)
_FIRST_WORD = re.compile(r"[\s'\"]*([A-Za-z0-9][\w.-]*)")
_CONDA = re.compile(r"^\s*-\s*['\"]?sqlalchemy\b", re.MULTILINE | re.IGNORECASE)
_MARKS = {BOM: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_CFG_KEY = re.compile(r"^([\w.-]+)\s*[=:]\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be installed: requirements such as "aiosqlite>=0.20", to run the project and to test it."""

    runtime: frozenset[str] = frozenset()
    test: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Note:
    """What a person has to do in a file; `line` counts from 1."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(slots=True)
class EditedRequirements:
    """The new content of the files that change, by path relative to the root, and what is left to a person."""

    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def edit_requirements(
    root: Path, needs: Needs, paths: Iterable[str] = (), changed: Mapping[str, bytes] | None = None
) -> EditedRequirements:
    """Write what a project needs into its lists of requirements.

    Looked at are the root and the folders above `paths` (source files, relative to the root). `changed` holds files
    that other rewrites have already changed.

    Raises:
        BrokenInput: a TOML file cannot be parsed.
    """
    result = EditedRequirements()
    manifests = list(_manifests(root, paths, changed or {}))
    result.notes += [note for manifest in manifests for note in _pins(manifest, needs)]
    by_hand = [note for manifest in manifests for note in manifest.notes]
    needed = ", ".join(["sqlalchemy[asyncio]", *sorted(needs.runtime)])
    result.notes += [replace(note, message=f"{note.message}; needed: {needed}") for note in by_hand]
    if not _add_runtime(manifests, needs.runtime) and not by_hand:
        result.notes.append(Note(PROJECT, 1, f"SQLAlchemy is listed nowhere; needed: {needed}"))
    _add_tests(manifests, needs.test, result.notes)
    for manifest in manifests:
        content = manifest.content()
        if content != manifest.original:
            result.files[manifest.path] = content
    result.notes += _locks(root, result.files)
    return result


def listed(root: Path, paths: Iterable[str] = ()) -> dict[str, str]:
    """Every package that a project lists, in its normal spelling, with the versions that are allowed."""
    found: dict[str, str] = {}
    for manifest in _manifests(root, paths, {}):
        for held in manifest.lists:
            for requirement in held.listed():
                found[requirement.name] = found.get(requirement.name) or requirement.specifier
    return found


def async_driver(dialect: str, installed: Iterable[str], preferred: str = "") -> str:
    """The requirement of a dialect's async driver: the preferred one, one that the project has, or the usual one.

    An empty string where no async driver is known.
    """
    known = library().drivers.get(dialect)
    drivers = dict(zip(known.names, known.asynchronous, strict=True)) if known is not None else {}
    has = {canonicalize_name(name) for name in installed}
    chosen = [drivers[n] for n in drivers if n == preferred] or [drivers[n] for n in drivers if n in has]
    return next(iter([*chosen, *drivers.values()]), "")


def below(requirement: str, sqlalchemy: str) -> str:
    """A driver's requirement, kept below what an old SQLAlchemy can't serve.

    Since 0.22 aiosqlite's threads keep a process from ending while a connection is open; SQLAlchemy 2.0.46 sees to it.
    """
    try:
        allowed = SpecifierSet(sqlalchemy)
    except InvalidSpecifier:
        return requirement
    is_old = not any(allowed.contains(version) for version in _ENDING_AIOSQLITE)
    return f"{requirement},<0.22" if is_old and _package(requirement) == "aiosqlite" else requirement


# The files


@dataclass(slots=True)
class _Manifest:
    """A file that holds lists of requirements, as lines or as a TOML document."""

    path: str
    original: bytes
    lists: list[RequirementList] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)
    lines: list[str] | None = None
    document: tomlkit.TOMLDocument | None = None

    def names(self) -> set[str]:
        return {r.name for held in self.lists for r in held.listed()}

    def content(self) -> bytes:
        text = _text(self.original)
        if self.lines is not None:
            text = "\n".join(self.lines)
        elif self.document is not None:
            text = self.document.as_string().replace("\r\n", "\n")
        mark, encoding = _encoding(self.original)
        is_crlf = _decoded(self.original).partition("\n")[0].endswith("\r")
        return mark + text.replace("\n", "\r\n" if is_crlf else "\n").encode(encoding, errors="surrogateescape")


def _encoding(content: bytes) -> tuple[bytes, str]:
    """The mark that a file begins with, and how it is encoded: PowerShell writes UTF-16, and pip reads it."""
    return next(((mark, encoding) for mark, encoding in _MARKS.items() if content.startswith(mark)), (b"", "utf-8"))


def _decoded(content: bytes) -> str:
    mark, encoding = _encoding(content)
    return content.removeprefix(mark).decode(encoding, errors="surrogateescape")


def _text(content: bytes) -> str:
    return _decoded(content).replace("\r\n", "\n")


def _manifests(root: Path, paths: Iterable[str], changed: Mapping[str, bytes]) -> Iterator[_Manifest]:
    folders = {PurePosixPath(".")}.union(*(PurePosixPath(path).parents for path in paths))
    found = [path for folder in sorted(folders) for path in _files(root, folder)]
    contents = {path: changed.get(path, (root / path).read_bytes()) for path in found}
    constraints = {
        str(PurePosixPath(path).parent / name)
        for path, content in contents.items()
        for name in _CONSTRAINTS.findall(_text(content))
    }
    for path, content in contents.items():
        if path not in constraints:
            yield _open(path, content, contents)


def _files(root: Path, folder: PurePosixPath) -> Iterator[str]:
    patterns = ["requirements*.txt", "requirements*.in", "*requirements.txt", "*requirements.in", "requirements/*.txt"]
    patterns += ["requirements/*.in", "pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "environment*.y*ml"]
    names = {p.relative_to(root).as_posix() for pattern in patterns for p in (root / folder).glob(pattern)}
    return (name for name in sorted(names) if (root / name).is_file())


def _open(path: str, content: bytes, contents: Mapping[str, bytes]) -> _Manifest:
    manifest = _Manifest(path, content)
    name = PurePosixPath(path).name
    if name == "pyproject.toml":
        _open_toml(manifest, _ARRAYS, _TABLES)
    elif name == "Pipfile":
        _open_toml(manifest, (), _PIPFILE_TABLES)
    elif name == "setup.cfg":
        _open_cfg(manifest)
    elif name == "setup.py":
        _open_script(manifest)
    elif name.startswith("environment"):
        _open_conda(manifest)
    else:
        _open_lines(manifest, contents)
    return manifest


def _open_lines(manifest: _Manifest, contents: Mapping[str, bytes]) -> None:
    if "\0" in _decoded(manifest.original):
        manifest.notes.append(Note(manifest.path, 1, "not UTF-8: edit it by hand"))
        return
    text = _text(manifest.original)
    lines = text.split("\n")
    held = LineList(lines, 0, len(lines), "")
    reason = ""
    if "--hash=" in text:
        reason = "pinned by hashes: bring it up to date with your own tool"
    elif _COMPILED.search(text) and manifest.path.endswith(".txt"):
        source = str(PurePosixPath(manifest.path).with_suffix(".in"))
        reason = "a compiled file: compile it again" + (f" from {source}" if source in contents else "")
    if not reason:
        folder = PurePosixPath(manifest.path).parent
        manifest.includes = [str(folder / name) for name in _INCLUDES.findall(text)]
        manifest.lines = lines
        manifest.lists = [held]
    elif any(r.name in _SQLALCHEMY for r in held.listed()):
        manifest.notes.append(Note(manifest.path, 1, reason))


def _open_toml(manifest: _Manifest, arrays: tuple[tuple[str, ...], ...], tables: tuple[tuple[str, ...], ...]) -> None:
    manifest.document = document = parse_toml(manifest.path, manifest.original)
    for keys in arrays:
        for label, value in _at(document, keys):
            if isinstance(value, Array):
                manifest.lists.append(ArrayList(value, label))
    for keys in tables:
        for label, value in _at(document, keys):
            if isinstance(value, MutableMapping):
                manifest.lists.append(TableList(value, label))


def parse_toml(path: str, content: bytes) -> tomlkit.TOMLDocument:
    """A TOML file that keeps its form.

    Raises:
        BrokenInput: the file is not TOML.
    """
    try:
        return tomlkit.parse(content.removeprefix(BOM).decode())
    except (TOMLKitError, UnicodeDecodeError) as error:
        line = getattr(error, "line", 1)
        raise BrokenInput(f"{path}:{line}: not TOML: {error}") from None


def _at(table: Any, keys: tuple[str, ...], label: str = "") -> Iterator[tuple[str, Any]]:
    if not keys:
        yield label, table
    elif isinstance(table, MutableMapping):
        for key in list(table) if keys[0] == "*" else [k for k in keys[:1] if k in table]:
            yield from _at(table[key], keys[1:], f"{label}.{key}".removeprefix("."))


def _open_cfg(manifest: _Manifest) -> None:
    """The lists of setup.cfg: `install_requires` and `tests_require` of [options], all of [options.extras_require]."""
    lines = manifest.lines = _text(manifest.original).split("\n")
    section = ""
    for index, line in enumerate(lines):
        if line.startswith("["):
            section = line.strip().strip("[]")
        key = _CFG_KEY.match(line)
        is_list = key and (
            (section == "options" and key[1] in {"install_requires", "tests_require"})
            or section == "options.extras_require"
        )
        if key is None or not is_list:
            continue
        if key[2]:
            if any(_is_sqlalchemy(part) for part in key[2].split(";")):
                manifest.notes.append(
                    Note(manifest.path, index + 1, f"{key[1]} is written in one line: edit it by hand")
                )
            continue
        last = index + 1
        while last < len(lines) and (not lines[last].strip() or lines[last][0].isspace() or lines[last][0] == "#"):
            last += 1
        manifest.lists.append(LineList(lines, index + 1, last, key[1]))


def _open_script(manifest: _Manifest) -> None:
    try:
        tree = ast.parse(manifest.original)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_sqlalchemy(node.value):
            manifest.notes.append(Note(manifest.path, node.lineno, f"{node.value!r} stands in code: edit it by hand"))
            return


def _open_conda(manifest: _Manifest) -> None:
    text = _text(manifest.original)
    if found := _CONDA.search(text):
        line = text.count("\n", 0, found.end()) + 1
        manifest.notes.append(Note(manifest.path, line, "an environment of conda: edit it by hand"))


# The edits

# The first SQLAlchemy with asyncio and select() of this kind.
OLDEST = "sqlalchemy>=1.4"
_SQLALCHEMY = {"sqlalchemy", "sqlmodel"}


def _is_sqlalchemy(text: str) -> bool:
    requirement = parse(text)
    return requirement is not None and canonicalize_name(requirement.name) in _SQLALCHEMY


def _add_runtime(manifests: list[_Manifest], needs: frozenset[str]) -> bool:
    """Give SQLAlchemy its extra wherever it is listed, and the other needs their place beside it."""
    by_path = {manifest.path: manifest for manifest in manifests}
    found = False
    for manifest in manifests:
        for held in manifest.lists:
            names = {r.name for r in held.listed()}
            if not names & _SQLALCHEMY:
                continue
            found = True
            held.add_extra("sqlalchemy", "asyncio")
            included = _included(manifest, by_path, {manifest.path})
            optional = {r.name for o in manifest.lists if not _is_for_tests(manifest, o) for r in o.listed()}
            has = names | included | (optional & set(map(_package, needs)))
            wanted = ["sqlalchemy[asyncio]", *sorted(needs)]
            beside = "sqlalchemy" if "sqlalchemy" in names else "sqlmodel"
            held.add([need for need in wanted if _package(need) not in has], beside)
    return found


def _add_tests(manifests: list[_Manifest], needs: frozenset[str], notes: list[Note]) -> None:
    """Add what the suite needs beside pytest, else to a list that is named for tests."""
    by_path = {manifest.path: manifest for manifest in manifests}
    lists = [(manifest, held) for manifest in manifests for held in manifest.lists]
    beside_pytest = [(m, held) for m, held in lists if "pytest" in {r.name for r in held.listed()}]
    places = beside_pytest or [(m, held) for m, held in lists if held.listed() and _is_for_tests(m, held)][:1]
    has = {manifest.path: manifest.names() | _included(manifest, by_path, {manifest.path}) for manifest in manifests}
    for manifest, held in places:
        held.add([need for need in sorted(needs) if _package(need) not in has[manifest.path]], "pytest")
    missing = [need for need in sorted(needs) if not any(_package(need) in names for names in has.values())]
    if missing and not places:
        notes.append(Note(PROJECT, 1, f"no list of requirements for tests; needed: {', '.join(missing)}"))


def _package(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def _is_for_tests(manifest: _Manifest, held: RequirementList) -> bool:
    name = manifest.path if isinstance(held, LineList) and not held.label else held.label
    return bool(_FOR_TESTS.search(name.replace("_", "-")))


def _included(manifest: _Manifest, by_path: Mapping[str, _Manifest], seen: set[str]) -> set[str]:
    """What the files list that a file includes, directly or not."""
    names: set[str] = set()
    for path in manifest.includes:
        if path in by_path and path not in seen:
            seen.add(path)
            names |= by_path[path].names() | _included(by_path[path], by_path, seen)
    return names


def _pins(manifest: _Manifest, needs: Needs) -> Iterator[Note]:
    """Packages that are pinned to a version that will not do."""
    wanted = {_package(need): Requirement(need) for need in {OLDEST, *needs.runtime, *needs.test}}
    for held in manifest.lists:
        for requirement in held.listed():
            need = wanted.get(requirement.name)
            pin = _pin(requirement)
            if need is not None and pin and not need.specifier.contains(pin, prereleases=True):
                message = f"{requirement.name} is pinned to {pin}; {need.specifier} is needed"
                yield Note(manifest.path, requirement.line or _line_of(manifest, requirement.name), message)


def _pin(requirement: Listed) -> str:
    try:
        specifiers = list(SpecifierSet(requirement.specifier))
    except InvalidSpecifier:
        return ""
    return next((s.version for s in specifiers if s.operator == "==" and not s.version.endswith("*")), "")


def _line_of(manifest: _Manifest, name: str) -> int:
    for number, line in enumerate(_text(manifest.original).split("\n"), 1):
        first = _FIRST_WORD.match(line)
        if first and canonicalize_name(first[1]) == name:
            return number
    return 1


def _locks(root: Path, files: Mapping[str, bytes]) -> Iterator[Note]:
    for folder in sorted({folder for path in files for folder in PurePosixPath(path).parents}):
        for lock, command in _LOCKS.items():
            if (root / folder / lock).is_file():
                yield Note(str(folder / lock), 1, f"out of date: run `{command}`")
