"""The forms of the findings: each is what its readers expect, and the published ones are valid.

The schemas beside this file are the parts of SARIF 2.1.0's, of Jenkins' for JUnit and of GitLab's description that say
something of what is written here, and forbid all else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from rich.text import Text

from asyncshift.checks.engine import RULES
from asyncshift.checks.finding import Finding, Step
from asyncshift.checks.fix import Edit, Fix
from asyncshift.checks.outcome import Accepted, How, Outcome
from asyncshift.reports.formats import FORMATS, lines

SCHEMAS = Path(__file__).parent / "schemas"
SOURCE = """\
async def save(session):
    é = 1; session.commit()
    names = [
        session.query(User)
    ]
"""
COMMIT = Finding(
    "my app/save.py",
    2,
    12,
    2,
    28,
    "AS201",
    "await it: 100%, now",
    "save",
    (Step("my app/save.py", 2, "calls commit()"), Step("db.py", 7, "reaches the database\x00")),
    "session.commit()",
    fix=Fix((Edit(37, 37, "await "),)),
)
NAMES = Finding(
    "my app/save.py",
    3,
    4,
    5,
    5,
    "AS101",
    "send a <select()>",
    "save",
    (),
    "names",
    fix=Fix((Edit(49, 54, "_"),), (), False),
)
FULL = Outcome(
    (COMMIT, NAMES),
    (
        Accepted(COMMIT, How.SUPPRESSED, "the caller awaits it"),
        Accepted(NAMES, How.KEPT, "Celery tasks run without an event loop"),
        Accepted(NAMES, How.BASELINE, "in the baseline"),
    ),
    ("AS101 query-on-async-session failed",),
)
CLEAN = Outcome(())


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with the file that the findings are in."""
    (tmp_path / "my app").mkdir()
    (tmp_path / "my app" / "save.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def told(form: str, outcome: Outcome, base: Path) -> str:
    """What is printed, colours left out."""
    return "\n".join(line.plain if isinstance(line, Text) else line for line in lines(form, outcome, base))


@pytest.mark.parametrize("form", FORMATS)
def test_a_finding_of_a_file_that_is_gone_can_be_told(form: str, tmp_path: Path) -> None:
    assert "AS201" in told(form, FULL, tmp_path)


def test_text(base: Path) -> None:
    assert (
        told("text", FULL, base)
        == """\
my app/save.py:2:12: AS201 await it: 100%, now
    2 |     é = 1; session.commit()
      |            ^^^^^^^^^^^^^^^^
        my app/save.py:2  calls commit()
        db.py:7           reaches the database\x00

my app/save.py:3:5: AS101 send a <select()>
    3 |     names = [
      |     ^^^^^^^^^

my app/save.py:3: keep AS101 Celery tasks run without an event loop

2 findings in 1 file; --fix mends 1; --unsafe-fixes mends 2; 1 kept; 1 suppressed; 1 in the baseline."""
    )


def test_text_of_nothing(base: Path) -> None:
    assert told("text", CLEAN, base) == "Nothing found."


def test_concise(base: Path) -> None:
    first, second, _ = told("concise", FULL, base).splitlines()
    assert first == "my app/save.py:2:12: AS201 await it: 100%, now"
    assert second == "my app/save.py:3:5: AS101 send a <select()>"


def test_json_gives_back_all_of_it(base: Path) -> None:
    assert Outcome.from_json(json.loads(told("json", FULL, base))) == FULL


def test_github_annotations_are_escaped(base: Path) -> None:
    first, second = told("github", FULL, base).splitlines()
    assert first == (
        f"::error file=my app/save.py,line=2,endLine=2,col=12,endColumn=28,title=AS201 {RULES['AS201'].NAME}"
        "::await it: 100%25, now%0Amy app/save.py:2: calls commit()%0Adb.py:7: reaches the database\x00"
    )
    assert second.startswith("::error file=my app/save.py,line=3,endLine=5,title=")


@pytest.mark.parametrize("outcome", [FULL, CLEAN], ids=["full", "clean"])
def test_sarif_is_valid(outcome: Outcome, base: Path) -> None:
    assert not list(_validator("sarif-2.1.0.json").iter_errors(json.loads(told("sarif", outcome, base))))


def test_sarif_tells_everything(base: Path) -> None:
    (run,) = json.loads(told("sarif", FULL, base))["runs"]
    commit, names, *suppressed = run["results"]
    (place,) = commit["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "my%20app/save.py"
    assert place["physicalLocation"]["region"] == {"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 28}
    assert [run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] for r in (commit, names)] == ["AS201", "AS101"]
    steps = commit["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == ["calls commit()", "reaches the database\x00"]
    assert [r["suppressions"][0]["kind"] for r in suppressed] == ["inSource", "external", "external"]
    assert not commit["suppressions"]
    assert not run["invocations"][0]["executionSuccessful"]


@pytest.mark.parametrize("outcome", [FULL, CLEAN], ids=["full", "clean"])
def test_gitlab_is_valid(outcome: Outcome, base: Path) -> None:
    report = json.loads(told("gitlab", outcome, base))
    assert not list(_validator("gitlab-code-quality.json").iter_errors(report))


def test_gitlab_fingerprints_are_told_apart_and_stay(base: Path) -> None:
    def fingerprints(*lines: int) -> list[str]:
        moved = Outcome(tuple(Finding("a.py", n, 0, n, 9, "AS201", "m", "f", (), "s.commit()") for n in lines))
        return [issue["fingerprint"] for issue in json.loads(told("gitlab", moved, base))]

    assert len(set(fingerprints(2, 3))) == 2
    assert fingerprints(2, 3) == fingerprints(12, 30)


@pytest.mark.parametrize("outcome", [FULL, CLEAN], ids=["full", "clean"])
def test_junit_is_valid(outcome: Outcome, base: Path) -> None:
    schema = xmlschema.XMLSchema(SCHEMAS / "junit.xsd")
    assert [str(error) for error in schema.iter_errors(told("junit", outcome, base))] == []


def test_the_schemas_forbid_something(base: Path) -> None:
    report = json.loads(told("sarif", FULL, base))
    report["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert list(_validator("sarif-2.1.0.json").iter_errors(report))
    issues = json.loads(told("gitlab", FULL, base))
    issues[0]["severity"] = "error"
    assert list(_validator("gitlab-code-quality.json").iter_errors(issues))
    text = told("junit", FULL, base).replace(' failures="2"', "")
    assert list(xmlschema.XMLSchema(SCHEMAS / "junit.xsd").iter_errors(text))


def _validator(name: str) -> Any:
    schema = json.loads((SCHEMAS / name).read_text("utf-8"))
    cls = jsonschema.validators.validator_for(schema)
    cls.check_schema(schema)
    return cls(schema)
