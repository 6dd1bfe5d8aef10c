"""What is written into a project's lists of requirements, and what is only reported."""

from __future__ import annotations

import tomllib
from pathlib import Path
from textwrap import dedent

import pytest

from asyncshift.analysis.source import BrokenInput
from asyncshift.codemods.requirements import EditedRequirements, Needs, async_driver, below, edit_requirements, listed

RUNTIME = Needs(runtime=frozenset({"aiosqlite>=0.20"}))
TESTS = Needs(test=frozenset({"pytest-asyncio>=0.24", "httpx>=0.27"}))
BOTH = Needs(RUNTIME.runtime, TESTS.test)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def edit(root: Path, needs: Needs, files: dict[str, str], *paths: str) -> EditedRequirements:
    """The edited lists; editing them again must change nothing."""
    write(root, files)
    result = edit_requirements(root, needs, paths)
    assert edit_requirements(root, needs, paths, result.files).files == {}
    return result


def edited(root: Path, needs: Needs, name: str, text: str) -> str:
    """The new text of the one file there is."""
    result = edit(root, needs, {name: text})
    return result.files.get(name, text.encode()).decode()


def messages(result: EditedRequirements) -> list[str]:
    return [str(note) for note in result.notes]


class TestLines:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param("sqlalchemy", "sqlalchemy[asyncio]", id="bare"),
            pytest.param("SQLAlchemy==2.0.31", "SQLAlchemy[asyncio]==2.0.31", id="spelling stays"),
            pytest.param("sqlalchemy >= 2, <3  # why", "sqlalchemy[asyncio] >= 2, <3  # why", id="spaces and comment"),
            pytest.param("sqlalchemy[mypy]>=2", "sqlalchemy[mypy,asyncio]>=2", id="other extra"),
            pytest.param("sqlalchemy [mypy] >=2", "sqlalchemy[mypy,asyncio] >=2", id="space before the extra"),
            pytest.param("sqlalchemy[asyncio]>=2", "sqlalchemy[asyncio]>=2", id="there"),
            pytest.param(
                "sqlalchemy>=2; python_version > '3.8'", "sqlalchemy[asyncio]>=2; python_version > '3.8'", id="marker"
            ),
            pytest.param(
                "sqlalchemy @ https://x.example/s.whl", "sqlalchemy[asyncio] @ https://x.example/s.whl", id="address"
            ),
            pytest.param(
                "sqlalchemy>=2 --config-settings x=y",
                "sqlalchemy[asyncio]>=2 --config-settings x=y",
                id="option of pip",
            ),
        ],
    )
    def test_extra(self, tmp_path: Path, before: str, after: str) -> None:
        text = f"{before}\n"
        assert edited(tmp_path, RUNTIME, "requirements.txt", text) == f"{after}\naiosqlite>=0.20\n"

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param(
                "zoo\nsqlalchemy\nalembic\n",
                "zoo\nsqlalchemy[asyncio]\naiosqlite>=0.20\nalembic\n",
                id="beside SQLAlchemy",
            ),
            pytest.param(
                "alembic\nfastapi\nSQLAlchemy\n",
                "aiosqlite>=0.20\nalembic\nfastapi\nSQLAlchemy[asyncio]\n",
                id="sorted",
            ),
            pytest.param(
                "# All of it\nalembic\nfastapi\nsqlalchemy\n",
                "# All of it\naiosqlite>=0.20\nalembic\nfastapi\nsqlalchemy[asyncio]\n",
                id="sorted, under a heading",
            ),
            pytest.param("zoo\nsqlalchemy", "zoo\nsqlalchemy[asyncio]\naiosqlite>=0.20", id="no line end"),
            pytest.param("zoo\r\nsqlalchemy\r\n", "zoo\r\nsqlalchemy[asyncio]\r\naiosqlite>=0.20\r\n", id="CRLF"),
            pytest.param("\ufeffsqlalchemy\n", "\ufeffsqlalchemy[asyncio]\naiosqlite>=0.20\n", id="BOM"),
            pytest.param("sqlalchemy\nAioSQLite==0.19\n", "sqlalchemy[asyncio]\nAioSQLite==0.19\n", id="driver there"),
            pytest.param(
                "sqlmodel\n", "sqlmodel\nsqlalchemy[asyncio]\naiosqlite>=0.20\n", id="SQLAlchemy by way of SQLModel"
            ),
            pytest.param(
                "sqlalchemy<2; python_version < '3.8'\nsqlalchemy>=2; python_version >= '3.8'\nzoo\nalembic\n",
                "sqlalchemy[asyncio]<2; python_version < '3.8'\nsqlalchemy[asyncio]>=2; python_version >= '3.8'\n"
                "aiosqlite>=0.20\nzoo\nalembic\n",
                id="one line for each Python",
            ),
            pytest.param(
                "sqlalchemy>=2 \\\n    --config-settings x=y\nzoo\n",
                "sqlalchemy[asyncio]>=2 \\\n    --config-settings x=y\naiosqlite>=0.20\nzoo\n",
                id="backslash",
            ),
        ],
    )
    def test_driver(self, tmp_path: Path, before: str, after: str) -> None:
        assert edited(tmp_path, RUNTIME, "requirements.txt", before) == after

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("sqlalchemy-utils\n", id="another package"),
            pytest.param("# sqlalchemy\n", id="comment"),
            pytest.param("-e git+https://x.example/sqlalchemy.git\n", id="editable"),
            pytest.param("./sqlalchemy\n", id="path"),
        ],
    )
    def test_not_sqlalchemy(self, tmp_path: Path, text: str) -> None:
        result = edit(tmp_path, RUNTIME, {"requirements.txt": text})
        assert result.files == {}
        assert messages(result) == [".:1: SQLAlchemy is listed nowhere; needed: sqlalchemy[asyncio], aiosqlite>=0.20"]

    def test_sync_driver_stays(self, tmp_path: Path) -> None:
        assert "psycopg2\n" in edited(tmp_path, RUNTIME, "requirements.txt", "sqlalchemy\npsycopg2\n")

    def test_tests_stand_beside_pytest(self, tmp_path: Path) -> None:
        files = {"requirements.txt": "sqlalchemy\n", "requirements/dev.in": "pytest\nblack\n"}
        result = edit(tmp_path, BOTH, files)
        assert result.files["requirements.txt"] == b"sqlalchemy[asyncio]\naiosqlite>=0.20\n"
        assert result.files["requirements/dev.in"] == b"pytest\nhttpx>=0.27\npytest-asyncio>=0.24\nblack\n"

    def test_included_file_counts(self, tmp_path: Path) -> None:
        files = {
            "requirements.txt": "sqlalchemy\nhttpx\n",
            "requirements-dev.txt": "-r requirements.txt\npytest\n",
        }
        assert edit(tmp_path, BOTH, files).files["requirements-dev.txt"] == (
            b"-r requirements.txt\npytest\npytest-asyncio>=0.24\n"
        )

    def test_files_that_include_each_other(self, tmp_path: Path) -> None:
        files = {
            "requirements.txt": "-r requirements-b.txt\npytest\n",
            "requirements-b.txt": "-r requirements.txt\nhttpx\n",
        }
        assert b"httpx>=0.27" not in edit(tmp_path, TESTS, files).files["requirements.txt"]

    def test_constraints_take_no_extras(self, tmp_path: Path) -> None:
        files = {
            "requirements.txt": "-c requirements-pins.txt\nsqlalchemy\n",
            "requirements-pins.txt": "sqlalchemy==2.0.1\n",
        }
        assert set(edit(tmp_path, RUNTIME, files).files) == {"requirements.txt"}

    def test_without_pytest_a_list_named_for_tests_is_taken(self, tmp_path: Path) -> None:
        files = {"requirements.txt": "sqlalchemy\n", "requirements_dev.txt": "black\n"}
        assert (
            edit(tmp_path, TESTS, files).files["requirements_dev.txt"] == b"black\nhttpx>=0.27\npytest-asyncio>=0.24\n"
        )

    def test_without_any_list_for_tests(self, tmp_path: Path) -> None:
        result = edit(tmp_path, TESTS, {"requirements.txt": "sqlalchemy\nhttpx\n"})
        assert result.files == {"requirements.txt": b"sqlalchemy[asyncio]\nhttpx\n"}
        assert messages(result) == [".:1: no list of requirements for tests; needed: pytest-asyncio>=0.24"]

    def test_attested_is_not_named_for_tests(self, tmp_path: Path) -> None:
        files = {"requirements.txt": "sqlalchemy\n", "requirements-attested.txt": "black\n"}
        assert "requirements-attested.txt" not in edit(tmp_path, TESTS, files).files

    def test_folders_of_the_sources_are_looked_at(self, tmp_path: Path) -> None:
        files = {"backend/requirements.txt": "sqlalchemy\n", "other/requirements.txt": "sqlalchemy\n"}
        assert set(edit(tmp_path, RUNTIME, files, "backend/app/db.py").files) == {"backend/requirements.txt"}


