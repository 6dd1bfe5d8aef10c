"""Changed files are formatted as the project formats its own, where it configures a formatter that is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from ..analysis.formatting import Formatter, Formatters
from ..analysis.source import Source

COMMANDS = {"ruff": ("format", "--quiet", "--no-cache"), "black": ("--quiet",)}
PATIENCE = 120


def formatted(root: Path, sources: Mapping[str, Source], contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """The contents, with the files formatted that were so before: a formatter leaves them as they are.

    What a formatter can't read, or takes too long for, stays as it was written.
    """
    configured, wanted = Formatters(root), defaultdict[Formatter, list[str]](list)
    for path in contents.keys() & sources.keys():
        for formatter in configured.of(path):
            wanted[formatter].append(path)
    found = dict(contents)
    for formatter, paths in wanted.items():
        before = _run(formatter, {path: sources[path].content for path in paths})
        kept = [path for path in paths if before.get(path) == sources[path].content]
        found.update(_run(formatter, {path: found[path] for path in kept}))
    return found


def _run(formatter: Formatter, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files as a formatter writes them; none where it can't be run."""
    command = shutil.which(formatter.name)
    if command is None or not files:
        return {}
    with TemporaryDirectory() as folder:
        _write(Path(folder), files)
        options = [*COMMANDS[formatter.name], "--config", str(formatter.config.resolve())]
        try:
            subprocess.run([command, *options, *files], cwd=folder, capture_output=True, timeout=PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return {}
        return {path: (Path(folder) / path).read_bytes() for path in files}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
