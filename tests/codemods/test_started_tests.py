"""Tests that start the application: each suite passes before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import follows, text
from .test_startup import APPLICATION, AT_IMPORT, HANDLER

UNENTERED = """
from fastapi.testclient import TestClient

from application import app

client = TestClient(app)


def test_items():
    assert client.get("/items").json() == {expected}


def test_items_again():
    assert client.get("/items").json() == {expected}
"""


@pytest.mark.parametrize("mode", ["auto", "strict", "auto\nasyncio_default_fixture_loop_scope = function"])
@pytest.mark.parametrize(("handler", "expected"), [("", []), (AT_IMPORT, [1])])
def test_clients_that_are_never_entered_find_what_the_import_made(
    tmp_path: Path, mode: str, handler: str, expected: list[int]
) -> None:
    files = {"conftest.py": "", "pytest.ini": f"[pytest]\nasyncio_mode = {mode}\n"}
    files |= {"application.py": APPLICATION.format(handler=handler), "test_it.py": UNENTERED.format(expected=expected)}
    follows(tmp_path, files)
    assert "async with LifespanManager(app):" in text(tmp_path, "test_it.py")


def test_a_lifespan_of_its_own_is_not_started_by_tests_that_did_not_start_it(tmp_path: Path) -> None:
    files = {"conftest.py": "", "pytest.ini": "[pytest]\nfilterwarnings =\n    ignore:.*on_event:DeprecationWarning\n"}
    files["application.py"] = APPLICATION.format(handler=HANDLER).replace("Base.metadata.create_all(bind=engine)", "")
    files["test_it.py"] = UNENTERED.replace(
        'client.get("/items").json() == {expected}', 'client.get("/").status_code == 404'
    )
    follows(tmp_path, files)
    assert "LifespanManager" not in text(tmp_path, "test_it.py")
