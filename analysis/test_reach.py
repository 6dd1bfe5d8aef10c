"""Where tests lead: which functions can meet the objects that a file of tests makes."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .fixtures import CONFTEST
from .symbols import Function

if TYPE_CHECKING:
    from .colours import Colours
    from .program import Program


def in_tests(function: Function) -> bool:
    """Does a function stand in a file of tests?"""
    return is_of_tests(function.source.path)


def is_of_tests(path: str) -> bool:
    """Is this a file of tests, by its name or its folder?"""
    *folders, name = path.split("/")
    return name.startswith("test_") or name.endswith("_test.py") or name == CONFTEST or "tests" in folders


class TestReach:
    """What the functions of each file of tests call, directly or not."""

    def __init__(self, program: Program, colours: Colours) -> None:
        self._program = program
        self._colours = colours
        self._of_file = cache(self._reached)

    def lead_to(self, path: str, function: Function) -> bool:
        """Can an object that is made in a file be met in a function?

        One that is made outside the tests can; so can one of tests that put something in the application's place.
        """
        if not is_of_tests(path) or function.source.path == path:
            return True
        return any(self._replaces(p) or function in self._of_file(p) for p in self._files_with(path))

    def _files_with(self, path: str) -> list[str]:
        """The files that share what a file makes: those beside and below a conftest."""
        folder = str(PurePosixPath(path).parent)
        if not path.endswith(CONFTEST):
            return [path]
        return [p for p in self._program.sources if folder == "." or p.startswith(f"{folder}/")]

    def _reached(self, path: str) -> set[Function]:
        return self._colours.reached(f for f in self._program.functions if f.source.path == path)

    def _replaces(self, path: str) -> bool:
        """Does a file override dependencies? What it makes may be met wherever the application goes then."""
        return any(
            isinstance(n, ast.Attribute) and n.attr == "dependency_overrides" for n in self._program.sources[path].nodes
        )
