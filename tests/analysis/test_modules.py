"""Which file an import means."""

from __future__ import annotations

import pytest

from asyncshift.analysis.modules import Modules


@pytest.mark.parametrize(
    ("paths", "name", "importer", "expected"),
    [
        (["app/db.py", "app/__init__.py", "main.py"], "app.db", "main.py", "app/db.py"),
        (["src/app/__init__.py", "src/app/db.py", "tests/test_db.py"], "app.db", "tests/test_db.py", "src/app/db.py"),
        (["data/db.py", "main.py"], "data.db", "main.py", "data/db.py"),
        (["one/util.py", "two/util.py", "two/main.py"], "util", "two/main.py", "two/util.py"),
        (["__init__.py", "src/__init__.py", "src/models.py", "a.py"], "src", "a.py", "src/__init__.py"),
        (["app/__init__.py", "app/logging.py", "app/main.py"], "logging", "app/main.py", None),
        (["app/__init__.py", "app/redis.py", "app/main.py"], "redis", "app/main.py", None),
        (["app/__init__.py"], "sqlalchemy.orm", "app/__init__.py", None),
    ],
    ids=[
        "a package", "a src layout", "a namespace package", "the nearest of two", "the root is no package",
        "the standard library wins inside a package", "a library wins inside a package", "a library",
    ],
)  # fmt: skip
def test_absolute_imports(paths: list[str], name: str, importer: str, expected: str | None) -> None:
    assert Modules(paths).absolute(name, importer) == expected


def test_relative_imports() -> None:
    modules = Modules(["app/__init__.py", "app/db.py", "app/api/__init__.py", "app/api/users.py"])
    assert modules.relative(2, "db", "app/api/users.py") == "app/db.py"
    assert modules.relative(1, "", "app/api/users.py") == "app/api/__init__.py"
    assert modules.relative(2, "nothing", "app/api/users.py") is None


def test_dotted_names_end_at_the_root() -> None:
    modules = Modules(["__init__.py", "app/__init__.py", "app/api/users.py", "main.py"])
    assert [modules.dotted(p) for p in ("app/api/users.py", "app/__init__.py", "main.py")] == [
        "app.api.users",
        "app",
        "main",
    ]
