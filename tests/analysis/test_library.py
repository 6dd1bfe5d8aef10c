"""The library tables hold together."""

from __future__ import annotations

import importlib
import re

import pytest

from asyncshift.analysis.library import library
from asyncshift.analysis.statements import SPECIAL

CALLS = {
    "", "awaits", "sync", "starts", "thread", "thread maker", "greenlet", "never", "describes", "provides",
    "provides it", "contains", "marks",
}  # fmt: skip
RUNS = {"", "awaitable", "function", "future", "maker"}
CALLABLES = {
    **library().functions,
    **{f"{c.name}.{name}": method for c in library().classes.values() for name, method in c.methods.items()},
}


@pytest.mark.parametrize("name", CALLABLES)
def test_a_callable_s_words_are_known(name: str) -> None:
    known = CALLABLES[name]
    assert known.calls in CALLS
    assert known.runs in RUNS
    assert _is_type(known.returns)


def _is_type(expression: str) -> bool:
    parts = [
        part
        for part in re.split(r"[\[\]]+", expression)
        if part not in {"", "self", "list", "dict", "context", "await"}
    ]
    return all(
        part[1:] in {*SPECIAL, "made", "entered", "kept", "modelled"} if part.startswith("@") else "." in part
        for part in parts
    )


@pytest.mark.parametrize("name", library().classes)
def test_a_class_s_bases_and_counterparts_are_in_the_tables(name: str) -> None:
    known = library().classes[name]
    for base in known.bases:
        assert library().canonical(base) in library().classes
    assert all(map(_is_type, [known.items, *known.attributes.values()]))
    if known.asynchronous:
        assert known.asynchronous == library().canonical(known.asynchronous)


# What SQLAlchemy 2.1 no longer has.
GONE = {"sqlalchemy.orm.Session.close_all"}


def _things() -> list[str]:
    roots = ("sqlalchemy.", "sqlmodel.", "fastapi.", "asyncio.", "threading.", "contextlib.", "concurrent.")
    names = {*library().classes, *library().functions} - GONE
    return sorted(n for n in names if n.startswith(roots))


@pytest.mark.parametrize("name", _things())
def test_what_the_tables_name_exists(name: str) -> None:
    aliases = [name, *(a for a, canonical in library().aliases.items() if canonical == name)]
    assert any(map(_exists, aliases))


def _exists(name: str) -> bool:
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for part in parts[count:]:
            found = getattr(found, part, None)  # type: ignore[assignment]
        return found is not None
    return False


@pytest.mark.parametrize(
    "cls", ["sqlalchemy.orm.Session", "sqlalchemy.Engine", "sqlalchemy.Connection", "sqlalchemy.orm.scoped_session"]
)
def test_the_async_counterpart_has_the_methods_that_do_not_stay_sync(cls: str) -> None:
    known = library().classes[cls]
    module, _, name = known.asynchronous.rpartition(".")
    counterpart = getattr(importlib.import_module(module), name)
    missing = {m for m, c in known.methods.items() if c.io and not c.sync_only and not hasattr(counterpart, m)}
    assert missing <= {"execute", "scalar"} if cls == "sqlalchemy.Engine" else not missing


def test_lookups_follow_aliases_and_bases() -> None:
    tables = library()
    assert tables.canonical("sqlalchemy.orm.session.Session") == "sqlalchemy.orm.Session"
    assert tables.canonical("no.such.thing") == "no.such.thing"
    assert tables.is_a("sqlalchemy.orm.scoped_session", "sqlalchemy.orm.Session")
    assert not tables.is_a("no.such.Thing", "sqlalchemy.orm.Session")
    commit = tables.method("sqlalchemy.orm.scoping.scoped_session", "commit")
    assert commit is not None
    assert commit.io
    assert tables.method("sqlalchemy.orm.Session", "no_such_method") is None
    assert tables.attribute("sqlalchemy.orm.scoped_session", "bind") == "sqlalchemy.Engine"
    assert tables.attribute("sqlalchemy.orm.Session", "no_such_attribute") == ""
    assert tables.ancestry("no.such.Thing") == []
