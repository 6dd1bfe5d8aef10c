"""Where lines stand after a change."""

from __future__ import annotations

import pytest

from asyncshift.analysis.moved import Moved

BEFORE = b"import a\n\ndef f():\n    g(1)\n    h(2)\n\nx = 1\n"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BEFORE, [1, 2, 3, 4, 5, 6, 7]),
        (b"import asyncio\n" + BEFORE, [2, 3, 4, 5, 6, 7, 8]),
        (
            BEFORE.replace(b"    g(1)\n    h(2)", b"    await k(\n        h(2)\n    )\n    await g(1)"),
            [1, 2, 3, 7, 5, 8, 9],
        ),
        (BEFORE.replace(b"def", b"async def"), [1, 2, 3, 4, 5, 6, 7]),
        (b"", [1, 1, 1, 1, 1, 1, 1]),
        (None, [1, 1, 1, 1, 1, 1, 1]),
    ],
    ids=["same", "one more", "in another order", "changed", "emptied", "gone"],
)
def test_where_lines_are_now(after: bytes | None, expected: list[int]) -> None:
    assert [Moved(BEFORE, after).now(line) for line in range(1, 8)] == expected


def test_a_line_that_went_is_where_it_stood() -> None:
    assert [Moved(BEFORE, BEFORE.replace(b"    g(1)\n", b"")).now(line) for line in (3, 4, 5, 7)] == [3, 4, 4, 6]


def test_a_new_file() -> None:
    assert Moved(None, BEFORE).now(1) == 1
