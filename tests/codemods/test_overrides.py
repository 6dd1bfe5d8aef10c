"""Dependency overrides of every form, and what a client sends and keeps, by suites that run before and after."""

from __future__ import annotations

from pathlib import Path

from .suites import follows, text

ROUTES = """\
from fastapi import Depends, FastAPI, Request, Response
from sqlalchemy.orm import Session

from application import add_item, get_db, names

app = FastAPI()


@app.post("/files")
async def upload(request: Request, db: Session = Depends(get_db)):
    sent = await request.body()
    add_item(db, "a.txt" if b'filename="a.txt"' in sent else "none")
    return {"tag": request.headers.get("x-tag"), "who": request.cookies.get("who")}


@app.post("/login")
def login(response: Response, db: Session = Depends(get_db)):
    response.set_cookie("who", "ann")
    return names(db)


@app.get("/who")
def who(request: Request, db: Session = Depends(get_db)):
    return [request.cookies.get("who"), names(db)]
"""


def test_functions_generators_and_lambdas(tmp_path: Path) -> None:
    tests = """\
import pytest
from fastapi.testclient import TestClient

from application import SessionLocal, add_item, app, get_db, names


@pytest.fixture(params=["function", "generator", "lambda", "closure"])
def client(request, db):
    def function():
        return db

    def generator():
        session = SessionLocal()
        try:
            yield session
        finally:
            session.close()

    def closure(session):
        def override():
            yield session

        return override

    forms = {"function": function, "generator": generator, "lambda": lambda: db, "closure": closure(db)}
    app.dependency_overrides[get_db] = forms[request.param]
    yield TestClient(app)
    app.dependency_overrides.clear()


def test_items(client, db):
    assert client.post("/items/a").status_code == 201
    assert client.get("/items").json() == ["a"] == names(db)
"""
    follows(tmp_path, {"test_it.py": tests})
    converted = text(tmp_path, "test_it.py")
    assert "    async def generator():" in converted
    assert "await session.close()" in converted
    assert "lambda: db" in converted


def test_what_a_client_sends_and_keeps(tmp_path: Path) -> None:
    tests = """\
from fastapi.testclient import TestClient

from application import names
from more import app


def test_files_headers_and_cookies(db):
    client = TestClient(app, cookies={"who": "bob"})
    answer = client.post("/files", files={"file": ("a.txt", b"text")}, headers={"x-tag": "new"}).json()
    assert (answer["tag"], answer["who"]) == ("new", "bob")
    assert names(db) == ["a.txt"]


def test_cookies_are_kept():
    client = TestClient(app)
    client.headers["x-tag"] = "kept"
    assert client.post("/login").json() == []
    assert client.cookies["who"] == "ann"
    assert client.get("/who").json() == ["ann", []]
"""
    follows(tmp_path, {"more.py": ROUTES, "test_it.py": tests})
    assert 'files={"file": ("a.txt", b"text")}, headers={"x-tag": "new"}' in text(tmp_path, "test_it.py")
