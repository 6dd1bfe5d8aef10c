"""`[tool.asyncshift]` of the project's pyproject.toml."""

from __future__ import annotations

import builtins
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ..analysis.library import library
from ..analysis.modules import Modules
from ..analysis.settings import Settings, keeps
from .discovery import python_files
from .errors import Failure

FILE = "pyproject.toml"
# What is wrong with a value, after the item of it that is wrong ("": the value itself).
Wrong: TypeAlias = tuple[str, str]
DRIVERS = tuple(sorted({name for drivers in library().drivers.values() for name in drivers.names}))


def read_settings(root: Path) -> Settings:
    """The project's settings; the defaults where it has none.

    Raises:
        Failure: the file is broken, or holds a key or value that is not understood; one line each.
    """
    if not (root / FILE).is_file():
        return Settings()
    text = _text((root / FILE).read_bytes())
    table = _section(text)
    complaints = [
        f"{FILE}:{_line(text, key, item)}: [tool.asyncshift] {complaint}"
        for key, value in table.items()
        for item, complaint in _complaints(root, key, value)
    ]
    if complaints:
        raise Failure(*complaints)
    return Settings(**{key.replace("-", "_"): _frozen(value) for key, value in table.items()})


def _text(content: bytes) -> str:
    try:
        return content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Failure(f"{FILE}:{line}: not UTF-8 (byte 0x{content[error.start]:02x})") from None


def _section(text: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Failure(_broken(str(error), text)) from None
    for key in ("tool", "asyncshift"):
        table = table.get(key, {})
        if not isinstance(table, dict):
            raise Failure(f"{FILE}:{_line(text, key)}: {key} must be a table")
    return table


def driver_complaint(name: str) -> str:
    """What is wrong with an async driver's name; empty if nothing is."""
    return "" if name in DRIVERS else f"unknown driver {name!r}: known are {', '.join(DRIVERS)}"


def _paths(root: Path, value: Any) -> list[Wrong]:
    return _strings(root, value) or [
        (path, f"no such file or folder: {path}") for path in value if not (root / path).exists()
    ]


def _strings(root: Path, value: Any) -> list[Wrong]:
    fine = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return [] if fine else [("", "must be a list of strings")]


def _kept(root: Path, value: Any) -> list[Wrong]:
    if not isinstance(value, dict):
        return [("", 'must be a table: "path or module" = "the reason"')]
    modules = _modules(root) if value else Modules(())
    wrong = []
    for pattern, reason in value.items():
        if not isinstance(reason, str) or not reason.strip():
            wrong.append((pattern, f'"{pattern}" needs a reason (a string)'))
        elif not any(keeps(pattern, path, modules.dotted(path)) for path in modules.paths):
            wrong.append((pattern, f'"{pattern}" matches no file and no module of the project'))
    return wrong


def _blocking(root: Path, value: Any) -> list[Wrong]:
    if (wrong := _strings(root, value)) or not value:
        return wrong
    modules = _modules(root)
    texts = {path: (root / path).read_bytes().decode(errors="replace") for path in modules.paths}
    own = {modules.dotted(path): text for path, text in texts.items()}
    return [(name, complaint) for name in value if (complaint := _unknown_call(name, own))]


def _unknown_call(name: str, own: Mapping[str, str]) -> str:
    """Why a name can be no call of the project; `own` are the texts of its modules."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        module = ".".join(parts[:end])
        if module in own:
            missing = [p for p in parts[end:] if not re.search(rf"\b(?:def|class)[ \t]+{re.escape(p)}\b", own[module])]
            return f"{module} defines no {missing[0]}" if missing else ""
    if any(module.startswith(f"{name}.") for module in own) or hasattr(builtins, parts[0]):
        return ""
    imported = re.compile(rf"^[ \t]*(?:import|from)\b.*\b{re.escape(parts[0])}\b", re.MULTILINE)
    return "" if any(map(imported.search, own.values())) else f"nothing in the project imports {parts[0]}"


def _modules(root: Path) -> Modules:
    return Modules(python_files(root, [root]))


def _driver(root: Path, value: Any) -> list[Wrong]:
    complaint = driver_complaint(value) if isinstance(value, str) else "must be a string"
    return [("", complaint)] if complaint else []


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the section; `complaints` says what is wrong with a value of it."""

    complaints: Callable[[Path, Any], list[Wrong]]
    kind: str
    meaning: str
    default: str
    example: str


KEYS: Mapping[str, Key] = {
    "paths": Key(
        _paths,
        "list of files and folders",
        "what is looked at",
        "everything",
        'paths = ["src", "tests"]',
    ),
    "exclude": Key(
        _strings,
        "list of patterns",
        "what is left out, as in `.gitignore`; virtual environments and what git ignores are never looked at",
        "nothing",
        'exclude = ["src/legacy/"]',
    ),
    "driver": Key(
        _driver,
        "one of " + ", ".join(f"`{name}`" for name in DRIVERS),
        "the async driver for PostgreSQL or MySQL",
        "what the project lists already, or asyncpg, aiomysql",
        'driver = "asyncpg"',
    ),
    "blocking": Key(
        _blocking,
        "list of dotted names",
        "functions, classes or packages whose calls block, beside those it knows: made in a thread where that is safe",
        "none",
        'blocking = ["reports.render", "slowlib"]',
    ),
    "keep-sync": Key(
        _kept,
        'table of `"path or module" = "the reason"`',
        "what stays sync; the plan and the reports repeat the reason",
        "nothing",
        '[tool.asyncshift.keep-sync]\n"src/worker.py" = "Celery tasks run without an event loop"',
    ),
}


def _complaints(root: Path, key: str, value: Any) -> list[Wrong]:
    if key not in KEYS:
        return [("", f"unknown key '{key}': known are {', '.join(KEYS)}")]
    return [(item, f"{key}: {complaint}") for item, complaint in KEYS[key].complaints(root, value)]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _broken(message: str, text: str) -> str:
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", message, re.DOTALL)
    what, line = found.groups() if found else (message, None)
    return f"{FILE}:{line or text.count(chr(10)) + 1}: broken TOML: {what}"


def _line(text: str, key: str, item: str = "") -> int:
    """The line on which a key of the section stands, or what it holds; or else the section, or the file's first."""
    start = _key_line(text, key)
    following = enumerate(text.splitlines()[start - 1 :], start)
    return next((number for number, line in following if item in re.findall(r"[^\s\"'=,\[\]]+", line)), start)


def _key_line(text: str, key: str) -> int:
    section = 1
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*tool\s*\.\s*asyncshift\s*(?:\.\s*[\"']?([\w-]+)[\"']?\s*)?\]", line):
            inside, section = True, number
            if header[1] == key:
                return number
        elif re.match(r"\s*\[", line):
            inside = False
        elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
            return number
    return section
