"""Lazy loads of projects on SQLAlchemy 1.4: the cases in `older_loads/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.codemods.older_loads import loading

from .projects import Case, cases, check_meaning, convert, executable, program_of


@pytest.mark.parametrize("case", cases("older_loads"))
def test_text(case: Case, tmp_path: Path) -> None:
    changed, _ = convert(tmp_path, case.before, "implicit-io")
    assert changed == case.after, "\n".join(changed.values())


@pytest.mark.parametrize("case", executable("older_loads"))
def test_meaning(case: Case, tmp_path: Path) -> None:
    check_meaning(case, tmp_path)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("==1.4.41", ['db.expire(user, ["posts"])', "await db.run_sync(lambda _: user.posts)"]),
        (">=1.4", ['await db.refresh(user, ["posts"])']),
        (">=2.0.4,<2.0.13", ['await db.refresh(user, ["posts"])']),
    ],
)
def test_what_is_loaded_may_be_loaded_again(tmp_path: Path, version: str, expected: list[str]) -> None:
    (tmp_path / "requirements.txt").write_text(f"sqlalchemy{version}\n")
    program = program_of(tmp_path, {"app.py": "from sqlalchemy import select\n"})
    assert loading(program, "db", "user", ["posts"], again=True) == expected
