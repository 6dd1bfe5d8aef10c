"""The class of the sessions that a maker makes: `sessionmaker(engine, class_=AsyncSession)`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .arguments import Arguments
from .library import library
from .values import NOTHING, ClassObject, Context, Instance, Value, Values

if TYPE_CHECKING:
    from .interpreter import Interpreter

ASYNC_MAKER = "sqlalchemy.ext.asyncio.async_sessionmaker"
KIND = "made class"


def makes_async_sessions(arguments: Arguments) -> bool:
    """Is it given an async class, as was done before there was an `async_sessionmaker`?"""
    return any(
        isinstance(v, ClassObject) and library().is_a(v.cls, "sqlalchemy.ext.asyncio.AsyncSession")
        for v in arguments[1].get("class_", NOTHING)
    )


def keep_class(interpreter: Interpreter, made: Values, arguments: Arguments) -> None:
    """Keep the class that makers of async sessions are given."""
    for maker in made:
        if isinstance(maker, Instance) and maker.cls == ASYNC_MAKER:
            interpreter.store.write(arguments[1].get("class_", NOTHING), KIND, maker.origin)


def of_its_class(interpreter: Interpreter, made: Values, maker: Value) -> Values:
    """The sessions of a maker, of the library's class that it was given, such as SQLModel's."""
    given = interpreter.store.read(KIND, maker.origin) if isinstance(maker, Instance) else NOTHING
    known = [v.cls for v in given if isinstance(v, ClassObject) and v.cls not in interpreter.objects.classes]
    own = frozenset(Instance(library().canonical(cls)) for cls in known)
    if not own:
        return made
    contexts = frozenset(replace(v, items=own) for v in made if isinstance(v, Context))
    return contexts or own
