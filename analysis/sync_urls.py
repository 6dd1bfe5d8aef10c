"""URLs of engines that become async, given to what makes sync engines of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .alembic import CONFIG
from .library import library
from .symbols import Function
from .values import External, Instance, Value

if TYPE_CHECKING:
    from .program import Program

URL_OPTION = "sqlalchemy.url"


def sync_urls(program: Program) -> Iterator[tuple[Function, ast.Attribute]]:
    """Each such URL, `engine.url`, and the function that it stands in."""
    for function in program.functions:
        for node in () if program.stays_sync(function) else function.own_nodes():
            if isinstance(node, ast.Call):
                for given in _given(program, node):
                    yield from ((function, url) for url in _urls(program, given))


def _given(program: Program, call: ast.Call) -> Iterator[ast.expr]:
    """The argument of a call that is a URL for a sync engine."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=config, attr="set_main_option"), args=[ast.Constant(value=option), given]
        ) if option == URL_OPTION and any(isinstance(v, Instance) and v.cls == CONFIG for v in program.values(config)):
            yield given
        case ast.Call(args=args, keywords=keywords) if any(map(_makes_sync_engine, program.values(call.func))):
            yield from (*args[:1], *(k.value for k in keywords if k.arg == "url"))


def _makes_sync_engine(value: Value) -> bool:
    known = library().functions.get(library().canonical(value.name)) if isinstance(value, External) else None
    return known is not None and known.sync_url


def _urls(program: Program, given: ast.expr) -> Iterator[ast.Attribute]:
    for node in ast.walk(given):
        match node:
            case ast.Attribute(value=engine, attr="url") if program.becomes_async(program.values(engine)):
                yield node
