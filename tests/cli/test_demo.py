"""The demo: both suites run, and are compared test by test."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import Result

from asyncshift.cli import demo

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_the_example_passes_before_and_after(run: Run, tmp_path: Path) -> None:
    result = run("demo")
    assert result.exit_code == 0, result.output
    (home,) = tmp_path.glob("asyncshift-demo-*")
    found = re.search(r"^ *all +(\d+) passed +(\d+) passed *$", result.output, re.MULTILINE)
    assert found
    assert found[1] == found[2]
    assert "await" not in "".join(file.read_text() for file in (home / "sync/shop").rglob("*.py"))
    assert "await" in "".join(file.read_text() for file in (home / "async/shop").rglob("*.py"))


def test_what_the_demo_needs_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def version(name: str) -> str:
        if name in ("fastapi", "aiosqlite"):
            raise PackageNotFoundError(name)
        return {"pytest": "1.0"}.get(name, installed(name))

    installed = demo.version
    monkeypatch.setattr(demo, "version", version)
    result = run("demo")
    assert result.exit_code == 2
    assert result.stderr == ("asyncshift: the demo needs aiosqlite, fastapi, pytest: pip install 'asyncshift[demo]'\n")
    assert list(tmp_path.iterdir()) == []


def test_a_lost_test_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [
        demo.Run(
            {("tests/a.py", "one"): "passed", ("tests/a.py", "two"): "passed", ("tests/b.py", "x"): "failed"}, 1.25
        ),
        demo.Run({("tests/a.py", "one"): "passed", ("tests/a.py", "two"): "error", ("tests/b.py", "x"): "failed"}, 2.5),
    ]
    monkeypatch.setattr(demo, "run_suite", lambda folder: runs.pop(0))
    monkeypatch.setattr(demo, "work_out", lambda project: SimpleNamespace(decisions=[], contents={}))
    result = run("demo")
    assert result.exit_code == 1
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert "tests/a.py 2 passed 1 passed, 1 error" in lines
    assert "all 2 passed, 1 failed 1 passed, 1 failed, 1 error" in lines
    assert "time 1.2 s 2.5 s" in lines
    assert [line for line in lines if line.startswith("lost: ")] == ["lost: tests/a.py::two"]


def test_a_suite_that_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("raise SystemExit('no such thing')\n")
    with pytest.raises(demo.Failure, match="the example's tests did not run: "):
        demo.run_suite(tmp_path)
