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
