"""Loader options as text: `selectinload(Order.lines).joinedload(OrderLine.product)`, and where they are put."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from ..analysis.loads import along, entity_node
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.tracing import Path, Place, Root
from ..analysis.values import ClassObject
from .edit import Edit, Import, Wrap
from .imports import request
from .scopes import scopes

# Methods and forms of a statement with which a joined load does not go well; a second query always does.
NOT_JOINABLE = frozenset({"with_for_update", "group_by", "distinct", "union", "union_all", "from_statement", "having"})


def options(program: Program, place: Place, root: Root, paths: Sequence[Path]) -> tuple[list[str], list[Import]]:
    """The options that load some paths, each a chain from the entity; of paths that contain others the longest."""
    imports: list[Import] = []
    wanted = [p for p in paths if not any(other[: len(p)] == p and other != p for other in paths)]
    return [_chain(program, place, root, path, imports) for path in wanted], imports


def _chain(program: Program, place: Place, root: Root, path: Path, imports: list[Import]) -> str:
    entity = entity_node(place, root)
    assert entity is not None
    owner = place.source.text(entity)
    cls = next(v.cls for v in program.values(entity) if isinstance(v, ClassObject))
    text = ""
    for step, relationship in zip(path, along(program, cls, path), strict=True):
        word = "selectinload" if relationship.many or not _is_joinable(place) else "joinedload"
        if text:
            text += f".{word}({owner}.{step})"
        else:
            name, wanted = request(place.source, "sqlalchemy.orm", word, at=place.node)
            imports += [wanted] if wanted else []
            text = f"{name}({owner}.{step})"
        if step is not path[-1] or len(path) > 1:
            owner = class_text(program, place.source, place.node, entity, relationship.target, imports)
    return text


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
    return not any(link.attr in NOT_JOINABLE for link, _ in _links(place))


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


def insert(place: Place, texts: Sequence[str]) -> Edit:
    """The edit that gives a query its options: into the options that it has, or behind its beginning."""
    source = place.source
    for attribute, call in _links(place):
        if attribute.attr == "options" and call.args and not isinstance(call.args[-1], ast.Starred):
            last = call.args[-1]
            return Wrap(*source.span(last), "", "".join(f",{_gap(source, last)}{t}" for t in texts), -1)
    start, end = source.span(place.node)
    following = re.match(rb"[ \t]*(?:#[^\n]*)?(\r?\n[ \t]*)\.", source.content[end:])
    text = f".options({', '.join(texts)})"
    return Wrap(start, end, "", (following[1].decode() if following else "") + text, -1)


def _gap(source: Source, argument: ast.expr) -> str:
    """What stands between the last argument and one more: a line break where each argument has a line of its own."""
    start = source.span(argument)[0]
    line = source.offset(argument.lineno, 0)
    before = source.content[line:start].decode()
    return f"\n{before}" if not before.strip() else " "
