"""Tests that run several threads: each with a session, and so with an event loop, of its own."""

from __future__ import annotations

from pathlib import Path

from .suites import follows, text


def test_threads_with_sessions_of_their_own(tmp_path: Path) -> None:
    tests = """\
import threading

from application import SessionLocal, add_item, names


def test_at_once(db):
    failed = []

    def work(number):
        session = SessionLocal()
        try:
            add_item(session, f"item {number}")
        except Exception as error:
            failed.append(error)
        finally:
            session.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(names(db)) == ["item 0", "item 1", "item 2"]
"""
    follows(tmp_path, {"test_it.py": tests})


def test_threads_that_wait_for_each_other(tmp_path: Path) -> None:
    """What joins the threads is theirs, and stays."""
    tests = """\
import threading

from application import SessionLocal, add_item, names


def test_barrier(db):
    barrier = threading.Barrier(3, timeout=5)
    failed = []

    def work(number):
        session = SessionLocal()
        try:
            barrier.wait()
            add_item(session, f"item {number}")
        except Exception as error:
            failed.append(error)
        finally:
            session.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(names(db)) == ["item 0", "item 1", "item 2"]


def test_event(db):
    written = threading.Event()
    seen = []

    def write():
        with SessionLocal() as session:
            add_item(session, "a")
        written.set()

    def read():
        written.wait(timeout=5)
        with SessionLocal() as session:
            seen.extend(names(session))

    threads = threading.Thread(target=read), threading.Thread(target=write)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["a"]
"""
    follows(tmp_path, {"test_it.py": tests})
    converted = text(tmp_path, "test_it.py")
    assert "barrier = threading.Barrier(3, timeout=5)" in converted
    assert "barrier.wait()" in converted
    assert "written = threading.Event()" in converted


def test_pools_of_threads(tmp_path: Path) -> None:
    tests = """\
from concurrent.futures import ThreadPoolExecutor

from application import SessionLocal, add_item, names


def work(number):
    with SessionLocal() as session:
        return add_item(session, f"item {number}").name


def test_map(db):
    with ThreadPoolExecutor(max_workers=2) as pool:
        made = list(pool.map(work, range(3)))
    assert sorted(made) == sorted(names(db))


def test_futures(db):
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(work, number) for number in range(3)]
    assert sorted(future.result() for future in futures) == sorted(names(db))
"""
    follows(tmp_path, {"test_it.py": tests})


def test_thread_without_a_session_stays(tmp_path: Path) -> None:
    tests = """\
import threading

from application import names


def test_thread():
    ran = threading.Event()
    thread = threading.Thread(target=ran.set)
    thread.start()
    thread.join()
    assert ran.is_set()


def test_names(db):
    assert names(db) == []
"""
    follows(tmp_path, {"test_it.py": tests})
    assert tests.partition("def test_names")[0] in text(tmp_path, "test_it.py")