class TestReported:
    @pytest.mark.parametrize(
        ("files", "message"),
        [
            pytest.param(
                {"requirements.txt": "sqlalchemy==2.0.1 \\\n    --hash=sha256:00\n"},
                "requirements.txt:1: pinned by hashes: bring it up to date with your own tool",
                id="hashes",
            ),
            pytest.param(
                {"requirements.txt": "# by pip-compile\nsqlalchemy==2.0.1\n"},
                "requirements.txt:1: a compiled file: compile it again",
                id="compiled",
            ),
            pytest.param(
                {"setup.py": "from setuptools import setup\nsetup(install_requires=['sqlalchemy>=2'])\n"},
                "setup.py:2: 'sqlalchemy>=2' stands in code: edit it by hand",
                id="setup.py",
            ),
            pytest.param(
                {"setup.cfg": "[options]\ninstall_requires = sqlalchemy; zoo\n"},
                "setup.cfg:2: install_requires is written in one line: edit it by hand",
                id="setup.cfg in one line",
            ),
            pytest.param(
                {"environment.yml": "dependencies:\n  - sqlalchemy>=2\n"},
                "environment.yml:2: an environment of conda: edit it by hand",
                id="conda",
            ),
        ],
    )
    def test_left_to_a_person(self, tmp_path: Path, files: dict[str, str], message: str) -> None:
        result = edit(tmp_path, RUNTIME, files)
        assert result.files == {}
        assert messages(result) == [f"{message}; needed: sqlalchemy[asyncio], aiosqlite>=0.20"]

    def test_utf_16_without_a_mark(self, tmp_path: Path) -> None:
        (tmp_path / "requirements.txt").write_bytes("sqlalchemy\n".encode("utf-16-le"))
        assert "not UTF-8" in messages(edit_requirements(tmp_path, RUNTIME))[0]

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_utf_16(self, tmp_path: Path, encoding: str) -> None:
        (tmp_path / "requirements.txt").write_bytes("\ufeffclick\r\nsqlalchemy==2.0.36\r\n".encode(encoding))
        edited = edit_requirements(tmp_path, RUNTIME).files["requirements.txt"].decode(encoding)
        assert edited.startswith("\ufeffclick\r\nsqlalchemy[asyncio]==2.0.36\r\n")
        assert edited.count("\ufeff") == 1
        assert edited.count("\n") == edited.count("\r\n") == len(edited.splitlines())

    def test_compiled_file_with_its_source(self, tmp_path: Path) -> None:
        files = {"requirements.in": "sqlalchemy\n", "requirements.txt": "# by uv pip compile\nsqlalchemy==2.0.1\n"}
        result = edit(tmp_path, RUNTIME, files)
        assert set(result.files) == {"requirements.in"}
        assert "compile it again from requirements.in" in messages(result)[0]

    @pytest.mark.parametrize("lock", ["uv.lock", "poetry.lock", "pdm.lock"])
    def test_lock_files(self, tmp_path: Path, lock: str) -> None:
        files = {"app/requirements.txt": "sqlalchemy\n", lock: ""}
        result = edit(tmp_path, RUNTIME, files, "app/x.py")
        assert lock not in result.files
        assert messages(result) == [f"{lock}:1: out of date: run `{lock.removesuffix('.lock')} lock`"]

    def test_lock_file_of_lists_that_stay(self, tmp_path: Path) -> None:
        files = {"requirements.txt": "sqlalchemy[asyncio]\naiosqlite\n", "uv.lock": ""}
        assert messages(edit(tmp_path, RUNTIME, files)) == []

    def test_pin_that_is_too_old(self, tmp_path: Path) -> None:
        result = edit(tmp_path, BOTH, {"requirements.txt": "sqlalchemy\npytest\npytest-asyncio==0.21.1\nhttpx==0.28\n"})
        assert messages(result) == ["requirements.txt:3: pytest-asyncio is pinned to 0.21.1; >=0.24 is needed"]

    def test_a_sqlalchemy_without_asyncio(self, tmp_path: Path) -> None:
        result = edit(tmp_path, RUNTIME, {"requirements.txt": "SQLAlchemy==1.3.24\n"})
        assert messages(result) == ["requirements.txt:1: sqlalchemy is pinned to 1.3.24; >=1.4 is needed"]

    def test_pin_that_is_too_old_in_toml(self, tmp_path: Path) -> None:
        text = '[project]\ndependencies = [\n  "sqlalchemy",\n  "aiosqlite-x",\n  "aiosqlite==0.1",\n]\n'
        assert messages(edit(tmp_path, RUNTIME, {"pyproject.toml": text})) == [
            "pyproject.toml:5: aiosqlite is pinned to 0.1; >=0.20 is needed"
        ]


