"""Annotations and other uses of the sync classes name the async ones.

Before:

    def get_db() -> Generator[Session, None, None]: ...
    def load(db: Session, make: Callable[[], Session]) -> User: ...

After:

    async def get_db() -> AsyncGenerator[AsyncSession, None]: ...
    async def load(db: AsyncSession, make: Callable[[], AsyncSession]) -> User: ...

What SQLAlchemy calls with its sync session (event listeners, functions given to `run_sync`) keeps the sync classes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision, Status
from ..analysis.library import library
from ..analysis.program import Program
from ..analysis.source import Source
from .carried import Work, carried, decided
from .edit import Edit, Replace
from .imports import request
from .references import references
from .session_scope import is_sync_facade
from .type_containers import container_edits
from .type_names import Names, TypeText, annotated, type_arguments
from .versions import is_before_2

NAME = "session-types"
CLASSES = {
    "sqlalchemy.Engine", "sqlalchemy.Connection", "sqlalchemy.engine.Transaction", "sqlalchemy.orm.Session",
    "sqlalchemy.orm.SessionTransaction", "sqlalchemy.orm.sessionmaker", "sqlalchemy.orm.scoped_session",
    "sqlmodel.Session",
}  # fmt: skip
FACTORY = "sqlalchemy.orm.sessionmaker"
LISTENING = {"listen", "listens_for", "remove", "contains"}


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each place that names a sync class, and for each generator, context or callback type."""
    for source in program.sources.values():
        if source.path not in program.kept:
            yield from _of_file(program, source)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _of_file(program: Program, source: Source) -> Iterator[Decision]:
    names = Names(program, source)
    if not names.locals:
        return
    for work in (
        *_classes(program, source, names),
        *_containers(program, source, names),
        *_exports(program, source, names),
    ):
        yield decided(program, NAME, work)


def _classes(program: Program, source: Source, names: Names) -> Iterator[Work]:
    for part in _parts(program, source):
        cls = names.dotted(part)
        if cls not in CLASSES or (cls == FACTORY and is_before_2(program)):
            continue
        short = cls.rpartition(".")[2]
        if is_sync_facade(program, source, part.place):
            concern = "SQLAlchemy uses this with its sync objects"
            yield Work(source, part.place, f"{short} stays", [], concern, Status.KEPT)
        else:
            text, edits = _renamed(source, part, cls)
            yield Work(source, part.place, f"{short} becomes {text}", edits)


def _containers(program: Program, source: Source, names: Names) -> Iterator[Work]:
    for annotation in annotated(program, source):
        if not is_sync_facade(program, source, annotation.node):
            edits = list(container_edits(program, source, names, annotation))
            if edits:
                gone = [(e.start, e.end) for e in edits if isinstance(e, Replace) and not e.text]
                yield Work(source, annotation.node, "the type follows what became async", edits, gone=gone)


def _renamed(source: Source, part: TypeText, cls: str) -> tuple[str, list[Edit]]:
    module, _, name = library().classes[cls].asynchronous.rpartition(".")
    text, wanted = request(source, module, name, at=part.place)
    return text, [Replace(*part.span(part.node), text), *([wanted] if wanted else [])]


def _parts(program: Program, source: Source) -> Iterator[TypeText]:
    """The names that can mean a class: in annotations, and as values; calls are made by another codemod."""
    left_out = {part for node in source.nodes for part in _left_out(node)}
    seen: set[ast.expr] = set()
    for node in _names(source):
        if node not in left_out:
            seen.add(node)
            yield TypeText(source, node, node)
    types = [a.node for a in annotated(program, source)] + list(type_arguments(source))
    for expression in types:
        for part in TypeText(source, expression, expression).parts():
            if part.offset is not None and part.place not in seen:
                yield part


def _names(source: Source) -> Iterator[ast.Name | ast.Attribute]:
    """The names and dotted chains that are read, a chain as a whole and its beginnings."""
    for node in source.nodes:
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node


def _left_out(node: ast.AST) -> Iterator[ast.expr]:
    """The names in a node that others take care of, or that stay."""
    if not isinstance(node, ast.Call):
        return
    function = node.func.value if isinstance(node.func, ast.Subscript) else node.func
    yield function
    is_listening = isinstance(function, ast.Attribute | ast.Name) and (
        (function.attr if isinstance(function, ast.Attribute) else function.id) in LISTENING
    )
    if is_listening:
        yield from node.args[:1]
        yield from (k.value for k in node.keywords if k.arg == "target")
    yield from (k.value for k in node.keywords if k.arg == "sync_session_class")


# What a module offers to others


def _exports(program: Program, source: Source, names: Names) -> Iterator[Work]:
    """A name in `__all__` that stands for one of the classes."""
    for statement in source.tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List() | ast.Tuple() as listed):
                for item in listed.elts:
                    if isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value.isidentifier():
                        yield from _export(program, source, names, item, item.value)


def _export(program: Program, source: Source, names: Names, item: ast.Constant, name: str) -> Iterator[Work]:
    start, end = source.span(item)
    cls = names.dotted(TypeText(source, ast.Name(name, ast.Load()), item, start + 1))
    users = {s.path for s, _ in references(program).importers(source.path, name)}
    stays = cls == FACTORY and is_before_2(program)
    if cls in CLASSES and not stays and not users & set(program.kept):
        text, (_, *imports) = _renamed(source, TypeText(source, item, item), cls)
        yield Work(source, item, f"offer {text} in its place", [Replace(start + 1, end - 1, text), *imports])
