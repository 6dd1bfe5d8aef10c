"""The project's formatter: its line length counts, and it is run on changed files that it had formatted."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from asyncshift.analysis.formatting import Formatters

from .conftest import Folder

Run = Callable[..., Result]
SERVICE = """\
from sqlalchemy.orm import Session

from models import Item


def newest(db: Session):
    return db.query(Item).filter(Item.id > 1).order_by(Item.id.desc()).first()
"""
UNFORMATTED = f"{SERVICE}\n\ncalled = 'select(Item)'\n"
MODELS = """\
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Item(Base):
    __tablename__ = "item"
    id = Column(Integer, primary_key=True)
"""
# A formatter that likes spaces inside of brackets, and notes how it was called.
SPACES = """\
#!{python}
import sys
from pathlib import Path

with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
for name in sys.argv[1:]:
    if name.endswith(".py"):
        path = Path(name)
        path.write_text(path.read_text().replace("select(Item)", "select( Item )"))
"""


@pytest.fixture
def tools(folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for programs, which alone is searched."""
    folder.write({"models.py": MODELS, "service.py": SERVICE})
    tools = tmp_path_factory.mktemp("tools")
    monkeypatch.setenv("PATH", str(tools))
    return tools


def install(tools: Path, name: str) -> Path:
    """Installs the formatter under a name; where it notes its calls."""
    log = tools / "log"
    (tools / name).write_text(SPACES.format(python=sys.executable, log=str(log)))
    os.chmod(tools / name, 0o755)
    return log


@pytest.mark.parametrize("name", ["ruff", "black"])
def test_what_was_formatted_is_formatted(folder: Folder, tools: Path, run: Run, name: str) -> None:
    log = install(tools, name)
    folder.write({"pyproject.toml": f"[tool.{name}]\n", "other.py": UNFORMATTED})
    assert run("codemod", "query-to-select", ".", "--force").exit_code == 0
    assert "select( Item )" in (folder.root / "service.py").read_text()
    assert "select( Item )" not in (folder.root / "other.py").read_text()
    assert f"--config {folder.root / 'pyproject.toml'}" in log.read_text()


def test_nothing_is_configured(folder: Folder, tools: Path, run: Run) -> None:
    log = install(tools, "ruff")
    run("codemod", "query-to-select", ".", "--force")
    assert "select(Item)" in (folder.root / "service.py").read_text()
    assert not log.exists()


def test_a_formatter_that_is_not_installed(folder: Folder, tools: Path, run: Run) -> None:
    folder.write({"pyproject.toml": "[tool.black]\nline-length = 80\n"})
    assert run("codemod", "query-to-select", ".", "--force").exit_code == 0
    lines = (folder.root / "service.py").read_text().splitlines()
    assert "    return db.scalars(" in lines
    assert max(map(len, lines)) <= 80


def test_a_formatter_that_fails(folder: Folder, tools: Path, run: Run) -> None:
    folder.write({"pyproject.toml": "[tool.black]\n"})
    (tools / "black").write_text("no program")
    os.chmod(tools / "black", 0o755)
    assert run("codemod", "query-to-select", ".", "--force").exit_code == 0
    assert "select(Item)" in (folder.root / "service.py").read_text()


@pytest.mark.parametrize(
    ("files", "length"),
    [
        ({}, 0),
        ({"pyproject.toml": "[tool.black]\n"}, 88),
        ({"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, 100),
        ({"pyproject.toml": "[tool.ruff.lint]\nselect = []\n"}, 0),
        ({"pyproject.toml": "[tool.ruff.format]\n"}, 88),
        ({"ruff.toml": "line-length = 99\n"}, 99),
        ({"pyproject.toml": "[tool.black]\n", "src/pyproject.toml": "[tool.black]\nline-length = 100\n"}, 100),
        ({"pyproject.toml": "[tool.black]\n", "other/ruff.toml": "line-length = 100\n"}, 88),
        ({"pyproject.toml": "[tool.black\n"}, 0),
    ],
)
def test_line_length(folder: Folder, files: dict[str, str], length: int) -> None:
    folder.write(files)
    assert Formatters(folder.root).line_length("src/a.py") == length
