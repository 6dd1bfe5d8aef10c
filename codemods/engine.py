"""Makes the plan, and carries it out: all codemods' edits of a file become its new text."""

from __future__ import annotations

from collections import defaultdict
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import cast

from ..analysis.decisions import Decision, Plan, Status
from ..analysis.program import Program
from ..analysis.source import BOM, BrokenInput, Source
from .base import Codemod
from .edit import Conflict, Edit, Import, apply
from .imports import settle


def _load() -> dict[str, Codemod]:
    """The modules of this package that are codemods: those with a `NAME`."""
    names = [info.name for info in iter_modules([str(Path(__file__).parent)]) if info.name != "engine"]
    modules = [import_module(f"{__package__}.{name}") for name in names]
    return {m.NAME: cast(Codemod, m) for m in modules if hasattr(m, "NAME")}


CODEMODS: dict[str, Codemod] = _load()


def summary(codemod: Codemod) -> str:
    """A codemod in one line: the first of its docstring."""
    return (codemod.__doc__ or "").strip().split("\n", 1)[0]


def make_plan(program: Program) -> Plan:
    """Everything that would be done, kept or declined."""
    decisions = [d for codemod in CODEMODS.values() for d in codemod.decide(program)]
    return Plan(sorted(decisions, key=lambda d: (d.site, d.codemod)))


def rewrite(program: Program, plan: Plan) -> dict[str, bytes]:
    """The new content of each file that the plan changes, by path relative to the project's root.

    Raises:
        BrokenInput: a rewritten file would not parse, or two codemods claim the same bytes; nothing is returned then.
    """
    edits: defaultdict[str, list[Edit]] = defaultdict(list)
    for decision in plan:
        if decision.status is Status.DONE:
            edits[decision.site.path].extend(CODEMODS[decision.codemod].rewrite(decision, program))
    changed: dict[str, bytes] = {}
    for path, wanted in edits.items():
        if path in program.sources and wanted:
            content = _rewrite_file(program, program.sources[path], wanted)
            if content != program.sources[path].content:
                changed[path] = content
    for codemod in CODEMODS.values():
        project_files = getattr(codemod, "project_files", None)
        if project_files is not None:
            changed.update(project_files(program, plan, changed))
    return changed


def _rewrite_file(program: Program, source: Source, edits: list[Edit]) -> bytes:
    try:
        content = apply(source.content, edits)
    except Conflict as error:
        raise BrokenInput(f"{source.path}:1: two rewrites meet: {error}") from None
    _check(source.path, content)
    content = settle(source, content, [e for e in edits if isinstance(e, Import)], exported(program, source.path), program.own_packages)
    _check(source.path, content)
    return content


def _check(path: str, content: bytes) -> None:
    try:
        Source.parse(path, content)
    except BrokenInput as error:
        text = content.removeprefix(BOM).decode(errors="replace").splitlines()
        line = int(str(error).split(":")[1]) if str(error).split(":")[1].isdigit() else 1
        shown = text[line - 1].strip() if line <= len(text) else ""
        raise BrokenInput(f"{error} in the rewritten file: {shown}") from None


def exported(program: Program, path: str) -> frozenset[str]:
    """The names that other modules import from a file."""
    return program.imported_names.get(path, frozenset())


__all__ = ["CODEMODS", "Decision", "make_plan", "rewrite", "summary"]
