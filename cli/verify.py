"""`asyncshift verify`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import click

from ..checks.evidence import parity
from ..checks.evidence.recording import Recording
from ..checks.evidence.requests import Request, Schema, from_recording
from ..checks.evidence.responses import compare
from ..checks.evidence.running import default_python
from ..checks.evidence.sides import ROWS, NotAsked, Sides, find_app
from . import writing
from .console import messages, output, status
from .discovery import NEVER
from .errors import Failure
from .evidence import AGAIN, VERIFIED, recording_of
from .listing import counted
from .parity import told
from .project import Project, open_project
from .record import record_suite

LEFT_OUT = shutil.ignore_patterns(*NEVER, ".venv", "venv")
ISOLATE = "ASYNCSHIFT_ISOLATE"
SEEDS = "ASYNCSHIFT_SEEDS"
SHOWN = 20


@click.command()
@click.argument("arguments", nargs=-1, metavar="[-- -m pytest ...]")
@click.option("--isolate", is_flag=True, help="Forget what a test's set-up has loaded before its first request.")
@click.option("--http", "file", metavar="FILE", help="Send the requests of this file to both applications.")
@click.option("--schema", is_flag=True, help="Send requests made from the OpenAPI document to both applications.")
@click.option("--app", metavar="MODULE:NAME", help="The application, if it is not found by itself.")
@click.option("--before", metavar="DIR", help="The original project; default: what the last migration replaced.")
@click.option("--python", metavar="PY", help="The project's interpreter, if not its environment's.")
def verify(
    arguments: Sequence[str],
    isolate: bool,
    file: str | None,
    schema: bool,
    app: str | None,
    before: str | None,
    python: str | None,
) -> None:
    """Compare the migrated project with the original.

    With a suite behind -- it runs under the recorder, and is compared with what `asyncshift record` saw of the
    original: outcomes, SQL, OpenAPI document, tables, lost coroutines. With --http or --schema both applications are
    asked the same, each with a database of its own. The exit code is 1 when anything differs and nothing explains it.

    \b
    Examples:
      asyncshift verify -- -m pytest -q
      asyncshift verify --schema
    """
    if not arguments and file is None and not schema:
        raise Failure("what is to be compared? the suite: -- -m pytest ...; or the applications: --schema, --http FILE")
    project = open_project(["."])
    is_equal = True
    if arguments:
        is_equal &= verify_suite(project, python, arguments, isolate)
    if file is not None or schema:
        is_equal &= _side_by_side(project, python or default_python(project.root), app, before, file, schema)
    if not is_equal:
        raise click.exceptions.Exit(1)


def verify_suite(project: Project, python: str | None, arguments: Sequence[str], isolate: bool = False) -> bool:
    """Run the converted suite and compare it with the recording of the original; are they equal?"""
    original = recording_of(project.root)
    if original is None:
        raise Failure("no recording of the original: run `asyncshift record` before the migration")
    stale = _stale(project, original)
    if stale:
        messages().print(f"The recording is older than {', '.join(stale[:3])}: what it says of them may be outdated.")
    environment = {ISOLATE: "1"} if isolate else {}
    converted = record_suite(project, python, arguments, VERIFIED, environment)
    found = parity.compare(original, converted)
    seeds = parity.drawn(found, original)
    if seeds:
        again = _again(project, python, arguments, environment, seeds)
        converted.tests |= {name: test for name, test in again.tests.items() if name in seeds}
        found = parity.compare(original, converted)
    console = output()
    for line in told(found, [*original.defects, *converted.defects]):
        console.print(line, markup=False)
    return found.is_equal


def _again(
    project: Project, python: str | None, arguments: Sequence[str], environment: dict[str, str], seeds: dict[str, int]
) -> Recording:
    """Run some tests once more, with the random numbers that the original drew."""
    tests = counted(len(seeds), "test")
    messages().print(f"What {tests} sent depends on random numbers: run again, with those of the original.")
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "seeds.json"
        path.write_text(json.dumps(seeds), "utf-8")
        return record_suite(project, python, arguments, AGAIN, {**environment, SEEDS: str(path)})


def _stale(project: Project, recording: Recording) -> list[str]:
    """The files that were changed between the recording and the migration."""
    then: dict[str, str] = recording.header.get("files", {})
    was = {change.path: change.before for journal in writing.chain(project.root) for change in journal.changes}
    return [path for path, digest in was.items() if path.endswith(".py") and digest != then.get(path)]


def _side_by_side(
    project: Project, python: str, app: str | None, before: str | None, file: str | None, schema: bool
) -> bool:
    """Ask both applications the same; are all answers equal?"""
    here = Path.cwd()
    name = app or find_app(project.root, here, project.files)
    if name is None:
        raise Failure("no application found: name it with --app module:attribute")
    given = json.loads(Path(file).read_text("utf-8")) if file else []
    with _copies(project, before) as (original, converted, work):
        inside = PurePosixPath(here.relative_to(project.root))
        sides = Sides(original, converted, project.root, inside, python, name, work)
        try:
            with status("Asking both applications"):
                requests, answers = _asked(sides, given, schema, recording_of(project.root))
        except NotAsked as error:
            raise Failure(str(error)) from None
    differences = list(compare(requests, *answers))
    console = output()
    for difference in differences[:SHOWN]:
        console.print(difference.request, style="bold", markup=False)
        for point in difference.points:
            console.print(f"  {point}", markup=False)
    asked = sum("path" in request for request in requests)
    console.print(f"{counted(asked, 'request')} ({_statuses(answers[0])}); {len(differences)} answered differently.")
    return not differences


def _asked(
    sides: Sides, given: list[Request], schema: bool, recording: Recording | None
) -> tuple[list[Request], tuple[list[Any], list[Any], list[Any]]]:
    document = Schema(sides.document()) if schema else None
    filled = sides.fill(document.sign_up() if document else [], ROWS if document else 0)
    try:
        requests = list(given)
        if document is not None:
            exchanges = [e for t in recording.tests.values() for e in t.exchanges] if recording else []
            document = Schema(document.document, filled["rows"])
            requests += [*([] if given else document.log_in()), *document.requests(exchanges)]
        elif not requests and recording is not None:
            requests = from_recording(e for t in recording.tests.values() for e in t.exchanges)
        return requests, sides.ask(requests)
    finally:
        sides.clear(filled["drop"])


def _statuses(responses: Sequence[Any]) -> str:
    """How often each status was answered."""
    counts = Counter(response["status"] for response in responses if response)
    return ", ".join(f"{number} × {code}" for code, number in sorted(counts.items()))


@contextmanager
def _copies(project: Project, before: str | None) -> Iterator[tuple[Path, Path, Path]]:
    """Copies of the original and of the converted project, and a folder to work in; all are removed."""
    journals = writing.chain(project.root)
    if before is None and not journals:
        raise Failure("no migration is on record here: name the original project with --before DIR")
    home = Path(tempfile.mkdtemp(prefix="asyncshift-verify-")).resolve()
    original, converted, work = home / "original", home / "converted", home / "work"
    try:
        shutil.copytree(project.root, converted, ignore=LEFT_OUT, symlinks=True)
        shutil.copytree(before or project.root, original, ignore=LEFT_OUT, symlinks=True)
        for journal in journals if before is None else ():
            writing.restore(journal, original)
        work.mkdir()
        yield original, converted, work
    finally:
        shutil.rmtree(home, ignore_errors=True)
