"""What a suite sets up on a mocked session's legacy queries moves to the result chain that the code uses now.

    db.query.return_value.filter.return_value.first.return_value = user
->  db.scalars.return_value.first.return_value = user
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..analysis.mocks import CALL, Path, is_below
from ..analysis.program import Program
from ..analysis.queries import QUERY_METHODS
from ..analysis.source import Source
from ..analysis.stand_ins import is_test_code
from ..analysis.symbols import Function
from ..analysis.values import ClassObject, Mock, Values
from .edit import Edit, Replace, apply
from .mock_asserted import asserted, criteria_asserted
from .mock_entities import GIVING, by_entity, for_all
from .mock_homes import SIDE_EFFECT
from .mock_queries import QUERY, shifted
from .mock_turns import in_turn
from .mock_usage import Image, MadeMock, Usage, last_index
from .removal import without

GONE = "the code no longer calls query() on the session; set up what it calls now"
MEETING = "the code gets this result and another one in the same way now: set up a side_effect with both, in turn"
SHARED = "a query that stays as it is gets this too: set up the result for both"
CHANGED = "this query is a statement now: set up the result that the code gets for it"


@dataclass(frozen=True, slots=True)
class Move:
    """One expression of the suite that names a legacy query on a mock: its edits, or the concern why it has none.

    `image` is the query at whose end something is set up, `origin` that of the mock, `queries` what it stands for,
    `children` the mocks that the expression names, each with the path from there.
    """

    function: Function
    node: ast.expr
    edits: tuple[Edit, ...] = ()
    concern: str = ""
    image: Image | None = None
    origin: str = ""
    children: tuple[tuple[str, Path], ...] = ()
    queries: tuple[ast.expr, ...] = ()


@dataclass(frozen=True, slots=True)
class _Met:
    """An expression that is a child of a mocked session's query, with the queries that the code sends here."""

    made: MadeMock
    path: Path
    images: tuple[Image, ...]

    @property
    def session(self) -> Path:
        return self.path[: last_index(self.path, QUERY)] if QUERY in self.path else ()

    @property
    def results(self) -> set[Path]:
        """How the code gets its results from the session now, for the queries that go on from here."""
        length = len(self.session) + 2
        return {i.new[:length] for i in self.images if is_below(i.old, self.path)}

    def asks_below(self, steps: Path) -> bool:
        """Does a query go on from here by these attributes and calls?"""
        path = (*self.path, *steps)
        return any(i.old == path or is_below(i.old, path) for i in self.images)

    @property
    def ways(self) -> list[tuple[Path, Path]]:
        """The queries that go on from here: from `query()` on, and from the session on in the rewritten code."""
        length = len(self.session)
        return [(i.old[length + 2 :], i.new[length:]) for i in self.images if is_below(i.old, self.path)]

    def is_awaited(self, sender: str) -> bool:
        """Is a method of the session awaited from now on?"""
        return self.made.uses[(*self.session, sender)].site is not None

    @property
    def queries(self) -> tuple[ast.expr, ...]:
        """The queries that are sent by way of the same session, or of the same mock in the place of a query."""
        above = (*self.session, QUERY) if QUERY in self.path else ()
        return tuple(i.node for i in self.images if is_below(i.old, above))


