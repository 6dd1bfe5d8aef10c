"""Twins: what is suspected, what is proved, and what the plan tells of it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from asyncshift.analysis.decisions import Decision, Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source
from asyncshift.analysis.twins import equal_pairs, pairs, sync_names
from asyncshift.codemods import twins

PRELUDE = """\
import asyncio
from sqlalchemy.orm import Session
from sqlalchemy.ext.asyncio import AsyncSession
"""


def module(text: str) -> Program:
    return Program(Path(), {"m.py": Source.parse("m.py", (PRELUDE + dedent(text)).encode())}, Settings())


def suspected(text: str) -> set[tuple[str, str]]:
    return {(p.sync.name, p.asynchronous.name) for p in pairs(module(text))}


def proved(text: str) -> set[str]:
    built = module(text)
    return {p.sync.name for p in equal_pairs(built, pairs(built))}


def decisions(text: str) -> list[Decision]:
    return list(twins.decide(module(text)))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("save_async", "save"),
        ("async_save", "save"),
        ("asave", "save"),
        ("a_save", "save"),
        ("saveAsync", "save"),
        ("AsyncRepo", "Repo"),
        ("get_async_db", "get_db"),
        ("_save_async", "_save"),
        ("_async_save", "_save"),
        ("save", "save_sync"),
        ("save", "sync_save"),
    ],
)
def test_names(name: str, plain: str) -> None:
    assert plain in set(sync_names(name))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def save(): ...\ndef save_async(): ...", id="both are sync"),
        pytest.param("async def save(): ...\nasync def save_async(): ...", id="both are async"),
        pytest.param("def save(a): ...\nasync def save_async(b): ...", id="other parameters"),
        pytest.param("class A:\n    def save(self): ...\nasync def save_async(self): ...", id="in different places"),
        pytest.param("@app.get('/')\ndef save(): ...\n@app.get('/a')\nasync def save_async(): ...", id="routes"),
        pytest.param(
            "class Repo:\n    def a(self): ...\nclass AsyncRepo:\n    def a(self): ...", id="classes without async"
        ),
    ],
)
def test_no_suspects(text: str) -> None:
    assert suspected(text) == set()


@pytest.mark.parametrize(
    ("sync", "asynchronous"),
    [
        pytest.param("db.commit()", "await db.commit()", id="await"),
        pytest.param("db.commit()", "await asyncio.to_thread(db.commit)", id="thread"),
        pytest.param("asyncio.run(work(db))", "await work(db)", id="bridge"),
        pytest.param("'Sync.'\n    return 1", "'Async.'\n    return 1", id="docstring"),
        pytest.param("x: int = 1", "x: float = 1", id="annotation"),
        pytest.param("return [x for x in db]", "return [x async for x in db]", id="comprehension"),
        pytest.param("with db:\n        pass", "async with db:\n        pass", id="with"),
        pytest.param("for x in db:\n        pass", "async for x in db:\n        pass", id="for"),
        pytest.param("return Session(db)", "return AsyncSession(db)", id="library"),
        pytest.param("return other(db)", "return await other_async(db)", id="other twins"),
        pytest.param(
            "def f():\n        return 1\n    return f()",
            "async def f():\n        return 1\n    return await f()",
            id="nested",
        ),
    ],
)
def test_equal(sync: str, asynchronous: str) -> None:
    text = f"""
async def work(db): ...
def other(db): ...
async def other_async(db): ...
def save(db: Session):
    {sync}
async def save_async(db: Session):
    {asynchronous}
"""
    assert "save" in proved(text)


@pytest.mark.parametrize(
    ("sync", "asynchronous"),
    [
        pytest.param("db.commit()", "await db.flush()", id="another method"),
        pytest.param("db.commit()", "await db.commit()\n    return 1", id="one more statement"),
        pytest.param("return 1", "return 2", id="another value"),
        pytest.param("return other(db)", "return await other_async(db)", id="twins that differ"),
        pytest.param("return third(db)", "return await third_async(db)", id="names that are no twins"),
    ],
)
def test_different(sync: str, asynchronous: str) -> None:
    text = f"""
def other(db):
    return 1
async def other_async(db):
    return 2
def save(db: Session):
    {sync}
async def save_async(db: Session):
    {asynchronous}
"""
    assert "save" not in proved(text)


DIFFERENT = """
def save(db: Session):
    db.commit()
    return 1
async def save_async(db: Session):
    return 2
"""


def test_the_plan_holds_both_versions() -> None:
    chosen = next(d for d in decisions(DIFFERENT) if d.action.startswith("delete"))
    assert chosen.status is Status.DONE
    assert chosen.concern.startswith("its body differs in more than how it waits; nobody calls it")
    assert chosen.data["sync"] == "def save(db: Session):\n    db.commit()\n    return 1"
    assert chosen.data["async"] == "async def save_async(db: Session):\n    return 2"


def test_both_stay_where_the_difference_matters() -> None:
    kept = decisions(DIFFERENT + "def use(db: Session):\n    return save(db)")
    assert [d.status for d in kept] == [Status.KEPT]
    assert kept[0].concern == "the bodies of save and save_async differ, and use calls the sync one"
    assert set(kept[0].data) >= {"sync", "async"}


def test_what_is_equal_needs_no_words() -> None:
    text = "def save(db: Session):\n    db.commit()\nasync def save_async(db: Session):\n    await db.commit()"
    found = decisions(text)
    assert {d.action for d in found} == {
        "delete it, its async twin save_async takes its name",
        "goes away: callers use save",
    }
    assert not any(d.concern for d in found)


def test_an_attribute_that_may_be_another_family() -> None:
    text = """
    class A:
        def save(self, db: Session):
            db.commit()
        async def save_async(self, db: Session):
            await db.commit()
    class B:
        async def save_async(self):
            return 1
    async def use(unknown):
        await unknown.save_async()
    """
    assert [(d.status, d.concern) for d in decisions(text)] == [
        (Status.KEPT, "what m.py:14 means by save_async is not known")
    ]
