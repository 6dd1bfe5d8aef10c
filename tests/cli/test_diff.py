"""The diff of a dry run can be applied."""

from __future__ import annotations

import subprocess

import pytest

from asyncshift.cli.diff import print_diff, unified

from .conftest import Folder

BEFORE = {
    "crlf.py": b"one\r\ntwo\r\n",
    "form feed.py": b"one\x0c\ntwo\x0bthree\n",
    "latin.txt": b"caf\xe9\nx\n",
    "no_end.py": b"one\ntwo",
    "gone.py": b"gone\n",
}
AFTER: dict[str, bytes | None] = {
    "crlf.py": b"one\r\nTWO\r\n",
    "form feed.py": b"one\x0c\nTWO\x0bthree\n",
    "latin.txt": b"caf\xe9\ny\n",
    "no_end.py": b"ONE\ntwo",
    "gone.py": None,
    "new/made.py": b"made\n",
}


def test_git_applies_it(folder: Folder) -> None:
    folder.write(BEFORE)
    patch = b"".join(unified(folder.root, AFTER))
    subprocess.run(["git", "apply", "-"], input=patch, cwd=folder.root, check=True)
    assert {path: content for path, (content, _, _) in folder.snapshot().items()} == {
        path: content for path, content in AFTER.items() if content is not None
    }


def test_piped_it_is_plain_to_the_byte(folder: Folder, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    folder.write(BEFORE)
    print_diff(folder.root, AFTER)
    assert capfdbinary.readouterr().out == b"".join(unified(folder.root, AFTER))


def test_on_a_terminal_it_is_coloured(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    folder.write({"a.py": "[red]one\n"})
    print_diff(folder.root, {"a.py": b"[red]two\n"})
    lines = capsys.readouterr().out.splitlines()
    assert "\x1b[31m-[red]one\x1b[0m" in lines
    assert "\x1b[32m+[red]two\x1b[0m" in lines
