"""How far a migration is: what is told follows from today's files and what is left to do in them."""

from __future__ import annotations

from typing import Any

from asyncshift.analysis.decisions import Decision, Status, Step
from asyncshift.analysis.source import Site
from asyncshift.reports import markdown
from asyncshift.reports.progress import progress

from .leaves import leaves, without

SYNC = b"@router.get('/')\ndef orders(db):\n    return load(db)\n"
ASYNC = b"async def load(db):\n    return await db.get(Order, 1)\n"


def decision(path: str, function: str, steps: int, **more: Any) -> Decision:
    step = Step(Site(path, 1, 0, 1, 5), "calls db.commit()")
    return Decision("async-def", Site(path, 2, 0, 3, 0), "make async", function=function, why=(step,) * steps, **more)


def told(*decisions: Decision, **contents: bytes) -> dict[str, Any]:
    return progress("shop", {f"{name}.py": content for name, content in contents.items()}, decisions)


def states(found: dict[str, Any]) -> dict[str, str]:
    return {module["path"]: module["state"] for module in found["modules"]}


def test_states() -> None:
    found = told(
        decision("api.py", "orders", 2), decision("mixed.py", "other", 1), api=SYNC, mixed=ASYNC, store=ASYNC, util=b""
    )
    assert states(found) == {"store.py": "done", "mixed.py": "in progress", "api.py": "open"}
    assert found["figures"] == {
        "done": 1,
        "in progress": 1,
        "open": 1,
        "functions": 1,
        "endpoints": 1,
        "concerns": 0,
    }


def test_leaves_of_the_call_graph_come_first() -> None:
    """A caller comes later even where it has a shorter way to the database itself; a cycle ends."""
    decisions = [decision("api.py", "orders", 1), decision("b.py", "load", 3), decision("c.py", "save", 2)]
    contents = {"api.py": SYNC, "b.py": b"x = 1\n", "c.py": b"x = 1\n"}
    below = {"api.py": ["b.py", "other.py"], "b.py": ["c.py"], "c.py": ["b.py"]}
    found = progress("shop", contents, decisions, below)
    assert [(module["path"], module["depth"]) for module in found["modules"]] == [
        ("c.py", 0),
        ("b.py", 1),
        ("api.py", 2),
    ]
    text = markdown.status(found)
    assert text.index("- [ ] `load` (line 2)") < text.index("- [ ] endpoint `orders` (line 2)")


def test_what_needs_a_look_is_not_done() -> None:
    look = decision("store.py", "load", 0, status=Status.DECLINED, concern="who closes this?")
    found = told(look, store=ASYNC)
    assert states(found) == {"store.py": "in progress"}
    assert "  - [ ] look at line 2: who closes this?" in markdown.status(found)
    assert "- [x] `store.py`" in markdown.status(told(store=ASYNC))


def test_history_is_told_in_figures() -> None:
    found = progress("shop", {}, (), {}, [("abc", "2024-01-31", {".query(": 3, "await ": 1})])
    assert found["history"] == [{"revision": "abc", "date": "2024-01-31", "sync": 3, "async": 1}]
    assert "| abc | 2024-01-31 | 3 | 1 |" in markdown.status(found)
    assert "Over time" not in markdown.status(told(store=ASYNC))


def test_every_value_is_told() -> None:
    look = decision("api.py", "orders", 0, status=Status.DECLINED, concern="who closes this?")
    decisions = [decision("api.py", "orders", 2), decision("api.py", "other", 1), look]
    found = progress("shop", {"api.py": SYNC}, decisions, {}, [("abc", "2024-01-31", {".query(": 3})])
    # The order of the modules, and what a concern has beside its line and text, are for programs.
    untold = {"version", "depth", "codemod", "is_declined", "confidence", "function"}
    for place in leaves(found):
        if place[-1] not in untold and place[-3:] != ("concerns", 0, "path"):
            assert markdown.status(without(found, place)) != markdown.status(found), place
