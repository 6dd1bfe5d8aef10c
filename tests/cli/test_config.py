"""`[tool.asyncshift]`: what is understood, and what is said of the rest."""

from __future__ import annotations

import pytest

from asyncshift.analysis.settings import Settings
from asyncshift.cli.config import read_settings
from asyncshift.cli.errors import Failure

from .conftest import Folder


def complaints(folder: Folder, text: str | bytes) -> tuple[str, ...]:
    folder.write({"pyproject.toml": text})
    with pytest.raises(Failure) as caught:
        read_settings(folder.root)
    return caught.value.lines


def test_without_a_file_or_a_section_the_defaults_hold(folder: Folder) -> None:
    assert read_settings(folder.root) == Settings()
    folder.write({"pyproject.toml": "[project]\nname = 'x'\n"})
    assert read_settings(folder.root) == Settings()


def test_every_key(folder: Folder) -> None:
    folder.write(
        {
            "app/report.py": "import slowlib\n",
            "app/jobs/__init__.py": "",
            "tests/x.py": "",
            "pyproject.toml": """
            [tool.asyncshift]
            paths = ["app", "tests"]
            exclude = ["app/old/"]
            driver = "psycopg"
            blocking = ["slowlib"]

            [tool.asyncshift.keep-sync]
            "app/report.py" = "runs in a worker"
            "app.jobs" = "Celery"
        """,
        }
    )
    assert read_settings(folder.root) == Settings(
        paths=("app", "tests"),
        exclude=("app/old/",),
        keep_sync={"app/report.py": "runs in a worker", "app.jobs": "Celery"},
        driver="psycopg",
        blocking=("slowlib",),
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_unknown_key_is_named_with_its_line(folder: Folder, newline: str) -> None:
    text = newline.join(["[project]", "excludes = 1", "[tool.asyncshift]", 'driver = "asyncpg"', "excludes = []", ""])
    (line,) = complaints(folder, text)
    assert line.startswith(
        "pyproject.toml:5: [tool.asyncshift] unknown key 'excludes': known are paths, exclude, driver"
    )


def test_all_complaints_at_once(folder: Folder) -> None:
    assert complaints(
        folder,
        '[tool.asyncshift]\npaths = "app"\nexclude = [1]\ndriver = 3\nkeep-sync = ["x"]\n',
    ) == (
        "pyproject.toml:2: [tool.asyncshift] paths: must be a list of strings",
        "pyproject.toml:3: [tool.asyncshift] exclude: must be a list of strings",
        "pyproject.toml:4: [tool.asyncshift] driver: must be a string",
        'pyproject.toml:5: [tool.asyncshift] keep-sync: must be a table: "path or module" = "the reason"',
    )


def test_a_kept_file_needs_a_reason(folder: Folder) -> None:
    folder.write({"a.py": "", "b.py": ""})
    (line,) = complaints(folder, '[tool.asyncshift]\n\n[tool.asyncshift.keep-sync]\n"a.py" = "why"\n"b.py" = " "\n')
    assert line == 'pyproject.toml:5: [tool.asyncshift] keep-sync: "b.py" needs a reason (a string)'


@pytest.mark.parametrize("pattern", ["shop/repositries.py", "shop.repositries", "repositories", "shop/*.txt"])
def test_a_kept_file_must_be_there(folder: Folder, pattern: str) -> None:
    folder.write({"shop/__init__.py": "", "shop/repositories.py": "", "shop/other.txt": ""})
    (line,) = complaints(folder, f'[tool.asyncshift.keep-sync]\nshop = "all of it"\n"{pattern}" = "typo"\n')
    assert line == (
        f'pyproject.toml:3: [tool.asyncshift] keep-sync: "{pattern}" matches no file and no module of the project'
    )


def test_what_blocks_must_be_there(folder: Folder) -> None:
    folder.write({
        "shop/__init__.py": "",
        "shop/pdf.py": "class Page:\n    def render(self): ...\n",
        "shop/x.py": "def f():\n    import os, slowlib.fast\n",
    })  # fmt: skip
    fine = ["shop", "shop.pdf", "shop.pdf.Page.render", "slowlib.fast.run", "open"]
    wrong = {
        "shop.pdf.Page.rendr": "shop.pdf defines no rendr",
        "shop.pfd": "shop defines no pfd",
        "slwlib.run": "nothing in the project imports slwlib",
    }
    names = [*fine, *wrong]
    told = complaints(folder, "\n".join(["[tool.asyncshift]", "blocking = [", *(f'  "{n}",' for n in names), "]"]))
    assert told == tuple(
        f"pyproject.toml:{number}: [tool.asyncshift] blocking: {complaint}"
        for number, complaint in enumerate(wrong.values(), 3 + len(fine))
    )


def test_a_path_that_does_not_exist(folder: Folder) -> None:
    (line,) = complaints(folder, '[tool]\nasyncshift.paths = ["nowhere"]\n')
    assert line.endswith("paths: no such file or folder: nowhere")


def test_an_unknown_driver(folder: Folder) -> None:
    (line,) = complaints(folder, '[tool.asyncshift]\ndriver = "asyncgp"\n')
    assert line.startswith("pyproject.toml:2: [tool.asyncshift] driver: unknown driver 'asyncgp': known are ")


@pytest.mark.parametrize("text", ["tool = 1\n", "[tool]\nasyncshift = 1\n", "[[tool.asyncshift]]\n"])
def test_a_section_that_is_none(folder: Folder, text: str) -> None:
    (line,) = complaints(folder, text)
    assert line.startswith("pyproject.toml:")
    assert line.endswith("must be a table")


@pytest.mark.parametrize(
    ("text", "line"),
    [("[project]\nname = \n", 2), ("[project\n", 1), ("a = 1\na = 2\n", 2), ('x = 1\ny = """never closed\n', 3)],
)
def test_broken_toml_is_told_with_its_line(folder: Folder, text: str, line: int) -> None:
    (complaint,) = complaints(folder, text)
    assert complaint.startswith(f"pyproject.toml:{line}: broken TOML: ")


def test_a_file_that_is_not_utf8(folder: Folder) -> None:
    (complaint,) = complaints(folder, b"# fine\nname = '\xe9'\n")
    assert complaint == "pyproject.toml:2: not UTF-8 (byte 0xe9)"
