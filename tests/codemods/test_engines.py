"""Engines, factories and sessions: the cases in `engines/`, and the function that is written into a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL, make_url

from asyncshift.analysis.settings import Settings
from asyncshift.codemods.drivers import function_text

from .projects import Case, cases, check_meaning, check_text, convert, executable, program_of
from .whole import migrate


@pytest.mark.parametrize("case", cases("engines"))
def test_text(case: Case, tmp_path: Path) -> None:
    check_text(case, "engines", tmp_path)


@pytest.mark.parametrize("case", executable("engines"))
def test_meaning(case: Case, tmp_path: Path) -> None:
    check_meaning(case, tmp_path)


def async_url(tmp_path: Path, settings: Settings | None = None, text: str = "") -> Any:
    namespace: dict[str, Any] = {"URL": URL, "make_url": make_url}
    program = program_of(tmp_path, {"app.py": text}, settings)
    exec(function_text(program, "async_url", "URL", "make_url"), namespace)
    return namespace["async_url"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///shop.db", "sqlite+aiosqlite:///shop.db"),
        ("sqlite://", "sqlite+aiosqlite://"),
        ("sqlite+pysqlite:///x?mode=ro", "sqlite+aiosqlite:///x?mode=ro"),
        ("postgresql://u:p%40@h:1/d", "postgresql+asyncpg://u:p%40@h:1/d"),
        ("postgresql+psycopg2://h/d", "postgresql+asyncpg://h/d"),
        ("postgresql://h/d?sslmode=require&x=1", "postgresql+asyncpg://h/d?ssl=require&x=1"),
        ("postgresql+asyncpg://h/d", "postgresql+asyncpg://h/d"),
        ("postgresql+psycopg://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
        ("sqlite+aiosqlite:///x", "sqlite+aiosqlite:///x"),
        ("snowflake://h/d", "snowflake://h/d"),
    ],
)
def test_async_url(tmp_path: Path, url: str, expected: str) -> None:
    convert_url = async_url(tmp_path)
    assert convert_url(url).render_as_string(hide_password=False) == expected
    assert convert_url(make_url(url)) == convert_url(url)


def test_async_url_with_a_chosen_driver(tmp_path: Path) -> None:
    convert_url = async_url(tmp_path, Settings(driver="psycopg"))
    assert str(convert_url("postgresql://h/d?sslmode=require")) == "postgresql+psycopg://h/d?sslmode=require"


@pytest.mark.parametrize(
    ("name", "text"),
    [(".env.example", "DIALECT=mysql+pymysql\n"), ("requirements.txt", "sqlalchemy\npymysql==1.1\n")],
)
def test_async_url_knows_what_the_settings_and_the_packages_name(tmp_path: Path, name: str, text: str) -> None:
    assert str(async_url(tmp_path)("mysql+pymysql://h/d")) == "mysql+pymysql://h/d"
    (tmp_path / name).write_text(text)
    assert str(async_url(tmp_path)("mysql+pymysql://h/d")) == "mysql+aiomysql://h/d"


def test_async_url_knows_the_databases_that_the_project_names(tmp_path: Path) -> None:
    assert str(async_url(tmp_path)("mysql+pymysql://h/d")) == "mysql+pymysql://h/d"
    named = async_url(tmp_path, text="KINDS = ['mysql', 'pymysql']\n")
    assert str(named("mysql+pymysql://h/d")) == "mysql+aiomysql://h/d"


def test_the_driver_that_a_project_lists(tmp_path: Path) -> None:
    files = {
        "app.py": 'from sqlalchemy import create_engine\n\nengine = create_engine("postgresql://h/d")\n',
        "requirements.txt": "sqlalchemy\npsycopg[binary]\n",
    }
    changed, _ = convert(tmp_path, files, "engines")
    assert 'create_async_engine("postgresql+psycopg://h/d")' in changed["app.py"]


def test_line_ends_and_bom_stay(tmp_path: Path) -> None:
    before = 'import os\n\nfrom sqlalchemy import create_engine\n\nengine = create_engine(os.environ["URL"])\n'
    content = b"\xef\xbb\xbf" + before.replace("\n", "\r\n").encode()
    changed, _ = convert(tmp_path, {"app.py": content}, "engines")
    after = changed["app.py"].encode()
    assert after.startswith(b"\xef\xbb\xbfimport os\r\n")
    assert after.count(b"\n") == after.count(b"\r\n")
    assert b'create_async_engine(async_url(os.environ["URL"]))\r\n' in after


@pytest.mark.parametrize(("key", "expected"), [("creator", True), ("echo", False)])
def test_a_creator_among_options_is_told(key: str, expected: bool) -> None:
    before = f"""\
from sqlalchemy import create_engine


def build(url, make):
    options = {{}}
    options["{key}"] = make
    return create_engine(url, **options)
"""
    _, plan = migrate({"app.py": before})
    assert any("creator=" in d.concern for d in plan if d.codemod == "engines") == expected
