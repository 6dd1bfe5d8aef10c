"""The files by which other programs run the check: pre-commit's hook, GitHub's action, the documented GitLab job."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from asyncshift.cli.check import check

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "check.md").read_text("utf-8")
SCRIPTS = Path(sysconfig.get_path("scripts"))
BAD = """\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    session.commit()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one mistake."""
    home = tmp_path / "project"
    home.mkdir()
    (home / "app.py").write_text(BAD)
    return home


def bash(script: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a script as continuous integration does: the first command that fails ends it."""
    env = {**os.environ, "PATH": f"{SCRIPTS}:{os.environ['PATH']}", "PYTHONSAFEPATH": "1", **environment}
    return subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=cwd, env=env, capture_output=True, text=True)


def test_the_hook_runs(project: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    done = bash(hook["entry"], project)
    assert done.returncode == 1
    assert done.stdout.startswith("app.py:5:5: AS201")


def test_the_action_runs(project: Path, tmp_path: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    (tmp_path / "asyncshift").mkdir()
    (tmp_path / "asyncshift" / "bin").symlink_to(SCRIPTS)
    last = action["runs"]["steps"][-1]
    given = {"arguments": "--select AS2", "paths": "app.py"}
    names = {key: re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", value)[1] for key, value in last["env"].items()}  # type: ignore[index]
    done = bash(last["run"], project, RUNNER_TEMP=str(tmp_path), **{key: given[name] for key, name in names.items()})
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=app.py,line=5,")
    done = bash(last["run"], project, RUNNER_TEMP=str(tmp_path), ARGUMENTS="--ignore AS2", PATHS="")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_action_uses_its_inputs() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    inputs = yaml.safe_load(text)["inputs"]
    assert set(inputs) == set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", text))
    assert all(value["description"] for value in inputs.values())


def test_the_gitlab_job_runs(project: Path) -> None:
    job = _job("asyncshift", "script")
    script = [line for line in job["script"] if not line.startswith("pip ")]
    done = bash("\n".join(script), project)
    assert done.returncode == 1
    assert done.stdout.startswith("app.py:5:5: AS201")
    (issue,) = json.loads((project / job["artifacts"]["reports"]["codequality"]).read_text("utf-8"))
    assert issue["location"]["path"] == "app.py"


def test_the_documented_configurations_fit_the_files() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (repository,) = _job("repos")
    assert [hook["id"] for hook in repository["hooks"]] == [hook["id"] for hook in hooks]
    inputs = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"]
    steps = _job("jobs")["asyncshift"]["steps"]
    assert set(steps[-1]["with"]) <= set(inputs)


@pytest.mark.parametrize("page", ["README.md", "docs/check.md"])
def test_the_documented_output_is_what_is_printed(page: str, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "orders.py").write_text(BAD)
    printed = bash("asyncshift check || true", tmp_path).stdout
    assert f"```console\n$ asyncshift check\n{printed}```\n" in (ROOT / page).read_text("utf-8")


def test_every_option_is_in_the_manual() -> None:
    options = {o for p in check.params if isinstance(p, click.Option) for o in p.opts} - {"--debug"}
    assert [option for option in sorted(options) if f"`{option}" not in PAGE and f" {option}" not in PAGE] == []


def test_every_documented_command_parses() -> None:
    commands = re.findall(r"^\s*(?:- |\$ )?asyncshift check(.*?)(?: [>|].*)?$", PAGE, re.MULTILINE)
    assert len(commands) > 4
    for command in commands:
        check.make_context("check", shlex.split(command), resilient_parsing=False)


def _job(key: str, *inside: str) -> Any:
    """What stands below a key in one of the page's YAML examples."""
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        content = yaml.safe_load(text)
        if key in content and all(name in content[key] for name in inside):
            return content[key]
    raise AssertionError(f"no example has {key}")
