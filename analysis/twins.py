"""Twins: a sync and an async version of one function or class, side by side.

They are suspected by their names and proved by their bodies: equal once `await`, bridges and threads are taken away and
the names of twins are the same. Where the bodies differ in more, the async one may still take the place of a sync one
that nobody calls.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .fixtures import fixture_name, is_test
from .sameness import normal, without_docstring
from .source import Source
from .symbols import Class, Function, decorator_name
from .threads import handed_function, handing_call
from .values import FunctionObject, Instance

if TYPE_CHECKING:
    from .program import Program

Definition: TypeAlias = Function | Class
# Decorators that a twin may have: they say how it is bound, not who calls it.
PLAIN = {"staticmethod", "classmethod", "abstractmethod", "override", "contextmanager", "asynccontextmanager"}
ASYNC_NAMES = (
    re.compile(r"^(?P<plain>.+)_async$"),
    re.compile(r"^_?async_(?P<plain>.+)$"),
    re.compile(r"^(?P<plain>[a-z]+_)async_(?P<rest>.+)$"),
    re.compile(r"^Async(?P<plain>[A-Z].*)$"),
    re.compile(r"^a_?(?P<plain>[a-z].+)$"),
    re.compile(r"^(?P<plain>.+)Async$"),
)


# What makes sessions or connections: is it async?
FACTORIES = {
    "sqlalchemy.orm.sessionmaker": False,
    "sqlalchemy.orm.scoped_session": False,
    "sqlalchemy.Engine": False,
    "sqlalchemy.ext.asyncio.async_sessionmaker": True,
    "sqlalchemy.ext.asyncio.async_scoped_session": True,
    "sqlalchemy.ext.asyncio.AsyncEngine": True,
}


def sync_names(name: str) -> dict[str, str]:
    """The names that the sync twin of something called so may have, each with the name that tells no colour."""
    bare = name.lstrip("_")
    hidden = name[: len(name) - len(bare)]
    plains = [bare]
    for pattern in ASYNC_NAMES:
        if found := pattern.match(bare):
            parts = found.groupdict()
            plains.append(parts["plain"] + parts.get("rest", ""))
    names = {hidden + plain: hidden + plain for plain in plains[1:]}
    for plain in plains:
        names |= dict.fromkeys([f"{hidden}{plain}_sync", f"{hidden}sync_{plain}"], hidden + plain)
    return names


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A sync definition and its async twin, in one class or one module; `name` does not tell the colour."""

    sync: Definition
    asynchronous: Definition
    name: str


def pairs(program: Program) -> Iterator[Pair]:
    """All suspects."""
    for cls in program.interpreter.objects.classes.values():
        yield from _paired(cls.methods)
    functions: defaultdict[str, dict[str, Function]] = defaultdict(dict)
    classes: defaultdict[str, dict[str, Class]] = defaultdict(dict)
    for function in program.functions:
        if function.owner is None and function.parent is not None and function.parent.is_module:
            functions[function.source.path][function.name] = function
    for cls in program.interpreter.objects.classes.values():
        if cls.scope.is_module:
            classes[cls.source.path][cls.name] = cls
    for named in functions.values():
        yield from _paired(named)
    for known in classes.values():
        for name, asynchronous in known.items():
            sync = next((known[p] for p in sync_names(name) if p in known), None)
            if sync is not None and any(m.is_async for m in asynchronous.methods.values()):
                yield Pair(sync, asynchronous, sync_names(name)[sync.name])


def _paired(named: dict[str, Function]) -> Iterator[Pair]:
    for name, function in named.items():
        if not (function.is_async and _may_be_twin(function)):
            continue
        for sync_name, plain in sync_names(name).items():
            sync = named.get(sync_name)
            if sync is None or sync.is_async or not _may_be_twin(sync):
                continue
            if _parameters(sync) == _parameters(function):
                yield Pair(sync, function, plain)
                break


def _may_be_twin(function: Function) -> bool:
    if is_test(function) or fixture_name(function) is not None or function.is_lambda:
        return False
    return {decorator_name(d) for d in function.decorators} <= PLAIN


def _parameters(function: Function) -> list[str]:
    spec = function.arguments
    assert spec is not None
    return [a.arg for a in (*function.parameters(), *(r for r in (spec.vararg, spec.kwarg) if r))]


# Bodies


def equal_pairs(program: Program, suspects: Iterable[Pair]) -> set[Pair]:
    """The pairs whose bodies are the same but for how they wait."""
    equal = set(suspects)
    factories = factory_names(program)
    while True:
        names = {**factories, **{p.asynchronous.name: p.sync.name for p in equal}}
        still = {p for p in equal if is_equal(program, p, names)}
        if still == equal:
            return equal
        equal = still


def factory_names(program: Program) -> dict[str, str]:
    """The async and sync names of globals that make sessions, or are engines, of either colour."""
    made: defaultdict[bool, set[str]] = defaultdict(set)
    for (kind, *cell), values in program.interpreter.store.cells().items():
        if kind == "global":
            for value in values:
                if isinstance(value, Instance) and value.cls in FACTORIES:
                    made[FACTORIES[value.cls]].add(cell[1])
    return {name: plain for name in made[True] for plain in sync_names(name) if plain in made[False]}


def is_equal(program: Program, pair: Pair, names: dict[str, str]) -> bool:
    """Are two definitions the same once `await` is taken away and `names` are replaced?"""
    return normal(program, pair.sync, names) == normal(program, pair.asynchronous, names)


