"""Small projects with suites of their own: run as they are, migrated, and run again; the outcomes must be the same."""

from __future__ import annotations

import multiprocessing
import os
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import aiosqlite
import asgi_lifespan
import fastapi.testclient
import httpx
import pytest
import sqlalchemy.ext.asyncio

from asyncshift.analysis.decisions import Decision
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.codemods.engine import make_plan, rewrite

# What the suites import: known to the processes before they are forked.
IMPORTED = (aiosqlite, asgi_lifespan, fastapi.testclient, httpx, sqlalchemy.ext.asyncio)

APPLICATION = """\
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import RedirectResponse, StreamingResponse
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

engine = create_engine("sqlite:///items.db")
SessionLocal = sessionmaker(bind=engine)


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def get_db():
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()


def add_item(db: Session, name: str) -> Item:
    item = Item(name=name)
    db.add(item)
    db.commit()
    return item


def names(db: Session) -> list[str]:
    return list(db.scalars(select(Item.name).order_by(Item.id)))


events = []


@asynccontextmanager
async def lifespan(app):
    events.append("up")
    yield {"colour": "red"}
    events.append("down")


app = FastAPI(lifespan=lifespan)


@app.get("/items")
def read_items(db: Session = Depends(get_db)):
    return names(db)


@app.post("/items/{name}", status_code=201)
def create_item(name: str, db: Session = Depends(get_db)):
    return add_item(db, name).id


@app.get("/old")
def read_old():
    return RedirectResponse("/items")


@app.get("/broken")
def read_broken():
    raise RuntimeError("broken")


@app.get("/who")
def read_who(request: Request):
    return {"host": request.client.host, "agent": request.headers["user-agent"], "base": str(request.base_url)}


@app.get("/colour")
def read_colour(request: Request):
    return request.state.colour


@app.get("/lines")
def read_lines():
    return StreamingResponse(iter(["one\\n", "two\\n"]))


@app.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()
"""
CONFTEST = """\
import pytest

from application import Base, SessionLocal, engine


@pytest.fixture(autouse=True)
def tables():
    Base.metadata.create_all(engine)
    yield
    Base.metadata.drop_all(engine)


@pytest.fixture
def db():
    session = SessionLocal()
    yield session
    session.close()
"""


def project(root: Path, files: Mapping[str, str]) -> None:
    """Write the application, its conftest.py, and a case's own files."""
    always = {"application.py": APPLICATION, "conftest.py": CONFTEST, "pytest.ini": "[pytest]\n"}
    for name, text in (always | dict(files)).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")


def migrate(root: Path) -> list[Decision]:
    """Migrate in place; the decisions that were made. A second migration must change nothing."""
    decisions = _migrate(root)
    before = {p: p.read_bytes() for p in root.rglob("*") if p.suffix in {".py", ".ini", ".toml"}}
    _migrate(root)
    assert before == {p: p.read_bytes() for p in before}, "a second migration changes something"
    return decisions


def _migrate(root: Path) -> list[Decision]:
    program = Program.build(root, [str(p.relative_to(root)) for p in root.rglob("*.py")], Settings())
    plan = make_plan(program)
    for path, content in rewrite(program, plan).items():
        (root / path).write_bytes(content)
    return list(plan)


def outcomes(root: Path, *options: str) -> dict[str, str]:
    """Run the suite in a process of its own: each test's outcome. A coroutine that nobody awaits is an error."""
    report, log = root / "report.xml", root / "report.log"
    # Hypothesis would be imported in each process only to say that no test uses it.
    plugins = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    arguments = ["-q", *plugins, f"--rootdir={root}", f"--junitxml={report}", *options]
    arguments += ["-W", "error::RuntimeWarning", "-W", "error::pytest.PytestUnraisableExceptionWarning"]
    process = multiprocessing.get_context("fork").Process(target=_run, args=(root, log, arguments))
    process.start()
    process.join(120)
    output = log.read_text("utf-8")
    found = {
        f"{case.get('classname')}::{case.get('name')}": case[0].tag if len(case) else "passed"
        for case in ET.parse(report).iter("testcase")
    }
    for path in (report, log, root / "items.db"):
        path.unlink(missing_ok=True)
    assert found, output
    if set(found.values()) - {"passed", "skipped"} or process.exitcode not in {0, 1}:
        print(output, file=sys.stderr)
    return found


def _run(root: Path, log: Path, arguments: list[str]) -> None:
    """The body of the process: forked, so that it need not import the libraries again."""
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        sys.stdout = sys.stderr = file
        os.chdir(root)
        sys.path.insert(0, str(root))
        sys.argv = ["pytest"]
        for name in [n for n in os.environ if n.startswith(("PYTEST", "COV"))]:
            del os.environ[name]
        code = pytest.main(arguments)
        file.flush()
    os._exit(int(code))


def follows(root: Path, files: Mapping[str, str]) -> list[Decision]:
    """Check that the suite passes before and after, test by test; the decisions that were made."""
    project(root, files)
    before = outcomes(root)
    assert set(before.values()) <= {"passed", "skipped"}
    decisions = migrate(root)
    assert outcomes(root) == before
    return decisions


def text(root: Path, name: str) -> str:
    """A file of the project as it is now."""
    return (root / name).read_text("utf-8")
