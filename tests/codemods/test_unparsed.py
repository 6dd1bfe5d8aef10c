"""Files that can't be parsed: those that have nothing to do with databases do not stop a migration."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.analysis.program import BrokenInputs, Program
from asyncshift.analysis.settings import Settings
from asyncshift.codemods import unparsed

TEMPLATE = "import os\n\nclass {{ name }}:\n    pass\n"
APP = "from sqlalchemy import create_engine\n\nengine = create_engine('sqlite://')\n"


def build(root: Path, files: dict[str, str]) -> Program:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return Program.build(root, list(files), Settings())


def test_a_template_is_left_and_told(tmp_path: Path) -> None:
    program = build(tmp_path, {"app.py": APP, "templates/model.py": TEMPLATE})
    (decision,) = unparsed.decide(program)
    assert (str(decision.site), decision.concern) == ("templates/model.py:3", "syntax error: invalid syntax")
    assert list(program.sources) == ["app.py"]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"broken.py": f"{TEMPLATE}# of sqlalchemy\n"}, id="it speaks of SQLAlchemy"),
        pytest.param({"broken.py": TEMPLATE, "app.py": "import broken\n"}, id="it is imported"),
        pytest.param({"broken/__init__.py": TEMPLATE, "app.py": "from broken import x\n"}, id="a package"),
    ],
)
def test_what_the_migration_needs_stops_it(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(BrokenInputs, match=r"broken(/__init__)?\.py:3: syntax error"):
        build(tmp_path, files)
