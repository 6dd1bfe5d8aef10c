"""What stands in `target/` is what migrating its original gives, to the byte, and its suite says the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncshift import api
from asyncshift.analysis.decisions import Confidence, Status
from asyncshift.cli import writing
from asyncshift.cli.demo import run_suite
from asyncshift.cli.project import open_project
from asyncshift.cli.work import work_out

ROOT = Path(__file__).parent.parent
ORIGINALS, TARGET = ROOT / "tests" / "originals", ROOT / "target"
HIDDEN = shutil.ignore_patterns("__pycache__", ".*")
NAMES = sorted(path.parent.name for path in ORIGINALS.glob("*/pyproject.toml"))


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(p.startswith(".") or p == "__pycache__" for p in parts):
            yield "/".join(parts), path.read_bytes()


def migrated(name: str) -> tuple[dict[str, bytes], list[str]]:
    """The original's files as they are after the migration, and what was declined or is not sure."""
    root = ORIGINALS / name
    work = work_out(open_project([str(root)]))
    unsure = [d for d in work.decisions if d.status is Status.DECLINED or d.confidence is Confidence.LOW]
    return dict(files(root)) | work.contents, [f"{d.site}: {d.concern}" for d in unsure]


def outcomes(project: Path, copy: Path) -> dict[tuple[str, str], str]:
    """What the tests of a project say, in a copy of it."""
    shutil.copytree(project, copy, ignore=HIDDEN)
    return run_suite(copy).outcomes


@pytest.mark.parametrize("name", NAMES)
def test_the_target_is_its_migrated_original(name: str) -> None:
    expected, unsure = migrated(name)
    found = dict(files(TARGET / name))
    assert unsure == []
    assert sorted(found) == sorted(expected)
    assert [path for path in found if found[path] != expected[path]] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_gate_is_clean_but_for_what_the_migration_kept(name: str, tmp_path: Path) -> None:
    shutil.copytree(TARGET / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    assert api.check(tmp_path / name).findings == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_tests_pass_before_and_after(name: str, tmp_path: Path) -> None:
    before, after = (outcomes(folder / name, tmp_path / folder.name) for folder in (ORIGINALS, TARGET))
    assert after == before
    assert set(before.values()) == {"passed"}


def test_the_platform_moves_in_two_stages(tmp_path: Path) -> None:
    """First its own package, then the accounts, which stay sync beside it meanwhile."""
    stage = tmp_path / "stage"
    shutil.copytree(ORIGINALS / "deeplearn", stage, ignore=HIDDEN)
    runs = []
    for module in ("deeplearn", None):
        work = work_out(open_project([str(stage)], module=module))
        writing.write(stage, work.contents)
        runs.append(run_suite(stage).outcomes)
    assert runs[0] == runs[1]
    assert set(runs[0].values()) == {"passed"}


def test_each_original_has_a_target() -> None:
    assert sorted(path.name for path in TARGET.iterdir() if path.is_dir()) == NAMES
