"""What a project must install: which drivers and tools its code asks for; how it is listed is tested by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from asyncshift.analysis.decisions import PROJECT, Plan, Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source
from asyncshift.codemods import dependencies
from asyncshift.codemods.engine import make_plan, rewrite

APP = """\
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

engine = create_engine("{url}")
SessionLocal = sessionmaker(engine)


def answer(db: Session):
    return db.execute(text("select 42")).scalar()
"""
SQLITE = APP.format(url="sqlite:///app.db")
LISTS = {"requirements.txt": "sqlalchemy>=2\n", "requirements-dev.txt": "pytest\n"}


def migrated(root: Path, files: Mapping[str, str], settings: Settings | None = None) -> tuple[dict[str, str], Plan]:
    """The files that are not Python and change, and the plan."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    sources = {n: Source.parse(n, t.encode()) for n, t in files.items() if n.endswith(".py")}
    program = Program(root, sources, settings or Settings())
    plan = make_plan(program)
    changed = rewrite(program, plan)
    return {name: content.decode() for name, content in changed.items() if not name.endswith(".py")}, plan


def listed(root: Path, files: Mapping[str, str], settings: Settings | None = None) -> dict[str, str]:
    return migrated(root, {**LISTS, **files}, settings)[0]


def test_sqlite(tmp_path: Path) -> None:
    assert listed(tmp_path, {"app.py": SQLITE}) == {"requirements.txt": "sqlalchemy[asyncio]>=2\naiosqlite>=0.20\n"}


FROM_SETTINGS = APP.replace('"{url}"', "settings.url").replace("\n\n", "\nfrom config import settings\n\n", 1)


@pytest.mark.parametrize("name", [".env", "settings.toml", "shop/settings.yaml"])
def test_a_database_that_settings_alone_name(tmp_path: Path, name: str) -> None:
    files = {"shop/app.py": FROM_SETTINGS, name: '[default]\nurl = "sqlite:///app.db"\n'}
    assert listed(tmp_path, files) == {"requirements.txt": "sqlalchemy[asyncio]>=2\naiosqlite>=0.20\n"}


def test_settings_of_a_project_that_lists_another_driver(tmp_path: Path) -> None:
    files = {"app.py": FROM_SETTINGS, "settings.toml": 'url = "sqlite:///app.db"\n'}
    found = listed(tmp_path, {**files, "requirements.txt": "sqlalchemy>=2\npsycopg2\n"})
    assert "aiosqlite" not in found["requirements.txt"]


@pytest.mark.parametrize(
    ("url", "installed", "driver", "wanted"),
    [
        pytest.param("postgresql://h/d", "", "", "asyncpg>=0.29", id="by the address"),
        pytest.param("postgresql+psycopg2://h/d", "psycopg2-binary\n", "", "asyncpg>=0.29", id="psycopg2"),
        pytest.param("postgresql+psycopg://h/d", "psycopg\n", "psycopg", "psycopg", id="as it is told"),
        pytest.param("mysql+pymysql://h/d", "pymysql\n", "", "aiomysql>=0.2", id="mysql"),
        pytest.param("mysql+pymysql://h/d", "pymysql\n", "asyncmy", "asyncmy>=0.2.9", id="mysql, as it is told"),
    ],
)
def test_servers(tmp_path: Path, url: str, installed: str, driver: str, wanted: str) -> None:
    files = {"requirements.txt": f"sqlalchemy>=2\n{installed}", "app.py": APP.format(url=url)}
    text = listed(tmp_path, files, Settings(driver=driver))["requirements.txt"]
    assert wanted.partition(">")[0] in text
    assert text.startswith("sqlalchemy[asyncio]>=2\n"), "what was there stays"


def _kept(root: Path, files: Mapping[str, str]) -> list[tuple[str, str]]:
    plan = migrated(root, files)[1]
    return [(str(d.status), d.concern or d.action) for d in plan if d.site.path == PROJECT]


def test_an_address_whose_driver_is_not_listed_is_told(tmp_path: Path) -> None:
    app = SQLITE.replace("engine =", 'OTHER = f"postgresql://{HOST}/d"\nengine =')
    (told,) = _kept(tmp_path, {"requirements.txt": "sqlalchemy>=2\n", "app.py": app})
    assert told[0] == "declined"
    assert told[1].startswith("no driver of postgresql is listed, but its URL stands in the code")
    assert "asyncpg" not in (tmp_path / "requirements.txt").read_text()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("", "nothing else in the project is known to use it"),
        ("alembic\n", "Alembic's migrations connect with it"),
    ],
)
def test_a_sync_driver_stays_and_it_is_said_why(tmp_path: Path, more: str, reason: str) -> None:
    files = {
        "requirements.txt": f"sqlalchemy>=2\npsycopg2-binary\n{more}",
        "app.py": APP.format(url="postgresql://h/d"),
    }
    (told,) = _kept(tmp_path, files)
    assert told[0] == "kept"
    assert told[1].startswith(f"psycopg2-binary stays listed beside asyncpg: {reason}")


