"""What holds for every codemod and every module of the analysis."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncshift.codemods.engine import CODEMODS, summary
from asyncshift.reports.markdown import WORDS

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests" / "codemods"
WIDTH = 120
MODULES = [path for folder in ("analysis", "codemods", "cli") for path in sorted((ROOT / folder).glob("*.py"))]


@pytest.mark.parametrize("name", CODEMODS)
def test_a_codemod_says_in_one_line_what_it_does(name: str) -> None:
    line = summary(CODEMODS[name])
    assert line.endswith((".", ":"))
    assert len(line) <= WIDTH
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)


@pytest.mark.parametrize("name", CODEMODS)
def test_a_codemod_shows_an_example(name: str) -> None:
    document = CODEMODS[name].__doc__ or ""
    assert "->" in document or ("Before:" in document and "After" in document)


@pytest.mark.parametrize("name", CODEMODS)
def test_a_codemod_has_tests_of_its_own(name: str) -> None:
    names = {name.replace("-", "_"), CODEMODS[name].__name__.rpartition(".")[2]}
    assert any((TESTS / f"test_{name}.py").exists() for name in names)


@pytest.mark.parametrize("name", CODEMODS)
def test_reports_have_words_for_what_a_codemod_does(name: str) -> None:
    assert name in WORDS


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_says_what_it_is(path: Path) -> None:
    document = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert document
    assert len(document.partition("\n")[0]) <= WIDTH


def _imported() -> Iterator[str]:
    for path in [p for f in ("analysis", "codemods", "checks", "cli", "reports") for p in (ROOT / f).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                yield from (node.module or "").split(".")
                yield from (alias.name for alias in node.names)


def test_no_module_is_unused() -> None:
    used = {*_imported(), *(m.__name__.rpartition(".")[2] for m in CODEMODS.values()), "__init__"}
    modules = [path for path in MODULES if path.parent.name != "cli"]  # the commands are found by their names
    assert not [path.name for path in modules if path.stem not in used]


def test_no_case_is_forgotten() -> None:
    """Every folder of cases belongs to a test file."""
    folders = [p.parent for p in TESTS.glob("*/*.md")]
    texts = "".join(p.read_text("utf-8") for p in TESTS.glob("test_*.py"))
    assert not [folder.name for folder in folders if f'"{folder.name}"' not in texts]
