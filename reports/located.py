"""The facts of a migration that has been carried out, with the lines of the files as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..analysis.moved import Moved, of_files
from .requirements import Contents


def located(facts: Mapping[str, Any], before: Contents, after: Contents) -> dict[str, Any]:
    """The facts, told of what a reader finds in the files; only `decisions` keep the lines of the original."""
    moved = of_files(before, after)
    return {
        **facts,
        "modules": [_module(module, moved) for module in facts["modules"]],
        "kept": [_now(site, moved) for site in facts["kept"]],
    }


def _module(module: Mapping[str, Any], moved: Mapping[str, Moved]) -> dict[str, Any]:
    functions = [
        {**_now(f, moved, module["path"]), "why": [_now(step, moved) for step in f["why"]]} for f in module["functions"]
    ]
    return {**module, "functions": functions, "concerns": [_now(site, moved) for site in module["concerns"]]}


def _now(site: Mapping[str, Any], moved: Mapping[str, Moved], path: str = "") -> dict[str, Any]:
    lines = moved.get(path or site["path"])
    return {**site, "line": lines.now(site["line"]) if lines is not None else site["line"]}
