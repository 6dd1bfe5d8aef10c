"""What would change, as a unified diff that git and patch can apply."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.text import Text

from .console import output

STYLES = {b"+++": "bold", b"---": "bold", b"@@ ": "cyan"}
NO_NEWLINE = b"\n\\ No newline at end of file\n"


def print_diff(root: Path, contents: Mapping[str, bytes | None]) -> None:
    """Print the diff between the project and its files' new contents, coloured on a terminal."""
    console = output()
    for line in unified(root, contents):
        if console.is_terminal:
            console.print(Text(line.decode(errors="replace").rstrip("\r\n"), _style(line)))
        else:
            sys.stdout.buffer.write(line)
    sys.stdout.flush()


def unified(root: Path, contents: Mapping[str, bytes | None]) -> Iterator[bytes]:
    """The diff's lines, files in order."""
    for path, new in sorted(contents.items()):
        old = (root / path).read_bytes() if (root / path).exists() else None
        names = _name(b"a/", path, old), _name(b"b/", path, new)
        for line in difflib.diff_bytes(difflib.unified_diff, _lines(old), _lines(new), *names):
            yield line if line.endswith(b"\n") else line + NO_NEWLINE


def _name(prefix: bytes, path: str, content: bytes | None) -> bytes:
    return b"/dev/null" if content is None else prefix + os.fsencode(path)


def _lines(content: bytes | None) -> list[bytes]:
    parts = (content or b"").split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]


def _style(line: bytes) -> str:
    return STYLES.get(line[:3]) or {b"+": "green", b"-": "red"}.get(line[:1], "")
