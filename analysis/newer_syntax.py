"""Syntax that is newer than the interpreter that runs asyncshift, parsed by a newer one of the machine.

A project may need Python 3.13 while asyncshift is installed under 3.11. The newer interpreter parses the file and
prints the tree as JSON; nodes that this interpreter does not know become what they mean to the analysis: `type X = …`
an assignment, type parameters nothing, a template string an f-string.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

NEWEST = 20
_BARE_EXCEPTIONS = re.compile(
    r"^(?P<head>[ \t]*except\*?)[ \t](?P<types>[\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)[ \t]*:(?=[ \t]*(?:#.*)?$)", re.MULTILINE
)
_BRACKETS = r"\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]"
_TYPE_PARAMETERS = re.compile(
    rf"^(?P<head>[ \t]*(?:async[ \t]+def|def|class)[ \t]+\w+)(?P<types>{_BRACKETS})(?=[ \t]*[(:])", re.MULTILINE
)
_TYPE_ALIAS = re.compile(
    rf"^(?P<head>[ \t]*)type[ \t]+(?P<name>\w+)(?P<types>{_BRACKETS})?(?=[ \t]*=[^=])", re.MULTILINE
)
# How a release's new syntax looks, in an older one's complaint or on the line complained of.
_NEWER = (
    ((3, 14), re.compile(r"\A.*must be parenthesized|\b(?:[tT][rR]?|[rR][tT])[\"']")),
    (
        (3, 12),
        re.compile(
            r"\b(?:[fF][rR]?|[rR][fF])[\"']"
            r"|^[ \t]*(?:type[ \t]+\w+[ \t]*[\[=]|(?:async[ \t]+def|def|class)[ \t]+\w+\[)",
            re.MULTILINE,
        ),
    ),
)
LIMIT_SECONDS = 30

_DUMP = r"""
import ast, json, sys
def dump(value):
    if isinstance(value, ast.AST):
        fields = {f: dump(getattr(value, f, None)) for f in value._fields}
        place = {a: getattr(value, a) for a in value._attributes if getattr(value, a, None) is not None}
        return {"_": type(value).__name__, "f": fields, "a": place}
    if isinstance(value, list):
        return [dump(v) for v in value]
    if isinstance(value, (str, int, bool, type(None))) and abs(value if isinstance(value, int) else 0) < 2**53:
        return value
    return {"r": repr(value)}
sys.stdout.write(json.dumps(dump(ast.parse(sys.stdin.buffer.read().decode()))))
"""


def parse_newer(text: str) -> ast.Module | None:
    """The tree of a text that this interpreter can't parse; None when it can't be had."""
    reworded = _reworded(text)
    if reworded == text:
        return _parse_with_newer(text)
    return _parse_with_newer(text) or _parse_here(reworded) or _parse_with_newer(reworded)


def hint(text: str, line: int, message: str) -> str:
    """What to add to this interpreter's complaint where the line may be newer syntax and nothing here can read it."""
    words = f"{message}\n{''.join(text.splitlines(keepends=True)[line - 1 : line])}"
    newer = [version for version, looks_so in _NEWER if version > sys.version_info and looks_so.search(words)]
    if not newer or _newer_interpreter() is not None:
        return ""
    major, minor = newer[0]
    return (
        f"; it may be syntax of Python {major}.{minor} or newer, and no such interpreter was found "
        "on the search path, in VIRTUAL_ENV, in .venv or among pyenv's versions"
    )


def _reworded(text: str) -> str:
    """The text in words that older interpreters know.

    `except A, B:` (PEP 758) gets the parentheses that they want; the opening one takes the place of a space, so that no
    column before the colon moves. Spaces take the place of type parameters and of the word `type` (PEP 695).
    """
    text = _BARE_EXCEPTIONS.sub(r"\g<head>(\g<types>):", text)
    text = _TYPE_PARAMETERS.sub(lambda m: m["head"] + _blank(m["types"]), text)
    return _TYPE_ALIAS.sub(lambda m: f"{m['head']}{m['name']}{_blank(m[0], besides=m['head'] + m['name'])}", text)


def _blank(text: str, besides: str = "") -> str:
    return " " * (len(text.encode()) - len(besides.encode()))


def _parse_here(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


def _parse_with_newer(text: str) -> ast.Module | None:
    interpreter = _newer_interpreter()
    if interpreter is None:
        return None
    try:
        done = subprocess.run(
            [interpreter, "-I", "-c", _DUMP],
            input=text.encode(),
            capture_output=True,
            timeout=LIMIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    tree = _build(json.loads(done.stdout))
    return tree if isinstance(tree, ast.Module) else None


@cache
def _newer_interpreter() -> str | None:
    """The first interpreter of the environment, the search path or pyenv that runs and is newer than this one."""
    environment = os.environ.get("VIRTUAL_ENV")
    homes = [Path(environment) / "bin" / "python"] if environment else []
    homes.append(Path(".venv") / "bin" / "python")
    names = [f"python3.{minor}" for minor in range(NEWEST, sys.version_info.minor, -1)]
    found = [*homes, *(folder / name for name in (*names, "python3", "python") for folder in _folders())]
    return next((str(p) for p in found if os.access(p, os.X_OK) and _version(p) > sys.version_info[:2]), None)


def _folders() -> list[Path]:
    """The search path, and where pyenv keeps its versions: its shims on the search path may lead nowhere."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return [*map(Path, os.get_exec_path()), *sorted(pyenv.glob("versions/*/bin"))]


def _version(interpreter: Path) -> tuple[int, ...]:
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([interpreter, "-I", "-c", code], capture_output=True, timeout=LIMIT_SECONDS, check=True)
        return tuple(int(part) for part in done.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return (0,)


def _build(data: Any) -> Any:
    if isinstance(data, list):
        return [_build(item) for item in data]
    if not isinstance(data, dict):
        return data
    if "r" in data:
        return ast.literal_eval(data["r"]) if data["r"] != "Ellipsis" else ...
    fields = {name: _build(value) for name, value in data["f"].items()}
    kind, fields = _known(data["_"], fields)
    return kind(**{n: v for n, v in fields.items() if n in kind._fields}, **data["a"])


def _known(name: str, fields: dict[str, Any]) -> tuple[type[ast.AST], dict[str, Any]]:
    """The node class of this interpreter for a node of a newer one."""
    match name:
        case "TypeAlias" if not hasattr(ast, "TypeAlias"):
            return ast.Assign, {"targets": [fields["name"]], "value": fields["value"]}
        case "TypeVar" | "ParamSpec" | "TypeVarTuple" if not hasattr(ast, name):
            return ast.Name, {"id": fields["name"], "ctx": ast.Load()}
        case "TemplateStr" if not hasattr(ast, name):
            return ast.JoinedStr, fields
        case "Interpolation" if not hasattr(ast, name):
            return ast.FormattedValue, fields
    return getattr(ast, name), fields
