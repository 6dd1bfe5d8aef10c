"""`asyncshift demo`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import as_file, files
from pathlib import Path
from xml.etree import ElementTree

import click
from packaging.requirements import Requirement
from rich import box
from rich.table import Table

from . import listing, writing
from .console import output, status
from .errors import Failure
from .project import open_project
from .work import work_out

EXAMPLE = "shop"
OUTCOMES = ("passed", "skipped", "failed", "error")


@dataclass(frozen=True, slots=True)
class Run:
    """What a test suite said: (file, test) -> outcome, and the seconds it took."""

    outcomes: dict[tuple[str, str], str]
    seconds: float

    def told(self, file: str | None = None) -> str:
        """The counts of one file, or of all."""
        counts = Counter(outcome for (where, _), outcome in self.outcomes.items() if file in (None, where))
        return ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome]) or "none"


@click.command()
def demo() -> None:
    """Migrate a small example and compare its test suite before and after.

    The example is a FastAPI application on SQLite. It is copied to a temporary folder, which stays for you to look at.
    The exit code is 1 when a test that passed before does not pass after.

    \b
    Examples:
      asyncshift demo
    """
    _check_extras()
    home = Path(tempfile.mkdtemp(prefix="asyncshift-demo-"))
    sync, converted = home / "sync", home / "async"
    with as_file(files("asyncshift.examples") / EXAMPLE) as example:
        for copy in (sync, converted):
            shutil.copytree(example, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    with status("Running the example's tests as they are"):
        before = run_suite(sync)
    work = work_out(open_project([str(converted)]))
    writing.write(converted, work.contents)
    with status("Running the converted tests"):
        after = run_suite(converted)
    console = output()
    console.print(_comparison(before, after))
    console.print(f"{listing.summary(work.decisions)}\n")
    console.print(f"Compare  diff -ru {sync} {converted}")
    lost = [test for test, outcome in before.outcomes.items() if outcome == "passed" != after.outcomes.get(test)]
    for file, name in lost:
        console.print(f"lost: {file}::{name}", style="red", markup=False)
    if lost or not before.outcomes:
        raise click.exceptions.Exit(1)


def _check_extras() -> None:
    """The example's own requirements must be installed; they are those of the extra `demo`."""
    wanted = [Requirement(line) for line in requires("asyncshift") or ()]
    missing = [r.name for r in wanted if r.marker and r.marker.evaluate({"extra": "demo"}) and not _installed(r)]
    if missing:
        raise Failure(f"the demo needs {', '.join(missing)}: pip install 'asyncshift[demo]'")


def _installed(requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(version(requirement.name), prereleases=True)
    except PackageNotFoundError:
        return False


def run_suite(folder: Path) -> Run:
    """The outcomes of a suite; a coroutine that nobody awaits is a failure."""
    report = folder.with_suffix(".xml")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "error::RuntimeWarning",
        "-W",
        "error::pytest.PytestUnraisableExceptionWarning",
        f"--junitxml={report}",
        "-o",
        "junit_family=xunit1",
    ]
    start = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if not report.exists():
        last = (done.stdout + done.stderr).strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise Failure(f"the example's tests did not run: {last[0]}")
    cases = ElementTree.parse(report).iter("testcase")
    return Run({_test(case): _outcome(case) for case in cases}, seconds)


def _test(case: ElementTree.Element) -> tuple[str, str]:
    """The file, and the test with its class."""
    file, name = case.get("file", ""), case.get("name", "")
    module = file.removesuffix(".py").replace("/", ".")
    owner = case.get("classname", "").removeprefix(module).strip(".")
    return file, f"{owner}::{name}" if owner else name


def _outcome(case: ElementTree.Element) -> str:
    kinds = {"skipped": "skipped", "failure": "failed", "error": "error"}
    return next((outcome for tag, outcome in kinds.items() if case.find(tag) is not None), "passed")


def _comparison(before: Run, after: Run) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_footer=True)
    table.add_column("", "all\ntime", no_wrap=True)
    for name, run in (("sync", before), ("async", after)):
        table.add_column(name, f"{run.told()}\n{run.seconds:.1f} s", no_wrap=True)
    for file in dict.fromkeys(file for file, _ in (*before.outcomes, *after.outcomes)):
        table.add_row(file, before.told(file), after.told(file))
    return table
