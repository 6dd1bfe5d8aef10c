"""Alembic on a connection of the project: what it is handed by `config.attributes`, and the commands that use it.

Alembic's scripts stay sync. A connection that has become async is handed over as the sync one behind it, and a command
that works on such a one has to run where that can wait, in a greenlet.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .fixtures import is_test_file
from .once import once
from .source import Source
from .symbols import Function
from .values import External, Instance, Values

if TYPE_CHECKING:
    from .program import Program

CONFIG = "alembic.config.Config"
COMMANDS = "alembic.command."


@once
def is_alembic_script(source: Source) -> bool:
    """An `env.py` or a revision: a file that imports Alembic's `context` or `op`, and is no test of those."""
    return not is_test_file(source.path) and any(
        isinstance(n, ast.ImportFrom) and n.module == "alembic" and {a.name for a in n.names} & {"context", "op"}
        for n in source.tree.body
    )


@once
def handed_connections(program: Program) -> list[tuple[Function, ast.expr, frozenset[str]]]:
    """Connections that become async, put into the attributes of configurations: where, which, and into which."""
    found = []
    for function in program.functions:
        for node in () if program.stays_sync(function) else function.own_nodes():
            match node:
                case ast.Assign(
                    targets=[ast.Subscript(value=ast.Attribute(value=config, attr="attributes"))], value=given
                ) if origins := _origins(program.values(config)):
                    if program.becomes_async(program.values(given)):
                        found.append((function, given, origins))
    return found


def commands(program: Program, function: Function) -> Iterator[ast.Call]:
    """The commands that a function runs on a connection that becomes async."""
    handed = handed_connections(program)
    carrying = frozenset[str]().union(*(origins for _, _, origins in handed))
    for node in function.own_nodes() if carrying else ():
        match node:
            case ast.Call(func=func, args=[config, *_]) if _is_command(program.values(func)):
                if carrying & _origins(program.values(config)):
                    yield node


def _is_command(values: Values) -> bool:
    return any(isinstance(v, External) and v.name.startswith(COMMANDS) for v in values)


def _origins(values: Values) -> frozenset[str]:
    return frozenset(v.origin for v in values if isinstance(v, Instance) and v.cls == CONFIG)
