"""Who uses a function or class: what must be gone before its definition may go."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from ..analysis.program import Program
from ..analysis.source import Site, Source
from ..analysis.symbols import Class, Function
from ..analysis.values import ClassObject, FunctionObject, Value
from .references import references


@dataclass(slots=True)
class Uses:
    """`reads` are the expressions that mean the thing; `others` the places that may mean it or need its name."""

    reads: list[tuple[Source, ast.expr]] = field(default_factory=list)
    others: list[Site] = field(default_factory=list)


class _Names:
    """The attributes and strings of a program by (the last part of) what they say."""

    def __init__(self, program: Program) -> None:
        self.attributes: defaultdict[str, list[tuple[Source, ast.Attribute]]] = defaultdict(list)
        self.strings: defaultdict[str, list[tuple[Source, ast.Constant]]] = defaultdict(list)
        for source in program.sources.values():
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Attribute):
                    self.attributes[node.attr].append((source, node))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
                    self.strings[node.value.rpartition(".")[2]].append((source, node))


_KNOWN: WeakKeyDictionary[Program, _Names] = WeakKeyDictionary()


def _names(program: Program) -> _Names:
    if program not in _KNOWN:
        _KNOWN[program] = _Names(program)
    return _KNOWN[program]


def uses_of(program: Program, thing: Function | Class) -> Uses:
    """All uses of a function, method or class but those inside of its own definition."""
    uses = Uses()
    found = _members(program, thing) if isinstance(thing, Function) and thing.owner else _globals(program, thing)
    own = set(ast.walk(thing.node))
    uses.reads = [(source, node) for source, node in found if node not in own]
    reads = {node for _, node in found}
    for source, node in _names(program).strings[thing.name]:
        if node not in own and node not in reads:
            uses.others.append(source.site(node))
    if not (isinstance(thing, Function) and thing.owner):
        uses.others.extend(_passed_on(program, thing))
    return uses


def _globals(program: Program, thing: Function | Class) -> list[tuple[Source, ast.expr]]:
    found = [(r.source, r.node) for r in references(program).of(thing.source.path, thing.name)]
    known = {node for _, node in found}
    found += [(s, n) for s, n in _names(program).attributes[thing.name] if n not in known and _means(program, n, thing)]
    return found


def _members(program: Program, thing: Function) -> list[tuple[Source, ast.expr]]:
    """The attributes that may mean a method: those that hold it, and those of which nothing is known."""
    return [
        (source, node)
        for source, node in _names(program).attributes[thing.name]
        if not program.values(node) or _means(program, node, thing)
    ]


def _means(program: Program, node: ast.expr, thing: Function | Class) -> bool:
    return any(_is(v, thing) for v in program.values(node))


def _is(value: Value, thing: Function | Class) -> bool:
    match value:
        case FunctionObject(key=key) | ClassObject(cls=key):
            return key == thing.key
    return False


def _passed_on(program: Program, thing: Function | Class) -> list[Site]:
    """Imports of a global by files that do not read it themselves: they offer it to others."""
    known = references(program)
    return [
        source.site(statement)
        for source, statement in known.importers(thing.source.path, thing.name)
        if not any(r.source is source for r in known.of(thing.source.path, thing.name))
    ]
