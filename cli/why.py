"""`asyncshift plan --why NAME`: what becomes of functions, and the chain of calls down to the database."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from linecache import getline
from pathlib import Path, PurePosixPath
from typing import Any

from rich.text import Text

from ..analysis.async_sites import AsyncSite, kept_sites
from ..analysis.decisions import Decision, Step
from ..analysis.program import Program
from ..analysis.source import Site
from ..analysis.symbols import Function
from .console import line
from .errors import Failure
from .listing import ASYNC_DEF, needs_a_look
from .project import known

BECOMES, ALREADY = "becomes async", "is async already"
UNTOUCHED = (
    "stays as it is: no call in it is known to reach the database through sync SQLAlchemy.",
    "stay as they are: no call in them is known to reach the database through sync SQLAlchemy.",
)
MAPPED = "is a mapped class: it waits for nothing by itself, the queries that load it and the functions that read it do"
PLAIN = "is a class without a function that becomes async"
TWINS = "twins"
WHAT = "function, class or module"
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Account:
    """What becomes of one function, a lambda or a module's body (`name` is "" then); `verdict` is "" for nothing.

    Of a class it is what may be told where nothing is told of its functions.
    """

    site: Site
    name: str
    verdict: str = ""
    why: tuple[Step, ...] = ()
    is_class: bool = False

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Account:
        site = Site(values["path"], values["line"], 0, values["end_line"], 0)
        why = tuple(Step.from_json(step) for step in values["why"])
        return cls(site, values["name"], values["verdict"], why, values["is_class"])

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.site.path,
            "line": self.site.line,
            "end_line": self.site.end_line,
            "name": self.name,
            "verdict": self.verdict,
            "why": [step.as_json() for step in self.why],
            "is_class": self.is_class,
        }

    @property
    def dotted(self) -> str:
        """The module's name and the function's."""
        module = self.site.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return f"{module}.{self.name}" if self.name else module

    @property
    def is_lambda(self) -> bool:
        return self.name.endswith("<lambda>")

    def holds(self, line: int) -> bool:
        """Does a line of its file lie in the function?"""
        return bool(self.name) and self.site.line <= line <= self.site.end_line


def accounts(program: Program, decisions: Iterable[Decision]) -> list[Account]:
    """What becomes of each function of the project, and what its classes are."""
    twins = {(d.site.path, d.function): d.action for d in decisions if d.codemod == TWINS and d.function}
    kept: dict[Function, AsyncSite] = {}
    for site in kept_sites(program):
        kept.setdefault(site.function, site)
    found = []
    for function in program.functions:
        verdict = twins.get((function.source.path, function.qualname)) or _verdict(program, function)
        first = _first_site(program, function) or kept.get(function)
        why: tuple[Step, ...] = ()
        if verdict == BECOMES:
            why = program.colours.chain(function)
        elif verdict and first is not None:
            why = program.colours.site_chain(first)
        found.append(Account(_place(function), function.qualname, verdict, why))
    return sorted([*found, *_classes(program)], key=lambda account: account.site)


def _place(function: Function) -> Site:
    """Where a function stands; a module's body reaches to the file's end."""
    last = max(len(function.source.content.splitlines()), 1)
    return replace(function.site(), end_line=last) if function.is_module else function.site()


def _classes(program: Program) -> Iterator[Account]:
    for cls in program.interpreter.class_of.values():
        verdict = MAPPED if program.mapped(cls.key) is not None else PLAIN
        yield Account(cls.source.site(cls.node), cls.key.partition("::")[2], verdict, is_class=True)


def _first_site(program: Program, function: Function) -> AsyncSite | None:
    return next(iter(program.colours.sites_of(function)), None)


def _verdict(program: Program, function: Function) -> str:
    colours = program.colours
    if function in colours.reasons:
        return BECOMES
    if reason := program.why_sync(function):
        return f"stays sync: {reason}"
    if boundary := colours.boundaries.get(function):
        runs = " and runs its body with asyncio.run" if function in colours.entries else ""
        return f"stays sync{runs}: {boundary.why}"
    return ALREADY if function.is_async else ""


def about(accounts: Sequence[Account], name: str) -> list[Account]:
    """The functions that a name means, plain or dotted: one, or all of a class or module; `path:line` means one place.

    Raises:
        Failure: there is none.
    """
    classes = [account for account in accounts if account.is_class]
    functions = [account for account in accounts if not account.is_class]
    if name.endswith(".py") and (found := [a for a in functions if PurePosixPath(a.site.path).match(name)]):
        return found
    if place := re.fullmatch(r"(.+):(\d+)", name):
        return [_around(functions, place[1], int(place[2]))]
    whole = [account for account in functions if account.name and f".{account.dotted}".endswith(f".{name}")]
    found = whole or [account for account in functions if f".{name}." in f".{account.dotted}."]
    found = found or [account for account in classes if f".{account.dotted}".endswith(f".{name}")]
    if not found:
        last = name.rpartition(".")[2]
        known(WHAT, [last], sorted({part for account in accounts for part in account.dotted.split(".")}))
        others = sorted({account.dotted for account in accounts if f".{account.dotted}".endswith(f".{last}")})
        raise Failure(f"no {WHAT} named {name!r}; there is {', '.join(others[:SHOWN])}")
    return found


def _around(functions: Sequence[Account], path: str, number: int) -> Account:
    """The innermost function around a line, or the module."""
    in_file = [account for account in functions if PurePosixPath(account.site.path).match(path)]
    if not in_file:
        raise Failure(f"{path}: not a file of the project")
    last = max(account.site.end_line for account in in_file)
    if not 1 <= number <= last:
        raise Failure(f"{path}:{number}: the file ends at line {last}")
    around = [account for account in in_file if not account.name or account.holds(number)]
    return min(around, key=lambda a: a.site.end_line - a.site.line if a.name else sys.maxsize)


class ByFunction:
    """The plan's decisions, found by the function that they stand in."""

    def __init__(self, decisions: Iterable[Decision], functions: Iterable[Account]) -> None:
        self._decisions: defaultdict[str, list[Decision]] = defaultdict(list)
        self._functions: defaultdict[str, list[Account]] = defaultdict(list)
        for decision in decisions:
            self._decisions[decision.site.path].append(decision)
        for function in (account for account in functions if not account.is_class):
            self._functions[function.site.path].append(function)

    def of(self, account: Account) -> list[Decision]:
        """That a function becomes async, or else what the plan says of the places in it."""
        in_file = self._decisions[account.site.path]
        if not account.name:
            return [d for d in in_file if not any(f.holds(d.site.line) for f in self._functions[account.site.path])]
        found = [d for d in in_file if account.holds(d.site.line)]
        return [d for d in found if d.codemod == ASYNC_DEF and d.function == account.name] or found