class TestToml:
    def test_arrays(self, tmp_path: Path) -> None:
        before = dedent(
            """\
            [project]
            dependencies = [
                "zoo",
                # the database
                'sqlalchemy>=2', # why
                "alembic"
            ]
            # the tools
            optional-dependencies.test = ["pytest"]

            [dependency-groups]
            dev = [{include-group = "lint"}, "pytest>=8", "black"]
            lint = ["ruff"]
            """
        )
        assert edited(tmp_path, BOTH, "pyproject.toml", before) == dedent(
            """\
            [project]
            dependencies = [
                "zoo",
                # the database
                'sqlalchemy[asyncio]>=2', # why
                'aiosqlite>=0.20',
                "alembic"
            ]
            # the tools
            optional-dependencies.test = ["pytest", "httpx>=0.27", "pytest-asyncio>=0.24"]

            [dependency-groups]
            dev = [{include-group = "lint"}, "pytest>=8", "httpx>=0.27", "pytest-asyncio>=0.24", "black"]
            lint = ["ruff"]
            """
        )

    def test_poetry(self, tmp_path: Path) -> None:
        before = dedent(
            """\
            [tool.poetry.dependencies]
            python = "^3.11"
            SQLAlchemy = "^2.0" # why

            [tool.poetry.group.dev.dependencies]
            pytest = "^8"
            """
        )
        after = edited(tmp_path, BOTH, "pyproject.toml", before)
        assert after == dedent(
            """\
            [tool.poetry.dependencies]
            python = "^3.11"
            SQLAlchemy = {extras = ["asyncio"], version = "^2.0"} # why
            aiosqlite = ">=0.20"

            [tool.poetry.group.dev.dependencies]
            pytest = "^8"
            httpx = ">=0.27"
            pytest-asyncio = ">=0.24"
            """
        )

    @pytest.mark.parametrize(
        ("before", "extras"),
        [
            pytest.param('sqlalchemy = {version = "^2"}', [["asyncio"]], id="inline table"),
            pytest.param('sqlalchemy = {version = "^2", extras = ["mypy"]}', [["mypy", "asyncio"]], id="other extra"),
            pytest.param(
                'sqlalchemy = [{version = "1"}, {version = "2"}]', [["asyncio"], ["asyncio"]], id="alternatives"
            ),
            pytest.param('[tool.poetry.dependencies.sqlalchemy]\nversion = "^2"', [["asyncio"]], id="table"),
        ],
    )
    def test_forms_of_poetry(self, tmp_path: Path, before: str, extras: list[list[str]]) -> None:
        after = edited(tmp_path, RUNTIME, "pyproject.toml", f"[tool.poetry.dependencies]\n{before}\n")
        value = tomllib.loads(after)["tool"]["poetry"]["dependencies"]["sqlalchemy"]
        assert [v["extras"] for v in (value if isinstance(value, list) else [value])] == extras

    @pytest.mark.parametrize(("extra", "is_added"), [("postgresql", False), ("dev", True), ("test", True)])
    def test_a_driver_of_an_extra_stays_there(self, tmp_path: Path, extra: str, is_added: bool) -> None:
        needs = Needs(frozenset({"psycopg[binary]>=3.1"}))
        text = (
            f'[project]\ndependencies = ["sqlalchemy"]\n[project.optional-dependencies]\n{extra} = ["psycopg>=3.2"]\n'
        )
        project = tomllib.loads(edited(tmp_path, needs, "pyproject.toml", text))["project"]
        assert project["dependencies"] == ["sqlalchemy[asyncio]", *needs.runtime][: 1 + is_added]

    def test_extras_of_what_is_added_to_a_table(self, tmp_path: Path) -> None:
        needs = Needs(frozenset({"psycopg[binary]>=3.1"}))
        after = edited(tmp_path, needs, "pyproject.toml", '[tool.poetry.dependencies]\nsqlalchemy = "2"\n')
        assert 'psycopg = {extras = ["binary"], version = ">=3.1"}\n' in after

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param('sqlalchemy = "2"\nalembic = "1"\n', 'aiosqlite = ">=0.20"\nalembic = "1"\n', id="beside"),
            pytest.param(
                'sqlalchemy = "2"\n\n# -- next --\n[x]\n', 'aiosqlite = ">=0.20"\n\n# -- next --\n[x]\n', id="comment"
            ),
            pytest.param(
                'sqlalchemy = "2"\n\n[tool.poetry.dependencies.x]\nversion = "1"\n',
                'aiosqlite = ">=0.20"\n\n[tool.poetry.dependencies.x]\nversion = "1"\n',
                id="table below",
            ),
        ],
    )
    def test_place_in_a_table(self, tmp_path: Path, before: str, after: str) -> None:
        head = '[tool.poetry.dependencies]\npython = "3"\n'
        extra = 'sqlalchemy = {extras = ["asyncio"], version = "2"}\n'
        assert edited(tmp_path, RUNTIME, "pyproject.toml", head + before) == head + extra + after

    def test_sorted_table(self, tmp_path: Path) -> None:
        before = '[packages]\n# ours\nalembic = "1"\nsqlalchemy = "2"\nzoo = "3"\n'
        after = edited(tmp_path, RUNTIME, "Pipfile", before)
        assert after.startswith('[packages]\n# ours\naiosqlite = ">=0.20"\nalembic = "1"\n')

    def test_pipfile(self, tmp_path: Path) -> None:
        before = '[packages]\nsqlalchemy = "*"\n\n[dev-packages]\npytest = "*"\n'
        packages = tomllib.loads(edited(tmp_path, BOTH, "Pipfile", before))
        assert packages["packages"] == {"sqlalchemy": {"extras": ["asyncio"], "version": "*"}, "aiosqlite": ">=0.20"}
        assert packages["dev-packages"] == {"pytest": "*", "httpx": ">=0.27", "pytest-asyncio": ">=0.24"}

    def test_crlf(self, tmp_path: Path) -> None:
        before = '[tool.poetry.dependencies]\r\nsqlalchemy = "2"\r\n'
        after = edited(tmp_path, RUNTIME, "pyproject.toml", before)
        assert after.count("\r\n") == after.count("\n") == 3

    def test_untouched_file_is_not_written(self, tmp_path: Path) -> None:
        assert edit(tmp_path, RUNTIME, {"pyproject.toml": "[tool.x]\na=1 # odd  \n"}).files == {}

    def test_broken(self, tmp_path: Path) -> None:
        write(tmp_path, {"pyproject.toml": "[project]\nname = \n"})
        with pytest.raises(BrokenInput, match=r"^pyproject\.toml:2: not TOML"):
            edit_requirements(tmp_path, RUNTIME)

    def test_what_others_changed_is_kept(self, tmp_path: Path) -> None:
        write(tmp_path, {"pyproject.toml": '[project]\ndependencies = ["sqlalchemy"]\n'})
        changed = {"pyproject.toml": b'[project]\nname = "x"\ndependencies = ["sqlalchemy"]\n'}
        content = edit_requirements(tmp_path, RUNTIME, (), changed).files["pyproject.toml"]
        assert content == b'[project]\nname = "x"\ndependencies = ["sqlalchemy[asyncio]", "aiosqlite>=0.20"]\n'


