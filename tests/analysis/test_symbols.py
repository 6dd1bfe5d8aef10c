"""Functions and classes as they are written."""

from __future__ import annotations

from textwrap import dedent

import pytest

from asyncshift.analysis.source import Source
from asyncshift.analysis.symbols import Class, Collector, Function


def collected(text: str) -> tuple[dict[str, Function], dict[str, Class]]:
    found = Collector(Source.parse("m.py", dedent(text).encode()))
    return {f.key.partition("::")[2]: f for f in found.functions}, {c.key.partition("::")[2]: c for c in found.classes}


def test_keys_tell_equal_names_apart() -> None:
    functions, classes = collected("""
        def f(): pass
        def f(): pass
        class A:
            class B:
                def f(self): return lambda: [lambda: 1]
        class A: pass
    """)
    assert list(functions) == ["", "f", "f#2", "A.B.f", "A.B.f.<lambda>", "A.B.f.<lambda>.<lambda>"]
    assert list(classes) == ["A", "A.B", "A#2"]
    assert functions["A.B.f"].owner is classes["A.B"]
    assert functions["A.B.f.<lambda>"].parent is functions["A.B.f"]


@pytest.mark.parametrize(
    ("definition", "binding"),
    [
        ("def f(self): pass", "instance"),
        ("@staticmethod\n    def f(): pass", "static"),
        ("@classmethod\n    def f(cls): pass", "class"),
        ("def __new__(cls): pass", "static"),
        ("def __init_subclass__(cls): pass", "class"),
        ("@abc.abstractclassmethod\n    @classmethod\n    def f(cls): pass", "class"),
    ],
)
def test_how_a_method_is_bound(definition: str, binding: str) -> None:
    functions, _ = collected(f"class A:\n    {definition}")
    assert list(functions.values())[-1].binding == binding


def test_a_function_outside_of_a_class_is_not_bound() -> None:
    functions, _ = collected(
        "def f(): pass\nclass A:\n    g = lambda self: 1\n    def h(self):\n        def inner(): pass"
    )
    assert {name: f.binding for name, f in functions.items() if name} == {
        "f": "", "A.<lambda>": "", "A.h": "instance", "A.h.inner": "",
    }  # fmt: skip


def test_generators_properties_and_stubs() -> None:
    functions, classes = collected("""
        class A:
            @property
            def a(self):
                yield 1
            @a.setter
            def a(self, value): pass
            @functools.cached_property
            def b(self):
                "Only this."
            def c(self): raise NotImplementedError
            def d(self): raise NotImplementedError("no")
            def e(self): raise ValueError
            def f(self):
                def g(): yield 1
                ...
    """)
    assert [f.name for f in functions.values() if f.is_generator] == ["a", "g"]
    assert [f.name for f in functions.values() if f.is_property] == ["a", "b"]
    assert [f.name for f in functions.values() if f.is_stub] == ["a", "b", "c", "d"]
    assert classes["A"].methods["a"] is functions["A.a"]


def test_a_function_s_own_nodes_are_those_that_run_with_it() -> None:
    functions, _ = collected("""
        def f(a=one()):
            @two
            def g(b: three = four()) -> five: six()
            class A(seven): eight()
            return lambda c=nine(): ten()
    """)

    def names(key: str) -> set[str]:
        return {n.id for n in functions[key].own_nodes() if type(n).__name__ == "Name"}  # type: ignore[attr-defined]

    assert names("f") == {"two", "four", "seven", "eight", "nine"}
    assert names("f.g") == {"six"}
    assert names("f.<lambda>") == {"ten"}
    assert names("") >= {"one"}


def test_parameters_and_globals() -> None:
    functions, _ = collected("""
        def f(a, /, b, *c, d, **e):
            global x, y
            def g():
                nonlocal a
    """)
    assert [p.arg for p in functions["f"].parameters()] == ["a", "b", "d"]
    assert functions["f"].globals == {"x", "y"}
    assert functions["f.g"].globals == frozenset()
    assert functions[""].parameters() == []
