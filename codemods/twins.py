"""A sync and an async version of one thing become one: the async one, under the plain name.

def save(self): ...                async def save(self): ...
async def save_async(self): ...
                              ->
repo.save()                        await repo.save()
await repo.save_async()            await repo.save()

Where the async one only runs the sync one in a thread, it is the sync one that stays, and becomes async itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ..analysis.decisions import GOES_AWAY, Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Class, Function
from ..analysis.twins import FACTORIES, Definition, Merge, Pair, factory_names, merges
from ..analysis.values import NOTHING, Instance, Mock
from .edit import Edit, Replace
from .references import references
from .removal import span_of, without
from .scopes import scopes
from .unused import attributes_named, orphans, uses_of

NAME = "twins"
# Functions that are told an attribute's name, and which argument it is.
NAMING = {"getattr": 1, "hasattr": 1, "delattr": 1, "setattr": 1, "object": 1}


def decide(program: Program) -> Iterator[Decision]:
    """The decisions on each family of twins."""
    factories = factory_names(program)
    gone: list[tuple[Source, ast.AST]] = []
    for merge in merges(program):
        names = _Names(program, merge)
        problem = merge.problem or names.problem
        if problem:
            yield from (_kept(pair, problem) for pair in merge.pairs)
        else:
            yield from (_deleted(merge, pair, factories) for pair in merge.pairs)
            yield from names.decisions()
            gone.extend((d.source, d.node) for d in map(merge.goes, merge.pairs))
    for source, statement in orphans(program, gone, lambda s, node: _makes_sessions(program, node)):
        data = {"kind": "delete", "gone": [span_of(source, statement)]}
        action = "delete it, only the sync twins used it"
        yield Decision(NAME, source.site(statement), action, data=data, node=statement)


def _makes_sessions(program: Program, node: ast.stmt) -> bool:
    values = program.values(node.value) if isinstance(node, ast.Assign | ast.AnnAssign) and node.value else NOTHING
    return any(isinstance(v, Instance) and v.cls in FACTORIES for v in values)


def _kept(pair: Pair, problem: str) -> Decision:
    source = pair.sync.source
    action = f"keep {pair.sync.name} beside {pair.asynchronous.name}"
    site = source.site(pair.sync.node)  # type: ignore[arg-type]
    return Decision(
        NAME,
        site,
        action,
        Status.KEPT,
        Confidence.MEDIUM,
        problem,
        function=_name(pair.sync),
        data={"kind": "", **_texts(pair)},
        node=pair.sync.node,
    )


def _deleted(merge: Merge, pair: Pair, factories: Mapping[str, str]) -> Decision:
    """One of them goes: the sync one, or the async one that only ran it in a thread."""
    definition, other = merge.goes(pair), merge.stays(pair)
    source, node = definition.source, definition.node
    assert isinstance(node, ast.stmt)
    concern = ""
    used = {n.id for n in ast.walk(pair.asynchronous.node) if isinstance(n, ast.Name)} & set(factories)
    if pair in merge.differs and not merge.in_threads:
        concern = f"its body differs in more than how it waits; nobody calls it, and {other.name} was chosen"
    elif used:
        name = min(used)
        concern = f"its sessions came from {factories[name]}, those of its twin come from {name}"
    what = "its async twin {}" if not merge.in_threads else "it only ran {} in a thread, which"
    action = f"delete it, {what.format(other.name)} {'takes its name' if other.name != merge.name else 'stays'}"
    return Decision(
        NAME,
        source.site(node),
        action,
        Status.DONE,
        Confidence.MEDIUM if concern else Confidence.HIGH,
        concern,
        function=_name(definition),
        data={"kind": "delete", "gone": [span_of(source, node)], **(_texts(pair) if concern else {})},
        node=node,
    )


def _name(definition: Definition) -> str:
    return definition.qualname if isinstance(definition, Function) else definition.name


def _texts(pair: Pair) -> dict[str, str]:
    """Both versions."""
    return {
        "sync": pair.sync.source.text(pair.sync.node),  # type: ignore[arg-type]
        "async": pair.asynchronous.source.text(pair.asynchronous.node),  # type: ignore[arg-type]
    }


class _Names:
    """All places where the async name of a family is written; `problem` says why they can't all be renamed."""

    def __init__(self, program: Program, merge: Merge) -> None:
        self._program = program
        self._merge = merge
        self._new = merge.name
        # Each with the name that stands there now.
        self._places: dict[ast.AST, tuple[Source, str]] = {}
        self.problem = ""
        self._public: dict[ast.AST, str] = {d.node: _name(d) for d in merge.renamed if not d.name.startswith("_")}
        gone = {merge.goes(pair) for pair in merge.pairs}
        for definition in merge.renamed:
            if definition not in gone:
                self._note(definition.source, definition.node, definition.name)
            self._note_uses(definition)

    def _note_uses(self, definition: Definition) -> None:
        uses = uses_of(self._program, definition)
        for source, node in uses.reads:
            if self._program.values(node) or not isinstance(node, ast.Attribute):
                self._note(source, node, definition.name)
        for source, constant in uses.strings:
            if _names_it(source, constant, definition.name):
                self._note(source, constant, definition.name)
        if isinstance(definition, Class) or definition.owner is None:
            for source, statement in references(self._program).importers(definition.source.path, definition.name):
                self._note_import(source, statement, definition.name)
        else:
            self._note_unknown(definition)

    def _note(self, source: Source, node: ast.AST, old: str) -> None:
        self._places[node] = source, old

    def _note_import(self, source: Source, statement: ast.ImportFrom, old: str) -> None:
        bound = scopes(source).around(statement, source)
        for alias in statement.names:
            # Where the plain name is imported as well, this one is not read any more and goes.
            if alias.name == old and (alias.asname or not bound.binds(self._new)):
                self._note(source, alias, old)

    def _note_unknown(self, method: Function) -> None:
        """Attributes of that name on mocks, and on things of which nothing is known."""
        own = {d.key for d in self._merge.renamed}
        is_unique = all(
            f.key in own or f.key == method.key for f in self._program.functions if f.owner and f.name == method.name
        )
        for source, node in attributes_named(self._program, method.name):
            values = self._program.values(node)
            if node in self._places or (values and not any(isinstance(v, Mock) for v in values)):
                continue
            if is_unique:
                self._note(source, node, method.name)
            else:
                self.problem = f"what {source.site(node)} means by {method.name} is not known"

    def decisions(self) -> Iterator[Decision]:
        """A decision for each place."""
        for node, (source, old) in self._places.items():
            assert isinstance(node, ast.expr | ast.stmt | ast.alias)
            data = {"kind": "name", "old": old, "new": self._new}
            action, name = f"call it {self._new}", self._public.get(node, "")
            if name:
                action = f"{GOES_AWAY}: callers use {self._new}"
            yield Decision(NAME, source.site(node), action, function=name, data=data, node=node)


