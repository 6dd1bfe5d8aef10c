"""Finds the rules and runs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import cast

from ..analysis.program import Program
from ..analysis.source import BrokenInput
from .finding import Finding
from .rule import Rule

GROUPS = {
    "AS1": "left from before",
    "AS2": "await",
    "AS3": "implicit I/O",
    "AS4": "bridges",
    "AS5": "blocking",
    "AS6": "concurrency",
    "AS7": "meaning",
    "AS8": "tests",
    "AS9": "the gate itself",
}


def _load() -> dict[str, Rule]:
    """The modules of `rules/`, by code."""
    names = [info.name for info in iter_modules([str(Path(__file__).parent / "rules")])]
    modules = [import_module(f"{__package__}.rules.{name}") for name in names]
    rules = {module.CODE: cast(Rule, module) for module in modules if hasattr(module, "CODE")}
    return dict(sorted(rules.items()))


RULES: dict[str, Rule] = _load()


def check(program: Program, codes: Iterable[str] | None = None, *, faults: bool = True) -> list[Finding]:
    """What the rules (those of `codes`, or all) find in a program, in the order of the places.

    With `faults` a fault of a rule is raised; without, it becomes a finding.
    """
    wanted = RULES if codes is None else [code for code in RULES if code in set(codes)]
    return sorted({finding for code in wanted for finding in _found(program, RULES[code], faults)})


def _found(program: Program, rule: Rule, faults: bool) -> Iterator[Finding]:
    try:
        yield from list(rule.find(program))
    except Exception as fault:
        if faults or isinstance(fault, BrokenInput):
            raise
        message = f"{rule.CODE} {rule.NAME} failed, --debug shows where ({type(fault).__name__}: {fault})"
        yield Finding(next(iter(program.sources)), 1, 0, 1, 0, "AS900", message)
