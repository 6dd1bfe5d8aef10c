"""Functions of libraries that have a second one for async sessions and engines.

from fastapi_pagination.ext.sqlalchemy import paginate     from fastapi_pagination.ext.sqlalchemy import apaginate

return paginate(db, statement)                         ->  return await apaginate(db, statement)

Where the project has a version from before the second one, the first one serves both.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Decision
from ..analysis.library import library
from ..analysis.program import Program
from ..analysis.values import External
from .carried import Work, carried, decided
from .edit import Edit, Replace
from .imports import request
from .locked_versions import may_have

NAME = "async-functions"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each call that is awaited from now on and has another name then."""
    for site in program.colours.sites():
        if site.callee is None and program.colours.can_await(site.function, site.node):
            name = _second(program, site)
            if name:
                assert isinstance(site.node, ast.Call)
                source, callee = site.function.source, site.node.func
                module, _, function = name.rpartition(".")
                text, wanted = request(source, module, function, at=site.node)
                edits: list[Edit] = [Replace(*source.span(callee), text), *([wanted] if wanted else [])]
                yield decided(program, NAME, Work(source, callee, f"call {function}()", edits))


def _second(program: Program, site: AsyncSite) -> str:
    """The function for async sessions; "" where there is none, or none yet."""
    for value in program.values(site.node.func) if isinstance(site.node, ast.Call) else ():
        known = library().functions.get(value.name) if isinstance(value, External) else None
        if known is not None and known.asynchronous:
            package = canonicalize_name(known.asynchronous.partition(".")[0])
            return known.asynchronous if may_have(program, package, known.since) else ""
    return ""


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)
