"""Every public name of a Session: the cases in `session_methods/` run before and after."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from .whole import Case, cases, check, migrate, read_cases

# Plumbing of connections and events; what 2.1 no longer has; `query` has all the cases of query_to_select.
OTHERS = {"close_all", "connection_callable", "dispatch", "query"}


@pytest.mark.parametrize("case", cases("session_methods"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_what_2_1_no_longer_has() -> None:
    text = (
        "from sqlalchemy.orm import Session\n\n\ndef close(db: Session):\n    db.close_all()\n    Session.close_all()\n"
    )
    after = migrate({"app.py": text})[0]["app.py"].decode()
    assert "    await db.close_all()\n    await AsyncSession.close_all()\n" in after


def test_every_public_name_of_session_has_a_case() -> None:
    """A new name in a new SQLAlchemy has none."""
    trees = [ast.parse(text) for case in read_cases("session_methods") for text in case.before.values()]
    asked = {n.attr for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    assert {name for name in dir(Session) if not name.startswith("_")} - OTHERS - asked == set()
