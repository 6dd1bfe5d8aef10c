"""Blocking: calls that stop the thread which makes them, and with it all tasks of an event loop, at any depth."""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .calling import edges, runs_on_loop
from .decisions import Step
from .library import library
from .once import once
from .symbols import Function, decorator_name
from .threads import handing_call
from .values import NOTHING, ClassObject, External, FunctionObject, Instance, Value

if TYPE_CHECKING:
    from .program import Program

FILES = "files"
IN_MEMORY = frozenset({"io.BytesIO", "io.StringIO"})
# What a script whose one task has the loop for itself may do.
FOR_SCRIPTS = frozenset({FILES, "input", "processes", "passwords"})
# What runs once, at the first call.
CACHING = frozenset({"cache", "lru_cache", "cached_property"})


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """A place in `function` that blocks: `kind` is a word of `libraries/blocking.toml`.

    `chain` leads from the node down to the library's call.
    """

    function: Function
    node: ast.expr
    kind: str
    chain: tuple[Step, ...]


class Blocking:
    """Which functions block, and where."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._direct: dict[Function, list[Block]] = {}
        self._brief: dict[Function, list[Block]] = {}
        for function in program.functions:
            for block in self._blockers(function):
                found = self._brief if library().blocking[block.kind].brief else self._direct
                found.setdefault(function, []).append(block)
        self._effects = self._spread()

    def of(self, function: Function) -> Block | None:
        """How a call of a sync function blocks; None: it does not, as far as is known."""
        return self._effects.get(function)

    def calls_of_libraries(self, function: Function) -> Iterator[Block]:
        """Where a function itself calls a library and blocks, however briefly."""
        yield from self._direct.get(function, ())
        yield from self._brief.get(function, ())

    def in_function(self, function: Function) -> Iterator[Block]:
        """Where a function blocks: its own calls of libraries, and those of project functions that do."""
        yield from self._direct.get(function, ())
        told = {block.node for block in self._direct.get(function, ())}
        for node, callee in edges(self._program).get(function, ()):
            effect = self._effects.get(callee)
            if effect is not None and node not in told:
                told.add(node)
                step = Step(function.source.site(node), f"calls {callee.qualname}")
                yield Block(function, node, effect.kind, (step, *effect.chain))

    def _blockers(self, function: Function) -> Iterator[Block]:
        awaited = {n.value for n in function.own_nodes() if isinstance(n, ast.Await)}
        for node in function.own_nodes():
            if isinstance(node, ast.Call) and node not in awaited:
                kind = blocking_kind(self._program, node)
                if kind:
                    what = f"{function.source.text(node.func)}() {library().blocking[kind].what}"
                    yield Block(function, node, kind, (Step(function.source.site(node), what),))

    def _spread(self) -> dict[Function, Block]:
        """The sync functions that block, each with the shortest way to what does."""
        callers: defaultdict[Function, list[tuple[ast.expr, Function]]] = defaultdict(list)
        for function, calls in edges(self._program).items():
            for node, callee in calls:
                callers[callee].append((node, function))
        found: dict[Function, Block] = {}
        queue = deque((f, blocks[0]) for f, blocks in self._direct.items())
        while queue:
            function, block = queue.popleft()
            if function in found or runs_on_loop(self._program, function) or _runs_once(function):
                continue
            found[function] = block
            for node, caller in callers[function]:
                step = Step(caller.source.site(node), f"calls {function.qualname}")
                queue.append((caller, Block(caller, node, block.kind, (step, *block.chain))))
        return found


@once
def blocking(program: Program) -> Blocking:
    """The blocking calls of a program, worked out once."""
    return Blocking(program)


def blocking_kind(program: Program, node: ast.Call) -> str:
    """How a library's call blocks; "" when it is not known to."""
    values = program.values(node.func)
    if any(_is_configured(program, v) for v in values):
        return "configured"
    if handing_call(program, node) not in (None, node):
        return "" if _does_not_wait(node) else "threads"
    kinds = filter(None, map(_kind_of, values))
    kind = next(iter(sorted(kinds)), "")
    if kind == "threads" and _does_not_wait(node):
        return ""
    if kind == FILES and node.args and _is_in_memory(program, node.args[0]):
        return ""
    if kind or not isinstance(node.func, ast.Attribute):
        return kind
    if not values and not program.values(node.func.value):
        kind = library().unmistakable.get(node.func.attr, "")
    return kind or _of_client(program, node.func)


def _does_not_wait(node: ast.Call) -> bool:
    """`future.result(0)`, which raises rather than waits."""
    given = [*node.args, *(k.value for k in node.keywords if k.arg == "timeout")]
    return bool(given) and isinstance(given[0], ast.Constant) and given[0].value == 0


def _is_in_memory(program: Program, node: ast.expr) -> bool:
    """Does a file stand in memory alone?"""
    return any(isinstance(v, Instance) and v.cls in IN_MEMORY for v in program.values(node))


def _is_configured(program: Program, value: Value) -> bool:
    match value:
        case External(name=name) | ClassObject(cls=name) if "::" not in name:
            called = name
        case FunctionObject(key=key) | ClassObject(cls=key):
            path, _, qualname = key.partition("::")
            called = f"{program.interpreter.modules.dotted(path)}.{qualname}"
        case _:
            return False
    return any(called == name or called.startswith(f"{name}.") for name in program.settings.blocking)


def _kind_of(value: Value) -> str:
    match value:
        case External(name=name, receiver=None) | ClassObject(cls=name):
            known = library().functions.get(name)
            return known.blocks if known else ""
        case External(name=name, receiver=Instance()):
            known = library().method(*name.rpartition(".")[::2])
            return known.blocks if known else ""
    return ""


def _of_client(program: Program, node: ast.Attribute) -> str:
    """Is it a method, at any depth (`client.chat.completions.create`), of an object all of whose methods block?"""
    owner: ast.expr = node.value
    names = {node.attr}
    while True:
        for value in program.values(owner) or NOTHING:
            if isinstance(value, Instance):
                kinds = [c.blocks for c in library().ancestry(value.cls) if c.blocks]
                if kinds:
                    return "" if names & library().blocking[kinds[0]].quick else kinds[0]
        if not isinstance(owner, ast.Attribute):
            return ""
        names.add(owner.attr)
        owner = owner.value


def _runs_once(function: Function) -> bool:
    return any(decorator_name(d) in CACHING for d in function.decorators) or function.is_module
