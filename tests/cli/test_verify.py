"""`asyncshift verify` as it is typed: the shipped example before and after."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from asyncshift.cli import writing

from ..evidence.projects import write
from .conftest import Folder

Run = Callable[..., Result]
SHOP = Path(__file__).parent.parent / "originals/shop"
SUITE = ("--", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_catalogue.py", "tests/test_api.py")


@pytest.fixture(autouse=True)
def python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)


@pytest.fixture
def shop(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    shutil.copytree(SHOP, folder.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_example_is_equal(run: Run, shop: Folder) -> None:
    assert run("record", *SUITE).exit_code == 0
    assert run("migrate", "--force").exit_code == 0
    result = run("verify", "--schema", *SUITE)
    assert result.exit_code == 0, result.output
    assert "; no difference is left." in result.output
    assert "; 0 answered differently." in result.output


def test_differences_are_told(run: Run, shop: Folder) -> None:
    run("record", *SUITE)
    run("migrate", "--force")
    shop.write({"requests.json": json.dumps([{"path": "/products"}, {"path": "/nowhere"}])})
    services = shop.root / "shop/services.py"
    services.write_text(services.read_text().replace(".order_by(Product.name)", ".order_by(Product.name, Product.id)"))
    result = run("verify", "--http", "requests.json", *SUITE)
    assert result.exit_code == 1
    assert "SQL: tests/" in result.output
    assert "ORDER BY products.name, products.id" in result.output
    assert "2 requests (1 × 200, 1 × 404); 0 answered differently." in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "what is to be compared? the suite: -- -m pytest ...; or the applications: --schema, --http FILE"),
        (("--", "-m", "pytest"), "no recording of the original: run `asyncshift record` before the migration"),
        (("--schema",), "no application found: name it with --app module:attribute"),
        (("--schema", "--app", "a:b"), "no migration is on record here: name the original project with --before DIR"),
    ],
)
def test_what_is_missing(run: Run, folder: Folder, arguments: tuple[str, ...], told: str) -> None:
    folder.write({"pyproject.toml": ""})
    result = run("verify", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"asyncshift: {told}\n")


def test_a_recording_that_is_older_than_the_code(run: Run, folder: Folder) -> None:
    suite = ("--", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    folder.write({"pyproject.toml": "", "one.py": "ONE = 1\n", "test_it.py": "def test_it():\n    import one\n"})
    assert run("record", *suite).exit_code == 0
    folder.write({"one.py": "ONE = 2\n"})
    writing.write(folder.root, {"one.py": b"ONE = 3\n"})
    result = run("verify", *suite)
    assert result.exit_code == 0, result.output
    assert "The recording is older than one.py: what it says of them may be outdated." in result.stderr


def test_until_verified(run: Run, shop: Folder) -> None:
    result = run("migrate", "--force", "--until-verified", *SUITE)
    assert result.exit_code == 0, result.output
    assert "Recorded: " in result.output
    assert "; no difference is left." in result.output


def test_until_verified_needs_a_suite(run: Run, folder: Folder) -> None:
    folder.write({"pyproject.toml": ""})
    result = run("migrate", "--until-verified")
    assert result.exit_code == 2
    assert "what runs the suite?" in result.stderr


def test_migrations_right_after_each_other_are_one(folder: Folder) -> None:
    folder.write({"a.py": "one", "b.py": "one"})
    writing.write(folder.root, {"a.py": b"two"})
    writing.write(folder.root, {"a.py": b"three"})
    assert len(writing.chain(folder.root)) == 2
    folder.write({"a.py": "by hand"})
    writing.write(folder.root, {"a.py": b"four"})
    assert len(writing.chain(folder.root)) == 1


LIBRARY = """
    from sqlalchemy import Column, ForeignKey, Integer, String
    from sqlalchemy.orm import declarative_base, relationship

    Base = declarative_base()

    class Author(Base):
        __tablename__ = "authors"
        id = Column(Integer, primary_key=True)
        books = relationship("Book")

    class Book(Base):
        __tablename__ = "books"
        id = Column(Integer, primary_key=True)
        title = Column(String)
        author_id = Column(ForeignKey("authors.id"))
"""
API = """
    from fastapi import Depends, FastAPI
    from models import Author

    app = FastAPI()

    async def get_db():
        raise NotImplementedError

    @app.get("/authors/{{number}}")
    async def titles(number: int, db=Depends(get_db)):
        author = {wait}db.get(Author, number)
        return [book.title for book in author.books]
"""
# The application is given the session that has loaded the books already.
API_TEST = """
    import asyncio
    import httpx
    from api import app, get_db
    from models import Author, Base, Book
    from sqlalchemy import create_engine
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
    from sqlalchemy.orm import Session

    async def ask(session):
        async def shared():
            return session

        author = Author(id=1, books=[Book(title="One")])
        session.add(author)
        {wait}session.commit()
        {wait}session.refresh(author, ["books"])
        app.dependency_overrides[get_db] = shared
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            assert (await client.get("/authors/1")).json() == ["One"]

    async def run():
        engine = {engine}
        {begin} engine.begin() as connection:
            {create}
        {begin} {session}(engine, expire_on_commit=False) as session:
            await ask(session)

    def test_titles():
        asyncio.run(run())
"""
SYNC = {
    "wait": "", "begin": "with", "engine": 'create_engine("sqlite:///test.db")', "session": "Session",
    "create": "Base.metadata.create_all(connection)",
}  # fmt: skip
ASYNC = {
    "wait": "await ", "begin": "async with", "engine": 'create_async_engine("sqlite+aiosqlite://")',
    "session": "AsyncSession", "create": "await connection.run_sync(Base.metadata.create_all)",
}  # fmt: skip


def test_isolated_requests_find_what_a_shared_session_hides(run: Run, folder: Folder) -> None:
    suite = ("--", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    files = {"pyproject.toml": "", "models.py": LIBRARY}
    write(folder.root, {**files, "api.py": API.format(**SYNC), "test_api.py": API_TEST.format(**SYNC)})
    assert run("record", *suite).exit_code == 0
    write(folder.root, {"api.py": API.format(**ASYNC), "test_api.py": API_TEST.format(**ASYNC)})
    shared = run("verify", *suite)
    assert shared.exit_code == 0, shared.output
    isolated = run("verify", "--isolate", *suite)
    assert isolated.exit_code == 1
    assert "MissingGreenlet: models.Author.books at api.py:12, 1 time" in isolated.output


DICE = """
    import random
    from sqlalchemy import create_engine, text

    def test_dice():
        with create_engine("sqlite://").connect() as connection:
            connection.execute(text(f"SELECT {random.random()}"))
"""


def test_tests_that_draw_numbers_run_again_with_those_of_the_original(run: Run, folder: Folder) -> None:
    suite = ("--", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    write(folder.root, {"pyproject.toml": "", "test_it.py": DICE, "test_other.py": "def test_other():\n    pass\n"})
    assert run("record", *suite).exit_code == 0
    result = run("verify", *suite)
    assert result.exit_code == 0, result.output
    assert "What 1 test sent depends on random numbers: run again, with those of the original." in result.stderr
    assert "2 of 2 tests still pass" in result.output
    folder.write({"test_it.py": (folder.root / "test_it.py").read_text().replace("SELECT", "SELECT 1,")})
    assert run("verify", *suite).exit_code == 1
