"""What two recordings of the suite show, as the JSON values that reports are made from."""

from __future__ import annotations

from typing import Any

from ..checks.evidence.parity import Parity


def suite(parity: Parity) -> dict[str, Any]:
    """The comparison of the original's suite with the converted one: differences by kind, each a line, and counts."""
    return {
        "compared": parity.compared,
        "sent": list(parity.sent),
        "explained": dict(sorted(parity.explained.items())),
        "lost": [f"{lost.test} passed, now {lost.after}" for lost in parity.lost],
        "statements": [f"{s.sign} {s.sql}  ({s.test}, {s.where})" for s in parity.statements],
        "documents": list(parity.documents),
        "tables": list(parity.tables),
        "warnings": [f"{w.kind} in {w.test or 'the suite'}: {w.text}" for w in parity.warnings],
        "missing": [
            f"{load.attribute or 'a statement'} in {test}" + (f" at {load.stack[0]}" if load.stack else "")
            for test, load in parity.missing
        ],
    }
