"""What the documentation says is so: its commands are run, its other blocks read, its reference is current."""

from __future__ import annotations

import ast
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from asyncshift.analysis.settings import Settings
from asyncshift.cli.config import KEYS, read_settings
from asyncshift.cli.main import main
from asyncshift.cli.reference import PAGES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def blocks(page: str, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall((DOCS / page).read_text("utf-8")) if kind == language]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tutorial") / "shop"
    shutil.copytree(ROOT / "tests" / "originals" / "shop", folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return folder


def test_the_tutorial_is_what_happens(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop)
    told = blocks("tutorial.md", "console")
    assert len(told) == 7
    for block in told:
        command, _, expected = block.partition("\n")
        output = CliRunner().invoke(main, command.removeprefix("$ asyncshift ").split()).output
        pattern = ".*".join(map(re.escape, expected.rstrip().split("…")))
        assert re.fullmatch(pattern, output.rstrip(), re.DOTALL), f"{command}\n{output}"


@pytest.mark.parametrize("page", ["tutorial.md", "how-to.md", "limits.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = LINK.findall((DOCS / page).read_text("utf-8"))
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_the_blocks_of_the_how_to_pages_are_valid(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings,) = blocks("how-to.md", "toml")
    assert set(tomllib.loads(settings)["tool"]["asyncshift"]) == {"keep-sync"}
    (code,) = blocks("how-to.md", "python")
    names = {n.attr for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Attribute)}
    assert names <= {"plan", "concern", "site"}
    text = (DOCS / "how-to.md").read_text("utf-8")
    named = re.findall(r"asyncshift (\w+)", " ".join(blocks("how-to.md", "sh")))
    assert {"record", "verify", "migrate", "report"} <= set(named)
    assert set(re.findall(r"`asyncshift (\w+)", text)) <= set(main.list_commands(None))  # type: ignore[arg-type]


@pytest.mark.parametrize("page", PAGES)
def test_the_reference_is_current(page: str) -> None:
    """Otherwise: `python -m asyncshift.cli.reference docs`."""
    assert (DOCS / page).read_text("utf-8") == PAGES[page]()


def test_the_documented_configuration_is_understood(tmp_path: Path) -> None:
    for path in ("src", "tests"):
        (tmp_path / path).mkdir()
    (tmp_path / "src" / "worker.py").write_text("import slowlib\nfrom reports import render\n")
    for page in (DOCS / "configuration.md", ROOT / "README.md"):
        (section,) = re.findall(r"^```toml\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        (tmp_path / "pyproject.toml").write_text(section, "utf-8")
        assert set(tomllib.loads(section)["tool"]["asyncshift"]) == set(KEYS)
        assert read_settings(tmp_path) != Settings()
