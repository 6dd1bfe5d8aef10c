"""Imports that a rewrite leaves without a use."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from asyncshift.codemods.edit import Import
from asyncshift.codemods.imports import settle

from .test_imports import PATH, SESSION, parse


def prune(before: str, after: str, *wanted: Import, exported: frozenset[str] = frozenset(), path: str = PATH) -> str:
    """The rewritten file with its imports in order; a second time must change nothing."""
    source = parse(before, path)
    once = settle(source, after.encode(), wanted, exported)
    ast.parse(once.decode().removeprefix("\ufeff"))
    assert settle(source, once, wanted, exported) == once
    return once.decode()


class TestPrune:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param("from sqlalchemy.orm import Session\n\nSession()\n", "1\n", id="statement"),
            pytest.param("import os\nfrom a import B\nB()\n", "import os\n1\n", id="statement between"),
            pytest.param("from a import B  # why\nB()\n", "1\n", id="comment on the line"),
            pytest.param("from a import B, C\nB()\n", "from a import C\n1\n", id="first name"),
            pytest.param("from a import C, B\nB()\n", "from a import C\n1\n", id="last name"),
            pytest.param("from a import C, B, D\nB()\n", "from a import C, D\n1\n", id="middle name"),
            pytest.param("from a import B as b, C\nb()\n", "from a import C\n1\n", id="alias"),
            pytest.param("from a import (B, C)\nB()\n", "from a import (C)\n1\n", id="parentheses"),
            pytest.param("from a import (C, B,)\nB()\n", "from a import (C,)\n1\n", id="trailing comma"),
            pytest.param(
                "from a import (\n    B,\n    C,\n)\nB()\n", "from a import (\n    C,\n)\n1\n", id="one a line"
            ),
            pytest.param(
                "from a import (\n    C,  # c\n    B  # b\n)\nB()\n",
                "from a import (\n    C,  # c\n)\n1\n",
                id="comments",
            ),
            pytest.param("from a import (\n    C,\n    B)\nB()\n", "from a import (\n    C)\n1\n", id="closing line"),
            pytest.param(
                "from a import (C,  # c\n  B)\nB()\n", "from a import (C,  # c\n  )\n1\n", id="comment between"
            ),
            pytest.param("from a import (\n    B,\n)\nB()\n", "1\n", id="all of a long statement"),
            pytest.param("from a import (\n    B,\n    D,\n)\nB(D)\n", "1\n", id="all names of a long statement"),
            pytest.param("from a import B, \\\n    C\nB()\n", "from a import C\n1\n", id="backslash, first"),
            pytest.param("from a import C, \\\n    B\nB()\n", "from a import C\n1\n", id="backslash, last"),
            pytest.param("import a, b\na()\n", "import b\n1\n", id="import of two modules"),
            pytest.param("import a as b\nb.c()\n", "1\n", id="module under an alias"),
            pytest.param("import a.b\na.b.c()\n", "1\n", id="submodule"),
            pytest.param("import a.b\nimport a.c\na.b.x(a.c)\n", "import a.c\na.c()\n", id="submodule beside another"),
            pytest.param("import os; from a import B\nB()\n", "import os\n1\n", id="behind a semicolon"),
            pytest.param("from a import B; import os\nB()\n", "import os\n1\n", id="before a semicolon"),
            pytest.param("from a import B;\nB()\n", "1\n", id="semicolon at the end"),
            pytest.param('"""Doc."""\n\nfrom a import B\n\n\nB()\n', '"""Doc."""\n\n\n1\n', id="blank lines"),
            pytest.param("import os\n\nfrom a import B\n\nimport c\nB()\n", "import os\n\nimport c\n1\n", id="a group"),
            pytest.param("def f():\n    from a import B\n\n    B()\n", "def f():\n    1\n", id="in a function"),
            pytest.param("def f():\n    from a import B; B()\n", "def f():\n    1\n", id="in a function, semicolon"),
            pytest.param("def f(): from a import B; B()\n", "def f(): 1\n", id="in a function of one line"),
            pytest.param("async def f():\n\tfrom a import B\n\tB()\n", "async def f():\n\t1\n", id="tabs"),
            pytest.param("from a import B\r\nB()\r\n", "1\r\n", id="CRLF"),
            pytest.param("\ufefffrom a import B\nB()\n", "\ufeff1\n", id="BOM"),
            pytest.param("from a import B\n@B\ndef f(): ...\n", "def f(): ...\n", id="decorator"),
            pytest.param("from a import B\nx: B\n", "x: int\n", id="annotation"),
        ],
    )
    def test_lost_its_last_use(self, before: str, after: str) -> None:
        rewritten = before
        for use in ("a.b.c()", "b.c()", "B(D)", "B()", "b()", "a()", "Session()"):
            rewritten = rewritten.replace(use, "1")
        rewritten = rewritten.replace("a.b.x(a.c)", "a.c()").replace("@B\n", "").replace("x: B", "x: int")
        assert prune(before, rewritten) == after

    @pytest.mark.parametrize(
        ("before", "rewritten", "after"),
        [
            pytest.param(
                "def f():\n    from a import B\ndef g():\n    from a import B\n    B()\n",
                "def f():\n    from a import B\ndef g():\n    from a import B\n    1\n",
                "def f():\n    from a import B\ndef g():\n    1\n",
                id="only in the function that used it",
            ),
            pytest.param(
                "from a import B\ndef f():\n    if x:\n        from a import C\n    C()\nB()\n",
                "from a import B\ndef f():\n    if x:\n        from a import C\n    1\nB()\n",
                "from a import B\ndef f():\n    if x:\n        pass\n    1\nB()\n",
                id="pass in an empty block",
            ),
            pytest.param(
                "def f():\n    if x: from a import C\n    C()\n",
                "def f():\n    if x: from a import C\n    1\n",
                "def f():\n    if x: pass\n    1\n",
                id="pass in a block of one line",
            ),
            pytest.param(
                "from typing import TYPE_CHECKING, Any\n\nif TYPE_CHECKING:\n    from a import B\n\nx: 'B'\n",
                "from typing import TYPE_CHECKING, Any\n\nif TYPE_CHECKING:\n    from a import B\n\nx: 'C'\n",
                "from typing import Any\n\nx: 'C'\n",
                id="empty block for types goes, with what it needed",
            ),
            pytest.param(
                "import typing\nif typing.TYPE_CHECKING:\n    from a import B\nelse:\n    B = 1\nx: 'B'\n",
                "import typing\nif typing.TYPE_CHECKING:\n    from a import B\nelse:\n    B = 1\nx: 'C'\n",
                "import typing\nif typing.TYPE_CHECKING:\n    pass\nelse:\n    B = 1\nx: 'C'\n",
                id="block for types with an else",
            ),
            pytest.param(
                "from a import B\ndef f():\n    B()\n",
                "from a import B\ndef f(B):\n    B()\n",
                "def f(B):\n    B()\n",
                id="a parameter of the same name is no use",
            ),
            pytest.param(
                "from a import B\nB()\n",
                "from a import B\nx.B\n",
                "x.B\n",
                id="an attribute of the same name is no use",
            ),
            pytest.param(
                "from a import B\nB()\n", "from a import B\n'B'\n", "'B'\n", id="an ordinary string is no use"
            ),
            pytest.param("from a import B\nB()\n", "from a import B\nx['B']\n", "x['B']\n", id="a key is no use"),
        ],
    )
    def test_blocks_and_scopes(self, before: str, rewritten: str, after: str) -> None:
        assert prune(before, rewritten) == after

    @pytest.mark.parametrize(
        "use",
        [
            pytest.param("B.x = 1", id="attribute base"),
            pytest.param("del B", id="del"),
            pytest.param("B += 1", id="augmented assignment"),
            pytest.param("__all__ = ['B']", id="__all__"),
            pytest.param("__all__ += ['B']", id="__all__ extended"),
            pytest.param("__all__.append('B')", id="__all__ appended"),
            pytest.param("__all__: list[str] = ['B']", id="__all__ annotated"),
            pytest.param("def f(x: 'B'): ...", id="string annotation"),
            pytest.param("def f() -> 'list[B]': ...", id="string annotation of the result"),
            pytest.param("x: Mapped['B']", id="Mapped"),
            pytest.param("x: 'Mapped[\"B\"]'", id="string in a string"),
            pytest.param("x = cast('B', y)", id="cast"),
            pytest.param("x = typing.cast('list[B]', y)", id="typing.cast"),
            pytest.param("T = TypeVar('T', bound='B')", id="bound"),
            pytest.param("X = Optional['B']", id="type alias"),
            pytest.param("X: TypeAlias = 'B'", id="type alias in a string"),
            pytest.param("class A(Generic['B']): ...", id="base class"),
            pytest.param("x = []  # type: list[B]", id="type comment"),
            pytest.param("def f():\n    x = []  # type: B", id="type comment in a function"),
            pytest.param("f'{B}'", id="f-string"),
            pytest.param("lambda x=B: x", id="lambda default"),
            pytest.param("[B for x in y]", id="comprehension"),
            pytest.param("(x := B)", id="walrus"),
            pytest.param("match x:\n    case B(): ...", id="match"),
            pytest.param("class A:\n    B = B", id="class attribute of the same name"),
            pytest.param("def f():\n    nonlocal_ = B", id="in a function"),
            pytest.param("def f():\n    global B\n    B = 1\nB", id="global"),
        ],
    )
    def test_still_used(self, use: str) -> None:
        rewritten = f"from a import B\n{use}\n"
        assert prune("from a import B\nB()\n", rewritten) == rewritten

    @pytest.mark.parametrize(
        "line",
        [
            pytest.param("from a import B  # noqa: F401", id="noqa"),
            pytest.param("from a import B  # noqa: E402, F401", id="noqa of several"),
            pytest.param("from a import B  # NOQA", id="noqa of all"),
            pytest.param("from a import (  # noqa: F401\n    B,\n    C,\n)", id="noqa on the first line"),
            pytest.param("from a import (\n    B,  # noqa: F401\n    C,\n)", id="noqa on the name's line"),
            pytest.param("from a import B as B", id="explicit re-export"),
            pytest.param("try:\n    from a import B\nexcept ImportError:\n    B = None", id="optional import"),
            pytest.param("try:\n    import B\nexcept (ModuleNotFoundError, OSError):\n    pass", id="probing import"),
            pytest.param("from __future__ import annotations", id="future"),
        ],
    )
    def test_kept(self, line: str) -> None:
        assert prune(f"{line}\nB()\n", f"{line}\n1\n") == f"{line}\n1\n"

    def test_noqa_for_another_reason_does_not_keep(self) -> None:
        line = "from a import B  # noqa: E402\n"
        assert prune(f"{line}B()\n", f"{line}1\n") == "1\n"

    def test_unused_before_stays(self) -> None:
        text = "from a import B\n1\n"
        assert prune(text, text) == text

    def test_unused_import_that_an_edit_brought_stays(self) -> None:
        assert prune("1\n", "from a import B\n1\n") == "from a import B\n1\n"

    def test_exported_stays(self) -> None:
        text = "from a import B\n"
        assert prune(f"{text}B()\n", f"{text}1\n", exported=frozenset({"B"})) == f"{text}1\n"

    def test_exported_says_nothing_of_local_imports(self) -> None:
        before = "def f():\n    from a import B\n    B()\n"
        assert prune(before, before.replace("B()", "1"), exported=frozenset({"B"})) == "def f():\n    1\n"

    @pytest.mark.parametrize("line", ["from .models import B\n", "from app.things import B\n"])
    def test_package_keeps_its_own_names(self, line: str) -> None:
        path = "app/things/__init__.py"
        assert prune(f"{line}B()\n", f"{line}1\n", path=path) == f"{line}1\n"

    def test_package_does_not_keep_other_peoples_names(self) -> None:
        path = "app/things/__init__.py"
        assert prune("from sqlalchemy import B\nB()\n", "from sqlalchemy import B\n1\n", path=path) == "1\n"

    def test_import_in_a_class_body_is_an_attribute(self) -> None:
        before = "class A:\n    from a import B\n    B()\n"
        assert prune(before, before.replace("B()", "1")) == before.replace("B()", "1")

    def test_old_goes_where_new_comes(self) -> None:
        before = dedent(
            """\
            from fastapi import Depends
            from sqlalchemy.orm import Session, selectinload

            from .db import get_db


            def read(db: Session = Depends(get_db)):
                return selectinload
            """
        )
        assert prune(before, before.replace("db: Session", "db: AsyncSession"), SESSION) == dedent(
            """\
            from fastapi import Depends
            from sqlalchemy.ext.asyncio import AsyncSession
            from sqlalchemy.orm import selectinload

            from .db import get_db


            def read(db: AsyncSession = Depends(get_db)):
                return selectinload
            """
        )

    def test_merged_into_the_statement_that_loses_a_name(self) -> None:
        before = "from contextlib import contextmanager\n\n@contextmanager\ndef f(): ...\n"
        wanted = Import("contextlib", "asynccontextmanager")
        assert prune(before, before.replace("@context", "@asynccontext"), wanted) == (
            "from contextlib import asynccontextmanager\n\n@asynccontextmanager\ndef f(): ...\n"
        )
