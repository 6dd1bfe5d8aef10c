"""What a comment accepts: the statement that it stands in, or the one below, and only its codes."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.checks.engine import check, examine
from asyncshift.checks.outcome import How

PRELUDE = """\
from sqlalchemy.ext.asyncio import AsyncSession
async def save(session: AsyncSession, flag):
"""
UNUSED, WITHOUT_REASON = "AS903", "AS904"


def program(body: str) -> Program:
    """A function with that body."""
    text = PRELUDE + "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    return Program.of_contents(Path(), {"app.py": text.encode()}, Settings())


def codes(body: str) -> list[str]:
    """What is reported."""
    return [finding.code for finding in check(program(body))]


@pytest.mark.parametrize(
    "body",
    [
        "session.commit()  # asyncshift: ignore[AS201] reason",
        "session.commit()  #asyncshift:ignore[AS201]: reason",
        "session.commit()  # asyncshift: ignore[AS201] - the reason, in words",
        "session.commit()  # noqa: X1  # asyncshift: ignore[AS201] reason",
        "session.commit()  # asyncshift: ignore[AS201] reason  # noqa: X1",
        "# asyncshift: ignore[AS201] reason\nsession.commit()",
        "# asyncshift: ignore[AS201] reason\n\n# more words\nsession.commit()",
        "flag = (\n    session.commit()\n)  # asyncshift: ignore[AS201] reason",
        "flag = (\n    # asyncshift: ignore[AS201] reason\n    session.commit()\n)",
        "if session.scalar(flag):  # asyncshift: ignore[AS201] reason\n    pass",
        "if (\n    session.scalar(flag)\n):  # asyncshift: ignore[AS201] reason\n    pass",
        "if flag:\n    # asyncshift: ignore[AS201] reason\n    session.commit()",
        "match session.scalar(flag):  # asyncshift: ignore[AS201] reason\n    case 1:\n        pass",
        "try:\n    session.commit()  # asyncshift: ignore[AS201] reason\nexcept ValueError:\n    pass",
        "flag = 'é'; session.commit()  # asyncshift: ignore[AS201] reason",
    ],
)
def test_it_holds(body: str) -> None:
    assert codes(body.replace("ignore", "notice")) != []
    assert codes(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "pass  # asyncshift: ignore[AS201] reason\nsession.commit()",
        "session.commit()\n# asyncshift: ignore[AS201] reason",
        "if flag:  # asyncshift: ignore[AS201] reason\n    session.commit()",
        "# asyncshift: ignore[AS201] reason\nif flag:\n    session.commit()",
        "session.commit()  # asyncshift: ignore[AS101] reason",
    ],
)
def test_it_does_not_hold_for_others(body: str) -> None:
    assert sorted(codes(body)) == ["AS201", UNUSED]


@pytest.mark.parametrize(
    "body",
    [
        "session.commit(); print('# asyncshift: ignore[AS201] reason')",
        "session.commit(); f'{flag} # asyncshift: ignore[AS201] reason'",
        "session.commit(); '''\n# asyncshift: ignore[AS201] reason\n'''",
    ],
)
def test_text_is_no_comment(body: str) -> None:
    assert codes(body) == ["AS201"]


@pytest.mark.parametrize("comment", ["ignore[AS201]", "ignore[AS201]:", "ignore[AS201]   "])
def test_without_a_reason(comment: str) -> None:
    assert codes(f"session.commit()  # asyncshift: {comment}") == [WITHOUT_REASON]


@pytest.mark.parametrize("comment", ["ignore", "ignore reason", "ignore[] reason"])
def test_without_a_code(comment: str) -> None:
    assert codes(f"session.commit()  # asyncshift: {comment}") == ["AS201", WITHOUT_REASON]


def test_several_codes() -> None:
    body = "session.query(1); session.commit()  # asyncshift: ignore[AS101, AS201] reason"
    assert codes(body) == []
    assert codes(body.replace("query", "add")) == [UNUSED]


def test_an_unknown_code_is_unused() -> None:
    assert codes("pass  # asyncshift: ignore[AS999] reason") == [UNUSED]


def test_a_rule_that_was_not_run_may_be_needed() -> None:
    assert not check(program("session.commit()  # asyncshift: ignore[AS201] reason"), ["AS101", UNUSED])


def test_the_reason_is_told() -> None:
    outcome = examine(program("session.commit()  # asyncshift: ignore[AS201]: shows the mistake  # noqa"))
    (accepted,) = outcome.accepted
    assert (accepted.how, accepted.reason) == (How.SUPPRESSED, "shows the mistake")


def test_lines_end_in_every_way() -> None:
    text = PRELUDE + "    session.commit()  # asyncshift: ignore[AS201] reason\n"
    for content in (
        text.replace("\n", "\r\n"),
        text.replace("\n", "\r"),
        "\ufeff" + text,
        text + '\nx = "\x0c\u2028"\n',
    ):
        assert not check(Program.of_contents(Path(), {"app.py": content.encode()}, Settings()))
