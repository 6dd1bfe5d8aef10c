"""Which folder is the project, and which files are its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asyncshift.cli.discovery import existing, find_root, python_files
from asyncshift.cli.errors import Failure

from .conftest import Folder


def found(folder: Folder, *exclude: str) -> list[str]:
    return python_files(folder.root, [folder.root], exclude)


def test_all_python_files_in_order(folder: Folder) -> None:
    folder.write({"b.py": "", "a/z.py": "", "a/data.txt": "", "a/stub.pyi": "", ".github/tool.py": ""})
    assert found(folder) == [".github/tool.py", "a/z.py", "b.py"]


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/x.py", "__pycache__/x.py", ".git/hooks/x.py", ".asyncshift/x.py", ".tox/py/x.py",
        "app.egg-info/x.py", "build/lib/x.py", "dist/x.py", "lib/site-packages/x.py",
    ],
)  # fmt: skip
def test_what_is_never_the_projects_own_code(folder: Folder, path: str) -> None:
    folder.write({path: "", f"deep/{path}": "", "own.py": ""})
    assert found(folder) == ["own.py"]


def test_a_virtual_environment_of_any_name(folder: Folder) -> None:
    folder.write({"my env/pyvenv.cfg": "", "my env/lib/x.py": "", "venv/own.py": ""})
    assert found(folder) == ["venv/own.py"]


def test_a_package_may_be_called_build(folder: Folder) -> None:
    folder.write({"app/build/__init__.py": "", "app/build/x.py": ""})
    assert found(folder) == ["app/build/__init__.py", "app/build/x.py"]


def test_gitignore_files_nested_and_negated(folder: Folder) -> None:
    folder.write({
        ".gitignore": "generated/\n*_pb2.py\n/only_here.py\n",
        "app/.gitignore": "!kept_pb2.py\nlocal.py\n",
        "app/kept_pb2.py": "", "app/other_pb2.py": "", "app/local.py": "", "app/only_here.py": "",
        "app/generated/x.py": "", "only_here.py": "", "local.py": "",
    })  # fmt: skip
    assert found(folder) == ["app/kept_pb2.py", "app/only_here.py", "local.py"]


def test_gitignore_of_the_repository_around_the_project(folder: Folder) -> None:
    folder.write({".gitignore": "/backend/made/\n", "backend/made/x.py": "", "backend/own.py": ""})
    folder.git("init", "-q")
    backend = folder.root / "backend"
    assert python_files(backend, [backend]) == ["own.py"]


def test_gitignore_beyond_the_repository_does_not_count(folder: Folder) -> None:
    folder.write({".gitignore": "*.py\n", "inner/own.py": ""})
    Folder(folder.root / "inner").git("init", "-q")
    assert python_files(folder.root / "inner", [folder.root / "inner"]) == ["own.py"]


def test_what_git_tracks_is_in_although_ignored(folder: Folder) -> None:
    folder.write({".gitignore": "lib/\nbuild/\n", "lib/own.py": "", "app/lib/own.py": "", "build/own.py": ""})
    folder.git("init", "-q")
    folder.git("add", "-f", "lib/own.py", "app/lib/own.py", "build/own.py")
    folder.write({"lib/not_tracked.py": ""})
    assert found(folder) == ["app/lib/own.py", "build/own.py", "lib/own.py"]


def test_excludes_win_over_git(folder: Folder) -> None:
    folder.write({"legacy/x.py": "", "app/x.py": "", "app/legacy/y.py": "", "app/gen_x.py": ""})
    folder.commit()
    assert found(folder, "/legacy", "gen_*.py") == ["app/legacy/y.py", "app/x.py"]


def test_a_file_that_is_named_is_in(folder: Folder) -> None:
    folder.write({".gitignore": "x.py\n", "x.py": "", "app/y.py": ""})
    assert python_files(folder.root, existing(["x.py", "app"], folder.root)) == ["app/y.py", "x.py"]


def test_links(folder: Folder) -> None:
    folder.write({"app/x.py": ""})
    (folder.root.parent / "outside.py").write_text("")
    for name, target in {"in.py": "app/x.py", "out.py": "../outside.py", "dead.py": "nowhere.py", "loop": "."}.items():
        (folder.root / name).symlink_to(target)
    assert found(folder) == ["app/x.py", "in.py"]


@pytest.mark.parametrize("marker", ["pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "requirements-dev.txt"])
def test_the_nearest_folder_that_says_so_is_the_root(folder: Folder, marker: str) -> None:
    folder.write({"setup.py": "", f"backend/{marker}": "", "backend/app/models/x.py": ""})
    backend = folder.root / "backend"
    for path in (backend, backend / "app", backend / "app/models/x.py"):
        assert find_root([path], folder.root) == backend
    assert find_root([backend / "app", folder.root / "setup.py"], folder.root) == folder.root


def test_in_doubt_the_current_folder_is_the_root(folder: Folder) -> None:
    folder.write({"backend/app/x.py": ""})
    folder.git("init", "-q")
    backend = folder.root / "backend"
    assert find_root([backend], backend) == backend
    assert find_root([backend / "app"], backend) == backend
    assert find_root([backend / "app"], folder.root) == folder.root


def test_from_elsewhere_the_repository_is_the_root(folder: Folder, tmp_path: Path) -> None:
    folder.write({"backend/app/x.py": ""})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert find_root([folder.root / "backend"], elsewhere) == folder.root / "backend"
    folder.git("init", "-q")
    assert find_root([folder.root / "backend"], elsewhere) == folder.root


def test_a_folder_around_the_repository_is_never_the_root(folder: Folder) -> None:
    folder.write({"setup.py": "", "inner/app/x.py": ""})
    inner = Folder(folder.root / "inner")
    inner.git("init", "-q")
    assert find_root([inner.root / "app"], inner.root) == inner.root


def test_missing_paths_are_told_one_by_one(folder: Folder) -> None:
    folder.write({"here.py": ""})
    with pytest.raises(Failure) as caught:
        existing(["nowhere", "here.py", "no/where.py"], folder.root)
    assert caught.value.lines == ("nowhere: no such file or folder", "no/where.py: no such file or folder")


def test_absolute_and_relative_paths_mean_the_same(folder: Folder) -> None:
    folder.write({"a/x.py": ""})
    paths = existing(["a", str(folder.root / "a"), "./a/../a", os.curdir], folder.root)
    assert paths == [folder.root / "a"] * 3 + [folder.root]


def test_a_file_that_is_named_itself_must_be_python(folder: Folder) -> None:
    folder.write({"README.md": "# x\n", "notes.txt": "", "tool": "#!/usr/bin/env python3\nx = 1\n", "a.py": ""})
    assert python_files(folder.root, existing(["tool", "a.py"], folder.root)) == ["a.py", "tool"]
    with pytest.raises(Failure) as raised:
        python_files(folder.root, existing(["README.md", "a.py", "notes.txt"], folder.root))
    assert raised.value.lines == ("README.md: not a Python file", "notes.txt: not a Python file")
