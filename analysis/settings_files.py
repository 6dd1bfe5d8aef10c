"""What stands beside the Python files and says how the suite runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PYTEST = ("pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")


def pytest_settings(root: Path) -> Iterator[bytes]:
    """The files in a project's folder, and in the folders in it, that pytest may take its settings from."""
    for folder in (".", "*"):
        for name in PYTEST:
            for path in sorted(root.glob(f"{folder}/{name}")):
                with suppress(OSError):
                    yield path.read_bytes()
