"""Edits that a decision carries with it, as JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple
from typing import Any

from ..analysis.decisions import Decision
from .edit import Edit, Import, Indent, Replace, Wrap

_KINDS: dict[str, type[Edit]] = {"replace": Replace, "wrap": Wrap, "indent": Indent, "import": Import}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def as_data(edits: Iterable[Edit]) -> dict[str, Any]:
    """What a decision's `data` holds to carry edits."""
    return {"edits": [[_NAMES[type(edit)], *astuple(edit)] for edit in edits]}


def carried(decision: Decision) -> Iterator[Edit]:
    """The edits that a decision carries."""
    for kind, *values in decision.data.get("edits", ()):
        yield _KINDS[kind](*values)