# Families


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """Twins of one family that become one.

    `pairs` are where both stand side by side, `differs` those of them whose bodies differ in more than in how they
    wait, `renamed` all definitions whose uses get the plain name `name`. `problem` says why they stay two. With
    `in_threads` the async ones only run the sync ones in a thread, and it is they that go.
    """

    pairs: tuple[Pair, ...]
    renamed: tuple[Definition, ...]
    name: str
    differs: tuple[Pair, ...] = ()
    problem: str = ""
    in_threads: bool = False

    def goes(self, pair: Pair) -> Definition:
        """The one of two that is deleted."""
        return pair.asynchronous if self.in_threads else pair.sync

    def stays(self, pair: Pair) -> Definition:
        """The one of two that takes the name of both."""
        return pair.sync if self.in_threads else pair.asynchronous


def merges(program: Program) -> list[Merge]:
    """The twins of which the sync one would become async, by families."""
    suspects = list(pairs(program))
    concrete = [p for p in suspects if not (_is_stub(p.sync) or _is_stub(p.asynchronous))]
    equal = equal_pairs(program, concrete)
    found: list[Merge] = []
    seen: set[Pair] = set()
    for pair in concrete:
        if pair not in seen and _becomes_async(program, pair.sync):
            group = _family(program, pair, suspects)
            seen.update(group)
            found.append(_merge(program, group, equal))
    return found


def _is_stub(definition: Definition) -> bool:
    return isinstance(definition, Function) and definition.is_stub


def _becomes_async(program: Program, definition: Definition) -> bool:
    if isinstance(definition, Class):
        return any(m in program.colours.reasons for m in definition.methods.values())
    return definition in program.colours.reasons


def _family(program: Program, pair: Pair, suspects: list[Pair]) -> list[Pair]:
    """The pairs that share their methods with others by inheritance or a Protocol."""
    if isinstance(pair.sync, Class):
        return [pair]
    related = program.colours.families
    members = {*related.get(pair.sync, (pair.sync,))}
    if isinstance(pair.asynchronous, Function):
        members |= {*related.get(pair.asynchronous, (pair.asynchronous,))}
    return [p for p in suspects if p.sync in members or p.asynchronous in members]


def _merge(program: Program, group: list[Pair], equal: set[Pair]) -> Merge:
    concrete = [p for p in group if not (_is_stub(p.sync) or _is_stub(p.asynchronous))]
    differs = tuple(p for p in concrete if p not in equal)
    in_threads = all(_runs_in_thread(program, p) for p in concrete)
    problem = ""
    for pair in differs if not in_threads else ():
        caller = next(iter(callers(program, pair.sync, {p.sync for p in group})), "")
        if caller:
            problem = (
                f"the bodies of {pair.sync.name} and {pair.asynchronous.name} differ, and {caller} calls the sync one"
            )
    name = group[0].name
    if any(_is_taken(program, p) for p in group):
        problem = f"{name} means something else beside them"
    return Merge(tuple(group), _renamed(program, group, name), name, differs, problem, in_threads)


def _is_taken(program: Program, pair: Pair) -> bool:
    """Does the plain name, which neither of the two has, mean something else where one of them is named?"""
    names = {pair.sync.name, pair.asynchronous.name}
    if pair.name in names:
        return False
    return any(pair.name in said and said & names for said in map(_identifiers, program.sources.values()))


def _identifiers(source: Source) -> set[str]:
    fields = ("id", "name", "attr", "arg", "asname")
    return {getattr(node, field) for node in source.nodes for field in fields if hasattr(node, field)}


def _renamed(program: Program, group: list[Pair], name: str) -> tuple[Definition, ...]:
    found: dict[Definition, None] = {}
    for definition in (d for pair in group for d in (pair.sync, pair.asynchronous)):
        related = program.colours.families.get(definition, ()) if isinstance(definition, Function) else ()
        found.update(dict.fromkeys([definition, *related]))
    return tuple(d for d in found if d.name != name)


def _runs_in_thread(program: Program, pair: Pair) -> bool:
    """Does the async one nothing but run the sync one in a thread, with its own arguments?"""
    if not (isinstance(pair.sync, Function) and isinstance(pair.asynchronous, Function)):
        return False
    match without_docstring(pair.asynchronous.body):
        case [ast.Return(value=ast.Await(value=ast.Call() as call)) | ast.Expr(value=ast.Await(value=call))] if (
            isinstance(call, ast.Call)
        ):
            handing = handing_call(program, call)
            return handing is not None and _hands_on(program, pair, handing)
    return False


def _hands_on(program: Program, pair: Pair, handing: ast.Call) -> bool:
    given = handed_function(program, handing)
    if given is None or not any(
        isinstance(v, FunctionObject) and v.key == pair.sync.key for v in program.values(given)
    ):
        return False
    assert isinstance(pair.asynchronous, Function)
    rest = handing.args[handing.args.index(given) + 1 :]
    passed = [ast.unparse(a) for a in rest] + [f"{k.arg}={ast.unparse(k.value)}" for k in handing.keywords]
    own = _parameters(pair.asynchronous)[pair.asynchronous.binding in {"instance", "class"} :]
    return len(passed) == len(own) and all(p in {n, f"{n}={n}"} for p, n in zip(passed, own, strict=True))


def callers(program: Program, definition: Definition, twins: set[Definition]) -> Iterator[str]:
    """Functions that use the sync twin, other sync twins left out."""
    if isinstance(definition, Class):
        yield definition.name
        return
    for function in program.functions:
        if function in twins or function in program.vanishing:
            continue
        reads = [n for n in function.own_nodes() if isinstance(n, ast.Name | ast.Attribute)]
        values = {v for n in reads if isinstance(n.ctx, ast.Load) for v in program.values(n)}
        if any(isinstance(v, FunctionObject) and v.key == definition.key for v in values):
            yield function.qualname or function.source.path
