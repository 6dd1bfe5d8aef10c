"""Projects in a folder of a repository whose pytest settings stand above them: the names of tests stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import migrate, outcomes, project, text

TESTS = """
import pytest

from application import add_item, names

seen = []


@pytest.fixture
def item(db):
    return add_item(db, "a")


@pytest.fixture(autouse=True, scope="module")
def noted():
    seen.append(1)


class TestItems:
    def setup_method(self):
        from application import SessionLocal

        with SessionLocal() as db:
            self.before = names(db)

    def test_names(self, db, item):
        assert (self.before, names(db)) == ([], ["a"])


def test_plain():
    assert seen == [1]
"""
ABOVE = {
    "settings": {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-q'\n"},
    "mode": {"tox.ini": "[pytest]\nasyncio_mode = auto\n"},
    "all": {
        "pytest.ini": "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = session\n"
        "asyncio_default_test_loop_scope = session\n"
    },
    "no settings": {"pyproject.toml": ""},
    "setup.py": {"setup.py": ""},
}


@pytest.mark.parametrize("above", ABOVE.values(), ids=ABOVE)
def test_the_root_stays(tmp_path: Path, above: dict[str, str]) -> None:
    (tmp_path / ".git").mkdir()
    for name, content in above.items():
        (tmp_path / name).write_text(content)
    root = tmp_path / "backend"
    project(root, {"tests/test_it.py": TESTS, "tests/conftest.py": ""})
    (root / "pytest.ini").unlink()
    options = (f"--rootdir={tmp_path}", "tests")
    before = outcomes(root, *options)
    assert set(before.values()) == {"passed"}
    migrate(root)
    assert {path.name for path in root.glob("*.*")} == {"application.py", "conftest.py"}
    assert outcomes(root, *options) == before


def test_a_folder_that_is_a_root_itself(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "setup.py").touch()
    root = tmp_path / "backend"
    project(root, {"test_it.py": TESTS})
    migrate(root)
    assert "asyncio_mode = auto" in text(root, "pytest.ini")
