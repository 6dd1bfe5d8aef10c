"""Source files: bytes, offsets and positions."""

from __future__ import annotations

import ast
from itertools import product
from pathlib import Path

import pytest

from asyncshift.analysis.source import BrokenInput, Site, Source


def source(text: str | bytes) -> Source:
    return Source.parse("a.py", text.encode() if isinstance(text, str) else text)


FIELDS = [
    "call(1)", " call(1)", "call(1)!r", "call(1):>{width(2)}", "call(\n 1)", "\n  call(1)\n", "call(1)=", "(call(1))",
    "call(1) if other(2) else d['k']", "f'{call(3)}'", "f'x{call(3)} {other(4)}'", "call(f'x{other(3)}')",
    "[x for x in call(1)]", "größe(1)", "a:{width(2)}{other(3)}", "call(1).name", "'x'.join(y for y in call(1))",
]  # fmt: skip
BEFORE = ["", "é ", "x\n", "x\n y", "{{ ", "\\n", "\\N{DIGIT ONE}", "x\\\n", "{other(0)}", "x\n{other(0)} "]
STATEMENTS = [
    "x = %s",
    "def f():\n    return g(%s)",
    "def f():\n\treturn 'é', (%s)",
    "x = ('lit'\n  %s)",
    "x = (f'{q(9)}' %s)",
]


@pytest.mark.parametrize("field", FIELDS)
def test_expressions_inside_of_formatted_strings_are_where_they_say(field: str) -> None:
    seen = 0
    for before, statement, prefix in product(BEFORE, STATEMENTS, ("f", "rf")):
        text = statement % f'{prefix}"""{before}{{{field}}} t{{last(5)}}"""'
        try:
            parsed = source(text)
        except BrokenInput:
            assert prefix == "rf"  # there `\N{DIGIT ONE}` is a field
            continue
        for node in parsed.nodes:
            if isinstance(node, ast.Call):
                again = ast.parse(f"({parsed.text(node)})", mode="eval").body
                assert ast.dump(again) == ast.dump(node)
                seen += 1
    assert seen > 100


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_offsets_and_positions_are_each_others_inverse(newline: str, bom: bytes) -> None:
    parsed = source(bom + newline.join(["a = 1", "", "é = 'x'; b = é", "if a:", "\tb"]).encode())
    names = [n for n in parsed.nodes if isinstance(n, ast.Name)]
    assert [parsed.text(n) for n in names] == ["a", "é", "b", "é", "a", "b"]
    for node in names:
        assert parsed.position(parsed.span(node)[0]) == (node.lineno, node.col_offset)


def test_a_site_knows_its_place_and_is_ordered() -> None:
    parsed = source("a = 1\nb = [\n  2]\n")
    first, second = (parsed.site(statement) for statement in parsed.tree.body)
    assert second == Site("a.py", 2, 0, 3, 4)
    assert first < second
    assert str(second) == "a.py:2"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = 1\nb = \xff\n", "a.py:2: not UTF-8 (byte 0xff)"),
        (
            b"# coding: latin-1\na = 'caf\xe9'\n",
            "a.py:2: legal Python, but declared latin-1 (byte 0xe9), and only UTF-8 is rewritten; save it as UTF-8, "
            'or leave it out: exclude = ["a.py"] in [tool.asyncshift]',
        ),
        (b"# coding: utf8\na = '\xe9'\n", "a.py:2: not UTF-8 (byte 0xe9)"),
        (b"#!/usr/bin/python\r\n# -*- coding: klingon -*-\r\n", "a.py:2: unknown encoding: klingon"),
        (b"\xef\xbb\xbf# vim: set fileencoding=klingon :\n", "a.py:1: unknown encoding: klingon"),
        (b"a = 1\n\nif a\n", "a.py:3: syntax error: expected ':'"),
        (b"a = 1\0\n", "a.py:1: syntax error: source code string cannot contain null bytes"),
        (b"def f():\n\tx\n        y\n", "a.py:3: syntax error: "),
    ],
)
def test_what_can_not_be_read_is_told_in_one_line(content: bytes, message: str) -> None:
    with pytest.raises(BrokenInput) as raised:
        source(content)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "content", [b"# coding: latin-1\na = 1\n", b"a = 1\n# coding: klingon\n", b"#\n#\n#coding:x\n"]
)
def test_an_encoding_that_makes_no_difference(content: bytes) -> None:
    assert source(content).content == content


def test_compiling_finds_what_parsing_does_not() -> None:
    parsed = source("def f():\n    await g()\n")
    with pytest.raises(BrokenInput, match=r"^a\.py:2: syntax error: 'await' outside async function"):
        parsed.compile()
    source("async def f():\n    await g()\n").compile()


def test_a_file_is_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "a.py").write_bytes(b"a = 1\r\nb = 2\r\n")
    parsed = Source.read(tmp_path, "pkg/a.py")
    assert parsed.path == "pkg/a.py"
    assert parsed.newline == "\r\n"
    assert source("a = 1").newline == "\n"


def test_indentation_and_parents() -> None:
    parsed = source("class A:\n\tdef f(self):\n\t\treturn 1\n")
    returned = next(n for n in parsed.nodes if isinstance(n, ast.Return))
    assert parsed.indentation(returned) == "\t\t"
    assert isinstance(parsed.parents[parsed.parents[returned]], ast.ClassDef)