class Moves:
    """Finds and works out the moves of a program."""

    def __init__(self, program: Program, usage: Usage) -> None:
        self._program = program
        self._usage = usage

    def all(self) -> Iterator[Move]:
        """Every expression that has to move."""
        if not any(made.images for made in self._usage.made.values()):
            return
        for function in filter(is_test_code, self._program.functions):
            moves = [move for node in function.own_nodes() for move in self._at(function, node)]
            meeting = _meeting(moves)
            for move in moves:
                if move.image is not None and (move.origin, move.image.new) in meeting:
                    yield replace(move, edits=(), concern=MEETING)
                elif move.edits or move.concern:
                    yield move

    def _at(self, function: Function, node: ast.AST) -> Iterator[Move]:
        if isinstance(node, ast.Attribute) and not _goes_on(function.source.parents, node):
            yield from self._of(function, node)
        elif isinstance(node, ast.Assign):
            yield from self._idle(function, node)

    def _of(self, function: Function, node: ast.Attribute) -> Iterator[Move]:
        """The move of one whole expression, from its name to its last attribute."""
        calls = self._usage.queries.calls
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute | ast.Call):
            if inner in calls or function.source.parents[inner] in calls:
                return
            if isinstance(inner, ast.Attribute):
                found = list(self._met(function, inner))
                if found:
                    move = self._beside(self._move(function, node, inner, found[0]), found[0])
                    children = tuple((met.made.mock.origin, met.path) for met in found)
                    yield replace(move, origin=children[0][0], children=children, queries=found[0].queries)
                    return
            inner = inner.value if isinstance(inner, ast.Attribute) else inner.func

    def _met(self, function: Function, node: ast.expr) -> Iterator[_Met]:
        """The legacy queries of mocks that an expression can be; what a query gave is none."""
        for value in sorted(self._values(node), key=repr):
            if isinstance(value, Mock) and value.origin in self._usage.made:
                made = self._usage.made[value.origin]
                if made.is_reached_by(function) and _is_query(made, value.path):
                    yield _Met(made, value.path, self._images(function, made))

    def _beside(self, move: Move, met: _Met) -> Move:
        """The move, or a second set-up behind the first where a query that stays needs that."""
        if not move.edits or not self._is_needed(move, met):
            return move
        source = move.function.source
        statement = source.statement(move.node)
        start, end = source.span(statement)
        if move.image is None or source.content[:start].rpartition(b"\n")[2].strip():
            return replace(move, edits=(), concern=SHARED)
        text = apply(
            source.content[start:end], [shifted(e, start) for e in move.edits if isinstance(e, Replace)]
        ).decode()
        return replace(move, edits=(Replace(end, end, f"\n{source.indentation(statement)}{text}"),))

    def _is_needed(self, move: Move, met: _Met) -> bool:
        """Does a query that stays as it is get what is set up here?"""
        reach = self._usage.reach_from(move.function)
        staying = [path for function, path in met.made.staying if reach is None or function in reach]
        if move.image is not None:
            return move.image.old in staying
        return any(is_below(path, met.path) for path in staying)

    def _images(self, function: Function, made: MadeMock) -> tuple[Image, ...]:
        reach = self._usage.reach_from(function)
        return tuple(i for i in made.images if reach is None or i.function in reach)

    def _values(self, node: ast.expr) -> Values:
        """What an expression can be; what an assignment replaces, where it is the target of one."""
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            return self._program.interpreter.attribute(self._program.values(node.value), node.attr)
        return self._program.values(node)

    def _move(self, function: Function, whole: ast.Attribute, node: ast.Attribute, met: _Met) -> Move:
        source = function.source
        for inner in _inwards(node):
            for found in self._met(function, inner):
                ends = [i for i in found.images if i.old == (*found.path, CALL)]
                if len({i.new for i in ends}) == 1:
                    return self._moved(function, inner, found, ends[0])
        if whole.attr == SIDE_EFFECT and whole.value is node and met.path == (*met.session, QUERY):
            return self._effect(function, whole, node, met)
        if not met.asks_below(_steps(node, whole)) and _is_idle_set_up(source.statement(node), whole):
            return Move(function, whole, tuple(without(source, source.statement(node))))
        if len(met.results) != 1:
            is_given = whole is node and met.path == (*met.session, QUERY, CALL)
            edits = for_all(source, whole, self._given_ways(source, whole, met)) if is_given else []
            return Move(function, whole, tuple(edits), "" if edits else GONE)
        result = next(iter(met.results))
        if met.path == (*met.session, QUERY) and whole.value is node:
            return self._of_query(function, whole, met, result[len(met.session)])
        if edits := self._of_criteria(function, whole, node, met):
            return Move(function, whole, tuple(edits))
        statement = source.parents[node]
        if isinstance(statement, ast.Assign) and self._gives_itself(statement, met):
            return Move(function, whole, tuple(without(source, statement)))
        if met.path[-1] == CALL and result[-1] == CALL and self._is_wiring(source, node, met):
            return self._replaced(function, node, met, result)
        return Move(function, whole, (), CHANGED)

    def _moved(self, function: Function, node: ast.expr, met: _Met, image: Image) -> Move:
        """The method that sent the query."""
        parent = function.source.parents[node]
        if image.new[-1] == CALL:
            move = self._replaced(function, node, met, image.new[:-1])
        elif isinstance(parent, ast.Attribute) and parent.attr == "return_value":
            move = self._replaced(function, parent, met, image.new)
        else:
            return Move(function, node, (), f"the code reads {image.new[-1]} of the result now")
        return replace(move, image=image) if _is_set_up(function, node) else move

    def _given_ways(self, source: Source, whole: ast.Attribute, met: _Met) -> list[tuple[Path, Path]]:
        """The queries whose results are set up on the mock that is put in their place; all where none is."""
        parent = source.parents[whole]
        given = self._program.values(parent.value) if isinstance(parent, ast.Assign) else ()
        made = [self._usage.made[v.origin] for v in given if isinstance(v, Mock) and v.origin in self._usage.made]
        set_up = {path for m in made for path in m.settings}
        ways = [way for way in met.ways if way[0][-2:] in {path[-2:] for path in set_up}]
        # What the session gives itself is asked of that mock, and of nothing below it.
        is_known = all(len(new) > 2 or old[-2:] in set_up for old, new in ways)
        return ways if ways and is_known else met.ways

    def _of_query(self, function: Function, whole: ast.Attribute, met: _Met, sender: str) -> Move:
        """`db.query.assert_called_once()`."""
        source = function.source
        call = source.parents[whole]
        given = [*call.args, *call.keywords] if isinstance(call, ast.Call) else []
        is_class = len(given) == 1 and isinstance(given[0], ast.expr) and _is_class(self._program, given[0])
        is_class = is_class and sender in GIVING
        edits = asserted(source, whole, sender, met.is_awaited(sender), is_class)
        return Move(function, whole, tuple(edits), "" if edits else GONE)

    def _of_criteria(self, function: Function, whole: ast.Attribute, node: ast.Attribute, met: _Met) -> list[Edit]:
        """`db.query.return_value.filter.assert_called_once()`."""
        sender = next(iter(met.results))[len(met.session)]
        sessions = [n for n in _inwards(node) for v in self._values(n) if isinstance(v, Mock) and v.path == met.session]
        if not sessions or whole.value is not node or sender not in GIVING:
            return []
        text = function.source.text(sessions[0])
        return criteria_asserted(function.source, whole, text, sender, met.is_awaited(sender))

    def _effect(self, function: Function, whole: ast.Attribute, node: ast.Attribute, met: _Met) -> Move:
        """`db.query.side_effect = …`: a list of queries, or a function that chooses one."""
        sent = [query for query in self._usage.queries.executed if query.node in met.queries]
        edits = in_turn(function, whole, node.value, met.ways)
        edits = edits or by_entity(self._program, function, whole, node.value, sent)
        return Move(function, whole, tuple(edits), "" if edits else GONE)

    def _gives_itself(self, statement: ast.Assign, met: _Met) -> bool:
        """`query.filter.return_value = query`, where the query is no longer there to be filtered?"""
        match statement.targets:
            case [ast.Attribute(attr="return_value", value=method)]:
                known = [self._program.values(n) for n in (method, statement.value)]
                of, given = ([v for v in found if isinstance(v, Mock)] for found in known)
                return any(
                    m.origin == v.origin == met.made.mock.origin and QUERY in v.path and is_below(m.path, v.path)
                    for m in of
                    for v in given
                )
        return False

    def _is_wiring(self, source: Source, node: ast.expr, met: _Met) -> bool:
        """Is a query's object given a name, or a mock put in its place, on which the same methods end the query?"""
        length = len(met.session) + 2
        ends = {(i.old[-2:], i.new[length:]) for i in met.images if is_below(i.old, met.path)}
        if any(old != new for old, new in ends):
            return False
        match source.parents[node]:
            case ast.Assign(targets=[ast.Name()], value=value):
                return value is node
            case ast.Assign(targets=[target], value=value):
                return target is node and any(isinstance(v, Mock) for v in self._program.values(value))
        return False

    def _replaced(self, function: Function, node: ast.expr, met: _Met, new: Path) -> Move:
        """The expression from the session on, or from the name of the query's object on, in its new form."""
        for inner in _inwards(node):
            for mock in self._values(inner):
                if not isinstance(mock, Mock) or mock.origin != met.made.mock.origin:
                    continue
                if mock.path == met.session:
                    return self._written(function, node, inner, new[len(mock.path) :])
                if isinstance(inner, ast.Name):
                    results = _Met(met.made, mock.path, met.images).results
                    result = next(iter(results))
                    if len(results) == 1 and is_below(new, result):
                        return self._written(function, node, inner, new[len(result) :])
        return Move(function, node, (), CHANGED)

    def _written(self, function: Function, node: ast.expr, base: ast.expr, path: Path) -> Move:
        source = function.source
        text = "".join(".return_value" if name == CALL else f".{name}" for name in path)
        start, end = source.span(base)[1], source.span(node)[1]
        return Move(function, node, () if source.content[start:end].decode() == text else (Replace(start, end, text),))

    # What is left over

    def _idle(self, function: Function, node: ast.Assign) -> Iterator[Move]:
        """`query.filter.return_value = query`: a method of a query that nothing calls any more."""
        match node.targets:
            case [ast.Attribute(attr="return_value", value=ast.Attribute(attr=name, value=base)) as target]:
                if name in QUERY_METHODS and self._is_proxy(base) and self._is_unused(target.value):
                    yield Move(function, target, tuple(without(function.source, node)))

    def _is_proxy(self, node: ast.expr) -> bool:
        """Is this a mock that has been put in the place of a query?"""
        proxies = self._usage.queries.proxies
        return any(isinstance(v, Mock) and (v.origin, v.path) in proxies for v in self._program.values(node))

    def _is_unused(self, node: ast.expr) -> bool:
        return not any(use.is_called or use.site or use.was_awaited for _, use in self._usage.at(node))


