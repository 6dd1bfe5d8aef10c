"""The import table of ARCHITECTURE.md holds."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STANDARD = set(sys.stdlib_module_names)
# Folder -> the sub-packages and the libraries that it may import.
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "analysis": (set(), set()),
    "checks": ({"analysis"}, set()),
    "checks/evidence/plugin": (
        set(),
        {"asyncshift_imports", "asyncshift_rows", "asyncshift_watch", "pytest", "sqlalchemy"},
    ),
    "codemods": ({"analysis"}, {"packaging", "tomlkit"}),
    "reports": ({"analysis", "checks"}, {"rich", "jinja2"}),
    "cli": ({"analysis", "checks", "codemods", "reports"}, {"click", "packaging", "pathspec", "rich"}),
}
FILES = sorted({path for folder in TABLE for path in (ROOT / folder).rglob("*.py")})


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_table(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    ours, libraries = TABLE.get(path.parent.relative_to(ROOT).as_posix(), TABLE[folder])
    depth = len(path.relative_to(ROOT).parts) - 1
    wrong = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            wrong += [a.name for a in node.names if a.name.partition(".")[0] not in STANDARD | libraries]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            first = (node.module or "").partition(".")[0]
            if first not in STANDARD | libraries and node.module != "asyncshift":
                wrong.append(node.module)
        elif isinstance(node, ast.ImportFrom) and node.level == depth + 1:
            names = [(node.module or "").partition(".")[0]] if node.module else [a.name for a in node.names]
            wrong += [f"..{n}" for n in names if n not in ours | {"__init__", "__version__", folder}]
    assert not wrong


def test_a_wrong_import_would_be_seen() -> None:
    assert "libcst" not in STANDARD
    assert TABLE["analysis"] == (set(), set())
