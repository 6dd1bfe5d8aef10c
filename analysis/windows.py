"""Windows: functions of desktop programs, which the main loop of a toolkit calls, and no event loop runs.

They stay sync, and run what they need of async code with `asyncio.run`. No event loop may run meanwhile, so that
whoever calls such a function stays sync too, up to the program's start.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .library import library
from .source import Source
from .stand_ins import is_test_code
from .symbols import Function
from .values import ClassObject, External, Value

if TYPE_CHECKING:
    from .async_sites import AsyncSite
    from .colours import Colours
    from .program import Program

# Sites that a sync function can hand to `asyncio.run` where they stand.
RUNNABLE = frozenset({"await", "construct", "property"})
# Methods that are the main loop of tkinter, wx and Qt.
MAIN_LOOPS = frozenset({"mainloop", "MainLoop", "exec", "exec_"})


def of_windows(program: Program) -> set[Function]:
    """The functions that a toolkit calls, that work with its widgets themselves, or that are methods of these."""
    if not any(map(_imports_toolkit, program.sources.values())):
        return set()
    may_stay = [f for f in program.functions if _may_stay(program, f)]
    found = {f for f in may_stay if is_of_window(program, f)}
    return found | {f for f in may_stay if _is_handed_in(program, f, found)}


def _imports_toolkit(source: Source) -> bool:
    imported = [a.name for n in source.nodes if isinstance(n, ast.Import) for a in n.names]
    return any(map(_is_toolkit, imported + [n.module or "" for n in source.nodes if isinstance(n, ast.ImportFrom)]))


def _is_toolkit(name: str) -> bool:
    return name.partition(".")[0] in library().toolkits


def _may_stay(program: Program, function: Function) -> bool:
    if function.is_async or function.is_module or is_test_code(function):
        return False
    return all(policy not in {"awaits", "greenlet"} for policy, _ in program.handed(function))


def is_of_window(program: Program, function: Function) -> bool:
    """Does a toolkit call the function, is it a method of a widget, or does it work with some?"""
    if any(policy == "window" for policy, _ in program.handed(function)):
        return True
    if function.owner and _is_widget(program, function.owner.key):
        return True
    called = (v for n in function.own_nodes() if isinstance(n, ast.Call) for v in program.values(n.func))
    return any(_works_with_widgets(program, value) for value in called)


def _is_handed_in(program: Program, function: Function, windows: set[Function]) -> bool:
    """Does a window hand the function to something that is not known? That is a widget, or tells one."""
    return any(p == "unknown" and program.function_around(n) in windows for p, n in program.handed(function))


def _works_with_widgets(program: Program, value: Value) -> bool:
    match value:
        case External(name=name):
            # A class, a function of a module, or the main loop; other methods also belong to what widgets only hold.
            last = name.rpartition(".")[2]
            is_made = last[:1].isupper() or name.islower() or last in MAIN_LOOPS
            return _is_toolkit(name) and is_made
        case ClassObject(cls=cls):
            return _is_widget(program, cls)
    return False


def _is_widget(program: Program, cls: str) -> bool:
    return any(map(_is_toolkit, program.interpreter.objects.ancestry(cls)))


def _starts(function: Function) -> bool:
    """Does the function run the main loop?"""
    called = (n.func for n in function.own_nodes() if isinstance(n, ast.Call))
    return any(isinstance(c, ast.Attribute) and c.attr in MAIN_LOOPS for c in called)


def around_windows(program: Program, colours: Colours) -> set[Function]:
    """The functions that would become async, but call, near or far, what runs a loop of its own in a window.

    The main loop is such a one: what it calls runs others.
    """
    found: set[Function] = set()
    pending = [f for f in program.windows if colours.sites_of(f) or _starts(f)]
    seen = set(pending)
    while pending:
        function = pending.pop()
        near = {s.function for s in colours.calls_of(function) if s.kind in RUNNABLE}
        for other in near.union(colours.families.get(function, ())) - seen:
            if _may_stay(program, other):
                seen.add(other)
                pending.append(other)
                found.add(other)
    return found - program.windows


class LoopsOfWindows:
    """What of the functions of windows runs a loop, and how.

    `reaching` are the sync functions that run one, or call what does; `bodies` those whose whole body runs on one,
    because a session lives in it. In the others single calls do.
    """

    def __init__(self, program: Program, colours: Colours) -> None:
        running = [f for f in program.windows if colours.sites_of(f)]
        self.reaching = set(running)
        while running:
            for site in colours.calls_of(running.pop()):
                if site.kind in RUNNABLE and site.function not in self.reaching and not colours.is_async(site.function):
                    self.reaching.add(site.function)
                    running.append(site.function)
        self.bodies = {f for f in program.windows if self._has_session(colours, f) and self._may_move(colours, f)}

    def _has_session(self, colours: Colours, function: Function) -> bool:
        return not all(map(is_runnable, colours.sites_of(function)))

    def _may_move(self, colours: Colours, function: Function) -> bool:
        """Can the body become a function of its own, in which nothing starts another loop?"""
        is_plain = isinstance(function.node, ast.FunctionDef) and not function.is_generator
        calls_super = any(isinstance(n, ast.Name) and n.id == "super" for n in function.own_nodes())
        return is_plain and not calls_super and self.reaching.isdisjoint(colours.callees(function))


def is_runnable(site: AsyncSite) -> bool:
    """Can `asyncio.run` take what the site calls, where it stands?"""
    return site.kind in RUNNABLE and site.callee is not None
