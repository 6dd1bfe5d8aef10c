"""Desktop programs: what a toolkit calls stays sync, and runs what it needs of async code."""

from __future__ import annotations

import re
from pathlib import Path

from asyncshift.analysis.decisions import Status

from .suites import follows, migrate, project, text

TOOLKIT = """\
import sys
import types


class Widget:
    made = []

    def __init__(self, master=None, text="", command=None):
        self.text, self.command, self.events = text, command, {}
        Widget.made.append(self)

    def pack(self):
        pass

    def config(self, text):
        self.text = text

    def bind(self, event, function):
        self.events[event] = function

    def get(self):
        return "typed"

    def after(self, milliseconds, function):
        self.events["after"] = function

    def mainloop(self):
        for widget in list(Widget.made):
            if widget.command:
                widget.command()


names = ("Tk", "Frame", "Label", "Entry", "Button")
sys.modules["tkinter"] = types.SimpleNamespace(**dict.fromkeys(names, Widget))
"""
DESKTOP = """\
import tkinter as tk

from sqlalchemy import func, select

from application import Item, SessionLocal, add_item, names


class Summary:
    def __init__(self):
        with SessionLocal() as db:
            self.count = db.scalar(select(func.count()).select_from(Item))


def all_names():
    with SessionLocal() as db:
        return names(db)


def remember(name):
    with SessionLocal() as db:
        add_item(db, name)


class View(tk.Frame):
    def __init__(self, parent, on_saved):
        super().__init__(parent)
        self.on_saved = on_saved
        self.label = tk.Label(self)
        self.entry = tk.Entry(self)
        tk.Button(self, text="Save", command=self.save).pack()
        tk.Button(self, text="Clear", command=self.clear).pack()
        tk.Button(self, text="Count", command=lambda: self.show(Summary().count)).pack()
        self.bind("<Escape>", lambda event: remember("escaped"))
        self.load()

    def show(self, what):
        self.label.config(text=str(what))

    def load(self):
        self.show(all_names())

    def save(self):
        remember(self.entry.get())
        self.on_saved()

    def clear(self):
        with SessionLocal() as db:
            gone = db.query(Item).delete()
            db.commit()
        self.show(gone)


class Program:
    def __init__(self, root):
        self.view = View(root, self.refresh)
        root.after(100, self.tick)

    def refresh(self):
        self.view.load()

    def tick(self):
        self.view.show(Summary().count)


def main():
    remember("first")
    root = tk.Tk()
    program = Program(root)
    root.mainloop()
    return program
"""
TESTS = """\
import toolkit  # isort: skip
import tkinter as tk

from application import names
from desktop import Program, main, remember


def press(text):
    widgets = [w for w in toolkit.Widget.made if w.text == text]
    widgets[-1].command()


def test_callbacks():
    program = Program(tk.Tk())
    assert program.view.label.text == "[]"
    press("Save")
    assert program.view.label.text == "['typed']"
    program.view.events["<Escape>"](None)
    press("Count")
    assert program.view.label.text == "2"
    press("Clear")
    assert program.view.label.text == "2"
    program.view.clear()
    assert program.view.label.text == "0"


def test_beside_a_session(db):
    root = tk.Tk()
    program = Program(root)
    program.view.save()
    assert names(db) == ["typed"]
    remember("second")
    program.refresh()
    assert program.view.label.text == "['typed', 'second']"
    program.tick()
    assert program.view.label.text == "2"


def test_the_main_loop():
    toolkit.Widget.made.clear()
    assert main().view.label.text == "0"
"""


def test_callbacks_constructors_and_the_main_loop(tmp_path: Path) -> None:
    follows(tmp_path, {"toolkit.py": TOOLKIT, "desktop.py": DESKTOP, "test_it.py": TESTS})
    after = text(tmp_path, "desktop.py")
    assert re.findall(r"async def (\w+)", after) == ["create", "all_names", "remember", "run"]
    assert "lambda: self.show(asyncio.run(Summary.create()).count)" in after
    assert "program = await asyncio.to_thread(Program, root)" in text(tmp_path, "test_it.py")


def test_a_session_around_what_starts_a_loop(tmp_path: Path) -> None:
    """The session would need a loop for all of the function, in which `load()` could not start its own."""
    nested = DESKTOP.replace(
        "            db.commit()\n        self.show(gone)", "            db.commit()\n        self.load()"
    )
    project(tmp_path, {"desktop.py": nested})
    decisions = migrate(tmp_path)
    concerns = [d.concern for d in decisions if d.function == "View.clear" and d.status is Status.DECLINED]
    assert any(c.startswith("View.clear stays sync: it belongs to windows") for c in concerns)
    assert "asyncio.run(all_names())" in text(tmp_path, "desktop.py")


SHEET = """\
import tkinter as tk

from desktop import all_names, remember


class Store:
    @staticmethod
    def keep(name):
        remember(name)

    @staticmethod
    def title(name):
        return name.title()


class Sheet(tk.Frame):
    def __init__(self, parent):
        super().__init__(parent)
        self.entry = tk.Entry(self)
        tk.Button(self, text="Keep", command=self.keep).pack()

    def count(self):
        return len(all_names())

    def keep(self):
        Store.keep(self.entry.get())
        return self.count(), Store.title("a")
"""
MOCKED = """\
import toolkit  # isort: skip
import tkinter as tk
from unittest.mock import MagicMock, patch

from sheet import Sheet


def test_patched_function():
    with patch("sheet.remember") as mocked:
        assert Sheet(tk.Tk()).keep() == (0, "A")
    mocked.assert_called_once_with("typed")


@patch("sheet.Store")
def test_patched_class(store):
    sheet = Sheet(tk.Tk())
    sheet.count = MagicMock(return_value=5)
    store.title.return_value = "B"
    assert sheet.keep() == (5, "B")
    store.keep.assert_called_once_with("typed")
    sheet.count.assert_called_once_with()
"""


def test_mocks_of_what_a_loop_of_its_own_runs(tmp_path: Path) -> None:
    """The tests stay sync, and what the window runs is a coroutine even so."""
    files = {"toolkit.py": TOOLKIT, "desktop.py": DESKTOP, "sheet.py": SHEET, "test_it.py": MOCKED}
    follows(tmp_path, files)
    after = text(tmp_path, "test_it.py")
    assert "async def test" not in after
    assert "sheet.count = MagicMock(return_value=5)" in after
    assert '@patch("sheet.Store", keep=AsyncMock())' in after
