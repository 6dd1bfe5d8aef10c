"""The settings of pytest-asyncio, written where pytest reads them.

Before:

    [pytest]
    addopts = -q

After:

    [pytest]
    addopts = -q
    asyncio_mode = auto
    asyncio_default_fixture_loop_scope = session
    asyncio_default_test_loop_scope = session
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from tomlkit.items import AbstractTable

from ..analysis.fixtures import is_test_file
from ..analysis.source import BOM
from .locked_versions import locked_version
from .requirement_lists import add_key
from .requirements import listed, parse_toml

# The files that pytest looks into, in its order, with the section or tables that make it take one. The first four are
# taken even without it.
_ALWAYS_TAKEN = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
_SECTIONS = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
_ORDER = (*_ALWAYS_TAKEN, "pyproject.toml", "tox.ini", "setup.cfg")

# The version of pytest-asyncio that first knew a setting.
_SINCE = {
    "asyncio_default_fixture_loop_scope": Version("0.24"),
    "asyncio_default_test_loop_scope": Version("0.26"),
}
# Enough of its releases to tell which settings a range of versions may know.
_RELEASES = [
    *(Version(v) for v in ("0.18", "0.19", "0.20", "0.21", "0.22", "0.23", "0.23.8", "0.24", "0.25", "0.25.3", "0.26")),
    *(Version(v) for v in ("1.0", "1.1", "1.2", "1.3", "2", "3")),
]
# The versions of pytest that pytest-asyncio came to need, each with its last release that does not.
_LAST_BEFORE = {Version("7"): Version("0.20.3"), Version("8.2"): Version("0.23.8")}
_PYTESTS = [Version(v) for v in ["6.99", "7", "7.99", "8", "8.1", "8.2", "8.3", "8.4", "9", "10", "100"]]
_MODE_OPTION = re.compile(r"--asyncio-mode[=\s]+(\w+)")
InForce: TypeAlias = tuple[str, bool, str]
_KEY = re.compile(r"^([\w.-]+)(\s*[=:]\s*)(.*)$")


@dataclass(slots=True)
class EditedSettings:
    """The new content of the file that changes, by path relative to the root; where the settings are; what they say.

    `is_chosen`: the project says which mode. `loop_scope` is that of fixtures; "" where there is no such setting.
    `named_loop` is the scope of the loop that each test and fixture has to name itself, because pytest takes its
    settings from a folder above the project and misses it there. A file of the project's own would change what pytest
    takes for the root, and with it the name of every test.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    mode: str = "auto"
    is_chosen: bool = False
    loop_scope: str = ""
    path: str = ""
    named_loop: str = ""


def edit_settings(
    root: Path,
    loop_scope: str,
    strict: bool,
    paths: Iterable[str] = (),
    changed: Mapping[str, bytes] | None = None,
) -> EditedSettings:
    """Write the mode and the loop scopes of pytest-asyncio, where they are not set.

    `strict`: the mode of a project that has set none. `paths` are the source files whose folders may list the version
    of pytest-asyncio; `changed` holds files that other rewrites have already changed.

    Raises:
        BrokenInput: a TOML file cannot be parsed.
    """
    settings = {"asyncio_mode": "strict" if strict else "auto"}
    version = newest(root, list(paths))
    settings |= {name: loop_scope for name, since in _SINCE.items() if version is None or version >= since}
    files = _Files(root, changed or {})
    path = _taken(files, _folders(paths))
    above = _above(files) if path is None else None
    if path is None:
        path = "pytest.ini" if files.read("pyproject.toml") is None else "pyproject.toml"
    if above is not None:
        files, path = _Files(above[0], {}), above[1]
        settings["asyncio_mode"] = "strict"
    content, in_force, wanted = (_edit_toml if path.endswith(".toml") else _edit_ini)(files, path, settings)
    if above is not None:
        scope = wanted.get("asyncio_default_test_loop_scope", "")
        return EditedSettings({}, *in_force, path, scope if scope != "function" else "")
    return EditedSettings({path: content} if wanted else {}, *in_force, path)


# Where pytest reads


