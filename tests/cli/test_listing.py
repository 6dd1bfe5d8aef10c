"""How a plan is told, from decisions that are written out here."""

from __future__ import annotations

from typing import Any

from asyncshift.analysis.decisions import Decision, Status, Step
from asyncshift.analysis.source import Site
from asyncshift.cli import listing


def site(path: str, line: int, column: int = 0) -> Site:
    return Site(path, line, column, line, column + 1)


SEED = Step(site("shop/services.py", 7), "Session.get sends a query")
LOADS = Step(site("shop/services.py", 3), "calls load")
CANCELS = Step(site("shop/routes.py", 2), "calls Orders.cancel")


def decision(
    path: str, line: int, function: str, codemod: str = "async-def", action: str = "becomes async", **more: Any
) -> Decision:
    return Decision(codemod, site(path, line), action, function=function, **more)


CONCERN = "twice"
DECISIONS = [
    decision("shop/services.py", 6, "load", why=(SEED,)),
    decision("shop/services.py", 2, "Orders.cancel", why=(LOADS, SEED)),
    decision("shop/routes.py", 1, "route", why=(CANCELS, LOADS, SEED)),
    decision("shop/services.py", 3, "Orders.cancel", "await", "awaits load"),
    decision("shop/services.py", 7, "load", "await", "awaits Session.get"),
    decision("shop/services.py", 9, "listener", action="a listener stays sync", status=Status.KEPT),
    decision(
        "shop/routes.py", 2, "route", "sessions", "next(get_db())", status=Status.DECLINED,
        concern="nobody closes this session: use the dependency",
    ),
    decision("shop/models.py", 1, "", "requirements", "[square] action", concern="[bold]look[/bold]"),
    decision("shop/services.py", 6, "load", "twins", "goes away: callers use fetch"),
    decision("shop/services.py", 9, "listener", "sessions", "Session stays", status=Status.KEPT, concern="it is sync"),
    decision("uv.lock", 1, "", "requirements", "update by hand", status=Status.DECLINED, concern="out of date"),
    decision(".", 1, "", "requirements", "update by hand", status=Status.DECLINED, concern="there is none"),
]  # fmt: skip


def plain(lines: Any) -> str:
    return "\n".join(line.plain.rstrip() for line in lines) + "\n"


def test_the_tree() -> None:
    assert (
        plain(listing.tree(DECISIONS))
        == """\
(project)
    look     there is none

shop/models.py
  1  look   (module)  rewritten ([square] action): [bold]look[/bold]
  with 1 requirements

shop/routes.py
  1  async  route  calls Orders.cancel → … → Session.get sends a query (shop/services.py:7)
  2  look   route  nobody closes this session: use the dependency

shop/services.py
  2  async  Orders.cancel  calls load → Session.get sends a query (shop/services.py:7)
  6  async  load           Session.get sends a query
  6  gone   load           goes away: callers use fetch
  9  keep   listener       a listener stays sync
  9  keep   listener       Session stays: it is sync
  with 2 await, 1 twins

uv.lock
  1  look     out of date

"""
    )


def test_a_verb_is_said_once() -> None:
    last = Step(site("a.py", 3), "calls db.commit()")
    told = plain(listing.tree([decision("a.py", 1, "f", why=(Step(site("a.py", 2), "calls g"), last))]))
    assert "  1  async  f  calls g → db.commit() (a.py:3)\n" in told


def test_the_figures() -> None:
    assert (
        plain(listing.figures(DECISIONS))
        == """\
codemod       done  kept  to look at
async-def        3     1           0
await            2     0           0
requirements     1     0           3
sessions         0     1           1
twins            1     0           0
"""
    )
    assert listing.summary(DECISIONS) == "3 functions become async, 3 files change, 4 places to look at."
    assert listing.summary(DECISIONS[:1]) == "1 function becomes async, 1 file changes, 0 places to look at."


def test_only_what_needs_a_look() -> None:
    looks = listing.rows(DECISIONS, "look")
    assert (
        plain(listing.blocks(looks))
        == """\
(project)
    look     there is none
shop/models.py
  1  look   (module)  rewritten ([square] action): [bold]look[/bold]
shop/routes.py
  2  look   route  nobody closes this session: use the dependency
uv.lock
  1  look     out of date
"""
    )


def test_what_reads_the_same_is_told_and_counted_once() -> None:
    again = [*DECISIONS, *(decision("shop/routes.py", 2, "route", name, concern=CONCERN) for name in ("a", "b"))]
    assert len(plain(listing.tree(again)).split("rewritten (becomes async): twice")) == 2
    assert listing.summary(again).endswith(" 5 places to look at.")
    assert [row.split()[-1] for row in plain(listing.figures(again)).splitlines()[1:3]] == ["1", "0"]