def _is_query(made: MadeMock, path: Path) -> bool:
    """Is a child of a mock a legacy query, or a method that ends one? What a query gave is none."""
    if any(path == i.old or is_below(path, i.old) for i in made.images):
        return False
    return bool(made.images) and (QUERY in path or any((*path, CALL) == i.old for i in made.images))


def _is_class(program: Program, node: ast.expr) -> bool:
    """Is it a mapped class?"""
    values = program.values(node)
    return bool(values) and all(isinstance(v, ClassObject) and program.mapped(v.cls) for v in values)


def _steps(inner: ast.expr, whole: ast.expr) -> Path:
    """The attributes and calls from a part of a chain on to its end."""
    found: list[str] = []
    while whole is not inner and isinstance(whole, ast.Attribute | ast.Call):
        is_call = isinstance(whole, ast.Call) or whole.attr == "return_value"
        found.append(CALL if is_call else whole.attr)  # type: ignore[union-attr]
        whole = whole.func if isinstance(whole, ast.Call) else whole.value
    return tuple(reversed(found))


def _is_idle_set_up(statement: ast.stmt, target: ast.Attribute) -> bool:
    """Does a statement set up what nothing asks for? A mock of an async session has no query() to do that on."""
    match statement:
        case ast.Assign(targets=[only], value=value) if only is target and target.attr in {
            "return_value",
            "side_effect",
        }:
            return not any(isinstance(n, ast.Call) for n in ast.walk(value))
    return False


