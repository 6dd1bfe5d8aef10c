"""Before anything is done: is the move worth it, and what will it take?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..analysis.blocking import FOR_SCRIPTS
from ..analysis.calling import will_run_alone
from ..analysis.decisions import OWN_LOOPS, RUNS_A_LOOP, Decision, Status
from ..analysis.library import library
from ..analysis.offloading import stopping
from ..analysis.program import Program
from ..analysis.test_reach import is_of_tests
from ..checks.engine import RULES, examine
from .facts import ASYNC_DEF, concern, kept
from .surface import LOOPS, Surface, companions, surface

VERSION = 1
# Decisions that stand where code waits for the database.
WAITING = {"await-calls", "query-to-select"}
# Rules of what is wrong in async code whatever its sessions are: await, concurrency.
IN_ASYNC_CODE = ("AS2", "AS6")
# What is awaited instead of calling it in a thread does not block today.
THREAD = "thread"
# For each line that a decision stands at, on migrated projects: `await` makes statements longer, and imports are new.
ADDED, REMOVED = 1.3, 1.1


def assessment(
    name: str,
    contents: Mapping[str, bytes],
    decisions: Sequence[Decision],
    stopped: Sequence[Mapping[str, Any]] = (),
    mistaken: Sequence[Mapping[str, Any]] = (),
    broken: Sequence[str] = (),
) -> dict[str, Any]:
    """What is known of a project before the migration, as JSON values.

    `decisions` are the plan's, `stopped` what `stops` gives, `mistaken` what `mistakes` does; `broken` has a line for
    each file that can't be read.
    """
    shown = {path: seen for path, content in contents.items() if (seen := surface(content)) is not None}
    done = [d for d in decisions if d.status is Status.DONE]
    mended = {(d.site.path, d.site.line) for d in done}
    to_look_at = [d for d in decisions if d.concern or d.status is Status.DECLINED]
    by_hand = _once(concern(d) for d in [*to_look_at, *_loops(done)])
    told: dict[str, Any] = {
        "version": VERSION,
        "project": name,
        "size": {
            "files": len(contents),
            "lines": sum(seen.lines for seen in shown.values()),
            "tests": sum(map(is_of_tests, contents)),
        },
        "styles": _styles(shown),
        "converts": {
            "functions": sum(d.codemod == ASYNC_DEF for d in done),
            "decisions": len(done),
            "confidence": dict(Counter(str(d.confidence) for d in done)),
            "codemods": dict(sorted(Counter(d.codemod for d in done).items())),
        },
        "by_hand": sorted(by_hand, key=lambda c: (not c["is_declined"], c["path"], c["line"])),
        "kept": [kept(d) for d in decisions if d.status is Status.KEPT],
        "companions": _companions(shown),
        "coroutines": sum(len(seen.coroutines) for path, seen in shown.items() if not is_of_tests(path)),
        "blocking": _blocking(shown, done),
        "stopping": list(stopped),
        "mistakes": [m for m in mistaken if (m["path"], m["line"]) not in mended],
        "diff": _diff(done),
        "broken": list(broken),
    }
    return told | {"verdict": verdict(told)}


def stops(program: Program) -> list[dict[str, Any]]:
    """The calls that would stop the event loop: no decision of the plan speaks of them."""
    found = []
    for block in stopping(program):
        if block.kind in FOR_SCRIPTS and block.function in will_run_alone(program):
            continue
        site = block.function.source.site(block.node)
        known = library().blocking[block.kind]
        text = f"{program.short(block.function.source, block.node)} {known.what}: {known.instead}"
        is_today = block.function.is_async
        found.append(
            {
                "path": site.path,
                "line": site.line,
                "function": block.function.qualname,
                "text": text,
                "is_today": is_today,
            }
        )
    return sorted(found, key=lambda c: (c["path"], c["line"]))


def mistakes(program: Program) -> list[dict[str, Any]]:
    """What the gate finds in code that is async already: the migration leaves it as it is."""
    found = examine(program, [code for code in RULES if code.startswith(IN_ASYNC_CODE)], faults=False).findings
    return [{"path": f.path, "line": f.line, "function": f.function, "text": f"{f.code} {f.message}"} for f in found]


def verdict(told: Mapping[str, Any]) -> str:
    """A sentence: is it worth it?"""
    styles, converts, by_hand = told["styles"], told["converts"], told["by_hand"]
    if not converts["decisions"] and not by_hand:
        return "Nothing to move: no call is known to reach the database through sync SQLAlchemy."
    alone = converts["decisions"] / (converts["decisions"] + sum(c["is_declined"] for c in by_hand))
    share = "All" if alone == 1 else f"{min(alone, 0.999):.1%}"
    places = len(by_hand) + len(told["stopping"]) + len(told["mistakes"])
    effort = f"{share} of the changes are made by the tool, {_counted(places, 'place')} to look at by hand."
    if told["broken"]:
        effort += f" {_counted(len(told['broken']), 'file')} could not be read and {_is(told['broken'])} not counted."
    if "Flask-SQLAlchemy" in styles:
        return f"Not as it is: Flask-SQLAlchemy has no async session; the framework has to go first. {effort}"
    if told["blocking"]:
        number = len(told["blocking"])
        return f"Worth it: {_counted(number, 'coroutine')} block{'s' * (number == 1)} the event loop today. {effort}"
    if styles.keys() & LOOPS:
        return f"Worth it where requests wait for the database; today each holds a thread. {effort}"
    if told["coroutines"]:
        return f"Possible: there is async code to call it from, but no web framework was seen. {effort}"
    return f"Hardly worth it: nothing seen here runs on an event loop. It could be done. {effort}"


def _styles(shown: Mapping[str, Surface]) -> dict[str, dict[str, int]]:
    """How often each style appears, and in how many files."""
    uses: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for seen in shown.values():
        uses.update(seen.styles)
        files.update(seen.styles.keys())
    return {style: {"uses": uses[style], "files": files[style]} for style, _ in files.most_common()}


def _companions(shown: Mapping[str, Surface]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path, seen in shown.items():
        for module, line, meaning in companions(seen.imports):
            known = found.setdefault(module, {"name": module, "text": meaning, "path": path, "line": line, "files": 0})
            known["files"] += 1
    return list(found.values())


def _blocking(shown: Mapping[str, Surface], done: Sequence[Decision]) -> list[dict[str, Any]]:
    """The coroutines of today that wait for the database without giving the loop back."""
    waiting: defaultdict[str, set[int]] = defaultdict(set)
    for decision in done:
        if decision.codemod in WAITING and THREAD not in decision.action and not is_of_tests(decision.site.path):
            waiting[decision.site.path].add(decision.site.line)
    found = []
    for path, lines in sorted(waiting.items()):
        for name, first, last in shown[path].coroutines if path in shown else ():
            calls = sum(first <= line <= last for line in lines)
            if calls:
                found.append({"path": path, "line": first, "function": name, "calls": calls})
    return found


def _diff(done: Sequence[Decision]) -> dict[str, int]:
    """An estimate: a decision changes the first line of its site, and a query each of its lines."""
    lines: set[tuple[str, int]] = set()
    for decision in done:
        site = decision.site
        last = site.end_line if decision.codemod == "query-to-select" else site.line
        lines.update((site.path, line) for line in range(site.line, last + 1))
    return {
        "files": len({decision.site.path for decision in done}),
        "lines": len(lines),
        "added": round(len(lines) * ADDED),
        "removed": round(len(lines) * REMOVED),
    }


def _loops(done: Iterable[Decision]) -> Iterator[Decision]:
    """Of the loops that the tool starts, of which it tells once in a file, those that follow others in a function."""
    started: defaultdict[tuple[str, str], list[Decision]] = defaultdict(list)
    for decision in done:
        if decision.action.endswith(RUNS_A_LOOP):
            started[decision.site.path, decision.function].append(decision)
    for same in started.values():
        if len(same) > 1:
            yield from (replace(decision, concern=OWN_LOOPS) for decision in same if not decision.concern)


def _once(sites: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Places without those of which the same is told once more."""
    return list({tuple(site.values()): site for site in reversed(list(sites))}.values())[::-1]


def _is(things: Sequence[Any]) -> str:
    return "is" if len(things) == 1 else "are"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