def _names_it(source: Source, node: ast.Constant, old: str) -> bool:
    """Is a string the name of the definition: the target of a patch, an attribute's name, an entry of `__all__`?"""
    parent = source.parents[node]
    if node.value != old:
        return isinstance(parent, ast.Call) and node in parent.args[:1]
    if isinstance(parent, ast.Call):
        name = parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
        position = NAMING.get(name)
        return position is not None and parent.args[position : position + 1] == [node]
    return isinstance(parent, ast.List | ast.Tuple) and _is_export(source, parent)


def _is_export(source: Source, node: ast.AST) -> bool:
    statement = source.parents[node]
    return isinstance(statement, ast.Assign) and any(
        isinstance(t, ast.Name) and t.id == "__all__" for t in statement.targets
    )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one place."""
    source = program.sources[decision.site.path]
    node = decision.node
    if decision.data["kind"] == "delete":
        assert isinstance(node, ast.stmt)
        yield from without(source, node)
        return
    assert isinstance(node, ast.expr | ast.stmt | ast.alias)
    old, new = decision.data["old"].encode(), decision.data["new"]
    start, end = source.span(node)
    if isinstance(node, ast.Attribute | ast.Constant):
        if isinstance(node, ast.Constant) and (entry := _entry(source, node, new)) is not None:
            yield entry
            return
        first = source.content.rindex(old, start, end)
    else:
        first = source.content.index(old, start, end)
    yield Replace(first, first + len(old), new)


def _entry(source: Source, node: ast.Constant, new: str) -> Replace | None:
    """Take an entry out of a list that has the plain name already."""
    parent = source.parents[node]
    if not isinstance(parent, ast.List | ast.Tuple) or not any(
        isinstance(e, ast.Constant) and e.value == new for e in parent.elts
    ):
        return None
    index = parent.elts.index(node)
    if index:
        return Replace(source.span(parent.elts[index - 1])[1], source.span(node)[1], "")
    return Replace(source.span(node)[0], source.span(parent.elts[1])[0], "")
