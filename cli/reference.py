"""The reference pages, made from the code: `python -m asyncshift.cli.reference docs` writes them."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import click

from ..codemods.engine import CODEMODS
from ..reports import schemas
from .config import KEYS
from .main import COMMANDS, main


def commands() -> str:
    """Each command with its help, as it prints it."""
    return "\n".join(["# The commands\n", "This page is made from the commands' own help.\n", *_sections()])


def _sections() -> Iterator[str]:
    context = click.Context(main, info_name="asyncshift", **main.context_settings)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        told = command.get_help(click.Context(command, info_name=name, parent=context, terminal_width=100))
        yield f"## {name}\n\n```text\n{told.rstrip()}\n```\n"


def codemods() -> str:
    """Each rewrite with its explanation."""
    parts = ["# The codemods\n", "`asyncshift codemod NAME PATH…` runs one alone. Made from the codemods themselves.\n"]
    for name, module in sorted(CODEMODS.items()):
        summary, _, rest = inspect.cleandoc(module.__doc__ or "").partition("\n")
        parts.append(f"## {name}\n\n{summary}\n" + (f"\n```text\n{rest.strip()}\n```\n" if rest.strip() else ""))
    return "\n".join(parts)


def schema(name: str) -> str:
    """The JSON schema of what a command prints."""
    return json.dumps(schemas.SCHEMAS[name], indent=2) + "\n"


def configuration() -> str:
    """Each key of `[tool.asyncshift]`."""
    rows = [f"| `{name}` | {key.kind} | {key.meaning} | {key.default} |" for name, key in KEYS.items()]
    examples = "\n".join(key.example for key in KEYS.values())
    table = "\n".join(["| key | value | meaning | without it |", "| --- | --- | --- | --- |", *rows])
    return f"{CONFIGURATION}\n{table}\n\n```toml\n[tool.asyncshift]\n{examples}\n```\n"


CONFIGURATION = """\
# Configuration

The section `[tool.asyncshift]` of the project's `pyproject.toml`. All of it is optional; a key or a value that is not \
understood is an error with its line. Made from the table that reads it.
"""
PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands,
    "codemods.md": codemods,
    "configuration.md": configuration,
    "json.md": schemas.page,
    **{f"{name}.schema.json": partial(schema, name) for name in schemas.SCHEMAS},
}


if __name__ == "__main__":
    for file, page in PAGES.items():
        Path(sys.argv[1], file).write_text(page(), encoding="utf-8")
