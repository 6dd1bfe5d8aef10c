"""Which imports a rewritten file gains and loses, to the byte."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from asyncshift.analysis.source import BrokenInput, Source
from asyncshift.codemods.edit import Conflict, Import
from asyncshift.codemods.imports import binding, request, settle

SELECT = Import("sqlalchemy", "select")
SESSION = Import("sqlalchemy.ext.asyncio", "AsyncSession")
PATH = "app/things/service.py"


def parse(text: str, path: str = PATH) -> Source:
    return Source.parse(path, text.encode())


def add(text: str, *wanted: Import, path: str = PATH, own: frozenset[str] = frozenset()) -> str:
    """The file with wanted imports, where nothing else was rewritten; a second time must change nothing."""
    before = parse(text, path)
    once = settle(before, before.content, wanted, frozenset(), own)
    ast.parse(once.decode().removeprefix("\ufeff"))
    assert settle(before, once, wanted, frozenset(), own) == once
    return once.decode()


def node(source: Source, text: str) -> ast.expr:
    return next(n for n in ast.walk(source.tree) if isinstance(n, ast.expr) and source.text(n) == text)


class TestRequest:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("", ("select", SELECT), id="nothing imported"),
            pytest.param("from sqlalchemy import func\n", ("select", SELECT), id="other name of the module"),
            pytest.param("from sqlalchemy import select\n", ("select", None), id="imported"),
            pytest.param("from sqlalchemy import select as sel\n", ("sel", None), id="imported under an alias"),
            pytest.param("from sqlalchemy.future import select\n", ("select", None), id="other home of the same thing"),
            pytest.param("import sqlalchemy as sa\n", ("sa.select", None), id="module under an alias"),
            pytest.param("import sqlalchemy\n", ("sqlalchemy.select", None), id="module"),
            pytest.param("import sqlalchemy.orm\n", ("sqlalchemy.select", None), id="submodule binds its package"),
            pytest.param(
                "import sqlalchemy.orm as o\n", ("select", SELECT), id="alias of a submodule is not its package"
            ),
            pytest.param(
                "import sqlalchemy\nfrom sqlalchemy import func\n",
                ("select", SELECT),
                id="names are imported elsewhere too",
            ),
            pytest.param(
                "try:\n    from sqlalchemy import select\nexcept ImportError:\n    select = None\n",
                ("select", None),
                id="try with a fallback",
            ),
            pytest.param("if x:\n    from sqlalchemy import select\n", ("select", SELECT), id="on a condition only"),
            pytest.param("def f():\n    from sqlalchemy import select\n", ("select", SELECT), id="in a function only"),
            pytest.param("class A:\n    def select(self): ...\n", ("select", SELECT), id="methods do not clash"),
            pytest.param("from .models import *\n", ("select", SELECT), id="star import, name not used"),
        ],
    )
    def test_expression(self, text: str, expected: tuple[str, Import | None]) -> None:
        assert request(parse(text), "sqlalchemy", "select") == expected

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("def select(): ...\n", id="function"),
            pytest.param("class select: ...\n", id="class"),
            pytest.param("select = 1\n", id="variable"),
            pytest.param("from sqlmodel import select\n", id="another library's function of that name"),
            pytest.param("from mine import make as select\n", id="alias of something else"),
            pytest.param("import select\n", id="module of that name"),
            pytest.param("def f(select): ...\n", id="parameter"),
            pytest.param("def f():\n    select = 1\n", id="local variable"),
            pytest.param("def f():\n    global select\n    select = 1\n", id="global statement"),
            pytest.param("x = [1 for select in y]\n", id="comprehension"),
            pytest.param("(select := 1)\n", id="walrus"),
            pytest.param("f = lambda select: 1\n", id="lambda parameter"),
            pytest.param("match x:\n    case {'a': 1, **select}: ...\n", id="match rest"),
            pytest.param("match x:\n    case [*select]: ...\n", id="match star"),
            pytest.param("try: ...\nexcept E as select: ...\n", id="except"),
            pytest.param("from mine import *\nselect()\n", id="star import, name used"),
        ],
    )
    def test_clash_gets_an_alias(self, text: str) -> None:
        wanted = Import("sqlalchemy", "select", "sa_select")
        assert request(parse(text), "sqlalchemy", "select") == ("sa_select", wanted)

    def test_clashing_class_gets_a_class_like_alias(self) -> None:
        source = parse("class AsyncSession: ...\n")
        assert request(source, "sqlalchemy.ext.asyncio", "AsyncSession")[0] == "SAAsyncSession"
        assert request(parse("class AsyncClient: ...\n"), "httpx", "AsyncClient")[0] == "HttpxAsyncClient"

    def test_alias_that_is_taken_too(self) -> None:
        assert request(parse("select = sa_select = 1\n"), "sqlalchemy", "select")[0] == "sa_select_"

    def test_builtin_that_the_file_uses(self) -> None:
        source = parse("try: ...\nexcept TimeoutError: ...\n")
        assert request(source, "sqlalchemy.exc", "TimeoutError")[0] == "SATimeoutError"
        assert request(parse(""), "sqlalchemy.exc", "TimeoutError")[0] == "TimeoutError"

    def test_only_what_is_seen_from_the_place_clashes(self) -> None:
        source = parse("def f(update):\n    a\ndef g(x=c):\n    b\n")
        alias = Import("sqlalchemy", "update", "sa_update")
        assert request(source, "sqlalchemy", "update", at=node(source, "a")) == ("sa_update", alias)
        assert request(source, "sqlalchemy", "update", at=node(source, "b"))[0] == "update"
        assert request(source, "sqlalchemy", "update")[0] == "sa_update"

    def test_default_of_a_parameter_stands_outside_the_function(self) -> None:
        source = parse("def f(update=a): ...\n")
        assert request(source, "sqlalchemy", "update", at=node(source, "a"))[0] == "update"

    def test_class_attribute_clashes_in_the_class_body_alone(self) -> None:
        source = parse("class A:\n    text = 1\n    x = a\n    def f(self):\n        b\n")
        assert request(source, "sqlalchemy", "text", at=node(source, "a"))[0] == "sa_text"
        assert request(source, "sqlalchemy", "text", at=node(source, "b"))[0] == "text"

    def test_shadowed_module_alias(self) -> None:
        source = parse("import sqlalchemy as sa\ndef f(sa):\n    a\n")
        assert request(source, "sqlalchemy", "select", at=node(source, "a"))[0] == "select"

    def test_shadowed_import_is_imported_again_under_an_alias(self) -> None:
        source = parse("from sqlalchemy import update\ndef f(update):\n    a\n")
        alias = Import("sqlalchemy", "update", "sa_update")
        assert request(source, "sqlalchemy", "update", at=node(source, "a")) == ("sa_update", alias)

    def test_local_import_serves_what_follows_it(self) -> None:
        source = parse("def f():\n    a\n    from sqlalchemy import select\n    b\n")
        assert request(source, "sqlalchemy", "select", at=node(source, "a")) == ("select", SELECT)
        assert request(source, "sqlalchemy", "select", at=node(source, "b")) == ("select", None)

    def test_import_for_type_checkers_may_be_needed_at_run_time(self) -> None:
        text = "if TYPE_CHECKING:\n    from sqlalchemy.ext.asyncio import AsyncSession as S\n"
        wanted = Import("sqlalchemy.ext.asyncio", "AsyncSession", "S")
        assert request(parse(text), "sqlalchemy.ext.asyncio", "AsyncSession") == ("S", wanted)

    def test_module_as_the_wanted_thing(self) -> None:
        assert request(parse(""), "asyncio") == ("asyncio", Import("asyncio"))
        assert request(parse("import asyncio as aio\n"), "asyncio") == ("aio", None)
        assert request(parse("from sqlalchemy import orm\n"), "sqlalchemy.orm") == ("orm", None)
        assert request(parse("asyncio = 1\n"), "asyncio")[0] == "asyncio_module"

    def test_name_through_an_imported_submodule(self) -> None:
        assert request(parse("from sqlalchemy import orm\n"), "sqlalchemy.orm", "selectinload")[0] == "orm.selectinload"

    @pytest.mark.parametrize("line", ["from .db import get\n", "from app.things.db import get\n"])
    def test_relative_and_absolute_module_are_the_same(self, line: str) -> None:
        assert request(parse(line), "app.things.db", "get") == ("get", None)
        assert request(parse(line), ".db", "get") == ("get", None)

    def test_relative_import_below_a_source_folder(self) -> None:
        source = parse("from ..db import get\n", "src/app/api/x.py")
        assert request(source, "app.db", "get") == ("get", None)

    @pytest.mark.parametrize("name", ["select", "Session"])
    def test_sqlmodel_has_its_own(self, name: str) -> None:
        assert request(parse(f"from sqlmodel import {name}\n"), "sqlalchemy", name)[1] is not None

    def test_sqlmodel_hands_on_the_rest(self) -> None:
        assert request(parse("from sqlmodel import func\n"), "sqlalchemy", "func") == ("func", None)

    def test_abstract_types_come_from_where_the_file_takes_them(self) -> None:
        wanted = Import("typing", "AsyncGenerator")
        source = parse("from typing import Generator\n")
        assert request(source, "collections.abc", "AsyncGenerator") == ("AsyncGenerator", wanted)
        source = parse("from typing import AsyncGenerator\n")
        assert request(source, "collections.abc", "AsyncGenerator") == ("AsyncGenerator", None)
        source = parse("from typing import Any\n")
        assert request(source, "collections.abc", "AsyncGenerator")[1] == Import("collections.abc", "AsyncGenerator")

    def test_binding_is_the_text_of_the_request(self) -> None:
        assert binding(parse("import sqlalchemy as sa\n"), SELECT) == "sa.select"


class TestAdd:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param("", "from sqlalchemy import select\n", id="empty file"),
            pytest.param("x = 1\n", "from sqlalchemy import select\n\nx = 1\n", id="before code"),
            pytest.param("x = 1", "from sqlalchemy import select\n\nx = 1", id="no line end at the end"),
            pytest.param("def f(): ...\n", "from sqlalchemy import select\n\n\ndef f(): ...\n", id="before a function"),
            pytest.param('"""Doc."""\n', '"""Doc."""\n\nfrom sqlalchemy import select\n', id="docstring alone"),
            pytest.param('"""Doc."""', '"""Doc."""\n\nfrom sqlalchemy import select', id="docstring, no line end"),
            pytest.param(
                '"""Doc."""\nx = 1\n', '"""Doc."""\n\nfrom sqlalchemy import select\n\nx = 1\n', id="docstring and code"
            ),
            pytest.param(
                "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nx = 1\n",
                "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nfrom sqlalchemy import select\n\nx = 1\n",
                id="shebang and coding",
            ),
            pytest.param(
                "# Licence.\n\n# About x.\nx = 1\n",
                "# Licence.\n\nfrom sqlalchemy import select\n\n# About x.\nx = 1\n",
                id="licence",
            ),
            pytest.param("# Only this.", "# Only this.\nfrom sqlalchemy import select", id="comment, no line end"),
            pytest.param("\n", "\nfrom sqlalchemy import select\n", id="blank line alone"),
            pytest.param("# Only this.\n", "# Only this.\nfrom sqlalchemy import select\n", id="comment alone"),
            pytest.param(
                "from __future__ import annotations\n",
                "from __future__ import annotations\n\nfrom sqlalchemy import select\n",
                id="behind future",
            ),
            pytest.param(
                "import os\n\nx = 1\n", "import os\n\nfrom sqlalchemy import select\n\nx = 1\n", id="behind stdlib"
            ),
            pytest.param(
                "from .models import A\n",
                "from sqlalchemy import select\n\nfrom .models import A\n",
                id="before relative",
            ),
            pytest.param(
                "import os\n\nfrom .models import A\n",
                "import os\n\nfrom sqlalchemy import select\n\nfrom .models import A\n",
                id="between the groups",
            ),
            pytest.param(
                "import os\nfrom .models import A\n",
                "import os\nfrom sqlalchemy import select\nfrom .models import A\n",
                id="groups without blank lines",
            ),
            pytest.param(
                "import alembic\nfrom fastapi import Depends\nfrom starlette import status\n",
                "import alembic\nfrom fastapi import Depends\n"
                "from sqlalchemy import select\nfrom starlette import status\n",
                id="sorted, with import first",
            ),
            pytest.param(
                "from fastapi import Depends\nimport pytest\nfrom starlette import status\n",
                "from fastapi import Depends\nimport pytest\n"
                "from sqlalchemy import select\nfrom starlette import status\n",
                id="sorted by module alone",
            ),
            pytest.param(
                "from starlette import status\nfrom fastapi import Depends\n",
                "from starlette import status\nfrom fastapi import Depends\nfrom sqlalchemy import select\n",
                id="unsorted",
            ),
            pytest.param(
                "from sqlalchemy.orm import Session\nfrom app.db import x\n",
                "from sqlalchemy import select\nfrom sqlalchemy.orm import Session\nfrom app.db import x\n",
                id="beside its package",
            ),
            pytest.param(
                "import pytest\nfrom fastapi import testclient\n\nfrom project.main import app\n",
                "import pytest\nfrom fastapi import testclient\n"
                "from sqlalchemy import select\n\nfrom project.main import app\n",
                id="first block of what looks like a third party",
            ),
            pytest.param(
                "import os  # why\n",
                "import os  # why\n\nfrom sqlalchemy import select\n",
                id="comment behind an import",
            ),
            pytest.param(
                "import os; x = (\n    1)\n",
                "import os; x = (\n    1)\n\nfrom sqlalchemy import select\n",
                id="semicolon",
            ),
            pytest.param(
                "import os\n\nif TYPE_CHECKING:\n    from sqlalchemy import func\n",
                "import os\n\nfrom sqlalchemy import select\n\nif TYPE_CHECKING:\n    from sqlalchemy import func\n",
                id="not into a block for types",
            ),
            pytest.param(
                "import os\n\ntry:\n    from sqlalchemy import func\nexcept ImportError: ...\n",
                "import os\n\nfrom sqlalchemy import select\n\ntry:\n"
                "    from sqlalchemy import func\nexcept ImportError: ...\n",
                id="not into a try block",
            ),
            pytest.param(
                "import os\n\ndef f(): ...\n\nfrom sqlalchemy import func\n",
                "import os\n\nfrom sqlalchemy import select\n\ndef f(): ...\n\nfrom sqlalchemy import func\n",
                id="not behind the first definition",
            ),
            pytest.param(
                "x = select(1)\nfrom sqlalchemy import func\n",
                "from sqlalchemy import select\n\nx = select(1)\nfrom sqlalchemy import func\n",
                id="before its first use",
            ),
            pytest.param(
                "from sqlalchemy import *\n",
                "from sqlalchemy import *\nfrom sqlalchemy import select\n",
                id="star import",
            ),
        ],
    )
    def test_new_line(self, before: str, after: str) -> None:
        assert add(before, SELECT) == after

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param("func", "func, select", id="behind"),
            pytest.param("text", "select, text", id="in front"),
            pytest.param("func, text", "func, select, text", id="between"),
            pytest.param("text, func", "text, func, select", id="unsorted list: at the end"),
            pytest.param("Integer, Text, func", "Integer, Text, func, select", id="classes before functions"),
            pytest.param("func, Integer, text", "func, Integer, select, text", id="sorted without case"),
            pytest.param("(func, text)", "(func, select, text)", id="parentheses on one line"),
            pytest.param("func as f", "func as f, select", id="alias"),
            pytest.param("func  # why", "func, select  # why", id="comment"),
            pytest.param("func \\\n  , text", "func, select \\\n  , text", id="backslash before a comma"),
            pytest.param("\\\n    func, \\\n    text", "\\\n    func, select, \\\n    text", id="backslash"),
            pytest.param("(\n    func,\n    text,\n)", "(\n    func,\n    select,\n    text,\n)", id="one a line"),
            pytest.param("(\n    func,\n)", "(\n    func,\n    select,\n)", id="one a line, at the end"),
            pytest.param("(\n    text,\n)", "(\n    select,\n    text,\n)", id="one a line, at the beginning"),
            pytest.param("(\n    func\n)", "(\n    func,\n    select\n)", id="one a line, no trailing comma"),
            pytest.param("(\n    func)", "(\n    func,\n    select)", id="closed in the last line"),
            pytest.param("(\n    func,)", "(\n    func,\n    select,)", id="closed behind the comma"),
            pytest.param("(\n    func  # why)\n)", "(\n    func,  # why)\n    select\n)", id="comment without a comma"),
            pytest.param(
                "(\n\tfunc,  # why\n\ttext,\n)", "(\n\tfunc,  # why\n\tselect,\n\ttext,\n)", id="tabs, comments"
            ),
            pytest.param(
                "(\n    func, text,\n    union,\n)", "(\n    func, select, text,\n    union,\n)", id="several a line"
            ),
            pytest.param("func; x = 1", "func, select; x = 1", id="semicolon"),
        ],
    )
    def test_merge(self, before: str, after: str) -> None:
        assert add(f"from sqlalchemy import {before}\n", SELECT) == f"from sqlalchemy import {after}\n"

    def test_a_line_of_its_own_for_a_name_that_is_renamed(self) -> None:
        before = "from sqlalchemy import func\nfrom sqlalchemy import text as sql\n"
        assert add(before, SELECT) == before.replace("func", "func, select")

    def test_line_that_would_be_too_long_is_wrapped(self) -> None:
        names = ["Boolean", "Column", "DateTime", "Float", "ForeignKey", "Integer", "Numeric"]
        before = f"from sqlalchemy import {', '.join(names)}\n"
        lines = "".join(f"    {name},\n" for name in [*names, "select"])
        assert add(before, SELECT) == f"from sqlalchemy import (\n{lines})\n"

    def test_line_as_long_as_the_files_own_lines_is_not_wrapped(self) -> None:
        before = (
            "from sqlalchemy import Boolean, Column, DateTime, Float, ForeignKey, Integer, Numeric\n"
            f"x = '{'x' * 100}'\n"
        )
        assert add(before, SELECT) == before.replace("Numeric", "Numeric, select")

    def test_one_import_a_line_stays_so(self) -> None:
        before = "from sqlalchemy import func\nfrom sqlalchemy import text\n"
        assert add(before, SELECT) == before + "from sqlalchemy import select\n"

    def test_statement_behind_the_first_use_is_not_merged_into(self) -> None:
        before = "import os\nx = select(1)\nfrom sqlalchemy import func\n"
        assert add(before, SELECT) == "import os\nfrom sqlalchemy import select\n" + before.partition("\n")[2]

    def test_several(self) -> None:
        wanted = [SELECT, SESSION, Import("sqlalchemy.ext.asyncio", "async_sessionmaker"), Import("asyncio")]
        assert add("import os\n\nfrom sqlalchemy.orm import relationship\n", *wanted) == dedent(
            """\
            import asyncio
            import os

            from sqlalchemy import select
            from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
            from sqlalchemy.orm import relationship
            """
        )

    def test_alias(self) -> None:
        wanted = Import("sqlalchemy", "select", "sa_select")
        assert add("from sqlalchemy import func\n", wanted) == "from sqlalchemy import func, select as sa_select\n"
        assert add("", Import("sqlalchemy", None, "sa")) == "import sqlalchemy as sa\n"

    def test_crlf_and_bom(self) -> None:
        before = "\ufeff# Doc.\r\n\r\nx = 1\r\n"
        assert add(before, SELECT) == "\ufeff# Doc.\r\n\r\nfrom sqlalchemy import select\r\n\r\nx = 1\r\n"
        assert add("\ufeff", SELECT) == "\ufefffrom sqlalchemy import select\n"
        before = "from sqlalchemy import (\r\n    func,\r\n)\r\n"
        assert add(before, SELECT) == "from sqlalchemy import (\r\n    func,\r\n    select,\r\n)\r\n"

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("from sqlalchemy import select\n", id="there"),
            pytest.param("from sqlalchemy.future import select\n", id="there from another home"),
            pytest.param("try:\n    from sqlalchemy import select\nexcept ImportError:\n    select = None\n", id="try"),
            pytest.param("with x:\n    from sqlalchemy import select\n", id="with"),
        ],
    )
    def test_nothing_to_add(self, text: str) -> None:
        assert add(text, SELECT) == text

    def test_own_packages_stand_behind_third_parties(self) -> None:
        before = "import fastapi\n\nfrom zoo.main import app\n"
        wanted = Import("zoo.db", "engine")
        expected = "import fastapi\n\nfrom zoo.db import engine\nfrom zoo.main import app\n"
        assert add(before, wanted, path="tests/test_x.py", own=frozenset({"zoo"})) == expected
        wanted = Import("alpha.db", "engine")
        expected = "import fastapi\n\nfrom alpha.db import engine\nfrom zoo.main import app\n"
        assert add(before, wanted, path="tests/test_x.py", own=frozenset({"zoo", "alpha"})) == expected

    def test_two_things_under_one_name(self) -> None:
        source = parse("")
        with pytest.raises(Conflict, match="under one name"):
            settle(source, b"", [SELECT, Import("sqlmodel", "select")], frozenset())

    def test_broken_rewrite_is_said(self) -> None:
        with pytest.raises(BrokenInput):
            settle(parse(""), b"def (", [SELECT], frozenset())


class TestTypeChecking:
    BLOCK = "if TYPE_CHECKING:\n    from sqlalchemy.ext.asyncio import AsyncSession\n"

    def test_used_at_run_time(self) -> None:
        before = f"from typing import TYPE_CHECKING\n\n{self.BLOCK}\nx = AsyncSession()\n"
        assert add(before, SESSION) == "from sqlalchemy.ext.asyncio import AsyncSession\n\nx = AsyncSession()\n"

    @pytest.mark.parametrize(
        "use",
        [
            pytest.param("def f(x: 'AsyncSession'): ...\n", id="string annotation"),
            pytest.param("x: 'list[AsyncSession]' = []\n", id="string annotation of a variable"),
        ],
    )
    def test_used_by_type_checkers_alone(self, use: str) -> None:
        text = f"from typing import TYPE_CHECKING\n\n{self.BLOCK}\n{use}"
        assert add(text, SESSION) == text

    def test_annotations_are_not_read_under_the_future_import(self) -> None:
        text = (
            "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
            f"\n{self.BLOCK}\ndef f(x: AsyncSession): ...\n"
        )
        assert add(text, SESSION) == text

    HEAD = "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n"

    @pytest.mark.parametrize(
        ("block", "after"),
        [
            ("from sqlalchemy.orm import Session", "{new}\n    from sqlalchemy.orm import Session"),
            ("from sqlalchemy import Row", "from sqlalchemy import Row\n    {new}"),
            (
                "from sqlalchemy.ext.asyncio import AsyncEngine",
                "from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession",
            ),
        ],
    )
    def test_a_name_for_annotations_stands_with_its_like(self, block: str, after: str) -> None:
        use = "\ndef f(x: AsyncSession): ...\n"
        line = "from sqlalchemy.ext.asyncio import AsyncSession"
        assert add(f"{self.HEAD}    {block}\n{use}", SESSION) == f"{self.HEAD}    {after.format(new=line)}\n{use}"

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("    from sqlalchemy import Row\n\ndef f(): return AsyncSession()\n", id="used when it runs"),
            pytest.param(
                "    from sqlalchemy import Row\nfrom sqlalchemy.orm import Session\n\ndef f(x: AsyncSession): ...\n",
                id="others of its kind are there when it runs",
            ),
            pytest.param("    from typing import Any\n\ndef f(x: AsyncSession): ...\n", id="nothing of its kind"),
        ],
    )
    def test_a_name_that_is_imported_when_the_program_runs(self, text: str) -> None:
        added = [line for line in add(self.HEAD + text, SESSION).splitlines() if "AsyncSession" in line]
        assert added[0] == "from sqlalchemy.ext.asyncio import AsyncSession"

    def test_annotations_are_read_without_it(self) -> None:
        text = f"from typing import TYPE_CHECKING\n\n{self.BLOCK}\ndef f(x: AsyncSession): ...\n"
        assert add(text, SESSION) == (
            "from sqlalchemy.ext.asyncio import AsyncSession\n\ndef f(x: AsyncSession): ...\n"
        )
