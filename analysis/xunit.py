"""Setup and teardown that are known by their names: unittest's, and pytest's in the style of xUnit."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .fixtures import is_test_file
from .symbols import Class, Function

if TYPE_CHECKING:
    from .program import Program

TEST_CASE = "unittest.TestCase"
# What unittest awaits under another name, and what it calls outside of any loop.
AWAITED = {"setUp": "asyncSetUp", "tearDown": "asyncTearDown"}
NOT_AWAITED = {"setUpClass", "tearDownClass", "setUpModule", "tearDownModule"}
# pytest's, with the scope of the fixture that can stand for each.
SCOPES = {
    "setup_method": "function", "teardown_method": "function", "setup_function": "function",
    "teardown_function": "function", "setup_module": "module", "teardown_module": "module",
}  # fmt: skip
OF_CLASSES = {"setup_class", "teardown_class"}


def is_unittest(program: Program, cls: Class | None) -> bool:
    """Do `unittest.TestCase`s have a class's methods?"""
    if cls is None:
        return False
    objects = program.interpreter.objects
    return any(objects.is_a(key, TEST_CASE) for key in (cls.key, *objects.descendants(cls.key)))


def fixture_scope_of(program: Program, function: Function) -> str:
    """The scope of the pytest fixture that can stand for a setup function; "" where there is none."""
    is_method = function.name.endswith("_method")
    if function.name not in SCOPES or not is_test_file(function.source.path):
        return ""
    if is_method != (function.owner is not None) or is_unittest(program, function.owner):
        return ""
    if len(function.parameters()) != is_method or function.decorators:
        return ""
    return "" if function.is_generator or _is_named(function) else SCOPES[function.name]


def _is_named(function: Function) -> bool:
    """Does the file call the function by its name?"""
    references = (n for n in function.source.nodes if isinstance(n, ast.Name | ast.Attribute))
    return any((n.id if isinstance(n, ast.Name) else n.attr) == function.name for n in references)


def runs_outside(program: Program, function: Function) -> bool:
    """Is this a setup or teardown that the test runner calls outside of any event loop?"""
    name = function.name
    if name in NOT_AWAITED:
        return function.owner is None or is_unittest(program, function.owner)
    if name in OF_CLASSES:
        return function.owner is not None and is_test_file(function.source.path)
    in_tests = name in SCOPES and is_test_file(function.source.path) and not is_unittest(program, function.owner)
    is_nested = function.parent is not None and not function.parent.is_module
    return in_tests and not is_nested and not fixture_scope_of(program, function)
