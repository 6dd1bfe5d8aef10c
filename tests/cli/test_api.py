"""The commands as functions."""

from __future__ import annotations

import json

import pytest

from asyncshift import api

from .conftest import Folder

MODULE = "from sqlalchemy.orm import Session\n\n\ndef load(db: Session):\n    return db.get(object, 1)\n"


@pytest.fixture
def project(folder: Folder) -> Folder:
    return folder.write({"app/db.py": MODULE, "pyproject.toml": '[project]\nname = "app"\n'})


def test_from_assessment_to_undo(project: Folder) -> None:
    assert api.assess()["converts"]["functions"] == 1
    (decision,) = (d for d in api.plan() if d.codemod == "async-def")
    assert (decision.function, decision.status) == ("load", api.Status.DONE)
    assert api.migrate(dry_run=True).contents["app/db.py"].count(b"await") == 1
    assert (project.root / "app/db.py").read_text("utf-8") == MODULE
    assert api.migrate(project.root).root == project.root
    assert [f.code for f in api.check().findings] == []
    assert json.loads(api.report())["figures"]["functions"] == 1
    assert "1 of 1 module done" in api.report(kind="status", form="markdown")
    assert "app/db.py" in api.undo()
    assert (project.root / "app/db.py").read_text("utf-8") == MODULE
    with pytest.raises(api.Failure, match="nothing to undo"):
        api.undo()


def test_uncommitted_changes_are_not_overwritten(project: Folder) -> None:
    project.commit()
    project.write({"app/db.py": MODULE + "\n"})
    with pytest.raises(api.Failure, match=r"uncommitted changes: app/db\.py"):
        api.migrate()
    assert api.migrate(force=True, only=["async-def"]).contents
