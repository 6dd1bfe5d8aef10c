"""The command line starts fast, and its contract holds."""

from __future__ import annotations

import resource
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from asyncshift.cli.main import COMMANDS, main

Run = Callable[..., Result]


def test_help_takes_less_than_a_third_of_a_second(tmp_path: Path) -> None:
    script = Path(sysconfig.get_path("scripts"), "asyncshift")

    def seconds() -> float:
        # Of the processor, so that a busy machine does not count.
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([script, "--help"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    assert min(seconds() for _ in range(5)) < 0.3


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = {"rich", "pathspec", "tomlkit", "asyncshift.analysis", "asyncshift.codemods", "sqlalchemy"}
    code = (
        "import sys; from asyncshift.cli.main import main; main(['--help'], standalone_mode=False);"
        f"print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-Pc", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_as_a_module() -> None:
    home = Path(__file__).parents[2]
    arguments = [sys.executable, "-m", "asyncshift", "--help"]
    done = subprocess.run(arguments, cwd=home, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("Usage: asyncshift [OPTIONS]")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_itself(name: str) -> None:
    command = getattr(import_module(f"asyncshift.cli.{name}"), name)
    assert command.help.partition("\n")[0] == COMMANDS[name]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("assess", ["--format"]),
        ("report", ["--kind", "--format", "--output", "--open"]),
        ("plan", ["--why", "--format", "--module", "--driver"]),
        ("migrate", ["--dry-run", "--only", "--skip", "--module", "--force", "--driver", "--until-verified"]),
        (
            "check",
            [
                *("--format", "--select", "--ignore", "--diff", "--baseline", "--write-baseline"),
                *("--fix", "--unsafe-fixes", "--statistics", "--explain"),
            ],
        ),
        ("record", ["--python"]),
        ("verify", ["--python", "--isolate", "--http", "--schema", "--app", "--before"]),
        ("undo", ["--force"]),
        ("codemod", ["--dry-run", "--force"]),
        ("demo", []),
    ],
)
def test_every_option_is_documented(run: Run, command: str, options: list[str]) -> None:
    told = run(command, "--help")
    assert told.exit_code == 0
    assert [option for option in [*options, "--debug", "--quiet", "Examples:"] if option not in told.output] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    told = CliRunner().invoke(main, prog_name="asyncshift", env={"_ASYNCSHIFT_COMPLETE": f"{shell}_source"})
    assert "_ASYNCSHIFT_COMPLETE" in told.output


def test_completion_knows_the_commands() -> None:
    words = {"COMP_WORDS": "asyncshift rep", "COMP_CWORD": "1", "_ASYNCSHIFT_COMPLETE": "bash_complete"}
    assert "report" in CliRunner().invoke(main, prog_name="asyncshift", env=words).output


@pytest.mark.parametrize("arguments", [["nonsense"], ["plan", "--nonsense"], ["plan", "--why"], ["undo", "a", "b"]])
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_version(run: Run) -> None:
    assert run("--version").output.startswith("asyncshift, version ")


@pytest.mark.parametrize("where", [["--debug", "plan"], ["plan", "--debug"]])
def test_a_traceback_only_with_debug(monkeypatch: pytest.MonkeyPatch, where: list[str]) -> None:
    def fail(*arguments: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("asyncshift.cli.plan.open_project", fail)
    quiet, loud = CliRunner().invoke(main, ["plan"]), CliRunner().invoke(main, where)
    assert quiet.exit_code == loud.exit_code == 2
    assert quiet.stderr == (
        "asyncshift: this should not have happened (ZeroDivisionError: of all things); --debug shows where\n"
    )
    assert "Traceback" in loud.stderr


def test_an_interrupt(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("asyncshift.cli.plan.open_project", interrupt)
    result = run("plan")
    assert result.exit_code == 130
    assert result.stderr == "asyncshift: interrupted\n"
