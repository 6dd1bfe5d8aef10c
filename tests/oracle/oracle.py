"""SQLAlchemy's own tests as the judge of query-to-select.

    python tests/oracle/oracle.py                       all of test/orm
    python tests/oracle/oracle.py test_query test_joins some files

The source package of the installed SQLAlchemy is downloaded once (into `~/.cache/asyncshift`, or `$ASYNCSHIFT_CACHE`).
The `.query(…)` sites of its ORM tests are rewritten with the session kept sync, both forms of the tests run against the
installed SQLAlchemy, and each test that passes as it was must pass as it is. The table tells what stays, and why; tests
that examine Query itself are listed in `skips.toml`.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import sqlalchemy

from asyncshift.analysis.decisions import Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.queries import chains
from asyncshift.analysis.settings import Settings
from asyncshift.codemods import query_to_select, query_uses
from asyncshift.codemods.edit import Edit, Import, Replace, Wrap, apply
from asyncshift.codemods.imports import settle

HERE = Path(__file__).parent
SKIPS: dict[str, dict[str, str]] = tomllib.loads((HERE / "skips.toml").read_text("utf-8"))
# Functions of the tests that take a select as they take a Query.
query_uses.TAKING |= {"assert_compile", "eq_", "is_", "is_true", "ne_", "not_in", "append"}


class Unavailable(Exception):
    """The source package cannot be had."""


@dataclass(slots=True)
class Report:
    """What became of one file's sites, and of its tests."""

    path: str
    sites: int = 0
    rewritten: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    declined: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[int]] = field(default_factory=dict)
    passed: int = 0
    failed: list[str] = field(default_factory=list)

    def note(self, concern: str, line: int) -> None:
        """A site that stays as it is; one that stays because of another has that one's reason."""
        reason = concern.rpartition(", where ")[2] if concern.startswith("the query is also used") else concern
        self.declined[reason] += 1
        self.places.setdefault(reason, []).append(line)


# The package


def package() -> Path:
    """The unpacked source package of the installed SQLAlchemy.

    Raises:
        Unavailable: pip cannot download it.
    """
    cache = Path(os.environ.get("ASYNCSHIFT_CACHE", Path.home() / ".cache" / "asyncshift"))
    name = f"sqlalchemy-{version('sqlalchemy')}"
    folder = cache / name
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    wanted = ["--no-deps", "--no-binary", "sqlalchemy", "--dest", str(cache), name.replace("-", "==", 1)]
    done = subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *wanted], capture_output=True, text=True)
    archives = [*cache.glob(f"{name}.tar.gz"), *cache.glob(f"SQLAlchemy{name.removeprefix('sqlalchemy')}.tar.gz")]
    if done.returncode or not archives:
        raise Unavailable(f"pip cannot download the source of {name}: {done.stderr.strip()[-300:]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(cache / "unpacking", filter="data")
    (cache / "unpacking" / archives[0].name.removesuffix(".tar.gz")).rename(folder)
    return folder


def tree(source: Path, name: str) -> Path:
    """A copy of the package's tests, beside the installed library."""
    folder = source.with_name(f"{source.name}-{name}")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "lib").mkdir(parents=True)
    for part in ("test", "setup.cfg", "pyproject.toml"):
        (shutil.copytree if (source / part).is_dir() else shutil.copy)(source / part, folder / part)
    (folder / "lib" / "sqlalchemy").symlink_to(Path(sqlalchemy.__file__).parent)
    # A session that is opened in the chain gets a name, as nearly all code has it.
    for path in (folder / "test" / "orm").rglob("test_*.py"):
        path.write_text(re.sub(r"\bfixture_session\(\)(\s*\.query\()", r"last_session\1", path.read_text("utf-8")))
    return folder


def files(source: Path, names: Sequence[str]) -> list[str]:
    """The test files that have sites, by their paths in the package."""
    chosen = (p for p in sorted((source / "test" / "orm").rglob("test_*.py")) if not names or p.stem in names)
    return [p.relative_to(source).as_posix() for p in chosen if _has_sites(p.read_text("utf-8"))]