class TestSetupCfg:
    def test_lists(self, tmp_path: Path) -> None:
        before = dedent(
            """\
            [metadata]
            name = x

            [options]
            packages = find:
            install_requires =
                sqlalchemy>=2
                # why
                zoo

            [options.extras_require]
            test =
              pytest

            [other]
            install_requires =
                sqlalchemy
            """
        )
        assert edited(tmp_path, BOTH, "setup.cfg", before) == dedent(
            """\
            [metadata]
            name = x

            [options]
            packages = find:
            install_requires =
                sqlalchemy[asyncio]>=2
                aiosqlite>=0.20
                # why
                zoo

            [options.extras_require]
            test =
              pytest
              httpx>=0.27
              pytest-asyncio>=0.24

            [other]
            install_requires =
                sqlalchemy
            """
        )


class TestDriver:
    @pytest.mark.parametrize(
        ("dialect", "installed", "preferred", "expected"),
        [
            pytest.param("postgresql", [], "", "asyncpg>=0.29", id="usual"),
            pytest.param("postgresql", ["Psycopg"], "", "psycopg[binary]>=3.1", id="the project's own"),
            pytest.param("postgresql", ["psycopg2"], "", "asyncpg>=0.29", id="a sync driver is none"),
            pytest.param("postgresql", ["asyncpg"], "psycopg", "psycopg[binary]>=3.1", id="preferred"),
            pytest.param("sqlite", [], "psycopg", "aiosqlite>=0.20", id="preferred one is for another dialect"),
            pytest.param("firebird", [], "", "", id="no async driver"),
        ],
    )
    def test_choice(self, dialect: str, installed: list[str], preferred: str, expected: str) -> None:
        assert async_driver(dialect, installed, preferred) == expected