@dataclass(slots=True)
class _Files:
    """The files of a folder, as other rewrites have left them."""

    root: Path
    changed: Mapping[str, bytes]

    def read(self, path: str) -> bytes | None:
        if path in self.changed:
            return self.changed[path]
        return (self.root / path).read_bytes() if (self.root / path).is_file() else None


def _taken(files: _Files, folders: Iterable[PurePosixPath]) -> str | None:
    """The file that pytest takes its settings from."""
    for path in (str(folder / name) for folder in folders for name in _ORDER):
        content = files.read(path)
        if content is not None and _is_taken(path, content):
            return path
    return None


def _above(files: _Files) -> tuple[Path, str] | None:
    """The folder above the project, in its repository, that pytest takes for the root, and the file for settings there.

    https://docs.pytest.org/en/stable/reference/customize.html#finding-the-rootdir
    """
    root = files.root.resolve()
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    folders = [folder for folder in root.parents if folder.is_relative_to(top)]
    for folder in folders:
        if path := _taken(_Files(folder, {}), [PurePosixPath()]):
            return folder, path
    for name, settings in (("pyproject.toml", "pyproject.toml"), ("setup.py", "pytest.ini")):
        if files.read(name) is not None:
            return None
        for folder in folders:
            if (folder / name).is_file():
                return folder, settings
    return None


def _folders(paths: Iterable[str]) -> list[PurePosixPath]:
    """The folder that holds all tests, and those above it: where pytest looks when it is given that folder."""
    tests = [PurePosixPath(path) for path in paths if is_test_file(path)]
    homes = [path.parent for path in tests if path.name != "conftest.py"]
    shared = homes[0] if homes else PurePosixPath()
    while not all(home.is_relative_to(shared) for home in homes):
        shared = shared.parent
    return [shared, *shared.parents]


def _is_taken(path: str, content: bytes) -> bool:
    name = PurePosixPath(path).name
    if name == "pyproject.toml":
        return bool(_tables(parse_toml(path, content)).get("pytest"))
    return name in _ALWAYS_TAKEN or _section(_lines(content), _SECTIONS[name]) is not None


def _tables(document: Mapping[str, Any]) -> Mapping[str, Any]:
    tool = document.get("tool", {})
    return tool if isinstance(tool, Mapping) else {}


# TOML


# Of each kind of file: its new content, what is in force (mode, is it chosen, loop scope), and what was missing.


def _edit_toml(files: _Files, path: str, settings: dict[str, str]) -> tuple[bytes, InForce, dict[str, str]]:
    content = files.read(path) or b""
    document = parse_toml(path, content)
    keys = _keys(document, is_own=PurePosixPath(path).name != "pyproject.toml")
    table: Any = document
    for key in keys:
        table = table.get(key, {})
    wanted, in_force = _wanted(settings, {key: _as_text(value) for key, value in table.items()})
    if not wanted:
        return content, in_force, wanted
    if isinstance(table, AbstractTable):
        for key, value in wanted.items():
            add_key(table, key, value)
        text = document.as_string().replace("\r\n", "\n")
    else:
        lines = _lines(content)
        _open_section(lines, ".".join(keys))
        text = "\n".join([*lines[:-1], *(f'{key} = "{value}"' for key, value in wanted.items()), ""])
    return _encode(text, content), in_force, wanted


def _keys(document: Mapping[str, Any], is_own: bool) -> list[str]:
    """The way to pytest's table: `[pytest]` in its own file; in pyproject.toml the form that is there."""
    if is_own:
        return ["pytest"]
    table = _tables(document).get("pytest", {})
    return ["tool", "pytest", "ini_options"] if "ini_options" in table or not table else ["tool", "pytest"]


def _as_text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


# INI


def _edit_ini(files: _Files, path: str, settings: dict[str, str]) -> tuple[bytes, InForce, dict[str, str]]:
    content = files.read(path) or b""
    lines = _lines(content)
    section = _SECTIONS[PurePosixPath(path).name]
    start = _section(lines, section)
    if start is None:
        # pytest takes the file, but nothing that stands in it.
        start = _open_section(lines, section)
    end = next((i for i in range(start + 1, len(lines)) if lines[i].startswith("[")), len(lines))
    wanted, in_force = _wanted(settings, _values(lines[start + 1 : end]))
    if not wanted:
        return content, in_force, wanted
    last = max(i for i in range(start, end) if lines[i].strip() and not lines[i].startswith(("#", ";")))
    equals = next((m[2] for line in lines[start + 1 : end] if (m := _KEY.match(line)) and m[3]), " = ")
    lines[last + 1 : last + 1] = [f"{key}{equals}{value}" for key, value in wanted.items()]
    return _encode("\n".join(lines), content), in_force, wanted