def _has_sites(text: str) -> bool:
    """Are there sites in what this Python understands? Some files are for newer ones."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return ".query(" in text


# The rewriting


def rewritten(root: Path, path: str) -> Report:
    """Rewrites a file of the tests where it stands."""
    shared = (p.relative_to(root).as_posix() for p in (root / "test" / "orm").rglob("_*fixtures.py"))
    program = Program.build(root, [path, *shared], Settings(), stays_sync=True)
    source = program.sources[path]
    decisions = [d for d in query_to_select.decide(program) if d.site.path == path]
    kept = _kept(source.tree, SKIPS.get(Path(path).stem, {}))
    concerns = {d.node: d.concern for d in decisions if d.status is Status.DECLINED}
    report = Report(path)
    begun = {c.root: c.node for c in chains(program) if c.begins}
    for node in source.nodes:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "query"):
            continue
        report.sites += 1
        if reasons := [reason for lines, reason in kept if node.lineno in lines]:
            report.skipped[reasons[0]] += 1
        elif node not in begun:
            report.note("the session is not known", node.lineno)
        elif concern := concerns.get(begun[node]):
            report.note(concern, node.lineno)
        else:
            report.rewritten += 1
    chosen = [d for d in decisions if not any(d.site.line in lines for lines, _ in kept)]
    edits = [e for d in chosen for e in query_to_select.rewrite(d, program)]
    if edits:
        text = apply(source.content, [_legacy(e, source.content) for e in edits])
        text = settle(source, text, [e for e in edits if isinstance(e, Import)], frozenset())
        (root / path).write_bytes(text)
    return report


def _kept(module: ast.Module, skips: Mapping[str, str]) -> list[tuple[range, str]]:
    """The lines of the tests (`test_x` or `Class.test_x`) that are left as they are, and why."""
    found: list[tuple[range, str]] = []
    for node in ast.walk(module):
        inner = node.body if isinstance(node, ast.ClassDef) else []
        for function in inner:
            if isinstance(function, ast.FunctionDef):
                names = (function.name, f"{node.name}.{function.name}", node.name)
                reasons = [skips[name] for name in names if name in skips]
                found += [(range(function.lineno, (function.end_lineno or 0) + 1), reason) for reason in reasons[:1]]
    return found


def _legacy(edit: Edit, content: bytes) -> Edit:
    """The statement as `labels.py` makes it."""
    if isinstance(edit, Wrap) and edit.before.startswith("select("):
        text = f"legacy_{edit.before}"
        return replace(edit, before=re.sub(r"(\w+\()$", r"labelled.\1", text) if "aliased(" in text else text)
    if isinstance(edit, Replace) and edit.text == "select" and content[: edit.end].endswith(b"query"):
        return replace(edit, text="legacy_select")
    if isinstance(edit, Replace) and edit.text == "" and content[edit.start : edit.end].lstrip() == b".statement":
        return replace(edit, text=".plain()")
    if isinstance(edit, Replace) and edit.text == "subquery()" and content[edit.start :].startswith(b"count"):
        return replace(edit, text="counted_subquery()")
    return edit


# The tests


def outcomes(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    """Each test with what became of it."""
    result = folder / "outcomes.xml"
    result.unlink(missing_ok=True)
    options = ["-o", "addopts=--tb short -p warnings --strict-markers", "-q", "-p", "labels", f"--junitxml={result}"]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    with (folder / "output.txt").open("w") as output:
        subprocess.run(
            [sys.executable, "-m", "pytest", *options, "--maxfail=100000", *paths],
            cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    return dict(_read(result))


def _read(result: Path) -> Iterator[tuple[str, str]]:
    for case in ElementTree.parse(result).iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        yield f"{case.get('classname')}::{case.get('name')}", kinds.pop() if kinds else "passed"


def judge(names: Sequence[str]) -> list[Report]:
    """Rewrites and runs the tests of the named files, or of all.

    Raises:
        Unavailable: the source package cannot be had.
    """
    from kinds import teach

    teach()
    source = package()
    paths = files(source, names)
    before, after = tree(source, "before"), tree(source, "after")
    reports = [rewritten(after, path) for path in paths]
    with ThreadPoolExecutor() as pool:
        expected, found = pool.map(lambda folder: outcomes(folder, paths), (before, after))
    for report in reports:
        module = report.path.removesuffix(".py").replace("/", ".")
        passing = [test for test, outcome in expected.items() if outcome == "passed" and test.startswith(f"{module}.")]
        report.failed = [test for test in passing if found.get(test) != "passed"]
        report.passed = len(passing) - len(report.failed)
    return reports


# The table


def table(reports: Sequence[Report]) -> str:
    """The reports as Markdown."""
    lines = [
        "| file | sites | rewritten | skipped | declined | tests passed | failed |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    total = _total(reports)
    for report in [*reports, total]:
        counts = (report.sites, report.rewritten, report.skipped.total(), report.declined.total(), report.passed)
        lines.append(f"| {report.path} | {' | '.join(map(str, counts))} | {len(report.failed)} |")
    lines += ["", f"{total.rewritten / total.sites:.1%} rewritten, {total.skipped.total() / total.sites:.1%} skipped."]
    for title, reasons in (("skipped", total.skipped), ("declined", total.declined)):
        lines += ["", f"| {title} | sites |", "|---|--:|"]
        lines += [f"| {reason} | {count} |" for reason, count in reasons.most_common()]
    return "\n".join(lines)


def _total(reports: Sequence[Report]) -> Report:
    total = Report("all")
    for report in reports:
        total.sites += report.sites
        total.rewritten += report.rewritten
        total.skipped += report.skipped
        total.declined += report.declined
        total.passed += report.passed
        total.failed += report.failed
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="FILE", help="the stem of a test file")
    parser.add_argument("--places", action="store_true", help="also print where each declined site stands")
    chosen = parser.parse_args()
    try:
        reports = judge(chosen.names)
    except Unavailable as reason:
        print(reason, file=sys.stderr)
        return 2
    print(table(reports))
    for report in reports:
        for test in report.failed:
            print(f"failed: {test}")
        for reason, lines in report.places.items() if chosen.places else ():
            print(f"{report.path}: {reason}: {', '.join(map(str, lines))}")
    return 1 if any(report.failed for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
