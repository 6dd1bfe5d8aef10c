"""Loader options as text: `selectinload(Order.lines).joinedload(OrderLine.product)`, and where they are put."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..analysis.declared import declared
from ..analysis.eager_depth import along
from ..analysis.factories import expired_on_commit, flushes_before_queries
from ..analysis.loader_options import Option, Path
from ..analysis.loads import Loads, entity_node
from ..analysis.mapped import DEFERRED, Relationship
from ..analysis.order import may_follow
from ..analysis.populating import populates
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.test_reach import in_tests
from ..analysis.tracing import EAGER, Place, Root
from ..analysis.values import ClassObject
from .edit import Edit, Import, Replace, Wrap
from .imports import request
from .older_loads import lacks_async_attrs
from .scopes import scopes

Tree: TypeAlias = dict[str, "Tree"]

# Objects that the session holds already get their relationships from the query, too.
AGAIN = ".execution_options(populate_existing=True)"
# Methods and forms of a statement with which a joined load does not go well; a second query always does.
NOT_JOINABLE = frozenset(
    {"with_for_update", "group_by", "distinct", "union", "union_all", "from_statement", "having", "returning"}
)


@dataclass(slots=True)
class Query:
    """A query that is to load more: its place, and the edits and imports that make it do so."""

    program: Program
    loads: Loads
    root: Root
    loaded: frozenset[Path]
    edits: list[Edit] = field(default_factory=list)

    @property
    def place(self) -> Place:
        return self.loads.place(self.root)

    @property
    def source(self) -> Source:
        return self.place.source

    def load(self, paths: Iterable[Path]) -> list[Edit]:
        """The edits that load some paths: options that the query has go on, the others are added."""
        entity = entity_node(self.place, self.root)
        assert entity is not None
        cls = next(v.cls for v in self.program.values(entity) if isinstance(v, ClassObject))
        tree: Tree = {}
        for path in sorted(paths):
            if not self._extended(cls, entity, path):
                branch = tree
                for step in path:
                    branch = branch.setdefault(step, {})
        if tree:
            texts = list(self._texts(tree, cls, self.source.text(entity), entity, (), is_method=False))
            is_stale = self._follows_a_request() or self._loads_views(cls, paths)
            is_stale = is_stale or populates(self.program, self.place.node)
            self.edits.append(insert(self.place, texts, AGAIN if is_stale else ""))
        return self.edits

    def _follows_a_request(self) -> bool:
        """Has a test sent a request before, whose commit expired what the test's session holds?"""
        function, clients = self.place.function, self.program.colours.clients
        return in_tests(function) and any(
            isinstance(call, ast.Call) and clients.at(call) and may_follow(self.source, call, self.place.node)
            for call in function.own_nodes()
        )

    def _loads_views(self, cls: str, paths: Iterable[Path]) -> bool:
        """Is there a view among the relationships, which no flush keeps up, and which the commits expired?"""
        loaded = [r for path in paths for r in along(self.program, cls, path)]
        is_view = any(isinstance(v := declared(r, "viewonly"), ast.Constant) and v.value is True for r in loaded)
        return is_view and expired_on_commit(self.program) and flushes_before_queries(self.program)

    def _extended(self, cls: str, entity: ast.expr, path: Path) -> bool:
        """Let the option that loads what a path leads through go on to its end."""
        assert self.loads.tracing is not None
        for argument in _given(self.place) if len(path) > 1 else ():
            known = self.loads.tracing.values.get(argument, frozenset())
            if not any(isinstance(v, Option) and v.path == path[:-1] for v in known):
                continue
            span = self.source.span(argument)
            if any(isinstance(e, Wrap) and (e.start, e.end) == span for e in self.edits):
                continue
            *_, owner, relationship = along(self.program, cls, path)
            text = f".{self._word(relationship)}({self._class(entity, owner.target)}.{path[-1]})"
            self.edits.append(Wrap(*span, "", text, -2))
            return True
        return False

    def _texts(self, tree: Tree, cls: str, owner: str, entity: ast.expr, above: Path, is_method: bool) -> Iterator[str]:
        """One option for each branch: a function's call at the beginning, a method's call behind another option."""
        for name, branch in tree.items():
            relationship = along(self.program, cls, (name,))[0]
            path = (*above, name)
            word = "defaultload" if branch and self._comes_anyway(relationship, path) else self._word(relationship)
            word = "selectinload" if self._goes_on(path) else word
            if not is_method:
                word, wanted = request(self.source, "sqlalchemy.orm", word, at=self.place.node)
                self.edits += [wanted] if wanted else []
            depth = ", recursion_depth=-1" if self._goes_on(path) else ""
            text = f"{word}({owner}.{name}{depth})"
            if branch:
                target = self._class(entity, relationship.target)
                inner = list(self._texts(branch, relationship.target, target, entity, path, is_method=len(branch) == 1))
                text += f".{inner[0]}" if len(inner) == 1 else f".options({', '.join(inner)})"
            yield text

    def _comes_anyway(self, relationship: Relationship, path: Path) -> bool:
        """Is a relationship on the way loaded by something else, which keeps its way of loading?"""
        is_eager = relationship.lazy in EAGER or (relationship.owner, relationship.name) in self.loads.eager
        return is_eager or path in self.loaded

    def _goes_on(self, path: Path) -> bool:
        """Is the relationship followed from object to object, nobody knows how far?"""
        needed = self.loads.options.get(self.root, {}).get(path, ())
        return any(load.goes_on for load in needed) and not lacks_async_attrs(self.program)

    def _word(self, relationship: Relationship) -> str:
        if relationship.lazy == DEFERRED:
            return "undefer"
        is_apart = relationship.many or _picks_one(relationship) or not _is_joinable(self.place)
        return "selectinload" if is_apart else "joinedload"

    def _class(self, entity: ast.expr, cls: str) -> str:
        imports: list[Import] = []
        text = class_text(self.program, self.source, self.place.node, entity, cls, imports)
        self.edits += imports
        return text


