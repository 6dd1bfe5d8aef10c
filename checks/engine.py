"""Finds the rules, runs them, and tells what is accepted from what has to be mended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import cast

from ..analysis.boundaries import boundary_of
from ..analysis.program import Program
from .finding import Finding, Step
from .outcome import Accepted, How, Outcome
from .rule import Rule
from .rules import unused_suppression
from .suppression import Suppression, suppressions


@dataclass(frozen=True, slots=True)
class Group:
    """A hundred of codes. `needs_await`: what mends them can stand only in async code."""

    title: str
    level: str = "error"
    needs_await: bool = False


GROUPS = {
    "AS1": Group("left from before", needs_await=True),
    "AS2": Group("await", needs_await=True),
    "AS3": Group("implicit I/O"),
    "AS4": Group("bridges"),
    "AS5": Group("blocking"),
    "AS6": Group("concurrency"),
    "AS7": Group("meaning", level="warning"),
    "AS8": Group("tests"),
    "AS9": Group("the gate itself"),
}
# Sync sessions, bridges and blocking calls are no mistakes in a file that stays sync on purpose.
MAY_BE_KEPT = ("AS102", "AS4", "AS5")


def _load() -> dict[str, Rule]:
    """The modules of `rules/`, by code."""
    names = [info.name for info in iter_modules([str(Path(__file__).parent / "rules")])]
    modules = [import_module(f"{__package__}.rules.{name}") for name in names]
    rules = {module.CODE: cast(Rule, module) for module in modules if hasattr(module, "CODE")}
    return dict(sorted(rules.items()))


RULES: dict[str, Rule] = _load()


def group(code: str) -> Group:
    """The group of a rule's code."""
    return GROUPS[code[:3]]


def check(program: Program, codes: Iterable[str] | None = None) -> list[Finding]:
    """What the rules (those of `codes`, or all) find in a program and nothing accepts, in the order of the places."""
    return list(examine(program, codes).findings)


def examine(program: Program, codes: Iterable[str] | None = None, *, faults: bool = True) -> Outcome:
    """What the rules find, and what is accepted of it.

    With `faults` a fault of a rule is raised; without, the outcome tells of it.
    """
    wanted = set(RULES if codes is None else codes)
    failures: list[str] = []
    found = {f for code in RULES if code in wanted for f in _found(program, RULES[code], failures, faults)}
    comments = list(suppressions(program))
    findings: list[Finding] = []
    accepted: list[Accepted] = []
    for finding in sorted((_explained(program, f) for f in found), key=lambda f: f.order):
        told = _accepted(program, finding, comments)
        if told:
            accepted.append(told)
        else:
            findings.append(finding)
    if unused_suppression.CODE in wanted:
        findings += unused_suppression.unused(comments, found, RULES.keys() - wanted)
    return Outcome(tuple(sorted(findings, key=lambda f: f.order)), tuple(accepted), tuple(failures))


def _found(program: Program, rule: Rule, failures: list[str], faults: bool) -> Iterator[Finding]:
    try:
        yield from list(rule.find(program))
    except Exception as fault:
        if faults:
            raise
        failures.append(f"{rule.CODE} {rule.NAME} failed, --debug shows where ({type(fault).__name__}: {fault})")


def _explained(program: Program, finding: Finding) -> Finding:
    """The finding, with the reason why the function around it can't await, in the words of the plan."""
    function = program.interpreter.functions.get(f"{finding.path}::{finding.function}")
    if not group(finding.code).needs_await or finding.chain or function is None or function.is_async:
        return finding
    boundary = boundary_of(program, function)
    if boundary is None:
        return finding
    text = f"{function.qualname or finding.path} stays sync: {boundary.why}"
    return replace(finding, chain=(Step(finding.path, function.site().line, text),))


def _accepted(program: Program, finding: Finding, comments: Collection[Suppression]) -> Accepted | None:
    for comment in comments:
        if comment.holds_for(finding):
            return Accepted(finding, How.SUPPRESSED, comment.reason)
    kept = finding.kept or (program.kept.get(finding.path, "") if finding.code.startswith(MAY_BE_KEPT) else "")
    return Accepted(replace(finding, kept=kept), How.KEPT, kept) if kept else None
