"""The HTML report, in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from asyncshift.analysis.decisions import Decision, Status, Step
from asyncshift.analysis.source import Site
from asyncshift.checks.outcome import Outcome
from asyncshift.reports.facts import facts
from asyncshift.reports.graph import graph
from asyncshift.reports.html import page, rows

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MANY = 2000
STORE = "shop/store.py"
BEFORE = b"def load(db):\n    return db.get(Order, 1)\n"
ROUTES = b"@router.get('/')\ndef orders(db):\n    return load(db)  # </script><b>\n"
SEED = Step(Site(STORE, 2, 11, 2, 27), "calls db.get(Order, 1)")
CALL = Step(Site("shop/api.py", 3, 11, 3, 19), "calls load")
# What a reader does, and what is seen then; the answer stands in the page's title.
PROBE = """
<script>
const seen = {};
const rows = () => document.querySelectorAll(".decisions tbody tr").length;
seen.ready = document.documentElement.dataset.ready;
seen.shown = document.getElementById("shown").textContent;
seen.first = rows();
const status = document.getElementById("status");
status.value = "declined"; status.dispatchEvent(new Event("change"));
seen.declined = rows();
status.value = "";
const search = document.getElementById("search");
search.value = "store await"; status.dispatchEvent(new Event("change"));
const began = performance.now();
status.dispatchEvent(new Event("change"));
seen.milliseconds = performance.now() - began;
seen.found = document.getElementById("shown").textContent;
const node = [...document.querySelectorAll("#drawing .node")].find((n) => n.textContent.includes("orders"));
node.dispatchEvent(new Event("click"));
seen.chain = document.getElementById("chain").textContent;
seen.lit = document.querySelectorAll("#drawing .node.lit").length;
const file = document.getElementById("file-shop/store.py");
file.open = true;
document.dispatchEvent(new KeyboardEvent("keydown", { key: "t", bubbles: true }));
seen.theme = document.documentElement.dataset.theme;
file.addEventListener("toggle", () => {
  seen.notes = file.querySelectorAll(".note").length;
  seen.diff = file.querySelector(".diff").textContent;
  document.title = JSON.stringify(seen);
});
</script>
"""


def decision(path: str, codemod: str, line: int = 1, function: str = "load", **more: Any) -> Decision:
    return Decision(codemod, Site(path, line, 0, line, 0), more.pop("action", "make async"), function=function, **more)


DECISIONS = [
    decision(STORE, "async-def", why=(SEED,)),
    decision(STORE, "await-calls", 2, why=(SEED,), action="await the call"),
    decision(STORE, "facades", 2, status=Status.DECLINED, concern="who closes <this>?"),
    decision("shop/api.py", "async-def", 2, "orders", why=(CALL, SEED)),
]


def made(decisions: list[Decision]) -> str:
    before = {STORE: BEFORE, "shop/api.py": ROUTES}
    after = {STORE: b"async " + BEFORE.replace(b"db.get", b"await db.get"), "shop/api.py": ROUTES}
    return page(facts("shop", decisions, before, after, (Outcome(()), Outcome(()))), decisions, before, after)


def seen(text: str, folder: Path) -> tuple[dict[str, Any], str]:
    """What the probe saw, and what the browser complained of."""
    assert CHROMIUM is not None
    file = folder / "report.html"
    file.write_text(text.replace("</body>", PROBE + "</body>"), "utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"]
    options += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom"]
    done = subprocess.run([CHROMIUM, *options, file.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    assert title is not None
    plain = title[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert plain.startswith("{"), done.stderr[-2000:]
    return json.loads(plain), "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_shows_it(tmp_path: Path) -> None:
    many = [decision(STORE, "await-calls", 2, f"f{n}", action="await the call") for n in range(MANY)]
    found, complaints = seen(made([*DECISIONS, *many]), tmp_path)
    assert complaints == ""
    assert found.pop("milliseconds") < 500
    assert "because it calls db.get(Order, 1)" in found["diff"]
    assert "Look: who closes <this>?" in found.pop("diff")
    assert found == {
        "ready": "yes",
        "shown": f"{MANY + 4} of {MANY + 4}",
        "first": 300,
        "declined": 1,
        "found": f"{MANY + 1} of {MANY + 4}",
        "chain": "orders becomes async shop/api.py:2calls load shop/api.py:3calls db.get(Order, 1) shop/store.py:2",
        "lit": 2,
        "theme": found["theme"],
        "notes": MANY + 3,
    }


def test_it_needs_no_network_and_nothing_ends_the_data_early() -> None:
    text = made(DECISIONS)
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?!#)", text)
    assert "https:" not in text
    assert text.count("</script>") == 2
    assert json.loads(text.split('id="data">')[1].split("</script>")[0])["facts"]["project"] == "shop"


def test_the_graph_follows_the_chains() -> None:
    found = graph(DECISIONS, {STORE: BEFORE, "shop/api.py": ROUTES})
    assert found["edges"] == [["shop/api.py:2", "shop/store.py:1"]]
    nodes = {n["name"]: (n["layer"], n["state"], n["is_route"]) for n in found["nodes"]}
    assert nodes == {"orders": (1, "becomes async", True), "load": (0, "to look at", False)}
    assert graph(DECISIONS[:1], {STORE: BEFORE})["edges"] == []


def test_a_chain_that_leads_up_is_no_call() -> None:
    up = decision(STORE, "implicit-io", 1, why=(SEED, CALL))
    assert graph([up, *DECISIONS], {STORE: BEFORE, "shop/api.py": ROUTES})["edges"] == [
        ["shop/api.py:2", "shop/store.py:1"]
    ]


def test_functions_that_call_each_other_have_a_layer() -> None:
    ring = b"def a():\n    b()\ndef b():\n    a()\n"
    steps = [Step(Site("m.py", line, 4, line, 7), "calls") for line in (2, 4)]
    decisions = [
        decision("m.py", "async-def", 1, "a", why=tuple(steps)),
        decision("m.py", "async-def", 3, "b", why=tuple(reversed(steps))),
    ]
    assert {n["layer"] for n in graph(decisions, {"m.py": ring})["nodes"]} == {0, 1}


def test_lines_stand_next_to_each_other() -> None:
    assert rows(b"a\nb\nc\n", b"a\nB\nB2\nc\n") == [
        [1, "a", 1, "a"],
        [2, "b", 2, "B"],
        [None, "", 3, "B2"],
        [3, "c", 4, "c"],
    ]
    assert rows(None, b"a\n") == [[None, "", 1, "a"]]
    assert rows(b"x\n" * 20, b"x\n" * 20 + b"y\n")[0] == [None, "", None, ""]
