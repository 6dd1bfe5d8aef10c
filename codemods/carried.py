"""Edits that a decision carries with it, as JSON values: for codemods that work them out when they decide."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field
from typing import Any

from ..analysis.decisions import Confidence, Decision, Status, Step
from ..analysis.program import Program
from ..analysis.source import Source
from .edit import Edit, Import, Indent, Move, Replace, Wrap

LEFT = "left as it is"
_KINDS: dict[str, type[Edit]] = {"replace": Replace, "wrap": Wrap, "indent": Indent, "move": Move, "import": Import}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(slots=True)
class Work:
    """What is to be done at one site."""

    source: Source
    node: ast.expr
    action: str
    edits: list[Edit] = field(default_factory=list)
    concern: str = ""
    status: Status = Status.DONE
    gone: list[tuple[int, int]] = field(default_factory=list)


def left(source: Source, node: ast.expr, concern: str) -> Work:
    """A site that a person has to look at."""
    return Work(source, node, LEFT, [], concern, Status.DECLINED)


def decided(program: Program, codemod: str, work: Work, why: tuple[Step, ...] = ()) -> Decision:
    """The decision that carries a piece of work."""
    function = program.function_at(work.source, work.node)
    return Decision(
        codemod,
        work.source.site(work.node),
        work.action,
        work.status,
        Confidence.HIGH,
        work.concern,
        why,
        function.qualname if function else "",
        {**as_data(work.edits), "gone": work.gone},
        work.node,
    )


def as_data(edits: Iterable[Edit]) -> dict[str, Any]:
    """What a decision's `data` holds to carry edits."""
    return {"edits": [[_NAMES[type(edit)], *astuple(edit)] for edit in edits]}


def carried(decision: Decision) -> Iterator[Edit]:
    """The edits that a decision carries."""
    for kind, *values in decision.data.get("edits", ()):
        yield _KINDS[kind](*values)
