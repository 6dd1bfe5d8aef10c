"""How the wishes of many codemods become one new text."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncshift.analysis.source import Source
from asyncshift.codemods.edit import Conflict, Edit, Import, Replace, Wrap, apply


class TestReplace:
    def test_nothing_to_do(self) -> None:
        assert apply(b"abc", []) == b"abc"

    def test_imports_are_passed_over(self) -> None:
        assert apply(b"abc", [Import("asyncio")]) == b"abc"

    @pytest.mark.parametrize(
        ("edit", "after"),
        [
            pytest.param(Replace(1, 2, "XY"), b"aXYc", id="longer"),
            pytest.param(Replace(0, 3, ""), b"", id="all"),
            pytest.param(Replace(0, 0, "X"), b"Xabc", id="insert at the beginning"),
            pytest.param(Replace(3, 3, "X"), b"abcX", id="insert at the end"),
            pytest.param(Replace(1, 2, "é"), "aéc".encode(), id="not ASCII"),
        ],
    )
    def test_one(self, edit: Edit, after: bytes) -> None:
        assert apply(b"abc", [edit]) == after

    def test_neighbours(self) -> None:
        assert apply(b"abcd", [Replace(2, 3, "Y"), Replace(1, 2, "X")]) == b"aXYd"

    def test_insert_stands_before_what_is_replaced_at_its_place(self) -> None:
        assert apply(b"abc", [Replace(1, 2, "X"), Replace(1, 1, "+"), Replace(2, 2, "-")]) == b"a+X-c"

    def test_the_same_wish_twice_is_one(self) -> None:
        assert (
            apply(b"abc", [Replace(1, 2, "X"), Replace(1, 2, "X"), Wrap(0, 1, "(", ")"), Wrap(0, 1, "(", ")")])
            == b"(a)Xc"
        )

    @pytest.mark.parametrize("content", [b"a\r\nb\r\n", b"a\r\nb"])
    def test_line_ends_are_those_of_the_file(self, content: bytes) -> None:
        assert apply(content, [Replace(0, 1, "x\ny\r\nz")]) == b"x\r\ny\r\nz" + content[1:]

    def test_line_ends_of_a_file_with_plain_ones_stay(self) -> None:
        assert apply(b"a\nb\r\n", [Replace(0, 1, "x\ny")]) == b"x\ny\nb\r\n"

    @pytest.mark.parametrize(
        "edits",
        [
            pytest.param([Replace(1, 3, "X"), Replace(2, 4, "Y")], id="overlap"),
            pytest.param([Replace(1, 3, "X"), Replace(1, 2, "Y")], id="same start"),
            pytest.param([Replace(1, 3, "X"), Replace(1, 3, "Y")], id="same span"),
            pytest.param([Replace(1, 4, "X"), Replace(2, 3, "Y")], id="one inside the other"),
            pytest.param([Replace(1, 3, "X"), Replace(2, 2, "Y")], id="insert inside"),
            pytest.param([Replace(1, 1, "X"), Replace(1, 1, "Y")], id="two inserts at one place"),
            pytest.param([Replace(1, 4, "X"), Wrap(2, 3, "(", ")")], id="wrap inside"),
            pytest.param([Replace(1, 4, "X"), Wrap(0, 2, "(", ")")], id="wrap ends inside"),
            pytest.param([Replace(1, 4, "X"), Wrap(3, 5, "(", ")")], id="wrap begins inside"),
            pytest.param([Wrap(0, 3, "(", ")"), Wrap(2, 5, "[", "]")], id="crossing wraps"),
        ],
    )
    def test_conflict(self, edits: list[Edit]) -> None:
        with pytest.raises(Conflict):
            apply(b"abcdef", edits)


class TestWrap:
    def test_around_what_is_replaced(self) -> None:
        assert apply(b"a b c", [Wrap(2, 3, "(", ")"), Replace(2, 3, "X")]) == b"a (X) c"

    def test_inside_may_change(self) -> None:
        assert apply(b"a b c", [Wrap(0, 5, "(", ")"), Replace(2, 3, "X")]) == b"(a X c)"

    def test_neighbours(self) -> None:
        assert apply(b"abcd", [Wrap(0, 2, "(", ")"), Wrap(2, 4, "[", "]")]) == b"(ab)[cd]"

    def test_one_that_shares_a_border_is_inside(self) -> None:
        wraps = [Wrap(0, 2, "(", ")"), Wrap(0, 3, "[", "]"), Wrap(1, 3, "{", "}")]
        assert apply(b"abc", wraps[:2]) == b"[(ab)c]"
        assert apply(b"abc", wraps[1:]) == b"[a{bc}]"

    def test_higher_rank_is_outside(self) -> None:
        assert apply(b"a", [Wrap(0, 1, "await ", "", rank=1), Wrap(0, 1, "f(", ")")]) == b"await f(a)"
        assert apply(b"a", [Wrap(0, 1, "await ", ""), Wrap(0, 1, "f(", ")", rank=1)]) == b"f(await a)"

    def test_same_span_and_rank_nest_all_the_same(self) -> None:
        assert apply(b"a", [Wrap(0, 1, "f(", ", 2)"), Wrap(0, 1, "g(", ", 1)")]) == b"f(g(a, 1), 2)"

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (b"return(a).b", b"return await (a).b"),
            (b"a if(a).b", b"a if await (a).b"),
            (b"return (a).b", b"return await (a).b"),
            (b"ifs(a).b", b"ifsawait (a).b"),
        ],
    )
    def test_a_keyword_before_a_bracket_stays_a_word(self, before: bytes, after: bytes) -> None:
        assert apply(before, [Wrap(before.index(b"("), len(before), "await ", "")]) == after

    def test_insert_at_a_border_stays_outside(self) -> None:
        assert apply(b"a", [Wrap(0, 1, "(", ")"), Replace(0, 0, "<"), Replace(1, 1, ">")]) == b"<(a)>"


# Properties

contents = st.binary(max_size=60).filter(lambda b: b"\r" not in b)


@st.composite
def replacements(draw: st.DrawFn) -> tuple[bytes, list[Replace]]:
    """Bytes, and edits in order of which no two claim the same."""
    content = draw(contents)
    borders = sorted(draw(st.sets(st.integers(0, len(content)), max_size=12)))
    texts = st.text(max_size=4).filter(lambda t: t.isprintable())
    spans = [(a, b) for a, b in pairwise(borders) if draw(st.booleans())]
    return content, [Replace(a, b, draw(texts)) for a, b in spans]


@given(replacements(), st.data())
def test_replacing_is_slicing(drawn: tuple[bytes, list[Replace]], data: st.DataObject) -> None:
    content, edits = drawn
    expected = content
    for edit in reversed(edits):
        expected = expected[: edit.start] + edit.text.encode() + expected[edit.end :]
    assert apply(content, data.draw(st.permutations(edits))) == expected


names = st.sampled_from(["a", "b", "ünï", "long_name"]).map(lambda n: ast.Name(n))


def _larger(inner: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    operators = st.sampled_from([ast.Add(), ast.Pow(), ast.MatMult()])
    return st.one_of(
        st.builds(ast.Attribute, inner, st.just("x")),
        st.builds(ast.BinOp, inner, operators, inner),
        st.builds(ast.UnaryOp, st.just(ast.Not()), inner),
        st.builds(ast.Call, inner, st.lists(inner, max_size=2), st.just([])),
        st.builds(ast.IfExp, inner, inner, inner),
        st.builds(ast.List, st.lists(inner, max_size=3)),
        st.builds(ast.Subscript, inner, inner),
        st.builds(ast.Await, inner),
        st.builds(lambda left, right: ast.Compare(left, [ast.Lt()], [right]), inner, inner),
    )


expressions = st.recursive(names, _larger, max_leaves=8)


def _parse(expression: ast.expr) -> Source:
    """A file with the expression, in a function so that it may await."""
    text = ast.unparse(ast.fix_missing_locations(ast.Expression(expression)))
    return Source.parse("x.py", f"async def f():\n    return ({text})\n".encode())


def _returned(tree: ast.Module) -> ast.expr:
    function = tree.body[0]
    assert isinstance(function, ast.AsyncFunctionDef)
    assert isinstance(function.body[0], ast.Return)
    assert function.body[0].value is not None
    return function.body[0].value


class _Wrapped(ast.NodeTransformer):
    """What wrapping means, said with syntax trees."""

    def __init__(self, wrapped: Mapping[ast.expr, list[str]]) -> None:
        self.wrapped = wrapped

    def visit(self, node: ast.AST) -> ast.AST:
        functions = self.wrapped.get(node, []) if isinstance(node, ast.expr) else []
        node = self.generic_visit(node)
        for function in functions:
            node = ast.Call(ast.Name(function, ast.Load()), [node], [])  # type: ignore[list-item]
        return node


@given(expressions, st.data())
def test_wraps_nest_as_the_syntax_tree_does(expression: ast.expr, data: st.DataObject) -> None:
    source = _parse(expression)
    nodes = [n for n in ast.walk(_returned(source.tree)) if isinstance(n, ast.expr)]
    chosen = data.draw(st.lists(st.sampled_from(nodes), max_size=5, unique_by=id))
    functions = {
        node: data.draw(st.lists(st.sampled_from("fgh"), min_size=1, max_size=3, unique=True)) for node in chosen
    }
    edits = [
        Wrap(*source.span(node), f"{function}(", ")", rank)
        for node, wraps in functions.items()
        for rank, function in enumerate(wraps)
    ]
    after = Source.parse("x.py", apply(source.content, data.draw(st.permutations(edits))))
    assert ast.dump(_returned(after.tree)) == ast.dump(_Wrapped(functions).visit(_returned(source.tree)))


@given(expressions, st.data())
def test_a_rewrite_meets_the_await_around_it(expression: ast.expr, data: st.DataObject) -> None:
    source = _parse(expression)
    nodes = [n for n in ast.walk(_returned(source.tree)) if isinstance(n, ast.expr)]
    leaves = [n for n in nodes if isinstance(n, ast.Name)]
    renamed = [n for n in leaves if data.draw(st.booleans())]
    operands = [n for n in nodes if isinstance(n, ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.List)]
    awaited = [n for n in operands if data.draw(st.booleans())]
    edits: list[Edit] = [Wrap(*source.span(node), "(await ", ")") for node in awaited]
    edits += [Replace(*source.span(node), "new") for node in renamed]
    after = Source.parse("x.py", apply(source.content, edits))
    result = list(ast.walk(_returned(after.tree)))
    assert sum(isinstance(n, ast.Await) for n in result) == len(awaited) + sum(isinstance(n, ast.Await) for n in nodes)
    assert sum(isinstance(n, ast.Name) and n.id == "new" for n in result) == len(renamed)
