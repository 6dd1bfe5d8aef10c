"""Functions that console scripts call: a project's packaging names them, as `package.module:function`."""

from __future__ import annotations

import ast
import configparser
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .symbols import Function

if TYPE_CHECKING:
    from .program import Program

GROUPS = ("console_scripts", "gui_scripts")


def console_scripts(program: Program) -> dict[Function, str]:
    """The functions that scripts call, each with the name of one."""
    found: dict[Function, str] = {}
    for path, script, target in (*_of_settings(program.root), *_of_setup(program)):
        module, _, name = target.partition("[")[0].strip().partition(":")
        home = program.interpreter.modules.absolute(module.strip(), path)
        function = program.interpreter.functions.get(f"{home}::{name.strip()}")
        if function is not None and not function.is_module:
            found.setdefault(function, script)
    return found


def _of_settings(root: Path) -> Iterator[tuple[str, str, str]]:
    """What pyproject.toml and setup.cfg say, in the project's folder and those in it: file, script and target."""
    for folder in (".", "*"):
        for path in sorted(root.glob(f"{folder}/pyproject.toml")):
            with suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
                for script, target in _of_tables(tomllib.loads(path.read_text("utf-8"))):
                    yield path.relative_to(root).as_posix(), script, target
        for path in sorted(root.glob(f"{folder}/setup.cfg")):
            parser = configparser.ConfigParser(interpolation=None)
            with suppress(OSError, UnicodeDecodeError, configparser.Error):
                parser.read_string(path.read_text("utf-8"))
                for group in GROUPS:
                    for script, target in _of_lines(parser.get("options.entry_points", group, fallback="")):
                        yield path.relative_to(root).as_posix(), script, target


def _of_tables(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    project, poetry = document.get("project", {}), document.get("tool", {}).get("poetry", {})
    points = project.get("entry-points", {})
    tables = [project.get("scripts"), project.get("gui-scripts"), poetry.get("scripts"), *map(points.get, GROUPS)]
    for script, target in (item for table in tables for item in (table or {}).items()):
        if isinstance(target, str):
            yield script, target


def _of_setup(program: Program) -> Iterator[tuple[str, str, str]]:
    """What `setup(entry_points={"console_scripts": […]})` says."""
    for path, source in program.sources.items():
        if not path.endswith("setup.py"):
            continue
        for node in source.nodes:
            with suppress(ValueError, AttributeError, TypeError):
                if isinstance(node, ast.keyword) and node.arg == "entry_points":
                    points = ast.literal_eval(node.value)
                    for line in (line for group in GROUPS for line in points.get(group, [])):
                        yield from ((path, script, target) for script, target in _of_lines(line))


def _of_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        script, equals, target = line.partition("=")
        if equals:
            yield script.strip(), target.strip()
