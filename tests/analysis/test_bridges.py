"""Bridges: which functions are one, and where a coroutine that sync code runs makes that code async."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source

PRELUDE = """\
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from fastapi import Depends, FastAPI
from sqlalchemy.orm import Session
app = FastAPI()
pool = ThreadPoolExecutor()
loop = asyncio.new_event_loop()
async def work(n=1):
    return n
"""


def program(files: Mapping[str, str], settings: Settings | None = None) -> Program:
    """A program of small files."""
    sources = {path: Source.parse(path, dedent(text).encode()) for path, text in files.items()}
    return Program(Path(), sources, settings or Settings())


def module(text: str, path: str = "m.py") -> Program:
    return program({path: PRELUDE + dedent(text)})


def bridges(text: str) -> dict[str, str]:
    """The bridge functions of a module and the parameter that each runs; "make" for one that gives back a function."""
    found = module(text).bridges.functions
    return {f.qualname: ("make " if b.makes else "") + b.parameter for f, b in found.items()}


def coloured(text: str, path: str = "m.py") -> set[str]:
    return {f.qualname for f in module(text, path).colours.reasons}


def test_bridges_in_all_shapes() -> None:
    text = """
    def plain(c):
        return asyncio.run(c)
    def own_loop(c):
        new = asyncio.new_event_loop()
        try:
            return new.run_until_complete(c)
        finally:
            new.close()
    def there_is_one(c):
        return asyncio.get_event_loop().run_until_complete(asyncio.wait_for(c, 3))
    def threadsafe(c, timeout=None):
        return asyncio.run_coroutine_threadsafe(c, loop).result(timeout)
    def in_pool(c):
        return pool.submit(asyncio.run, c).result()
    def in_pool_by_lambda(c):
        return pool.submit(lambda: asyncio.run(c)).result()
    def in_thread(c):
        box = []
        thread = threading.Thread(target=lambda: box.append(asyncio.run(c)))
        thread.start()
        thread.join()
        return box[0]
    def in_thread_with_parameter(c):
        def target(given):
            asyncio.run(given)
        thread = threading.Thread(target=target, args=(c,))
        thread.start()
        thread.join()
    def with_runner(*, c):
        with asyncio.Runner() as runner:
            return runner.run(c)
    def of_function(f, *args, **kwargs):
        return asyncio.run(f(*args, **kwargs))
    def maker(f):
        @wraps(f)
        def inner(*args, **kwargs):
            return asyncio.run(f(*args, **kwargs))
        return inner
    async def waiting(c):
        return await c
    def through_a_wrapper(c):
        return asyncio.run(waiting(c))
    class Runner:
        def __init__(self):
            self.loop = asyncio.new_event_loop()
        def run(self, c):
            return self.loop.run_until_complete(c)
        @classmethod
        def of_class(cls, c):
            return asyncio.run(c)
    """
    assert bridges(text) == {
        "plain": "c",
        "own_loop": "c",
        "there_is_one": "c",
        "threadsafe": "c",
        "in_pool": "c",
        "in_pool_by_lambda": "c",
        "in_thread": "c",
        "in_thread_with_parameter": "c",
        "with_runner": "c",
        "of_function": "f",
        "maker": "make f",
        "through_a_wrapper": "c",
        "Runner.run": "c",
        "Runner.of_class": "c",
    }


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def f():\n    return asyncio.run(work())", id="takes nothing"),
        pytest.param("def f(n):\n    return asyncio.run(work(n))", id="takes an argument of the coroutine"),
        pytest.param("def f(n):\n    asyncio.run(asyncio.sleep(n))", id="takes an argument of a library's coroutine"),
        pytest.param("def f(n):\n    return asyncio.run(work(n + 1))", id="computes"),
        pytest.param("def f(c, db):\n    db.commit()\n    return asyncio.run(c)", id="does something else"),
        pytest.param("def f(c):\n    print(work)\n    return asyncio.run(c)", id="uses the project's things"),
        pytest.param("def f(c, then):\n    return then(asyncio.run(c))", id="calls something else"),
        pytest.param("def f(c):\n    app.state.x = 1\n    return asyncio.run(c)", id="changes something"),
        pytest.param("def f(g, n):\n    return asyncio.run(g(n))", id="says what is called with"),
        pytest.param("def f(thing):\n    return asyncio.run(thing.work())", id="runs a method of what it is given"),
        pytest.param("def f(c):\n    yield asyncio.run(c)", id="generator"),
        pytest.param("@app.get('/')\ndef f(c):\n    return asyncio.run(c)", id="decorated"),
        pytest.param("async def f(c):\n    return await c", id="async"),
        pytest.param("def run(c):\n    return c\ndef f(c):\n    return run(c)", id="another function of that name"),
        pytest.param("def f(c, unknown):\n    return unknown.run(c)", id="runs on something unknown"),
    ],
)
def test_what_is_no_bridge(text: str) -> None:
    assert bridges(text) == {}


def test_a_test_is_no_bridge() -> None:
    found = program({"test_m.py": PRELUDE + "def test_it(c):\n    asyncio.run(c)\n"})
    assert found.bridges.functions == {}


def test_a_bridge_has_no_colour() -> None:
    text = """
    def finish(c):
        def target():
            return asyncio.run(c)
        return pool.submit(target).result()
    @app.get("/")
    def route():
        return finish(work())
    """
    assert coloured(text) == {"route"}


# Where code that runs a coroutine becomes async


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("def f():\n    asyncio.run(work())", set(), id="nobody calls it"),
        pytest.param(
            "def f():\n    asyncio.run(work())\nif __name__ == '__main__':\n    f()", set(), id="a script calls it"
        ),
        pytest.param("@app.get('/')\ndef f():\n    asyncio.run(work())", {"f"}, id="route"),
        pytest.param(
            "def d():\n    return asyncio.run(work())\n@app.get('/')\ndef f(x=Depends(d)):\n    return x",
            {"d"},
            id="dependency",
        ),
        pytest.param("def f():\n    asyncio.run(work())\nasync def g():\n    f()", {"f"}, id="async code calls it"),
        pytest.param(
            "def f():\n    asyncio.run(work())\ndef g():\n    f()\nasync def h():\n    g()",
            {"f", "g"},
            id="async code calls it through sync code",
        ),
        pytest.param(
            "def f():\n    asyncio.run(work())\nasync def g():\n    await asyncio.to_thread(f)", {"f"}, id="in a thread"
        ),
        pytest.param(
            "def f():\n    asyncio.run(work())\ndef g(db: Session):\n    db.commit()\n    f()",
            {"f", "g"},
            id="what becomes async calls it",
        ),
        pytest.param(
            "def f(db: Session):\n    db.commit()\n    asyncio.run(work())", {"f"}, id="it becomes async anyway"
        ),
        pytest.param(
            "class A:\n    def __init__(self):\n        asyncio.run(work())\nasync def g():\n    A()",
            {"A.__init__"},
            id="a constructor, where its callers can await",
        ),
        pytest.param(
            "class A:\n    def __init__(self):\n        asyncio.run(work())\nasync def g():\n    A()\nA()",
            set(),
            id="a constructor, where a caller can't",
        ),
        pytest.param(
            "def f():\n    asyncio.run(work())\ndef g(h):\n    h()\nasync def i():\n    g(f)",
            {"f", "g"},
            id="as an argument",
        ),
        pytest.param(
            "def f():\n    new = asyncio.new_event_loop()\n    new.run_until_complete(work())\nasync def g():\n    f()",
            {"f"},
            id="a loop of its own",
        ),
    ],
)
def test_weak_seeds(text: str, expected: set[str]) -> None:
    assert coloured(text) == expected


def test_a_fixture_follows_the_tests_that_ask_for_it() -> None:
    text = """
    import pytest
    @pytest.fixture
    def ready():
        return asyncio.run(work())
    @pytest.fixture
    def unused():
        return asyncio.run(work())
    def test_one(ready, db: Session):
        db.commit()
    def test_two(unused):
        pass
    """
    assert coloured(text, "test_m.py") == {"ready", "test_one"}


def test_a_test_follows_the_fixtures_that_it_asks_for() -> None:
    text = """
    import pytest
    @pytest.fixture
    def user(db: Session):
        return db.get(dict, 1)
    def test_one(user):
        asyncio.run(work(user))
    def test_two():
        asyncio.run(work())
    """
    assert coloured(text, "test_m.py") == {"user", "test_one"}


def test_the_chain_ends_at_the_bridge() -> None:
    built = module("def f():\n    asyncio.run(work())\ndef g():\n    f()\nasync def h():\n    g()")
    g = next(f for f in built.functions if f.qualname == "g")
    assert [step.what for step in built.colours.chain(g)] == ["calls f", "runs work() to its end"]


def test_a_kept_file_has_no_bridges() -> None:
    files = {"m.py": PRELUDE + "@app.get('/')\ndef f():\n    return asyncio.run(work())"}
    assert program(files, Settings(keep_sync={"m.py": "told so"})).bridges.sites == {}


def test_what_is_handed_on_is_told() -> None:
    text = """
    @app.get("/")
    def f(x):
        x.then(lambda: asyncio.run(work()))
    async def g():
        f(1)
    """
    assert [site.function.qualname for site in module(text).colours.unreached()] == ["f.<lambda>"]


def values(text: str) -> set[str]:
    """The classes of what the global `x` of a module can be."""
    built = module(text)
    return {getattr(v, "cls", type(v).__name__) for v in built.interpreter.store.peek("global", "m.py", "x")}


@pytest.mark.parametrize(
    "call",
    [
        "asyncio.run(make())",
        "asyncio.get_event_loop().run_until_complete(make())",
        "asyncio.run_coroutine_threadsafe(make(), loop).result()",
        "pool.submit(plain).result()",
    ],
)
def test_what_a_bridge_gives(call: str) -> None:
    text = f"class A: pass\nasync def make():\n    return A()\ndef plain():\n    return A()\nx = {call}"
    assert values(text) == {"m.py::A"}


@pytest.mark.parametrize(
    "call",
    [
        "loop.run_in_executor(None, plain)",
        "asyncio.to_thread(plain)",
        "asyncio.to_thread(partial(plain))",
        "sync_to_async(plain)()",
    ],
)
def test_what_a_thread_gives(call: str) -> None:
    text = f"""
    from asgiref.sync import sync_to_async
    class A: pass
    def plain():
        return A()
    async def f():
        global x
        x = await {call}
    """
    assert values(text) == {"m.py::A"}
