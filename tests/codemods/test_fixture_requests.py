"""Fixtures that are asked for by name, by suites that run before and after."""

from __future__ import annotations

from pathlib import Path

from asyncshift.analysis.decisions import Status

from .suites import follows, migrate, project, text

FIXTURES = """\
import pytest

from application import add_item, names


@pytest.fixture
def item(db):
    return add_item(db, "a")


@pytest.fixture
def label(item):
    return f"{item.name}!"


@pytest.fixture
def number():
    return 1


"""


def test_fixtures_by_name(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": FIXTURES
            + """
def test_async(request, db):
    item = request.getfixturevalue("item")
    found = names(db)
    assert found == [item.name]


def test_two(request, db):
    assert request.getfixturevalue("label") == "a!" and request.getfixturevalue("number") == 1
    assert request.getfixturevalue("item").name in names(db)


def test_sync(request):
    assert request.getfixturevalue("label") == "a!"
"""
        },
    )
    new = text(tmp_path, "test_it.py")
    assert "async def test_async(request, item, db):\n    found" in new
    assert "async def test_two(request, item, label, db):" in new
    assert 'label == "a!" and request.getfixturevalue("number") == 1' in new
    assert '\ndef test_sync(request):\n    assert request.getfixturevalue("label")' in new


def test_name_that_is_not_known(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "test_it.py": FIXTURES
            + """
@pytest.mark.parametrize("name", ["item"])
def test_it(request, db, name):
    assert request.getfixturevalue(name).name in names(db)
"""
        },
    )
    declined = [d for d in migrate(tmp_path) if d.codemod == "fixture-requests"]
    assert [d.status for d in declined] == [Status.DECLINED]
