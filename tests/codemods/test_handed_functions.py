"""Finalizers, and what has to raise, by suites that run before and after."""

from __future__ import annotations

from pathlib import Path

from asyncshift.analysis.decisions import Status

from .suites import follows, migrate, project, text


def test_finalizers(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": """\
        import pytest

        from application import SessionLocal, add_item, names

        closed = []


        @pytest.fixture
        def session(request):
            db = SessionLocal()
            request.addfinalizer(db.close)
            request.addfinalizer(lambda: closed.append("sync"))
            return db


        @pytest.fixture
        def item(request):
            db = SessionLocal()

            def remove():
                db.close()
                closed.append("remove")

            request.addfinalizer(remove)
            request.addfinalizer(lambda: db.rollback())
            add_item(db, "a")
            return db


        @pytest.fixture
        def nothing(request):
            db = SessionLocal()
            names(db)
            request.addfinalizer(db.close)


        def test_session(session, item, nothing):
            assert names(session) == ["a"]


        def test_closed():
            assert closed == ["remove", "sync"]
    """
        },
    )
    new = text(tmp_path, "test_it.py")
    assert '    request.addfinalizer(lambda: closed.append("sync"))\n    yield db\n    await db.close()\n' in new
    assert "    yield db\n    await db.rollback()\n    await remove()\n" in new
    assert "    await names(db)\n    yield\n    await db.close()\n" in new


def test_finalizer_that_is_not_understood(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "test_it.py": """\
        import pytest

        from application import SessionLocal


        @pytest.fixture
        def session(request):
            db = SessionLocal()
            if db.is_active:
                request.addfinalizer(db.close)
            return db


        def test_session(session):
            assert session
    """
        },
    )
    declined = [d for d in migrate(tmp_path) if d.codemod == "handed-functions"]
    assert [d.status for d in declined] == [Status.DECLINED]
    assert "nobody awaits it" in declined[0].concern


def test_raises(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": """\
        import pytest

        from application import add_item, names


        def failing(db, name, *, key=""):
            add_item(db, name)
            raise KeyError(name + key)


        def test_statement(db):
            pytest.raises(KeyError, failing, db, "a")
            assert names(db) == ["a"]


        def test_assignment(db):
            error = pytest.raises(KeyError, failing, db, "a", key="b")
            assert error.value.args == ("ab",)


        def test_context(db):
            with pytest.raises(KeyError, match="a"):
                failing(db, "a")


        def test_plain():
            pytest.raises(ZeroDivisionError, lambda: 1 / 0)
    """
        },
    )
    new = text(tmp_path, "test_it.py")
    assert '    with pytest.raises(KeyError):\n        await failing(db, "a")\n' in new
    assert '    with pytest.raises(KeyError) as error:\n        await failing(db, "a", key="b")\n' in new
    assert "    pytest.raises(ZeroDivisionError, lambda: 1 / 0)\n" in new


def test_methods_in_the_hands_of_what_is_not_known(tmp_path: Path) -> None:
    commands = """
    import atexit
    from contextlib import ExitStack

    from elsewhere import context

    from application import SessionLocal


    def own(callback):
        callback()


    def work():
        db = SessionLocal()
        context.call_on_close(db.close)
        atexit.register(db.rollback)
        own(db.commit)
        with ExitStack() as stack:
            stack.callback(db.expire_all)
            stack.callback(db.flush)
    """
    project(tmp_path, {"commands.py": commands})
    concerns = [d.concern for d in migrate(tmp_path) if d.codemod == "handed-functions"]
    assert concerns == [
        "db.close is async now, and context.call_on_close may call it without await",
        "db.rollback is async now, and atexit.register may call it without await",
    ]
