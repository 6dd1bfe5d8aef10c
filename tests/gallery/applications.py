"""Whole applications: what they answer to requests, or print as a script."""

from __future__ import annotations

import importlib
import runpy
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

from fastapi.testclient import TestClient

from ..codemods.whole import Case, importing


def result(case: Case, root: Path, files: Mapping[str, str]) -> object:
    """What the `app` of `app.py` answers to its `REQUESTS`, or what `app.py` prints; None where it does neither."""
    text = case.before.get("app.py", "")
    if "\nREQUESTS = " in text:
        return answers(root, files)
    return _output(root, files) if "__main__" in text else None


def answers(root: Path, files: Mapping[str, str]) -> list[tuple[int, str]]:
    """What the `app` of `app.py` answers to its `REQUESTS`: status and text of each."""
    with _project(root, files):
        module = importlib.import_module("app")
        with TestClient(module.app) as client:
            found = [client.request(*request.split()) for request in module.REQUESTS]
            return [(response.status_code, response.text) for response in found]


def _output(root: Path, files: Mapping[str, str]) -> str:
    printed = StringIO()
    with _project(root, files), redirect_stdout(printed):
        runpy.run_path(str(root / "app.py"), run_name="__main__")
    return printed.getvalue()


@contextmanager
def _project(root: Path, files: Mapping[str, str]) -> Iterator[None]:
    """The files can be imported; a coroutine that nobody awaits is an error."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8", newline="")
    with importing(root, False), warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", RuntimeWarning)
        yield
    lost = [str(w.message) for w in seen if w.category is RuntimeWarning]
    assert not lost, lost
