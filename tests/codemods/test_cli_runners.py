"""Commands that tests invoke: in a thread, where the test runs on a loop and the command starts its own."""

from __future__ import annotations

from pathlib import Path

from .suites import follows, text

COMMANDS = """\
import click
from application import Item, SessionLocal, add_item, names


@click.group()
def cli():
    pass


@cli.command()
@click.argument("name")
def add(name):
    with SessionLocal() as db:
        add_item(db, name)


@cli.command()
def version():
    click.echo("1")
"""


def test_invoked_in_a_thread(tmp_path: Path) -> None:
    suite = """\
    import pytest
    from click.testing import CliRunner

    from application import SessionLocal, names
    from commands import cli


    @pytest.fixture
    def runner():
        return CliRunner()


    def test_add(runner):
        assert runner.invoke(cli, ["add", "a"]).exit_code == 0
        result = runner.invoke(
            cli, args=["add", "b"]
        )
        assert result.exit_code == 0
        with SessionLocal() as db:
            assert names(db)[-2:] == ["a", "b"]


    def test_version(runner):
        assert runner.invoke(cli, ["version"]).output == "1\\n"
    """
    follows(tmp_path, {"commands.py": COMMANDS, "test_it.py": suite})
    new = text(tmp_path, "test_it.py")
    assert 'assert (await asyncio.to_thread(runner.invoke, cli, ["add", "a"])).exit_code == 0' in new
    assert 'result = await asyncio.to_thread(\n        runner.invoke,\n        cli, args=["add", "b"]\n    )' in new
    assert 'assert runner.invoke(cli, ["version"]).output == "1\\n"' in new


TWICE = """\


@cli.command()
@click.argument("name")
@click.pass_context
def twice(context, name):
    with SessionLocal() as db:
        add_item(db, name)
    context.invoke(add, name=f"{name}{name}")
    context.invoke(version)
"""


def test_a_command_that_another_invokes(tmp_path: Path) -> None:
    suite = """\
    from click.testing import CliRunner

    from commands import cli


    def test_twice():
        assert CliRunner().invoke(cli, ["twice", "a"], catch_exceptions=False).output == "1\\n"
    """
    follows(tmp_path, {"commands.py": COMMANDS + TWICE, "test_it.py": suite})
    new = text(tmp_path, "commands.py")
    assert 'await asyncio.to_thread(context.invoke, add, name=f"{name}{name}")\n' in new
    assert "        context.invoke(version)\n" in new
