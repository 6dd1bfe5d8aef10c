"""The settings of pytest-asyncio stand where pytest reads them: pytest itself is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asyncshift.analysis.source import BrokenInput
from asyncshift.codemods.pytest_settings import EditedSettings, edit_settings

INI = """asyncio_mode = auto
asyncio_default_fixture_loop_scope = session
asyncio_default_test_loop_scope = session
"""
TOML = """asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "session"
asyncio_default_test_loop_scope = "session"
"""
TABLE = f"[tool.pytest.ini_options]\n{TOML}"
ASK = """
NAMES = ["asyncio_mode", "asyncio_default_fixture_loop_scope", "asyncio_default_test_loop_scope"]

def pytest_report_header(config):
    mode = config.option.asyncio_mode or config.getini(NAMES[0])
    return f"settings: {mode} {config.getini(NAMES[1])} {config.getini(NAMES[2])}"
"""


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).write_bytes(text.encode())


def edit(root: Path, files: dict[str, str], *, strict: bool = False) -> EditedSettings:
    """The edited settings; editing them again must change nothing."""
    write(root, files)
    result = edit_settings(root, "session", strict)
    again = edit_settings(root, "session", strict, changed=result.files)
    assert (again.files, again.mode, again.path) == ({}, result.mode, result.path)
    return result


def edited(root: Path, name: str, text: str) -> str:
    """The new text of the one file there is."""
    return edit(root, {name: text}).files.get(name, text.encode()).decode()


def asked(root: Path, result: EditedSettings) -> str:
    """What pytest says that it has read."""
    for name, content in result.files.items():
        (root / name).write_bytes(content)
    (root / "conftest.py").write_text(ASK)
    command = [sys.executable, "-m", "pytest", "--collect-only", "--strict-config", "-p", "pytest_asyncio.plugin"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    output = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=60).stdout
    return next(
        (line.removeprefix("settings: ") for line in output.splitlines() if line.startswith("settings")), output
    )


class TestWherePytestReads:
    @pytest.mark.parametrize(
        ("files", "path"),
        [
            pytest.param({}, "pytest.ini", id="nothing"),
            pytest.param({"pyproject.toml": ""}, "pyproject.toml", id="empty pyproject"),
            pytest.param({"pyproject.toml": "[tool.pytest.ini_options]\n"}, "pyproject.toml", id="empty table"),
            pytest.param({"pyproject.toml": '[tool.pytest]\nminversion = "6"\n'}, "pyproject.toml", id="native table"),
            pytest.param({"pytest.ini": "", "pyproject.toml": TABLE}, "pytest.ini", id="empty pytest.ini wins"),
            pytest.param({"pytest.ini": "[tool:pytest]\nx = 1\n"}, "pytest.ini", id="pytest.ini of a wrong head wins"),
            pytest.param({".pytest.ini": "", "tox.ini": "[pytest]\n"}, ".pytest.ini", id="hidden"),
            pytest.param({"pytest.ini": "", ".pytest.ini": ""}, "pytest.ini", id="plain before hidden"),
            pytest.param({"tox.ini": "[pytest]\n", "setup.cfg": "[tool:pytest]\n"}, "tox.ini", id="tox.ini"),
            pytest.param(
                {"tox.ini": "[tox]\n", "setup.cfg": "[tool:pytest]\n"}, "setup.cfg", id="tox.ini of tox alone"
            ),
            pytest.param(
                {"pyproject.toml": "[project]\nname='x'\n", "tox.ini": "[pytest]\n"}, "tox.ini", id="pyproject without"
            ),
            pytest.param({"setup.cfg": "[metadata]\n"}, "pytest.ini", id="setup.cfg without"),
        ],
    )
    def test_is_where_it_is_written(self, tmp_path: Path, files: dict[str, str], path: str) -> None:
        result = edit(tmp_path, files)
        assert result.path == path
        assert asked(tmp_path, result) == "auto session session"

    @pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="pytest reads pytest.toml since 9.0")
    @pytest.mark.parametrize("name", ["pytest.toml", ".pytest.toml"])
    def test_own_toml_file(self, tmp_path: Path, name: str) -> None:
        result = edit(tmp_path, {name: "", "pytest.ini": "[pytest]\n"})
        assert result.files == {name: f"[pytest]\n{TOML}".encode()}
        assert asked(tmp_path, result) == "auto session session"


class TestText:
    def test_new_file(self, tmp_path: Path) -> None:
        assert edit(tmp_path, {}).files == {"pytest.ini": f"[pytest]\n{INI}".encode()}

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param("[pytest]\n", f"[pytest]\n{INI}", id="empty section"),
            pytest.param("[pytest]", f"[pytest]\n{INI}"[:-1], id="no line end"),
            pytest.param("[pytest]  # why\n", f"[pytest]  # why\n{INI}", id="comment behind the head"),
            pytest.param(
                "# About\n[pytest]\naddopts =\n    -q\n    # quiet\n# markers =\n\n[other]\nx = 1\n",
                f"# About\n[pytest]\naddopts =\n    -q\n    # quiet\n{INI}# markers =\n\n[other]\nx = 1\n",
                id="behind the last value",
            ),
            pytest.param("[pytest]\naddopts=-q\n", f"[pytest]\naddopts=-q\n{INI}".replace(" = ", "="), id="tight"),
            pytest.param(
                "[tool:pytest]\nasyncio_mode = strict\n\n\n",
                f"[tool:pytest]\nasyncio_mode = strict\n\n[pytest]\n{INI}",
                id="wrong head: its values are not read",
            ),
            pytest.param("[pytest]\r\nx = 1\r\n", f"[pytest]\nx = 1\n{INI}".replace("\n", "\r\n"), id="CRLF"),
            pytest.param("\ufeff[pytest]\n", f"\ufeff[pytest]\n{INI}", id="BOM"),
        ],
    )
    def test_ini(self, tmp_path: Path, before: str, after: str) -> None:
        assert edited(tmp_path, "pytest.ini", before) == after

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param("[project]\nname = 'x'\n", f"[project]\nname = 'x'\n\n{TABLE}", id="new table"),
            pytest.param(
                "[tool.a]\nx = 1\n\n[project]\nname = 'x'\n\n[tool.b]\ny=1 # odd\n",
                f"[tool.a]\nx = 1\n\n[project]\nname = 'x'\n\n[tool.b]\ny=1 # odd\n\n{TABLE}",
                id="tool tables here and there",
            ),
            pytest.param(
                "[tool.pytest.ini_options] # why\naddopts = '-q' # quiet\n\n[tool.b]\n",
                f"[tool.pytest.ini_options] # why\naddopts = '-q' # quiet\n{TOML}\n[tool.b]\n",
                id="table in the middle",
            ),
            pytest.param("[tool.pytest]\nminversion = '9'\n", f"[tool.pytest]\nminversion = '9'\n{TOML}", id="native"),
            pytest.param(
                "[tool.pytest.ini_options]\naddopts = [\n  '-q',\n]\n\n# -- next --\n[tool.b]\n",
                f"[tool.pytest.ini_options]\naddopts = [\n  '-q',\n]\n{TOML}\n# -- next --\n[tool.b]\n",
                id="comment of the next table",
            ),
            pytest.param(
                "[tool.pytest.ini_options]\nx = 1\n\n[tool.pytest.markers]\ny = 'z'\n",
                f"[tool.pytest.ini_options]\nx = 1\n{TOML}\n[tool.pytest.markers]\ny = 'z'\n",
                id="both forms: the older one is what older versions read",
            ),
            pytest.param("[tool.pytest]\n", f"[tool.pytest]\n\n{TABLE}", id="empty native table"),
            pytest.param("[tool.b]", f"[tool.b]\n\n{TABLE}", id="no line end"),
            pytest.param("[tool.b]\r\n", f"[tool.b]\n\n{TABLE}".replace("\n", "\r\n"), id="CRLF"),
        ],
    )
    def test_toml(self, tmp_path: Path, before: str, after: str) -> None:
        assert edited(tmp_path, "pyproject.toml", before) == after

    def test_what_others_changed_is_kept(self, tmp_path: Path) -> None:
        write(tmp_path, {"pyproject.toml": "[project]\n"})
        changed = {"pyproject.toml": b"[project]\nname = 'x'\n"}
        content = edit_settings(tmp_path, "session", False, changed=changed).files["pyproject.toml"]
        assert content == f"[project]\nname = 'x'\n\n{TABLE}".encode()

    def test_broken(self, tmp_path: Path) -> None:
        write(tmp_path, {"pyproject.toml": "[tool\n"})
        with pytest.raises(BrokenInput, match=r"^pyproject\.toml:1: not TOML"):
            edit_settings(tmp_path, "session", False)


class TestMode:
    @pytest.mark.parametrize(
        ("files", "mode"),
        [
            pytest.param({"pytest.ini": "[pytest]\nasyncio_mode = strict\n"}, "strict", id="ini"),
            pytest.param({"pytest.ini": "[pytest]\nasyncio_mode: auto\n"}, "auto", id="colon"),
            pytest.param({"pyproject.toml": "[tool.pytest.ini_options]\nasyncio_mode='strict'\n"}, "strict", id="toml"),
            pytest.param(
                {"pytest.ini": "[pytest]\naddopts =\n  -ra\n  --asyncio-mode=strict\n"}, "strict", id="option"
            ),
            pytest.param({"pytest.ini": "[pytest]\naddopts = --asyncio-mode strict\n"}, "strict", id="option, space"),
            pytest.param(
                {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = ['-ra', '--asyncio-mode=strict']\n"},
                "strict",
                id="option in an array",
            ),
            pytest.param(
                {"pytest.ini": "[pytest]\nasyncio_mode = auto\naddopts = --asyncio-mode=strict\n"},
                "strict",
                id="option before setting",
            ),
        ],
    )
    def test_that_is_set_stays(self, tmp_path: Path, files: dict[str, str], mode: str) -> None:
        result = edit(tmp_path, files)
        assert result.mode == mode
        (content,) = result.files.values()
        assert content.count(b"asyncio_mode") == "".join(files.values()).count("asyncio_mode")
        assert asked(tmp_path, result) == f"{mode} session session"

    @pytest.mark.parametrize(("strict", "mode"), [(True, "strict"), (False, "auto")])
    def test_that_is_asked_for(self, tmp_path: Path, strict: bool, mode: str) -> None:
        result = edit(tmp_path, {"pytest.ini": "[pytest]\n# asyncio_mode = x\n"}, strict=strict)
        assert result.mode == mode
        assert f"\nasyncio_mode = {mode}\n".encode() in result.files["pytest.ini"]

    def test_file_that_pytest_does_not_read_says_nothing(self, tmp_path: Path) -> None:
        files = {"pytest.ini": "[pytest]\n", "setup.cfg": "[tool:pytest]\nasyncio_mode = strict\n"}
        assert edit(tmp_path, files).mode == "auto"

    def test_scope_that_is_set_stays(self, tmp_path: Path) -> None:
        before = "[pytest]\nasyncio_default_fixture_loop_scope = module\n"
        after = edited(tmp_path, "pytest.ini", before)
        assert after == f"{before}asyncio_mode = auto\nasyncio_default_test_loop_scope = module\n"


class TestVersion:
    NONE: frozenset[str] = frozenset()
    FIXTURES = frozenset({"fixture"})
    ALL = frozenset({"fixture", "test"})

    def scopes(self, root: Path, files: dict[str, str]) -> frozenset[str]:
        """The scopes that were written."""
        text = edit(root, {"pytest.ini": "", **files}).files["pytest.ini"].decode()
        return frozenset(name for name in ("fixture", "test") if f"asyncio_default_{name}_loop_scope" in text)

    @pytest.mark.parametrize(
        ("requirement", "scopes"),
        [
            pytest.param("pytest", ALL, id="not listed"),
            pytest.param("pytest-asyncio", ALL, id="any"),
            pytest.param("pytest-asyncio>=0.21", ALL, id="lower bound alone"),
            pytest.param("pytest-asyncio!=0.25", ALL, id="one left out"),
            pytest.param("pytest-asyncio==0.21.1", NONE, id="pinned, old"),
            pytest.param("pytest_asyncio==0.24.0", FIXTURES, id="pinned, knows fixtures"),
            pytest.param("pytest-asyncio==0.23.*", NONE, id="pinned to a series"),
            pytest.param("pytest-asyncio<0.24", NONE, id="upper bound, old"),
            pytest.param("pytest-asyncio>=0.20,<0.26", FIXTURES, id="upper bound, knows fixtures"),
            pytest.param("pytest-asyncio<1", ALL, id="upper bound, new"),
            pytest.param("pytest-asyncio~=0.21.0", NONE, id="compatible release"),
            pytest.param("pytest-asyncio~=0.21", ALL, id="compatible series"),
            pytest.param("pytest-asyncio==1.2.0", ALL, id="pinned, new"),
            pytest.param("pytest-asyncio==0.17.2", NONE, id="pinned, very old"),
        ],
    )
    def test_requirement(self, tmp_path: Path, requirement: str, scopes: frozenset[str]) -> None:
        assert self.scopes(tmp_path, {"requirements.txt": f"{requirement}\n"}) == scopes

    @pytest.mark.parametrize(
        "files",
        [
            pytest.param({"uv.lock": '[[package]]\nname = "pytest-asyncio"\nversion = "0.21.1"\n'}, id="uv"),
            pytest.param({"poetry.lock": '[[package]]\nname = "pytest-asyncio"\nversion = "0.21.1"\n'}, id="poetry"),
            pytest.param({"pylock.toml": '[[packages]]\nname = "pytest-asyncio"\nversion = "0.21.1"\n'}, id="pylock"),
            pytest.param({"Pipfile.lock": '{"develop": {"pytest-asyncio": {"version": "==0.21.1"}}}'}, id="pipenv"),
            pytest.param(
                {"Pipfile.lock": '{"default": {"pytest-asyncio": {"version": "==0.21.1"}}}'}, id="pipenv, default"
            ),
        ],
    )
    def test_lock_file(self, tmp_path: Path, files: dict[str, str]) -> None:
        assert self.scopes(tmp_path, {"requirements.txt": "pytest-asyncio>=0.20\n", **files}) == self.NONE

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param('[[package]]\nname = "pytest"\nversion = "8"\n', id="without it"),
            pytest.param("<<<<<<<", id="broken"),
            pytest.param('[[package]]\nname = "pytest-asyncio"\nversion = "x"\n', id="no version"),
        ],
    )
    def test_lock_file_that_says_nothing(self, tmp_path: Path, text: str) -> None:
        assert self.scopes(tmp_path, {"uv.lock": text, "requirements.txt": "pytest-asyncio==0.24\n"}) == self.FIXTURES

    def test_poetry(self, tmp_path: Path) -> None:
        text = '[tool.poetry.group.dev.dependencies]\npytest-asyncio = "^0.23.2"\n'
        assert self.scopes(tmp_path, {"pyproject.toml": text}) == self.NONE

    def test_settings_beside_the_tests(self, tmp_path: Path) -> None:
        for folder in ("tests", "tests/unit"):
            (tmp_path / folder).mkdir()
        write(tmp_path, {"tests/pytest.ini": "[pytest]\naddopts = -q\n", "setup.cfg": "[tool:pytest]\n"})
        paths = ["app.py", "conftest.py", "tests/conftest.py", "tests/unit/test_a.py", "tests/test_b.py"]
        result = edit_settings(tmp_path, "session", False, paths)
        assert result.path == "tests/pytest.ini"
        assert result.files["tests/pytest.ini"].startswith(b"[pytest]\naddopts = -q\nasyncio_mode = auto\n")
        assert edit_settings(tmp_path, "session", False, [*paths, "test_c.py"]).path == "setup.cfg"

    def test_requirement_below_the_root(self, tmp_path: Path) -> None:
        (tmp_path / "backend").mkdir()
        (tmp_path / "backend" / "requirements.txt").write_text("pytest-asyncio==0.21\n")
        assert b"loop_scope" not in edit_settings(tmp_path, "session", False, ["backend/x.py"]).files["pytest.ini"]
