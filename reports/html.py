"""The report as one HTML file that needs no network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from ..analysis.decisions import Decision
from .graph import graph
from .markdown import WORDS, environment
from .requirements import Contents

CONTEXT = 3


def page(facts: Mapping[str, Any], decisions: Sequence[Decision], before: Contents, after: Contents) -> str:
    """The whole page."""
    diffs = {m["path"]: rows(before.get(m["path"]), after.get(m["path"])) for m in facts["modules"]}
    data = {"facts": facts, "graph": graph(decisions, before), "diffs": diffs, "words": WORDS}
    return environment(autoescape=True).get_template("report.html.j2").render(data=_embedded(data), **facts)


def rows(before: bytes | None, after: bytes | None) -> list[list[Any]]:
    """The lines of both sides next to each other, with a few around each change.

    A row is the old line's number and text and the new one's; None for a line that the other side lacks, and a row
    with neither stands for lines that are left out.
    """
    old, new = ((content or b"").decode(errors="replace").splitlines() for content in (before, after))
    found: list[list[Any]] = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT):
        if found or group[0][1]:
            found.append([None, "", None, ""])
        for _, first, last, begin, end in group:
            for offset in range(max(last - first, end - begin)):
                left, right = first + offset, begin + offset
                found.append(
                    [
                        *((left + 1, old[left]) if left < last else (None, "")),
                        *((right + 1, new[right]) if right < end else (None, "")),
                    ]
                )
    return found


def _embedded(data: Any) -> str:
    """JSON that nothing can end early inside a script element."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
