"""`asyncshift check --diff`: what a change touches or newly breaks, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
HEAD = "from sqlalchemy.ext.asyncio import AsyncSession\n\n\nasync def save(session: AsyncSession) -> None:\n"
PAGES = """\
from fastapi import APIRouter, Depends, Request
from fastapi.templating import Jinja2Templates
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

router = APIRouter()
templates = Jinja2Templates(directory="app/templates")


class Base(DeclarativeBase): ...


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Post(Base):
    __tablename__ = "post"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship()


@router.get("/posts")
async def posts(request: Request, session: AsyncSession):
    found = (await session.scalars(select(Post))).all()
    return templates.TemplateResponse(request, "posts.html", {"posts": found})
"""
COMMIT, FLUSH = "    session.commit()\n", "    session.flush()\n"


def found(run: Run, *arguments: str) -> list[tuple[str, int, str]]:
    """What counts since the last commit."""
    result = run("check", "--format", "json", "--diff", "HEAD", *arguments)
    assert result.exit_code in {0, 1}, result.stderr
    return [(f["path"], f["line"], f["code"]) for f in json.loads(result.stdout)["findings"]]


@pytest.fixture
def committed(folder: Any) -> Any:
    """A repository with one mistake."""
    folder.write({"pyproject.toml": "", "app/a.py": HEAD + COMMIT})
    folder.commit()
    return folder


def test_nothing_has_changed(committed: Any, run: Run) -> None:
    assert found(run) == []


def test_what_has_moved_is_not_new(committed: Any, run: Run) -> None:
    committed.write({"app/a.py": "# a line\n" + HEAD + "    pass\n" + COMMIT})
    assert found(run) == []


def test_a_new_mistake(committed: Any, run: Run) -> None:
    committed.write({"app/a.py": HEAD + COMMIT + FLUSH})
    assert found(run) == [("app/a.py", 6, "AS201")]


def test_the_same_mistake_once_more(committed: Any, run: Run) -> None:
    committed.write({"app/a.py": HEAD + COMMIT + "    pass\n" + COMMIT})
    assert found(run) == [("app/a.py", 7, "AS201")]


def test_an_old_mistake_on_a_line_that_is_touched(committed: Any, run: Run) -> None:
    committed.write({"app/a.py": HEAD + "    session.commit()  # twice\n"})
    assert found(run) == [("app/a.py", 5, "AS201")]


def test_a_new_file(committed: Any, run: Run) -> None:
    committed.write({"app/b.py": HEAD + COMMIT})
    assert found(run) == [("app/b.py", 5, "AS201")]


def test_a_file_with_a_new_name_is_the_same(committed: Any, run: Run) -> None:
    (committed.root / "app/a.py").rename(committed.root / "app/ä b.py")
    committed.git("add", "-A")
    assert found(run) == []


def test_a_caller_elsewhere(folder: Any, run: Run) -> None:
    use = "from app.store import get\n\n\nasync def use():\n    session = get()\n    session.commit()\n"
    store = "from sqlalchemy.ext.asyncio import AsyncSession\n\n\ndef get() -> AsyncSession: ...\n"
    folder.write({"pyproject.toml": "", "app/store.py": "def get(): ...\n", "app/use.py": use})
    folder.commit()
    folder.write({"app/store.py": store})
    assert ("app/use.py", 6, "AS201") in found(run)


def test_a_template_is_read_as_it_was(folder: Any, run: Run) -> None:
    page = "{% for post in posts %}{{ post.title }}{% endfor %}"
    folder.write({"pyproject.toml": "", "app/pages.py": PAGES, "app/templates/posts.html": page})
    folder.commit()
    folder.write({"app/templates/posts.html": page.replace("title", "author.name")})
    assert found(run) == [("app/pages.py", 30, "AS301")]


def test_an_older_revision_and_a_folder_inside_the_repository(
    committed: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed.write({"app/pyproject.toml": "", "app/a.py": HEAD + COMMIT + FLUSH})
    committed.commit()
    monkeypatch.chdir(committed.root / "app")
    assert found(run) == []
    result = run("check", "--format", "json", "--diff", "HEAD~1")
    assert [(f["path"], f["line"]) for f in json.loads(result.stdout)["findings"]] == [("a.py", 6)]


def test_lines_that_look_like_headings_of_a_diff(committed: Any, run: Run) -> None:
    committed.write({"app/a.py": HEAD + COMMIT + 'x = """\n++ other.py\n@@ -1 +5 @@\n"""\n'})
    assert found(run) == []


def test_what_was_found_before_is_remembered(committed: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object) -> None:
        raise AssertionError("worked out again")

    committed.write({"app/a.py": HEAD + COMMIT + FLUSH})
    first = found(run)
    monkeypatch.setattr("asyncshift.cli.newly.outcome_of", never)
    assert found(run) == first
    committed.commit()
    assert run("check", "--diff", "HEAD").exit_code == 2


def test_with_a_baseline(committed: Any, run: Run) -> None:
    committed.write({"app/a.py": HEAD + COMMIT + FLUSH})
    run("check", "--baseline", "known.json", "--write-baseline")
    assert found(run, "--baseline", "known.json") == []


def test_an_unknown_revision(committed: Any, run: Run) -> None:
    result = run("check", "--diff", "nonsense")
    assert result.exit_code == 2
    assert result.stderr.startswith("asyncshift: git ")
