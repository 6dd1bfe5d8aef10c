"""`plan --why`: what is said of one function, of a class, a module, a place."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from .conftest import Folder

Run = Callable[..., Result]

SERVICES = """\
from sqlalchemy import event, text
from sqlalchemy.orm import Session


class Orders:
    def __init__(self, db: Session):
        self.db = db

    def count(self):
        return self.db.scalar(text("select 1"))

    def __len__(self):
        return self.count()

    def name(self):
        return "orders"


async def handler(db: Session):
    if db.is_active:
        return Orders(db).count()


def ordered(db: Session, keys):
    return sorted(keys, key=lambda key: db.scalar(text("select 1")))


def pure(x):
    return x
"""
WORKER = """\
from sqlalchemy import text
from sqlalchemy.orm import Session


def work(db):
    helper(db)


def helper(db: Session):
    db.execute(text("x"))
"""
TWINS = """\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session


def find(db: Session):
    return db.scalar(text("select 1"))


async def find_async(db: AsyncSession):
    return await db.scalar(text("select 1"))
"""
COUNT = """\
  shop/services.py:10  return self.db.scalar(text("select 1"))
                       calls self.db.scalar(text("select 1"))
"""


MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    def __repr__(self) -> str:
        return "row"

class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)

class ItemOut:
    id: int
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("shop")).write({
        "shop/services.py": SERVICES,
        "shop/worker.py": WORKER,
        "shop/twins.py": TWINS,
        "shop/models.py": MODELS,
        "pyproject.toml": '[tool.asyncshift.keep-sync]\n"shop/worker.py" = "no loop"\n',
    })  # fmt: skip


@pytest.fixture
def why(shop: Folder, run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def ask(name: str, code: int = 0) -> str:
        monkeypatch.chdir(shop.root)
        result = run("plan", "--why", name)
        assert result.exit_code == code, result.output
        return "".join(f"{line.rstrip()}\n" for line in result.output.splitlines())

    return ask


@pytest.mark.parametrize("name", ["count", "Orders.count", "shop.services.Orders.count", "shop/services.py:10"])
def test_a_function_that_becomes_async(why: Callable[..., str], name: str) -> None:
    assert why(name) == f"Orders.count becomes async  shop/services.py:9\n{COUNT}"


def test_one_that_is_async_already(why: Callable[..., str]) -> None:
    assert why("handler") == (
        "handler is async already  shop/services.py:19\n"
        "  shop/services.py:21  return Orders(db).count()\n"
        "                       calls Orders.count\n"
        f"{COUNT}"
        "  shop/services.py:19  done  Session becomes AsyncSession\n"
        "  shop/services.py:21  done  await the call\n"
    )


def test_a_boundary_tells_its_reason_and_the_chain(why: Callable[..., str]) -> None:
    told = why("__len__")
    assert told.startswith("Orders.__len__ stays sync: Python calls __len__ itself and does not await it  shop/serv")
    assert "calls Orders.count\n" + COUNT in told
    assert "  shop/services.py:13  look  Orders.__len__ stays sync: " in told


def test_a_class_without_functions(why: Callable[..., str]) -> None:
    mapped = why("Item")
    assert mapped.startswith("Item is a mapped class: it waits for nothing by itself")
    assert mapped.endswith("  shop/models.py:7\n")
    assert why("ItemOut") == "ItemOut is a class without a function that becomes async  shop/models.py:12\n"
    assert "did you mean 'ItemOut'?" in why("ItemOu", 2)


def test_a_line_beyond_the_file(why: Callable[..., str]) -> None:
    assert why("shop/models.py:999", 2) == "asyncshift: shop/models.py:999: the file ends at line 13\n"


def test_a_lambda(why: Callable[..., str]) -> None:
    for name in ("ordered.<lambda>", "<lambda>", "shop/services.py:25"):
        assert "ordered.<lambda> stays sync: " in why(name)
        assert "calls db.scalar(text(" in why(name)


def test_what_is_kept_sync(why: Callable[..., str]) -> None:
    assert why("helper") == (
        "helper stays sync: no loop  shop/worker.py:9\n"
        '  shop/worker.py:10  db.execute(text("x"))\n'
        '                     calls db.execute(text("x"))\n'
    )
    assert why("work") == "work stays sync: no loop  shop/worker.py:5\n"


def test_twins(why: Callable[..., str]) -> None:
    assert why("find").startswith("find delete it, its async twin find_async takes its name  shop/twins.py:6\n")
    assert why("find_async").startswith("find_async goes away: callers use find  shop/twins.py:10\n")


def test_a_pure_function(why: Callable[..., str]) -> None:
    sentence = "stays as it is: no call in it is known to reach the database through sync SQLAlchemy.\n"
    assert why("pure") == f"pure {sentence}"
    assert why("shop/services.py:28") == f"pure {sentence}"


@pytest.mark.parametrize("name", ["Orders", "services.Orders"])
def test_a_class_tells_of_its_methods(why: Callable[..., str], name: str) -> None:
    told = why(name)
    assert f"Orders.count becomes async  shop/services.py:9\n{COUNT}\nOrders.__len__ stays sync: " in told
    assert told.startswith("Orders.__init__ stays sync, but changes inside  shop/services.py:6\n")
    assert told.endswith(
        "\n\nOrders.name stays as it is: no call in it is known to reach the database through sync SQLAlchemy.\n"
    )


@pytest.mark.parametrize("name", ["services", "shop.services"])
def test_a_module_tells_of_its_functions(why: Callable[..., str], name: str) -> None:
    told = why(name)
    heads = [line.split(" ")[0] for line in told.splitlines() if line and not line.startswith(" ")]
    touched = ["Orders.__init__", "Orders.count", "Orders.__len__", "handler", "ordered", "ordered.<lambda>"]
    assert heads == [*touched, "Orders.name,"]
    assert told.splitlines()[-1].startswith("Orders.name, pure stay as they are: ")


def test_a_place_outside_of_functions(why: Callable[..., str]) -> None:
    assert why("services.py:1").startswith("shop.services stays as it is: ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lod_async", "no function, class or module named 'lod_async'"),
        ("Order", "no function, class or module named 'Order': did you mean 'Orders'?"),
        ("Order.count", "no function, class or module named 'Order.count'; there is shop.services.Orders.count"),
        ("shop/nowhere.py:3", "shop/nowhere.py: not a file of the project"),
    ],
)
def test_what_is_not_there(why: Callable[..., str], name: str, message: str) -> None:
    assert why(name, 2).startswith(f"asyncshift: {message}")


def test_as_json(shop: Folder, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.root)

    def decisions(name: str) -> list[str]:
        told = json.loads(run("plan", "--why", name, "--format", "json").stdout)["decisions"]
        return [f"{d['codemod']} {d['line']}" for d in told]

    assert decisions("Orders.count") == ["async-def 9"]
    assert decisions("handler")[-1] == "await-calls 21"
    assert decisions("pure") == []
