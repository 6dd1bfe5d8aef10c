"""Syntax that is newer than the interpreter that runs."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asyncshift.analysis import newer_syntax
from asyncshift.analysis.newer_syntax import parse_newer
from asyncshift.analysis.source import BrokenInput, Source


@pytest.fixture(autouse=True)
def _forget() -> Any:
    newer_syntax._newer_interpreter.cache_clear()
    yield
    newer_syntax._newer_interpreter.cache_clear()


@pytest.fixture
def dumped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A newer interpreter that gives a tree that was written down."""

    def use(tree: str) -> None:
        program = tmp_path / "python"
        answer = f"cat <<'END'\n{tree}\nEND\n" if tree else "exit 1\n"
        program.write_text(f'#!/bin/sh\ncase "$3" in *version_info*) echo 99 0; exit;; esac\n{answer}')
        program.chmod(0o755)
        monkeypatch.setattr(newer_syntax, "shutil", SimpleNamespace(which=lambda name: str(program)))
        monkeypatch.delenv("VIRTUAL_ENV", raising=False)

    return use


def _node(kind: str, **fields: Any) -> str:

    place = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 1}
    return json.dumps({"_": kind, "f": {k: json.loads(v) for k, v in fields.items()}, "a": place})


def _module(*statements: str) -> str:
    return f'{{"_": "Module", "f": {{"body": [{", ".join(statements)}], "type_ignores": []}}, "a": {{}}}}'


NAME = _node("Name", id='"X"', ctx='{"_": "Load", "f": {}, "a": {}}')
STORED = _node("Name", id='"X"', ctx='{"_": "Store", "f": {}, "a": {}}')


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this interpreter knows the syntax")
def test_a_type_alias_is_an_assignment_and_type_parameters_are_nothing(dumped: Any) -> None:
    parameter = _node("TypeVar", name='"T"')
    dumped(_module(_node("TypeAlias", name=STORED, type_params=f"[{parameter}]", value=NAME)))
    tree = parse_newer("type X[T] = X")
    assert tree is not None
    assert ast.unparse(tree) == "X = X"


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this interpreter knows the syntax")
def test_a_template_string_is_a_formatted_string(dumped: Any) -> None:
    field = _node("Interpolation", value=NAME, str='"X"', conversion="-1", format_spec="null")
    dumped(_module(_node("Expr", value=_node("TemplateStr", values=f"[{field}]"))))
    tree = parse_newer("t'{X}'")
    assert tree is not None
    assert ast.unparse(tree) == "f'{X}'"


def test_values_that_json_does_not_have(dumped: Any) -> None:
    constants = [
        _node("Expr", value=_node("Constant", value=f'{{"r": "{text}"}}')) for text in ("b'x'", "1.5", "Ellipsis")
    ]
    dumped(_module(*constants))
    tree = parse_newer("…")
    assert tree is not None
    assert ast.unparse(tree) == "b'x'\n1.5\n..."


def test_without_a_newer_interpreter_the_error_is_this_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(newer_syntax, "shutil", SimpleNamespace(which=lambda name: None))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.chdir(tmp_path)
    assert parse_newer("t'{X}'") is None
    with pytest.raises(BrokenInput, match=r"^a\.py:1: syntax error"):
        Source.parse("a.py", b"def f(:\n")


def test_an_interpreter_that_fails_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken, missing = tmp_path / "broken", tmp_path / "missing"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    found = {"python3": str(broken), "python": str(missing)}
    monkeypatch.setattr(newer_syntax, "shutil", SimpleNamespace(which=found.get))
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert parse_newer("t'{X}'") is None


def test_a_newer_one_that_can_not_parse_it_either(dumped: Any) -> None:
    dumped("")
    with pytest.raises(BrokenInput):
        Source.parse("a.py", b"def f(:\n")


NEWER = newer_syntax._newer_interpreter()


@pytest.mark.skipif(NEWER is None or sys.version_info >= (3, 12), reason="needs an interpreter of 3.12 or later beside")
def test_a_newer_interpreter_of_the_machine_parses() -> None:
    parsed = Source.parse(
        "a.py", b"type Pair[T] = tuple[T, T]\ndef first[T](pair: Pair[T]) -> T:\n    return pair[0]\n"
    )
    assert parsed.is_newer
    assert [type(statement).__name__ for statement in parsed.tree.body] == ["Assign", "FunctionDef"]
    parsed.compile()


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this interpreter knows the syntax")
def test_exceptions_without_parentheses_parse_everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(newer_syntax, "shutil", SimpleNamespace(which=lambda name: None))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.chdir(tmp_path)
    parsed = Source.parse("a.py", b"try:\n    f()\nexcept a.A, B:  # both\n    g()\n")
    assert [parsed.text(n) for n in parsed.nodes if isinstance(n, ast.Name)] == ["f", "B", "a", "g"]
    assert parsed.is_newer


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this interpreter knows the syntax")
def test_type_parameters_and_aliases_parse_everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(newer_syntax, "shutil", SimpleNamespace(which=lambda name: None))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.chdir(tmp_path)
    text = """\
type Pair[T] = tuple[T, T]
class Box[T: (int, str)](Base[T]):
    async def of[K, V: list[K]](self, key: K) -> V:
        try:
            return key
        except A, B:
            pass
"""
    parsed = Source.parse("a.py", text.encode())
    assert ast.unparse(parsed.tree).splitlines()[:4] == [
        "Pair = tuple[T, T]",
        "",
        "class Box(Base[T]):",
        "",
    ]
    assert [parsed.text(n) for n in parsed.nodes if isinstance(n, ast.arg)] == ["self", "key: K"]
