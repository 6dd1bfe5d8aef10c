"""Makes the plan, and carries it out: all codemods' edits of a file become its new text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TypeAlias, cast

from ..analysis.decisions import Confidence, Decision, Plan, Status
from ..analysis.program import Program, imported_names
from ..analysis.source import BOM, BrokenInput, Site, Source
from .base import Codemod
from .edit import Conflict, Edit, Import, apply
from .imports import local_name, settle
from .unread_locals import without_unread


def _load() -> dict[str, Codemod]:
    """The modules of this package that are codemods: those with a `NAME`."""
    names = [info.name for info in iter_modules([str(Path(__file__).parent)]) if info.name != "engine"]
    modules = [import_module(f"{__package__}.{name}") for name in names]
    return {m.NAME: cast(Codemod, m) for m in modules if hasattr(m, "NAME")}


CODEMODS: dict[str, Codemod] = _load()
# Where these work together every `await` has its async function.
TOGETHER = {"async-def", "await-calls"}
Check: TypeAlias = Callable[[str, bytes], None]


def summary(codemod: Codemod) -> str:
    """A codemod in one line: the first of its docstring."""
    return (codemod.__doc__ or "").strip().split("\n", 1)[0]


def make_plan(program: Program, *, faults: bool = True) -> Plan:
    """Everything that would be done, kept or declined.

    With `faults` a fault of a codemod is raised; without, that codemod does nothing, and the plan says so.
    """
    decisions = [d for codemod in CODEMODS.values() for d in _decided(program, codemod, faults)]
    return Plan(sorted(_of_what_stays(program, decisions), key=lambda d: (d.site, d.codemod)))


def _decided(program: Program, codemod: Codemod, faults: bool) -> list[Decision]:
    try:
        return list(codemod.decide(program))
    except Exception as fault:
        if faults or isinstance(fault, BrokenInput):
            raise
        site = Site(next(iter(program.sources)), 1, 0, 1, 0)
        return [
            Decision(codemod.NAME, site, "nothing", Status.DECLINED, Confidence.LOW, f"{codemod.NAME} {_told(fault)}")
        ]


def _told(fault: Exception) -> str:
    return f"failed, --debug shows where ({type(fault).__name__}: {fault})"


def _of_what_stays(program: Program, decisions: list[Decision]) -> Iterator[Decision]:
    """The decisions but those on code that another takes out: byte spans that it names as `gone` in its data."""
    gone: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for decision in decisions:
        if decision.status is Status.DONE:
            gone[decision.site.path].extend((start, end) for start, end in decision.data.get("gone", ()))
    for decision in decisions:
        site, others = decision.site, gone[decision.site.path]
        if others:
            source = program.sources[site.path]
            first, last = source.offset(site.line, site.column), source.offset(site.end_line, site.end_column)
            own = decision.data.get("gone", ())
            if any(start <= first and last <= end and (start, end) not in own for start, end in others):
                continue
        yield decision


def rewrite(program: Program, plan: Plan, *, faults: bool = True) -> dict[str, bytes]:
    """The new content of each file that the plan changes, by path relative to the project's root.

    A decision whose rewrite can't be made beside the others of its file becomes a declined one in the plan; without
    `faults` so does one whose codemod fails on it.
    """
    by_path: defaultdict[str, list[Decision]] = defaultdict(list)
    for decision in plan:
        if decision.status is Status.DONE and decision.site.path in program.sources:
            by_path[decision.site.path].append(decision)
    check = _check_compiled if {d.codemod for d in plan} >= TOGETHER else _check
    changed: dict[str, bytes] = {path: program.sources[path].content for path in program.prepared}
    for path, decisions in by_path.items():
        edits = {d: e for d in decisions if (e := _edits(program, d, plan, faults)) is not None}
        content = _rewrite_file(program, program.sources[path], edits, plan, check)
        if content != program.sources[path].content:
            changed[path] = content
    _prune_exports(program, changed)
    for codemod in CODEMODS.values():
        project_files = getattr(codemod, "project_files", None)
        if project_files is not None:
            changed.update(project_files(program, plan, changed))
    return {path: content for path, content in changed.items() if content != program.as_read(path)}


def _edits(program: Program, decision: Decision, plan: Plan, faults: bool) -> list[Edit] | None:
    try:
        return list(CODEMODS[decision.codemod].rewrite(decision, program))
    except Exception as fault:
        if faults:
            raise
        plan.decline(decision, f"this rewrite {_told(fault)}")
        return None


def _rewrite_file(
    program: Program, source: Source, edits: dict[Decision, list[Edit]], plan: Plan, check: Check
) -> bytes:
    try:
        return _applied(program, source, [e for wanted in edits.values() for e in wanted], check)
    except (Conflict, BrokenInput):
        return _applied(program, source, _compatible(source, edits, plan, check), check)


def _applied(program: Program, source: Source, edits: list[Edit], check: Check) -> bytes:
    content = apply(source.content, edits)
    check(source.path, content)
    content = without_unread(source, content)
    imports = [e for e in edits if isinstance(e, Import) and _is_named(content, e)]
    exported = program.imported_names.get(source.path, frozenset())
    content = settle(source, content, imports, exported, program.own_packages)
    check(source.path, content)
    return content


def _is_named(content: bytes, wanted: Import) -> bool:
    """Does the new text name what is to be imported? The rewrite that wanted it may have been undone by another."""
    return re.search(rb"\b%s\b" % local_name(wanted).encode(), content) is not None


def _compatible(source: Source, edits: dict[Decision, list[Edit]], plan: Plan, check: Check) -> list[Edit]:
    """The edits that can be made together; the decisions of the others are declined."""
    kept: list[Edit] = []
    for decision, wanted in edits.items():
        try:
            check(source.path, apply(source.content, [*kept, *wanted]))
        except (Conflict, BrokenInput) as error:
            plan.decline(decision, f"this rewrite could not be made: {error}")
        else:
            kept.extend(wanted)
    return kept


def _prune_exports(program: Program, changed: dict[str, bytes]) -> None:
    """Imports that were kept for other modules go when those no longer ask for them."""
    sources = {p: Source.parse(p, changed[p]) if p in changed else s for p, s in program.sources.items()}
    after = imported_names(sources, program.interpreter.modules)
    for path in changed:
        still = after.get(path, frozenset())
        if program.imported_names.get(path, frozenset()) - still:
            changed[path] = settle(program.sources[path], changed[path], [], still, program.own_packages)


def _check(path: str, content: bytes) -> None:
    _checked(path, content, Source.parse)


def _check_compiled(path: str, content: bytes) -> None:
    """Compiling finds what parsing does not: an `await` outside of async functions."""
    _checked(path, content, lambda path, content: Source.parse(path, content).compile())


def _checked(path: str, content: bytes, read: Callable[[str, bytes], object]) -> None:
    try:
        read(path, content)
    except BrokenInput as error:
        text = content.removeprefix(BOM).decode(errors="replace").splitlines()
        line = int(str(error).split(":")[1]) if str(error).split(":")[1].isdigit() else 1
        shown = text[line - 1].strip() if line <= len(text) else ""
        raise BrokenInput(f"{error} in the rewritten file: {shown}") from None


__all__ = ["CODEMODS", "Decision", "make_plan", "rewrite", "summary"]