def test_an_address_from_the_environment_is_known_by_the_driver(tmp_path: Path) -> None:
    app = APP.replace('"{url}"', 'os.environ["DATABASE_URL"]').replace("from", "import os\n\nfrom", 1)
    files = {"requirements.txt": "sqlalchemy>=2\npsycopg2-binary\n", "app.py": app}
    assert "asyncpg" in listed(tmp_path, files)["requirements.txt"]


def test_a_database_of_the_tests_alone_is_listed_with_them(tmp_path: Path) -> None:
    tests = (
        "from sqlalchemy import create_engine\nfrom sqlalchemy.orm import Session\n\nfrom app import answer\n\n\n"
        'def test_answer():\n    with Session(create_engine("sqlite://")) as db:\n        assert answer(db) == 42\n'
    )
    found = listed(tmp_path, {"app.py": APP.format(url="postgresql://h/d"), "tests/test_app.py": tests})
    assert "asyncpg" in found["requirements.txt"]
    assert "aiosqlite" not in found["requirements.txt"]
    assert "aiosqlite" in found["requirements-dev.txt"]
    assert "pytest-asyncio" in found["requirements-dev.txt"]


def test_a_server_that_tests_only_name_is_not_listed(tmp_path: Path) -> None:
    tests = 'def test_address():\n    assert "postgresql://h/d".startswith("postgresql")\n'
    found = listed(tmp_path, {"app.py": SQLITE, "tests/test_app.py": tests})
    assert "asyncpg" not in "".join(found.values())
    assert "pytest-asyncio" not in "".join(found.values()), "no test becomes async"


@pytest.mark.parametrize(
    ("tools", "wanted"),
    [
        ("pytest\n", "pytest-asyncio>=0.26\n"),
        ("pytest==7.1.2\n", "pytest-asyncio>=0.18\n"),
        ("pytest==6.2.5\n", "pytest-asyncio>=0.18\n"),
        ("pytest==8.1.1\n", "pytest-asyncio>=0.18\n"),
    ],
)
def test_what_goes_with_the_pytest_that_the_project_has(tmp_path: Path, tools: str, wanted: str) -> None:
    test = "from app import answer\n\n\ndef test_it(db):\n    assert answer(db) == 42\n"
    fixture = "import pytest\nfrom app import SessionLocal\n\n\n@pytest.fixture\ndef db():\n    return SessionLocal()\n"
    files = {"app.py": SQLITE, "conftest.py": fixture, "test_app.py": test, "requirements-dev.txt": tools}
    assert wanted in listed(tmp_path, files)["requirements-dev.txt"]


def test_clients(tmp_path: Path) -> None:
    app = (
        SQLITE.replace("from sqlalchemy import", "from fastapi import Depends, FastAPI\nfrom sqlalchemy import", 1)
        + "\n\napp = FastAPI()\n\n\ndef get_db():\n    with SessionLocal() as db:\n        yield db\n\n\n"
        + '@app.get("/")\ndef read(db: Session = Depends(get_db)):\n    return answer(db)\n'
    )
    tests = (
        "from fastapi.testclient import TestClient\n\nfrom app import app\n\n\n"
        'def test_read():\n    with TestClient(app) as client:\n        assert client.get("/").json() == 42\n'
    )
    found = listed(tmp_path, {"app.py": app, "tests/test_app.py": tests})
    assert "httpx" in found["requirements-dev.txt"]


def test_nothing_becomes_async_and_nothing_is_listed(tmp_path: Path) -> None:
    found, plan = migrated(tmp_path, {**LISTS, "app.py": "def answer():\n    return 42\n"})
    assert found == {}
    assert not len(plan)


def test_without_the_codemod_nothing_is_listed(tmp_path: Path) -> None:
    for name, text in LISTS.items():
        (tmp_path / name).write_text(text, "utf-8")
    program = Program(tmp_path, {"app.py": Source.parse("app.py", SQLITE.encode())}, Settings())
    changed = rewrite(program, make_plan(program).without([dependencies.NAME]))
    assert list(changed) == ["app.py"]


def test_what_a_person_has_to_do_is_declined_with_its_place(tmp_path: Path) -> None:
    _, plan = migrated(tmp_path, {**LISTS, "uv.lock": "version = 1\n", "app.py": SQLITE})
    (declined,) = [d for d in plan if d.codemod == dependencies.NAME and d.status is Status.DECLINED]
    assert declined.site.path == "uv.lock"
    assert "uv lock" in declined.concern


def test_a_project_without_any_list(tmp_path: Path) -> None:
    found, plan = migrated(tmp_path, {"app.py": SQLITE})
    assert found == {}
    assert [d.status for d in plan if d.codemod == dependencies.NAME] == [Status.DECLINED]
