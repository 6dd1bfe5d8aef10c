"""What stands in `target/` is what migrating its original gives, to the byte, and its suite passes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncshift.analysis.decisions import Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.cli.discovery import python_files
from asyncshift.codemods.engine import make_plan, rewrite

ROOT = Path(__file__).parent.parent
NAMES = sorted(p.name for p in (ROOT / "target").iterdir() if p.is_dir())


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(p.startswith(".") or p == "__pycache__" for p in parts):
            yield "/".join(parts), path.read_bytes()


def migrated(name: str) -> tuple[dict[str, bytes], list[str]]:
    """The original's files as they are after the migration, and what was declined."""
    root = ROOT / "tests" / "originals" / name
    program = Program.build(root, python_files(root, [root], ()), Settings())
    plan = make_plan(program)
    changed = rewrite(program, plan)
    declined = [f"{d.site}: {d.concern}" for d in plan if d.status is Status.DECLINED]
    return dict(files(root)) | changed, declined


@pytest.mark.parametrize("name", NAMES)
def test_the_target_is_its_migrated_original(name: str) -> None:
    expected, declined = migrated(name)
    found = dict(files(ROOT / "target" / name))
    assert declined == []
    assert sorted(found) == sorted(expected)
    assert [path for path in found if found[path] != expected[path]] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_suite_of_the_target_passes(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error::RuntimeWarning"],
        cwd=ROOT / "target" / name,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_there_are_targets() -> None:
    assert "shop" in NAMES
