"""Functions that console scripts call: a project's packaging names them, as `package.module:function`."""

from __future__ import annotations

import ast
import configparser
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from .symbols import Function

if TYPE_CHECKING:
    from .program import Program

GROUPS = ("console_scripts", "gui_scripts")


def console_scripts(program: Program) -> dict[Function, str]:
    """The functions that scripts call, each with the name of one."""
    found: dict[Function, str] = {}
    for path, script, target in (*_of_settings(program), *_of_setup(program)):
        module, _, name = target.partition("[")[0].strip().partition(":")
        home = program.interpreter.modules.absolute(module.strip(), path)
        function = program.interpreter.functions.get(f"{home}::{name.strip()}")
        if function is not None and not function.is_module:
            found.setdefault(function, script)
    return found


def _of_settings(program: Program) -> Iterator[tuple[str, str, str]]:
    """What pyproject.toml and setup.cfg say: file, script and target."""
    for path in _files(program, "pyproject.toml"):
        with suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            for script, target in _of_tables(tomllib.loads((program.root / path).read_text("utf-8"))):
                yield path, script, target
    for path in _files(program, "setup.cfg"):
        with suppress(OSError, UnicodeDecodeError, configparser.Error):
            for script, target in _of_ini((program.root / path).read_text("utf-8"), "options.entry_points"):
                yield path, script, target


def _files(program: Program, name: str) -> list[str]:
    """Those of a name in the project's folder, in the folders right in it, and above each source file."""
    above = {parent / name for path in program.sources for parent in PurePosixPath(path).parents}
    beside = {PurePosixPath(path.relative_to(program.root).as_posix()) for path in program.root.glob(f"*/{name}")}
    return sorted(path.as_posix() for path in {PurePosixPath(name), *above, *beside})


def _of_ini(text: str, section: str = "") -> Iterator[tuple[str, str]]:
    """The scripts of groups that are keys of a section, or sections themselves."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    for group in GROUPS:
        lines = parser.get(section, group, fallback="") if section else ""
        yield from _of_lines(lines)
        if not section and parser.has_section(group):
            yield from parser.items(group)


def _of_tables(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    project, poetry = document.get("project", {}), document.get("tool", {}).get("poetry", {})
    points = project.get("entry-points", {})
    tables = [project.get("scripts"), project.get("gui-scripts"), poetry.get("scripts"), *map(points.get, GROUPS)]
    for script, target in (item for table in tables for item in (table or {}).items()):
        if isinstance(target, str):
            yield script, target


def _of_setup(program: Program) -> Iterator[tuple[str, str, str]]:
    """What `setup(entry_points={"console_scripts": […]})` says, or a text in the place of the dict."""
    for path, source in program.sources.items():
        if not path.endswith("setup.py"):
            continue
        for node in source.nodes:
            with suppress(ValueError, AttributeError, TypeError, configparser.Error):
                if isinstance(node, ast.keyword) and node.arg == "entry_points":
                    points = ast.literal_eval(node.value)
                    found = list(_of_ini(points) if isinstance(points, str) else _of_dict(points))
                    yield from ((path, script, target) for script, target in found)


def _of_dict(points: dict[str, str | list[str]]) -> Iterator[tuple[str, str]]:
    for group in GROUPS:
        lines = points.get(group, [])
        yield from _of_lines(lines if isinstance(lines, str) else "\n".join(lines))


def _of_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        script, equals, target = line.partition("=")
        if equals:
            yield script.strip(), target.strip()
