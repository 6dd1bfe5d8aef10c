"""Syntax that is newer than the interpreter that runs."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from asyncshift.analysis import newer_syntax
from asyncshift.analysis.newer_syntax import parse_newer
from asyncshift.analysis.source import BrokenInput, Source

NEWER = newer_syntax._newer_interpreter()


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """No interpreter is to be found anywhere."""
    newer_syntax._newer_interpreter.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.chdir(tmp_path)
    yield
    newer_syntax._newer_interpreter.cache_clear()


def interpreter(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def dumped(tmp_path: Path) -> Any:
    """A newer interpreter that gives a tree that was written down."""

    def use(tree: str) -> None:
        answer = f"PATH=/bin:/usr/bin; cat <<'END'\n{tree}\nEND\n" if tree else "exit 1\n"
        interpreter(tmp_path / "bin/python", f'case "$3" in *version_info*) echo 99 0; exit;; esac\n{answer}')

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


def test_without_a_newer_interpreter_the_error_is_this_ones() -> None:
    assert parse_newer("t'{X}'") is None
    with pytest.raises(BrokenInput) as raised:
        Source.parse("a.py", b"def f(:\n")
    assert re.fullmatch(r"a\.py:1: syntax error: [^;]+", str(raised.value))


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this interpreter knows the syntax")
@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("x = f'{d['x']}'", "3.12"),
        ("class A[T: (int,\n  str)]: pass", "3.12"),
        ("type X[\n  T] = T", "3.12"),
        ("x = t'{y}'", "3.14"),
        ("try: pass\nexcept A, B[1]: pass", "3.14"),
    ],
)
def test_without_a_newer_interpreter_newer_syntax_is_told(text: str, version: str, dumped: Any) -> None:
    with pytest.raises(BrokenInput, match=f"may be syntax of Python {version} or newer, and no such interpreter was f"):
        Source.parse("a.py", text.encode())
    newer_syntax._newer_interpreter.cache_clear()
    dumped("")
    with pytest.raises(BrokenInput, match=r"syntax error: [^;]+$"):
        Source.parse("a.py", text.encode())


def test_an_interpreter_that_fails_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    interpreter(tmp_path / "bin/python3", "exit 3")
    interpreter(tmp_path / "bin/python", "echo no version is set")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert parse_newer("t'{X}'") is None


@pytest.mark.parametrize("place", ["later/python3.14", "pyenv/versions/3.14.1/bin/python3.14"])
def test_a_shim_that_can_not_run_hides_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{tmp_path}/later")
    interpreter(tmp_path / "bin/python3.14", "exit 127")
    interpreter(tmp_path / place, "echo 99 0")
    assert newer_syntax._newer_interpreter() == str(tmp_path / place)


def test_a_newer_one_that_can_not_parse_it_either(dumped: Any) -> None:
    dumped("")
    with pytest.raises(BrokenInput):
        Source.parse("a.py", b"def f(:\n")


@pytest.mark.skipif(NEWER is None or sys.version_info >= (3, 12), reason="needs an interpreter of 3.12 or later beside")
def test_a_newer_interpreter_of_the_machine_parses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(NEWER or "").parent))
    parsed = Source.parse(
        "a.py", b"type Pair[T] = tuple[T, T]\ndef first[T](pair: Pair[T]) -> T:\n    return pair[0]\n"
    )
    assert parsed.is_newer
    assert [type(statement).__name__ for statement in parsed.tree.body] == ["Assign", "FunctionDef"]
    parsed.compile()


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this interpreter knows the syntax")
def test_exceptions_without_parentheses_parse_everywhere() -> None:
    parsed = Source.parse("a.py", b"try:\n    f()\nexcept a.A, B:  # both\n    g()\n")
    assert [parsed.text(n) for n in parsed.nodes if isinstance(n, ast.Name)] == ["f", "B", "a", "g"]
    assert parsed.is_newer


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this interpreter knows the syntax")
def test_type_parameters_and_aliases_parse_everywhere() -> None:
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
