"""`AsyncAttrs` on the declarative base, so that `await object.awaitable_attrs.name` works on all of its classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Class
from ..analysis.values import ClassObject, External
from .edit import Edit, Replace, Wrap
from .imports import request

ASYNC_ATTRS = "sqlalchemy.ext.asyncio.AsyncAttrs"
MAKERS = frozenset({"sqlalchemy.orm.declarative_base", "sqlmodel.SQLModel"})


@dataclass(frozen=True, slots=True)
class Base:
    """What gets `AsyncAttrs`: a class statement, or a call of `declarative_base()`."""

    source: Source
    node: ast.ClassDef | ast.Call


def bases(program: Program, cls: str) -> list[Base]:
    """What has to get `AsyncAttrs` for a mapped class; empty when it has it, or when nothing is found that could."""
    objects = program.interpreter.objects
    ancestry = objects.ancestry(cls)
    if ASYNC_ATTRS in ancestry:
        return []
    if any(objects.is_a(k, "sqlmodel.SQLModel") for k in ancestry):
        return [_class_base(objects.classes[cls])]
    top = objects.classes[[k for k in ancestry if k in objects.classes][-1]]
    roots = [k for k in ancestry if k in objects.classes and _is_root(program, objects.classes[k])]
    if roots:
        return [_class_base(objects.classes[roots[-1]])]
    return list(_calls(program, top))


def _class_base(cls: Class) -> Base:
    return Base(cls.source, cls.node)


def _is_root(program: Program, cls: Class) -> bool:
    """Does a class derive from `DeclarativeBase` itself, or is it made a base by `@as_declarative()`?"""
    for base in cls.node.bases:
        if any(v == ClassObject("sqlalchemy.orm.DeclarativeBase") for v in program.values(base)):
            return not _made_by_call(program, cls, base)
    return any("as_declarative" in ast.dump(d) for d in cls.node.decorator_list)


def _made_by_call(program: Program, cls: Class, base: ast.expr) -> bool:
    return any(True for _ in _calls_named(program, _last_name(base)))


def _calls(program: Program, cls: Class) -> Iterator[Base]:
    for base in cls.node.bases:
        yield from _calls_named(program, _last_name(base))


def _calls_named(program: Program, name: str) -> Iterator[Base]:
    """The calls of `declarative_base()` whose result gets a name."""
    yield from _made_bases(program).get(name, ())


@once
def _made_bases(program: Program) -> dict[str, list[Base]]:
    found: dict[str, list[Base]] = {}
    for source in program.sources.values():
        for node in source.nodes:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call() as call)
                    | ast.AnnAssign(target=ast.Name(id=bound), value=ast.Call() as call)
                ) if _makes_base(program, call):
                    found.setdefault(bound, []).append(Base(source, call))
    return found


def _makes_base(program: Program, call: ast.Call) -> bool:
    return any(isinstance(v, External) and v.name in MAKERS for v in program.values(call.func))


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def add(base: Base) -> Iterator[Edit]:
    """The edits that give a base `AsyncAttrs`; none when it has another `cls=` already."""
    source, node = base.source, base.node
    text, wanted = request(source, "sqlalchemy.ext.asyncio", "AsyncAttrs", at=node)
    if isinstance(node, ast.Call):
        yield from _in_call(source, node, text)
    elif node.bases:
        first = next((b for b in node.bases if _last_name(b) in {"DeclarativeBase", "SQLModel"}), node.bases[0])
        yield Wrap(*source.span(first), f"{text}, ", "")
    else:
        yield from _without_bases(source, node, text)
    if wanted:
        yield wanted


def _in_call(source: Source, call: ast.Call, text: str) -> Iterator[Edit]:
    given = next((k.value for k in call.keywords if k.arg == "cls"), None)
    if given is not None:
        yield Wrap(*source.span(given), f"({text}, ", ")")
        return
    end = source.span(call)[1] - 1
    parts: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    if parts:
        last = max(parts, key=lambda p: source.span(p)[1])
        yield Wrap(*source.span(last), "", f", cls={text}")
    else:
        yield Replace(end, end, f"cls={text}")


def _without_bases(source: Source, node: ast.ClassDef, text: str) -> Iterator[Edit]:
    start = source.span(node)[0]
    head = source.content.index(node.name.encode(), start) + len(node.name.encode())
    colon = source.content.index(b":", head)
    yield Replace(head, colon, f"({text})")
