"""The reference pages, made from the code: `python -m asyncshift.cli.reference docs` writes them."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ..codemods.engine import CODEMODS
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


def schema() -> str:
    """The JSON schema of a decision, as `plan --json` and the reports print it."""
    text, number = {"type": "string"}, {"type": "integer", "minimum": 0}
    step = {"path": text, "line": number, "what": text}
    decision = {
        **dict.fromkeys(("codemod", "path", "function", "action", "concern"), text),
        **dict.fromkeys(("line", "column", "end_line", "end_column"), number),
        "status": {"enum": ["done", "kept", "declined"]},
        "confidence": {"enum": ["high", "medium", "low"]},
        "why": {"type": "array", "items": _object(step)},
    }
    plan = _object({"version": {"const": 1}, "decisions": {"type": "array", "items": _object(decision)}})
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "asyncshift plan --json"}
    return json.dumps({**head, **plan}, indent=2) + "\n"


def _object(properties: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


PAGES = {"commands.md": commands, "codemods.md": codemods, "plan.schema.json": schema}


if __name__ == "__main__":
    for file, page in PAGES.items():
        Path(sys.argv[1], file).write_text(page(), encoding="utf-8")