def _open_section(lines: list[str], name: str) -> int:
    """Add an empty section at the end, with a blank line before it; the index of its head."""
    while lines and not lines[-1].strip():
        lines.pop()
    lines += ["", f"[{name}]", ""] if lines else [f"[{name}]", ""]
    return len(lines) - 2


def _lines(content: bytes) -> list[str]:
    return content.removeprefix(BOM).decode(errors="surrogateescape").replace("\r\n", "\n").split("\n")


def _encode(text: str, like: bytes) -> bytes:
    """A file's new bytes, with the byte order mark and the line ends of the old."""
    newline = "\r\n" if like.partition(b"\n")[0].endswith(b"\r") else "\n"
    bom = BOM if like.startswith(BOM) else b""
    return bom + text.replace("\n", newline).encode(errors="surrogateescape")


def _section(lines: list[str], name: str) -> int | None:
    return next((i for i, line in enumerate(lines) if re.split("[#;]", line)[0].rstrip() == f"[{name}]"), None)


def _values(lines: list[str]) -> dict[str, str]:
    """The keys of a section; a value goes on in the indented lines below it."""
    values: dict[str, str] = {}
    key = ""
    for line in lines:
        if line[:1].isspace() and key:
            values[key] += f" {line.strip()}" if not line.strip().startswith("#") else ""
        elif found := _KEY.match(line):
            key = found[1]
            values[key] = found[3].strip()
    return values


def _wanted(settings: dict[str, str], values: Mapping[str, str]) -> tuple[dict[str, str], InForce]:
    """The settings that are missing; the mode, whose choice it is, and the loop scope. The command line's mode wins."""
    option = _MODE_OPTION.search(values.get("addopts", ""))
    mode = option[1] if option else values.get("asyncio_mode", settings["asyncio_mode"])
    is_set = set(values) | ({"asyncio_mode"} if option else set())
    # Where one loop scope is set, the other is the same: a test can use no fixture of another loop.
    scopes = {values[name] for name in _SINCE if name in values}
    same = dict.fromkeys(_SINCE, scopes.pop()) if len(scopes) == 1 else {}
    wanted = {key: same.get(key, value) for key, value in settings.items() if key not in is_set}
    loop_scope = {**wanted, **values}.get("asyncio_default_fixture_loop_scope", "")
    return wanted, (mode, "asyncio_mode" in is_set, loop_scope)


# The version of pytest-asyncio

PLUGIN = "pytest-asyncio"


def newest(root: Path, paths: list[str]) -> Version | None:
    """The newest version of pytest-asyncio that the project may install; None where nothing bounds it."""
    if locked := locked_version(root, PLUGIN):
        return locked
    versions = listed(root, paths)
    found = _newest_allowed(versions.get(PLUGIN, ""))
    return found or _last_for_old_pytest(versions.get("pytest", ""))


def _newest_allowed(specifier: str) -> Version | None:
    try:
        allowed = SpecifierSet(specifier)
    except InvalidSpecifier:
        return None
    if not any(s.operator in {"==", "===", "<", "<=", "~="} for s in allowed):
        return None
    named = [Version(s.version) for s in allowed if s.operator in {"==", "<=", "~=", ">="} and "*" not in s.version]
    return max((v for v in [*_RELEASES, *named] if allowed.contains(v)), default=None)


def _last_for_old_pytest(specifier: str) -> Version | None:
    """The last pytest-asyncio for those versions of pytest that are allowed; None where newer ones are among them."""
    try:
        allowed = SpecifierSet(specifier)
        named = [Version(s.version.removesuffix(".*")) for s in allowed]
    except (InvalidSpecifier, InvalidVersion):
        return None
    newest_pytest = max((v for v in (*named, *_PYTESTS) if allowed.contains(v)), default=_PYTESTS[-1])
    return next((last for since, last in _LAST_BEFORE.items() if newest_pytest < since), None)
