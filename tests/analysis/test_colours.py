"""Colours: the shipped example's against the list checked by hand, and small programs for each rule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from textwrap import dedent

import pytest

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source

ORIGINALS = Path(__file__).parent.parent / "originals"
PRELUDE = """\
from contextlib import contextmanager
from sqlalchemy.orm import Session, sessionmaker
factory = sessionmaker()
"""


def program(files: Mapping[str, str], settings: Settings | None = None) -> Program:
    """A program of small files."""
    sources = {path: Source.parse(path, dedent(text).encode()) for path, text in files.items()}
    return Program(Path(), sources, settings or Settings())


def coloured(text: str) -> set[str]:
    """The qualified names of the functions of one module that become async."""
    return {f.qualname for f in program({"m.py": PRELUDE + dedent(text)}).colours.reasons}


def test_the_shop_has_the_colours_that_were_checked_by_hand() -> None:
    root = ORIGINALS / "shop"
    paths = [str(p.relative_to(root)) for p in sorted(root.rglob("*.py"))]
    shop = Program.build(root, paths, Settings())
    expected = json.loads((ORIGINALS / "shop.colours.json").read_text("utf-8"))
    found = {_name(f.source.path, f.qualname) for f in shop.colours.reasons if not f.is_lambda}
    written_async = {_name(f.source.path, f.qualname) for f in shop.functions if f.is_async}
    assert found | (written_async & set(expected["async"])) == set(expected["async"])
    assert not found & set(expected["sync"])


def _name(path: str, qualname: str) -> str:
    return f"{'.'.join(PurePosixPath(path).with_suffix('').parts)}:{qualname}".replace(".__init__:", ":")


def test_a_function_without_a_session_stays_sync() -> None:
    assert coloured("def double(x):\n    return 2 * x") == set()


def test_add_alone_sends_nothing() -> None:
    assert coloured("def put(db: Session, x):\n    db.add(x)") == set()


def test_callers_follow() -> None:
    assert coloured("""
        def load(db: Session): return db.get(object, 1)
        def show(db): return str(load(db))
        def other(db): return str(db)
    """) == {"load", "show"}


def test_an_unannotated_parameter_is_known_from_its_callers() -> None:
    assert coloured("""
        def save(db): db.commit()
        def main(): save(factory())
    """) == {"save", "main"}


def test_an_attribute_is_known_from_the_constructor() -> None:
    assert coloured("""
        class Repo:
            def __init__(self, db: Session): self.db = db
            def save(self): self.db.commit()
            def name(self): return "repo"
    """) == {"Repo.save"}


def test_an_override_family_has_one_colour() -> None:
    assert coloured("""
        class Base:
            def run(self): raise NotImplementedError
        class Quick(Base):
            def run(self): return 1
        class Slow(Base):
            def __init__(self, db: Session): self.db = db
            def run(self): self.db.commit()
    """) == {"Base.run", "Quick.run", "Slow.run"}


def test_what_a_base_reads_of_itself_is_of_the_class_that_overrides_it() -> None:
    """The group that the second class keeps is no group of the third, which asks for its own."""
    assert coloured("""
        class Controller:
            db: Session
            @property
            def key(self): return None
            def name(self): return str(self.key)
        class Kept(Controller):
            def __init__(self, group): self.group = group
            @property
            def key(self): return self.group.id
        class Asked(Controller):
            @property
            def group(self): return self.db.get(object, 1)
            def show(self): return str(self.group)
    """) == {"Asked.group", "Asked.show"}


def test_a_protocol_and_those_who_implement_it_have_one_colour() -> None:
    assert coloured("""
        from typing import Protocol
        class Store(Protocol):
            def save(self) -> None: ...
        class Database:
            def __init__(self, db: Session): self.db = db
            def save(self) -> None: self.db.commit()
        def use(store: Store): store.save()
    """) == {"Store.save", "Database.save", "use"}


def test_a_protocol_that_promises_something_to_await_stays() -> None:
    assert coloured("""
        from collections.abc import AsyncIterator, Awaitable
        from typing import Protocol
        class Store(Protocol):
            def save(self) -> Awaitable[None]: ...
            def rows(self) -> AsyncIterator[int]: ...
            def load(self) -> int: ...
        class Database(Store):
            def __init__(self, db: Session): self.db = db
            async def save(self) -> None: self.db.commit()
            async def rows(self): yield self.db.get(object, 1)
            def load(self) -> int: return self.db.get(object, 1)
    """) == {"Store.load", "Database.load"}


def test_a_context_manager_and_who_enters_it() -> None:
    assert coloured("""
        @contextmanager
        def scope():
            db = factory()
            yield db
            db.commit()
        def use():
            with scope() as db: pass
    """) == {"scope", "use"}


def test_a_generator_and_who_runs_through_it() -> None:
    assert coloured("""
        def rows(db: Session):
            yield db.get(object, 1)
        def use(db): return [row for row in rows(db)]
        def hold(db): return rows(db)
    """) == {"rows", "use"}


def test_a_decorator_of_the_project_follows_what_it_wraps() -> None:
    assert coloured("""
        def logged(f):
            def wrapper(*args): return f(*args)
            return wrapper
        @logged
        def save(db: Session): db.commit()
        def use(db): save(db)
    """) == {"logged.wrapper", "save", "use"}


def test_a_function_given_to_run_sync_stays_sync() -> None:
    assert (
        coloured("""
        from sqlalchemy.ext.asyncio import AsyncSession
        def work(session): session.commit()
        async def use(db: AsyncSession): await db.run_sync(work)
    """)
        == set()
    )


@pytest.mark.parametrize(
    "head",
    ["@cached_property\n    def name(self):", "def __repr__(self):", "def __init__(self, x, db: Session):"],
    ids=["cached property", "special method", "constructor"],
)
def test_what_cannot_await_is_a_boundary(head: str) -> None:
    text = f"class A:\n    db: Session\n    {head}\n        self.db.commit()\n"
    colours = program({"m.py": PRELUDE + text}).colours
    assert not colours.reasons
    assert len(colours.boundaries) == 1


def test_kept_modules_stay_sync_with_their_reason() -> None:
    files = {"worker.py": PRELUDE + "def work(db: Session):\n    db.commit()\n"}
    kept = program(files, Settings(keep_sync={"worker.py": "a Celery worker"}))
    assert not kept.colours.reasons
    assert kept.kept == {"worker.py": "a Celery worker"}


def test_a_project_that_is_async_already_has_nothing_to_colour() -> None:
    assert (
        coloured("""
        from sqlalchemy.ext.asyncio import AsyncSession
        async def load(db: AsyncSession): return await db.get(object, 1)
        async def show(db: AsyncSession): return str(await load(db))
    """)
        == set()
    )


def test_the_chain_leads_to_the_database_call() -> None:
    text = PRELUDE + "def load(db: Session):\n    return db.get(object, 1)\ndef show(db):\n    return load(db)\n"
    known = program({"m.py": text})
    chain = known.colours.chain(known.function("m.py::show"))
    assert [(s.site.line, s.what) for s in chain] == [(7, "calls load"), (5, "calls db.get(object, 1)")]


def test_a_kept_caller_of_what_becomes_async_is_a_boundary() -> None:
    files = {
        "load.py": PRELUDE + "def load(db: Session):\n    return db.get(object, 1)\n",
        "job.py": "from load import load, factory\ndef job():\n    load(factory())\n",
    }
    colours = program(files, Settings(keep_sync={"job.py": "a cron job"})).colours
    assert {f.qualname for f in colours.reasons} == {"load"}
    assert {f.qualname: b.why for f, b in colours.boundaries.items()} == {"job": "a cron job"}
