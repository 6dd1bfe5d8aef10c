"""Functions that console scripts call stay sync for these, wherever the packaging names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import follows, text

COMMANDS = """
from application import SessionLocal, add_item, names


def main(argv=None) -> int:
    \"\"\"Fill the shop.\"\"\"
    with SessionLocal() as db:
        add_item(db, "one")
        return len(names(db))


def show():
    with SessionLocal() as db:
        return names(db)
"""
SUITE = """
from commands import main


def test_the_script():
    assert main() == 1
"""
PACKAGING = {
    "pyproject.toml": '[project]\nname = "shop"\n[project.scripts]\nfill = "commands:main"\n',
    "setup.cfg": "[options.entry_points]\nconsole_scripts =\n    fill = commands:main\n",
    "setup.py": 'from setuptools import setup\n\nif __name__ == "__main__":\n'
    '    setup(name="shop", entry_points={"console_scripts": ["fill=commands:main"]})\n',
    "setup/setup.py": "from setuptools import setup\n\nif __name__ == '__main__':\n"
    "    setup(name='shop', entry_points='[console_scripts]\\nfill = commands:main\\n')\n",
    "poetry/pyproject.toml": '[tool.poetry.scripts]\nfill = "commands:main"\nother = {type = "file"}\n',
}


@pytest.mark.parametrize(("name", "packaging"), PACKAGING.items(), ids=PACKAGING)
def test_what_a_script_calls_runs_a_loop_of_its_own(tmp_path: Path, name: str, packaging: str) -> None:
    follows(tmp_path, {name: packaging, "commands.py": COMMANDS, "test_it.py": SUITE})
    commands = text(tmp_path, "commands.py")
    assert "def main(argv=None) -> int:" in commands
    assert "    return asyncio.run(run())" in commands
    assert "async def show():" in commands


def test_a_package_of_a_workspace(tmp_path: Path) -> None:
    packages = {"packages/shop/pyproject.toml": '[project]\nname = "shop"\n[project.scripts]\nfill = "commands:main"\n'}
    follows(tmp_path, {**packages, "packages/shop/commands.py": COMMANDS, "test_it.py": "def test(): pass\n"})
    assert "    return asyncio.run(run())" in text(tmp_path, "packages/shop/commands.py")


BROKEN = {
    "tools/pyproject.toml": "[project\n",
    "tools/setup.cfg": "no section\n",
    "tools/setup.py": "setup(entry_points=points())\n",
}


@pytest.mark.parametrize(("name", "packaging"), BROKEN.items(), ids=BROKEN)
def test_packaging_that_can_not_be_read_names_nothing(tmp_path: Path, name: str, packaging: str) -> None:
    suite = SUITE.replace("main", "show").replace("== 1", "== []")
    follows(tmp_path, {name: packaging, "commands.py": COMMANDS, "test_it.py": suite})
    assert "async def main(argv=None) -> int:" in text(tmp_path, "commands.py")
