"""What becomes of a coroutine decides whether it is reported."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.checks.engine import check

HEAD = """\
import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

async def load(key=0): return key
def passed_on(key): return load(key)
async def wait_for(work): return await work
async def look_at(value): return value.name

@dataclass
class Report:
    total: int

@dataclass
class Job:
    work: Awaitable[int]

class Store:
    async def find_order(self, key): return key
    def close(self): ...

"""


def reported(body: str, signature: str = "async def f(store, x):") -> bool:
    """Is a call in a function's body reported as not awaited?"""
    text = HEAD + signature + "\n" + indent(dedent(body), "    ")
    program = Program.of_contents(Path(), {"app.py": text.encode()}, Settings())
    return any(found.code == "AS202" for found in check(program))


@pytest.mark.parametrize(
    "body",
    [
        "load()",
        "return sorted(x, key=lambda key: load(key))",
        "def key(one): return load(one)\nreturn max(x, key=key)",
        "_ = load()",
        "value = load()\nreturn 1",
        "value = load()\nreturn value.name",
        "value = load()\nif value: return 1",
        "if not load(): return 1",
        "return 1 if load() else 2",
        "while load(): pass",
        "assert load()",
        "return x or load()",
        "return load() and x",
        "return load() == 1",
        "return load() + 1",
        "return f'{load()}'",
        "return load()['a']",
        "return load().name",
        "a, b = load()",
        "for a in load(): pass",
        "return [a for a in load()]",
        "return [a for a in x if load(a)]",
        "return {'a': load()}",
        "return load()",
        "value = load()\nreturn value",
        "return Report(total=load())",
        "return Report(**load())",
        "return await look_at(load())",
        "return len([load(a) for a in x]) and str(load())",
        "values = [load(a) for a in x]\nreturn [v.name for v in values]",
        "passed_on(1)",
        "return passed_on(1).name",
        "Store().find_order(1)",
        "store.find_order(1)",
        "order = store.find_order(1)\nreturn order.name",
        "try:\n    load()\nexcept Exception:\n    pass",
        "value = load()\nif x: value = 2\nreturn value.name",
        "value = load()\nvalue = await load()\nreturn value.name",
    ],
)
def test_nobody_awaits_it(body: str) -> None:
    assert reported(body)


@pytest.mark.parametrize(
    "body",
    [
        "await load()",
        "value = load()\nreturn await value",
        "work = load() if x else None\nif work is not None: await work",
        "return await asyncio.gather(load(1), load(2))",
        "works = [load(a) for a in x]\nawait asyncio.gather(*works)",
        "works = []\nfor a in x: works.append(load(a))\nfor work in works: await work",
        "task = asyncio.create_task(load())\nawait task",
        "asyncio.create_task(load())",
        "async with asyncio.TaskGroup() as group: group.create_task(load())",
        "return await asyncio.wait_for(load(), 1)",
        "return await wait_for(load())",
        "return await passed_on(1)",
        "return Job(work=load())",
        "x.works['a'] = load()",
        "unknown(load())",
        "later = lambda: load()\nreturn await later()",
        "work = load()\nwork.close()",
        "work = load()\nstore.put(work)\nfor work in x: print(work.name)",
        "works = []\nfor a in x:\n    work = load(a)\n    works.append(work)\nworks = await asyncio.gather(*works)\n"
        "for work in works: print(work.name)",
        "store.close()",
        "store.find_order(1, 2, 3)",
        "yield load()",
    ],
)
def test_it_is_awaited_or_may_be(body: str) -> None:
    assert not reported(body)


def test_what_a_sync_function_returns_is_for_its_callers() -> None:
    assert not reported("return load()", "def f():")
    assert reported("load()", "def f():")


def test_a_promise_of_an_awaitable_is_kept() -> None:
    assert not reported("return load()", "async def f() -> Awaitable[int]:")


def test_a_name_that_a_sync_method_has_too_is_no_evidence() -> None:
    assert not reported("class Other:\n    def find_order(self, key): ...\nstore.find_order(1)")
