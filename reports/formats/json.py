"""Everything there is to tell, for programs; `version` changes when a reader would have to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ...checks.outcome import Outcome


def lines(outcome: Outcome, base: Path) -> Iterator[str]:
    """One JSON object."""
    yield json.dumps(outcome.as_json(), indent=1)
