"""`asyncshift assess`."""

from __future__ import annotations

import json
from collections.abc import Callable

from click.testing import Result

from .conftest import Folder

Run = Callable[..., Result]
MODULE = "import not_installed\nfrom sqlalchemy.orm import Session\n\n\nasync def load(db: Session):\n    db.commit()\n"


def test_code_that_can_be_neither_imported_nor_parsed_as_a_whole(folder: Folder, run: Run) -> None:
    folder.write({"app.py": MODULE, "broken.py": "def (:\n", "pyproject.toml": '[project]\nname = "app"\n'})
    before = folder.snapshot()
    told = json.loads(run("assess", "--format", "json").stdout)
    assert [site["function"] for site in told["blocking"]] == ["load"]
    assert [line.partition(":")[0] for line in told["broken"]] == ["broken.py"]
    assert folder.snapshot() == before
    assert "**Worth it: 1 coroutine block" in run("assess").stdout


def test_what_the_plan_holds_is_not_worked_out_again(folder: Folder, run: Run) -> None:
    folder.write({"app.py": MODULE, "pyproject.toml": '[project]\nname = "app"\n'})
    run("plan")
    (kept,) = (folder.root / ".asyncshift/cache").glob("plan")
    kept.write_text(kept.read_text("utf-8").replace("await the call", "await it, as kept"), "utf-8")
    before = kept.stat().st_mtime_ns
    run("assess")
    assert kept.stat().st_mtime_ns == before