def _picks_one(relationship: Relationship) -> bool:
    """Does a condition, and no key, say which one is meant? Of several a lazy load takes one; a join gives each."""
    return declared(relationship, "primaryjoin") is not None and declared(relationship, "uselist") is not None


def _given(place: Place) -> list[ast.expr]:
    """The options that a query has in the same expression."""
    return [a for attribute, call in _links(place) if attribute.attr == "options" for a in call.args]


def class_text(program: Program, source: Source, at: ast.AST, entity: ast.expr, cls: str, imports: list[Import]) -> str:
    """How a mapped class is written in a file, as its neighbour `entity` is."""
    name = program.plain_name(cls)
    if isinstance(entity, ast.Attribute):
        return f"{source.text(entity.value)}.{name}"
    globals_ = program.interpreter.store.peek("global", source.path, name)
    if ClassObject(cls) in globals_:
        return name
    home = next(
        (i.module for i in scopes(source).module.imports if isinstance(entity, ast.Name) and i.local == entity.id), ""
    )
    path = program.interpreter.modules.absolute(home, source.path) if home else None
    if path is None or ClassObject(cls) not in program.interpreter.member(path, name):
        home = program.interpreter.modules.dotted(cls.partition("::")[0])
    text, wanted = request(source, home, name, at=at)
    imports += [wanted] if wanted else []
    return text


def _is_joinable(place: Place) -> bool:
    begins = place.node.func if isinstance(place.node, ast.Call) else place.node
    links = [link for link, _ in _links(place)] + ([begins] if isinstance(begins, ast.Attribute) else [])
    return not any(link.attr in NOT_JOINABLE for link in links)


def _links(place: Place) -> Iterator[tuple[ast.Attribute, ast.Call]]:
    """The methods that are called on a query in the same expression."""
    parents = place.source.parents
    node: ast.AST = place.node
    while True:
        attribute = parents.get(node)
        call = parents.get(attribute) if isinstance(attribute, ast.Attribute) and attribute.value is node else None
        if not (isinstance(attribute, ast.Attribute) and isinstance(call, ast.Call) and call.func is attribute):
            return
        yield attribute, call
        node = call


def insert(place: Place, texts: Sequence[str], behind: str = "") -> Edit:
    """The edit that gives a query its options: into the options that it has, or behind its beginning.

    `behind` is what is called on the query besides, where it has no options yet.
    """
    source = place.source
    for attribute, call in _links(place) if texts else ():
        if attribute.attr == "options" and call.args and not isinstance(call.args[-1], ast.Starred):
            last = call.args[-1]
            return Wrap(*source.span(last), "", "".join(f",{_gap(source, last)}{t}" for t in texts), -1)
    start, end = source.span(place.node)
    following = re.match(rb"[ \t]*(?:#[^\n]*)?(\r?\n[ \t]*)\.", source.content[end:])
    text = f".options({', '.join(texts)}){behind}" if texts else behind
    if following is None:
        return Wrap(start, end, "", text, -1)
    line = following[1].decode()
    if len(list(_links(place))) > 1:
        # On the line of the next method, with which it moves; a method that is the last may go.
        next_dot = end + following.end(1)
        return Replace(next_dot, next_dot, text + line)
    return Wrap(start, end, "", line + text, -1)


def _gap(source: Source, argument: ast.expr) -> str:
    """What stands between the last argument and one more: a line break where each argument has a line of its own."""
    start = source.span(argument)[0]
    line = source.offset(argument.lineno, 0)
    before = source.content[line:start].decode()
    return f"\n{before}" if not before.strip() else " "