class TestListed:
    def test_everything(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "requirements.txt": "SQLAlchemy[mypy]==2.0.1\npsycopg2_binary\n",
                "pyproject.toml": '[tool.poetry.dependencies]\npython = "3"\nhttpx = {version = "^0.27"}\nx = "*"\n',
                "backend/requirements.txt": "asyncpg~=0.29\n",
            },
        )
        expected = {
            "sqlalchemy": "==2.0.1",
            "psycopg2-binary": "",
            "httpx": ">=0.27,<0.28",
            "x": "",
            "asyncpg": "~=0.29",
        }
        assert listed(tmp_path, ["backend/x.py"]) == expected

    @pytest.mark.parametrize(
        ("version", "specifier"),
        [
            ("^1.2.3", ">=1.2.3,<2"),
            ("^0.23.1", ">=0.23.1,<0.24"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("~1.2.3", ">=1.2.3,<1.3"),
            ("~1", ">=1,<2"),
            ("1.2", "==1.2"),
            ("*", ""),
            (">=1,<2", "<2,>=1"),
        ],
    )
    def test_versions_of_poetry(self, tmp_path: Path, version: str, specifier: str) -> None:
        write(tmp_path, {"pyproject.toml": f'[tool.poetry.dependencies]\nx = "{version}"\n'})
        assert set(listed(tmp_path)["x"].split(",")) == set(specifier.split(","))


@pytest.mark.parametrize(
    ("sqlalchemy", "expected"),
    [
        ("==2.0.45", "aiosqlite>=0.20,<0.22"),
        (">=2.0,<2.0.46", "aiosqlite>=0.20,<0.22"),
        ("~=1.4", "aiosqlite>=0.20,<0.22"),
        (">=2.0", "aiosqlite>=0.20"),
        ("==2.0.*", "aiosqlite>=0.20"),
        ("~=2.1.3", "aiosqlite>=0.20"),
        ("", "aiosqlite>=0.20"),
        ("^2.0", "aiosqlite>=0.20"),
    ],
)
def test_aiosqlite_stays_below_what_an_old_sqlalchemy_can_end(sqlalchemy: str, expected: str) -> None:
    assert below("aiosqlite>=0.20", sqlalchemy) == expected
    assert below("asyncpg>=0.29", sqlalchemy) == "asyncpg>=0.29"
