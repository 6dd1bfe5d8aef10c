"""pytest: which functions are tests and fixtures, and which fixture a parameter's name means."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from .symbols import Class, Function, decorator_name, dotted

CONFTEST = "conftest.py"


class Fixtures:
    """The fixtures of the project's suite."""

    def __init__(self, functions: Iterable[Function]) -> None:
        self.by_name: defaultdict[str, list[Function]] = defaultdict(list)
        self.functions: set[Function] = set()
        for function in functions:
            if (name := fixture_name(function)) is not None:
                self.by_name[name].append(function)
                self.functions.add(function)

    def serves(self, function: Function) -> bool:
        """Does pytest pass fixtures to the function?"""
        return function in self.functions or is_test(function)

    def requested(self, function: Function) -> list[Function]:
        """The fixtures that the parameters of a test or fixture can mean."""
        return [f for p in function.parameters() for f in self.lookup(function, p.arg)]

    def asked_for(self, test: Function) -> list[Function]:
        """A test, the fixtures that it asks for, and those that they ask for."""
        found = [test]
        for function in found:
            found.extend(f for f in dict.fromkeys(self.requested(function)) if f not in found)
        return found

    def lookup(self, function: Function, name: str) -> list[Function]:
        """The fixtures that a parameter of a test or fixture can mean: the nearest one wins, as in pytest."""
        if name not in self.by_name or not self.serves(function):
            return []
        found = [(r, f) for f in self.by_name[name] if f is not function and (r := _reach(f, function)) is not None]
        if not found:
            return [f for f in self.by_name[name] if f is not function]
        nearest = max(rank for rank, _ in found)
        return [f for rank, f in found if rank == nearest]


def _reach(fixture: Function, user: Function) -> int | None:
    """How near a fixture is to its user; None when the user can't see it by where it stands."""
    if fixture.source is user.source:
        if fixture.owner is None:
            return 1000
        return 2000 if fixture.owner is user.owner else None
    folder = PurePosixPath(fixture.source.path).parent
    if is_conftest(fixture):
        return (
            len(folder.parts) if PurePosixPath(user.source.path).is_relative_to(folder) or str(folder) == "." else None
        )
    return None


def is_conftest(function: Function) -> bool:
    """Does the function stand in a file whose fixtures others see?"""
    return PurePosixPath(function.source.path).name == CONFTEST


def fixture_name(function: Function) -> str | None:
    """The name under which a function is a fixture; None when it is none."""
    for decorator in function.decorators:
        if decorator_name(decorator) in {"fixture", "yield_fixture"}:
            if isinstance(decorator, ast.Call):
                for keyword in decorator.keywords:
                    if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                        return str(keyword.value.value)
            return function.name
    return None


def fixture_scope(function: Function) -> str:
    """A fixture's scope, "function" when it names none."""
    for decorator in function.decorators:
        if decorator_name(decorator) == "fixture" and isinstance(decorator, ast.Call):
            for keyword in decorator.keywords:
                if keyword.arg == "scope" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return "function"


def is_test_file(path: str) -> bool:
    """Does pytest collect from this file, by its default patterns?"""
    name = PurePosixPath(path).name
    return name == CONFTEST or name.startswith("test_") or name.endswith("_test.py") or name == "tests.py"


def is_test(function: Function) -> bool:
    """Does pytest collect this function, in its own file or from a class that inherits it?"""
    if not function.name.startswith("test") or function.is_lambda:
        return False
    if function.parent is not None and not function.parent.is_module:
        return False
    return is_test_file(function.source.path) or (function.owner is not None and function.owner.is_collected)


def collect_inherited(classes: Iterable[Class]) -> None:
    """Mark the classes that test files collect tests from: those in them, and their bases, which are known by name."""
    by_name: defaultdict[str, list[Class]] = defaultdict(list)
    for cls in classes:
        by_name[cls.name].append(cls)
    pending = [c for found in by_name.values() for c in found if is_test_file(c.source.path)]
    while pending:
        cls = pending.pop()
        if not cls.is_collected:
            cls.is_collected = True
            bases = [b.value if isinstance(b, ast.Subscript) else b for b in cls.node.bases]
            pending += [base for node in bases for base in by_name.get(dotted(node).rpartition(".")[2], ())]