def _is_set_up(function: Function, node: ast.AST) -> bool:
    """Is the expression (a part of) the target of an assignment?"""
    parent: ast.AST = node
    while isinstance(parent, ast.expr):
        parent = function.source.parents[parent]
    return isinstance(parent, ast.Assign)


def _meeting(moves: Iterable[Move]) -> set[tuple[str, Path]]:
    """Results that several different queries would have from now on."""
    found: defaultdict[tuple[str, Path], set[Path]] = defaultdict(set)
    for move in moves:
        if move.image is not None:
            found[move.origin, move.image.new].add(move.image.old)
    return {key for key, queries in found.items() if len(queries) > 1}


def _goes_on(parents: dict[ast.AST, ast.AST], node: ast.Attribute) -> bool:
    """Is the attribute only a part of a longer expression?"""
    parent = parents.get(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        parent, node = parents.get(parent), parent  # type: ignore[assignment]
    return isinstance(parent, ast.Attribute)


def _inwards(node: ast.expr) -> Iterator[ast.expr]:
    """An expression and what it hangs on, down to its first name."""
    while True:
        yield node
        match node:
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                node = value
            case ast.Call(func=function):
                node = function
            case _:
                return


def _renamed(source: Source, node: ast.Attribute, name: str) -> Replace:
    end = source.span(node)[1]
    return Replace(end - len(node.attr), end, name)
