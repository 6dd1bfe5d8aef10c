"""Templates that read relationships: the pages that the application gives before and after are the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.codemods.engine import make_plan, rewrite

APP = """\
from fastapi import Depends, FastAPI, Request
from fastapi.templating import Jinja2Templates
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

engine = create_engine("sqlite:///shop.db")
SessionLocal = sessionmaker(engine)
templates = Jinja2Templates(directory="templates")
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author] = relationship(back_populates="books")


def get_db():
    with SessionLocal() as db:
        yield db


@app.get("/books")
def books(request: Request, db: Session = Depends(get_db)):
    found = db.query(Book).order_by(Book.id).all()
    return templates.TemplateResponse(request, "books.html", {"books": found})


@app.get("/authors/{id}")
def author(id: int, request: Request, db: Session = Depends(get_db)):
    context = {"request": request, "author": db.get(Author, id)}
    return templates.TemplateResponse(request=request, name="author.html", context=context)


@app.get("/mail")
def mail(db: Session = Depends(get_db)):
    template = templates.get_template("mail.txt")
    return template.render(book=db.query(Book).first())
"""
TEMPLATES = {
    "base.html": "<h1>{% block body %}{% endblock %}</h1>",
    "books.html": '{% extends "base.html" %}{% block body %}{% for b in books %}{% include "row.html" %}{% endfor %}'
    "{% endblock %}",
    "row.html": "{{ b.title }} by {{ b.author.name }};",
    "author.html": '{{ author.name }}: {{ author.books | map(attribute="title") | sort | join(", ") }}',
    "mail.txt": "{{ book['author'].name }}",
}
ASK = """\
import sqlite3
db = sqlite3.connect("shop.db")
db.executescript('''
create table authors (id integer primary key, name text);
create table books (id integer primary key, title text, author_id integer);
insert into authors values (1, 'Ada');
insert into books values (1, 'A', 1), (2, 'B', 1);
''')
from fastapi.testclient import TestClient
from app import app
client = TestClient(app)
for path in ("/books", "/authors/1", "/mail"):
    print(path, client.get(path).text)
"""
PAGES = """\
/books <h1>A by Ada;B by Ada;</h1>
/authors/1 Ada: A, B
/mail "Ada"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"app.py": APP, "ask.py": ASK, **{f"templates/{name}": text for name, text in TEMPLATES.items()}}
    (tmp_path / "templates").mkdir()
    for path, text in files.items():
        (tmp_path / path).write_text(text, "utf-8")
    return tmp_path


def asked(project: Path) -> str:
    done = subprocess.run([sys.executable, "ask.py"], cwd=project, capture_output=True, text=True, check=False)
    (project / "shop.db").unlink()
    assert done.returncode == 0, done.stderr
    return done.stdout


def migrated(project: Path) -> str:
    program = Program.build(project, ["app.py"], Settings())
    return rewrite(program, make_plan(program))["app.py"].decode()


def test_the_pages_are_the_same(project: Path) -> None:
    assert asked(project) == PAGES
    (project / "app.py").write_text(migrated(project), "utf-8")
    assert asked(project) == PAGES


def test_what_no_template_reads_is_not_loaded(project: Path) -> None:
    (project / "templates/row.html").write_text("{{ b.title }}", "utf-8")
    assert "found = (await db.scalars(select(Book).order_by(Book.id))).all()" in migrated(project)
