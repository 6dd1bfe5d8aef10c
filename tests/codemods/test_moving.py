"""Lines that move in and out, and the texts that other edits put on them."""

from __future__ import annotations

import ast

import pytest

from asyncshift.analysis.source import Source
from asyncshift.codemods.edit import Edit, Indent, Outdent, Replace, Wrap, apply
from asyncshift.codemods.removal import in_place_of, without_all

NESTED = b"if a:\n    if b:\n        f(\n            x,\n        )\n    g()\n"


def moved(content: bytes, edits: list[Edit]) -> str:
    return apply(content, edits).decode()


def test_a_line_moves_in_once_for_each_statement() -> None:
    content = b"a\n"
    assert moved(content, [Indent(0, "  ", 1), Indent(0, "  ", 2), Indent(0, "  ", 2)]) == "    a\n"


def test_a_line_moves_out_once_for_each_statement() -> None:
    assert moved(b"      a\n", [Outdent(0, 2, 1), Outdent(0, 2, 2), Outdent(0, 2, 2)]) == "  a\n"


def test_a_line_moves_in_and_out() -> None:
    assert moved(b"    a\n", [Outdent(0, 4, 1), Indent(0, "  ", 2)]) == "  a\n"


@pytest.mark.parametrize(
    ("shift", "after"),
    [
        pytest.param(Indent(0, "  ", 0), "      x(b,\n          c)\n", id="in"),
        pytest.param(Outdent(0, 2, 0), "  x(b,\n      c)\n", id="out"),
    ],
)
def test_the_further_lines_of_a_new_text_move_along(shift: Edit, after: str) -> None:
    assert moved(b"    x(b)\n", [shift, Replace(6, 7, "b,\n        c")]) == after


@pytest.mark.parametrize("shift", [Indent(2, "  ", 0), Outdent(2, 2, 0)])
def test_a_line_that_is_replaced_does_not_move(shift: Edit) -> None:
    assert moved(b"a\n  b\nc\n", [shift, Replace(1, 5, "+")]) == "a+\nc\n"


@pytest.mark.parametrize("shift", [Indent(2, "  ", 0), Outdent(2, 2, 0)])
def test_a_line_that_is_taken_out_leaves_no_white_space(shift: Edit) -> None:
    assert moved(b"a\n  b\nc\n", [shift, Replace(2, 6, "")]) == "a\nc\n"


def test_what_is_wrapped_moves() -> None:
    assert moved(b"    x\n", [Outdent(0, 4, 0), Wrap(4, 5, "await ", "")]) == "await x\n"


def test_line_ends_stay() -> None:
    assert moved(b"    x\r\n    y\r\n", [Outdent(0, 4, 0), Outdent(7, 4, 0)]) == "x\r\ny\r\n"


def statements(source: Source, kind: type[ast.stmt]) -> list[ast.stmt]:
    return [n for n in ast.walk(source.tree) if isinstance(n, kind)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("x = 1\nif a:\n    f()\ny = 2\n", "x = 1\nf()\ny = 2\n", id="one"),
        pytest.param("if a:\n    # why\n    f()\nelse:\n    g()\ny = 2\n", "# why\nf()\ny = 2\n", id="comment"),
        pytest.param('if a:\n    f("""\n    b""")\n', 'f("""\n    b""")\n', id="string"),
        pytest.param("if a:\n    f(\n        b,\n    )\n\n    g()\n", "f(\n    b,\n)\n\ng()\n", id="several lines"),
        pytest.param("if a:\n    @b\n    def c(): ...\n", "@b\ndef c(): ...\n", id="decorator"),
        pytest.param("if a:\n    f()", "f()", id="no line end"),
    ],
)
def test_a_body_in_the_place_of_its_statement(before: str, after: str) -> None:
    source = Source.parse("m.py", before.encode())
    outer = statements(source, ast.If)[0]
    assert isinstance(outer, ast.If)
    assert moved(source.content, list(in_place_of(source, outer, outer.body))) == after


def test_bodies_in_bodies() -> None:
    source = Source.parse("m.py", NESTED)
    edits: list[Edit] = []
    for statement in statements(source, ast.If):
        assert isinstance(statement, ast.If)
        edits += in_place_of(source, statement, statement.body)
    assert moved(NESTED, edits) == "f(\n    x,\n)\ng()\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("def f():\n    del a\n    g()\n", "def f():\n    g()\n", id="first"),
        pytest.param("def f():\n    g()\n    del a\n", "def f():\n    g()\n", id="last"),
        pytest.param("def f():\n    del a\n", "def f():\n    pass\n", id="only"),
        pytest.param("def f():\n    del a\n    del b\n", "def f():\n    pass\n", id="all"),
        pytest.param("f()\n\n# why\ndel a\n\ng()\n", "f()\n\ng()\n", id="comment above"),
        pytest.param(
            "f()\n\n# ----\n# Two\n# ----\ndel a\n\ng()\n", "f()\n\n# ----\n# Two\n# ----\n\ng()\n", id="heading"
        ),
        pytest.param("f()\n\ndel a\ndel b\n\ng()\n", "f()\n\ng()\n", id="neighbours"),
        pytest.param("f()\n\n\ndel a\n", "f()\n", id="last of the file"),
        pytest.param("f()\n\n\ndel a", "f()\n", id="last of the file, no line end"),
        pytest.param("f(); del a\n", "f(); pass\n", id="semicolon"),
        pytest.param("if a: del a\n", "if a: pass\n", id="one line"),
        pytest.param("f()\ndel a  # why\ng()\n", "f()\ng()\n", id="comment behind"),
        pytest.param("f()\ndel a", "f()\n", id="no line end"),
    ],
)
def test_statements_taken_out(before: str, after: str) -> None:
    source = Source.parse("m.py", before.encode())
    result = moved(source.content, list(without_all(source, statements(source, ast.Delete))))
    assert result == after
    ast.parse(result)


ELSE_IFS = "if a:\n    f()\nelif b:\n    g()\n    g()\nelif c:\n    h()\nelse:\n    i()\n"


@pytest.mark.parametrize(
    ("number", "branch", "after"),
    [
        pytest.param(0, "orelse", ELSE_IFS.removeprefix("if a:\n    f()\nel"), id="first goes"),
        pytest.param(1, "body", "if a:\n    f()\nelse:\n    g()\n    g()\n", id="second is the last"),
        pytest.param(1, "orelse", "if a:\n    f()\nelif c:\n    h()\nelse:\n    i()\n", id="second goes"),
        pytest.param(2, "orelse", "if a:\n    f()\nelif b:\n    g()\n    g()\nelse:\n    i()\n", id="last goes"),
        pytest.param(2, "none", "if a:\n    f()\nelif b:\n    g()\n    g()\n", id="last goes with the rest"),
    ],
)
def test_a_branch_in_the_place_of_its_if(number: int, branch: str, after: str) -> None:
    source = Source.parse("m.py", ELSE_IFS.encode())
    statement = statements(source, ast.If)[number]
    assert moved(source.content, list(in_place_of(source, statement, getattr(statement, branch, [])))) == after