def told(root: Path, chosen: Sequence[Account], decisions: ByFunction) -> Iterator[Text]:
    """What becomes of these functions; of their chains each step with its place, its source line and what it does."""
    touched = [account for account in chosen if account.verdict or decisions.of(account)]
    for number, account in enumerate(touched):
        if number:
            yield Text("")
        yield from _block(root, account, decisions.of(account))
    untouched = (account for account in chosen if account not in touched)
    named = [a.name or a.dotted for a in untouched if len(chosen) == 1 or (a.name and not a.is_lambda)]
    if named and touched:
        yield Text("")
    if named:
        yield Text(f"{', '.join(named)} {UNTOUCHED[len(named) > 1]}")


def _block(root: Path, account: Account, decisions: Sequence[Decision]) -> Iterator[Text]:
    verdict = account.verdict or "stays sync, but changes inside"
    yield line((account.name or "(module)", "bold"), f" {verdict}  ", (str(account.site), "dim"))
    width = max((len(str(step.site)) for step in account.why), default=0)
    for step in account.why:
        source = getline(str(root / step.site.path), step.site.line).strip()
        yield line((f"  {str(step.site).ljust(width)}  ", "dim"), source)
        yield line(" " * (width + 4), (step.what, "cyan"))
    for decision in decisions:
        if needs_a_look(decision):
            yield line((f"  {decision.site}  ", "dim"), "look  ", (decision.concern or decision.action, "yellow"))
        elif account.verdict != BECOMES:
            yield line((f"  {decision.site}  ", "dim"), f"{decision.status}  {decision.action}")
