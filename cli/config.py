"""`[tool.asyncshift]` of the project's pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..analysis.library import library
from ..analysis.settings import Settings
from .errors import Failure

FILE = "pyproject.toml"
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
        f"{FILE}:{_line(text, key)}: [tool.asyncshift] {complaint}"
        for key, value in table.items()
        if (complaint := _complaint(root, key, value))
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


def _paths(root: Path, value: Any) -> str:
    missing = [path for path in value if not (root / path).exists()] if not _strings(root, value) else []
    return _strings(root, value) or ", ".join(f"no such file or folder: {path}" for path in missing)


def _strings(root: Path, value: Any) -> str:
    fine = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return "" if fine else "must be a list of strings"


def _reasons(root: Path, value: Any) -> str:
    if not isinstance(value, dict):
        return 'must be a table: "path or module" = "the reason"'
    bare = [name for name, reason in value.items() if not isinstance(reason, str) or not reason.strip()]
    return ", ".join(f'"{name}" needs a reason (a string)' for name in bare)


def _driver(root: Path, value: Any) -> str:
    return driver_complaint(value) if isinstance(value, str) else "must be a string"


CHECKS: Mapping[str, Callable[[Path, Any], str]] = {
    "paths": _paths,
    "exclude": _strings,
    "keep-sync": _reasons,
    "driver": _driver,
    "blocking": _strings,
}


def _complaint(root: Path, key: str, value: Any) -> str:
    if key not in CHECKS:
        return f"unknown key '{key}': known are {', '.join(CHECKS)}"
    wrong = CHECKS[key](root, value)
    return wrong and f"{key}: {wrong}"


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _broken(message: str, text: str) -> str:
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", message, re.DOTALL)
    what, line = found.groups() if found else (message, None)
    return f"{FILE}:{line or text.count(chr(10)) + 1}: broken TOML: {what}"


def _line(text: str, key: str) -> int:
    """The line on which a key of the section stands, or else the section, or else the file's first."""
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
