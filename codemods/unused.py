"""Who uses a function or class: what must be gone before its definition may go."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.source import Site, Source
from ..analysis.symbols import Class, Function
from ..analysis.values import ClassObject, FunctionObject, Value
from .references import references


@dataclass(slots=True)
class Uses:
    """`reads` are the expressions that mean the thing, `strings` those that end in its name.

    `others` are all places besides the reads that may need it.
    """

    reads: list[tuple[Source, ast.expr]] = field(default_factory=list)
    strings: list[tuple[Source, ast.Constant]] = field(default_factory=list)
    others: list[Site] = field(default_factory=list)


class _Names:
    """The attributes and strings of a program by (the last part of) what they say."""

    def __init__(self, program: Program) -> None:
        self.attributes: defaultdict[str, list[tuple[Source, ast.Attribute]]] = defaultdict(list)
        self.strings: defaultdict[str, list[tuple[Source, ast.Constant]]] = defaultdict(list)
        for source in program.sources.values():
            for node in source.nodes:
                if isinstance(node, ast.Attribute):
                    self.attributes[node.attr].append((source, node))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
                    self.strings[node.value.rpartition(".")[2]].append((source, node))


@once
def _names(program: Program) -> _Names:
    return _Names(program)


def attributes_named(program: Program, name: str) -> list[tuple[Source, ast.Attribute]]:
    """All attributes of a name."""
    return _names(program).attributes[name]


def uses_of(program: Program, thing: Function | Class) -> Uses:
    """All uses of a function, method or class but those inside of its own definition."""
    uses = Uses()
    found = _members(program, thing) if isinstance(thing, Function) and thing.owner else _globals(program, thing)
    own = set(ast.walk(thing.node))
    uses.reads = [(source, node) for source, node in found if node not in own]
    reads = {node for _, node in found}
    for source, node in _names(program).strings[thing.name]:
        if node not in own and node not in reads:
            uses.strings.append((source, node))
            uses.others.append(source.site(node))
    if not (isinstance(thing, Function) and thing.owner):
        uses.others.extend(_passed_on(program, thing))
    return uses


def orphans(
    program: Program, gone: Iterable[tuple[Source, ast.AST]], served: Callable[[Source, ast.stmt], bool]
) -> Iterator[tuple[Source, ast.stmt]]:
    """Definitions of a file's globals that only code uses which goes, and then what only those use.

    `served` says of a definition whether it may go.
    """
    pending = list(gone)
    inside = {n for _, node in pending for n in ast.walk(node)}
    found: set[ast.stmt] = set()
    while pending:
        source, node = pending.pop()
        for name in sorted({n.id for n in ast.walk(node) if isinstance(n, ast.Name)}):
            definition = _definition(source, name)
            if definition is None or definition in inside or definition in found:
                continue
            if served(source, definition) and _is_free(program, source, definition, name, inside):
                found.add(definition)
                inside.update(ast.walk(definition))
                pending.append((source, definition))
                yield source, definition


def _definition(source: Source, name: str) -> ast.stmt | None:
    """The only statement of a file's top level that binds a name."""
    bound = [s for s in source.tree.body if name in _bound(s)]
    return bound[0] if len(bound) == 1 else None


def _bound(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return {name}
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _is_free(program: Program, source: Source, definition: ast.stmt, name: str, inside: set[ast.AST]) -> bool:
    own = set(ast.walk(definition))
    known = references(program)
    if known.importers(source.path, name) or any(n not in own for _, n in _names(program).strings[name]):
        return False
    reads = [r.node for r in known.of(source.path, name)] + [n for _, n in _names(program).attributes[name]]
    return all(n in inside or n in own for n in reads)


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
