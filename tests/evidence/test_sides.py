"""The original and the converted application are asked the same."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path, PurePosixPath

import pytest

from asyncshift.checks.evidence.requests import Schema
from asyncshift.checks.evidence.responses import compare
from asyncshift.checks.evidence.sides import NotAsked, Sides, find_app

from .projects import MODELS, write

SYNC = """
    import random
    from datetime import datetime
    from fastapi import Depends, FastAPI, HTTPException
    from pydantic import BaseModel
    from sqlalchemy import create_engine
    from sqlalchemy.orm import sessionmaker
    from models import Author, Base, Book

    engine = create_engine("sqlite:///./library.db")
    make = sessionmaker(engine)
    app = FastAPI(title="Library")

    class NewBook(BaseModel):
        title: str
        author_id: int

    def get_db():
        with make() as db:
            yield db

    @app.get("/authors/{author_id}")
    def author(author_id: int, db=Depends(get_db)):
        author = db.get(Author, author_id)
        if author is None:
            raise HTTPException(404)
        return {"name": author.name, "at": datetime.now(), "books": [book.title for book in author.books]}

    @app.post("/books", status_code=201)
    def add(book: NewBook, db=Depends(get_db)):
        db.add(Book(**book.model_dump()))
        db.commit()
        return {"books": db.query(Book).count(), "drawn": random.random()}
"""
ASYNC = (
    SYNC.replace("from sqlalchemy import create_engine", "from sqlalchemy import func, select")
    .replace("orm import sessionmaker", "ext.asyncio import async_sessionmaker, create_async_engine")
    .replace("create_engine(", "create_async_engine(", 1).replace("async_async", "async")
    .replace("sqlite:", "sqlite+aiosqlite:")
    .replace("= sessionmaker(", "= async_sessionmaker(")
    .replace("    def ", "    async def ")
    .replace("with make", "async with make")
    .replace("db.get(", "await db.get(")
    .replace("db.commit", "await db.commit")
    .replace("db.query(Book).count()", "await db.scalar(select(func.count()).select_from(Book))")
)  # fmt: skip


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    for side, text in (("before", SYNC), ("after", ASYNC)):
        write(tmp_path / side, {"models.py": MODELS, "main.py": text})
    (tmp_path / "work").mkdir()
    return Sides(
        tmp_path / "before",
        tmp_path / "after",
        tmp_path,
        PurePosixPath(),
        sys.executable,
        "main:app",
        tmp_path / "work",
    )


def test_a_load_that_only_the_application_makes(sides: Sides) -> None:
    """The converted application reads `author.books` lazily: 500, which a suite that shares a session would not see."""
    schema = Schema(sides.document())
    filled = sides.fill(schema.sign_up(), 3)
    assert filled["unfilled"] == []
    assert [row["name"] for row in filled["rows"]["authors"]] == ["name 1", "name 2", "name 3"]
    requests = Schema(schema.document, filled["rows"]).requests()
    before, again, after = sides.ask(requests)
    assert {response["status"] for response in before} == {200, 201, 404}
    found = {difference.request: difference.points for difference in compare(requests, before, again, after)}
    assert set(found) == {"GET /authors/1", "GET /authors/2", "GET /authors/3"}
    missing, status = found["GET /authors/1"]
    assert missing == "MissingGreenlet: lazy load of models.Author.books at main.py:26"
    assert status.startswith("status 200 → 500: StatementError: (sqlalchemy.exc.MissingGreenlet)")
    assert list(compare(requests, before, again, again)) == []
    (drawn,) = {r["body"] for answers in (before, again, after) for r in answers if r["status"] == 201}
    assert "drawn" in drawn


def test_an_application_that_does_not_start(sides: Sides) -> None:
    (sides.after / "main.py").write_text("1 / 0")
    with pytest.raises(NotAsked, match="the converted application does not run: ZeroDivisionError: division by zero"):
        sides.ask([{"path": "/authors/1"}])


def test_nothing_is_written_to_the_project(sides: Sides, tmp_path: Path) -> None:
    sides.fill([], 1)
    assert not list(tmp_path.glob("before/*.db"))
    assert [p.name for p in (tmp_path / "work/filled").iterdir()] == ["library.db"]


def test_the_application_is_found(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "src/shop/main.py": "from fastapi import FastAPI\napp = FastAPI()",
            "src/shop/__init__.py": "",
            "tests/test_it.py": "from fastapi import FastAPI\napp = FastAPI()",
        },
    )
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.py"))
    assert find_app(tmp_path, tmp_path, files) == "shop.main:app"
    shutil.rmtree(tmp_path / "src")
    assert find_app(tmp_path, tmp_path, ["tests/test_it.py"]) is None
