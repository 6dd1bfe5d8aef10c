"""`setup_method` and its like, by suites that run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import follows, migrate, outcomes, project, text

SETUPS = '''\
    from application import SessionLocal, add_item, names

    state = []


    def setup_module():
        """Once."""
        state.append("module")


    def setup_function():
        with SessionLocal() as db:
            state.append(names(db))


    def teardown_function():
        """Behind each."""
        with SessionLocal() as db:
            state.append(names(db))


    def test_one(db):
        add_item(db, "a")
        assert state == ["module", []]


    def test_two():
        assert state == ["module", [], ["a"], []]


    class TestItems:
        def setup_method(self):
            self.db = SessionLocal()
            add_item(self.db, "method")

        def teardown_method(self):
            self.db.close()

        def test_names(self):
            assert names(self.db) == ["method"]
'''


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_setups_become_fixtures(tmp_path: Path, mode: str) -> None:
    follows(tmp_path, {"pytest.ini": f"[pytest]\nasyncio_mode = {mode}\n", "test_it.py": SETUPS})
    new = text(tmp_path, "test_it.py")
    module = {"auto": "pytest", "strict": "pytest_asyncio"}[mode]
    assert f"    @{module}.fixture(autouse=True)\n    async def setup_method(self):\n" in new
    assert '"""Behind each."""\n    yield\n    async with' in new
    assert "\ndef setup_module():" in new


@pytest.mark.parametrize("name", ["setup_method(self, method)", "setup_class(cls)"])
def test_setups_that_no_fixture_can_stand_for(tmp_path: Path, name: str) -> None:
    decorator = "@classmethod\n            " if "class" in name else ""
    follows(
        tmp_path,
        {
            "test_it.py": f"""\
        from application import Base, SessionLocal, add_item, engine, names


        class TestItems:
            {decorator}def {name}:
                Base.metadata.create_all(engine)
                with SessionLocal() as db:
                    add_item(db, "a")

            def test_names(self, db):
                assert names(db) == ["a"]
    """
        },
    )
    assert "asyncio.run(run())" in text(tmp_path, "test_it.py")


def test_setup_that_is_called_stays_a_function(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": """\
        from application import SessionLocal, names


        class Base:
            def setup_method(self):
                with SessionLocal() as db:
                    self.names = names(db)


        class TestItems(Base):
            def setup_method(self):
                super().setup_method()

            def test_names(self):
                assert self.names == []
    """
        },
    )


def test_a_teardown_that_is_async_already_is_awaited(tmp_path: Path) -> None:
    tests = """\
    from application import SessionLocal, add_item, names

    ended = []


    class Service:
        async def shutdown(self):
            ended.append(self)


    class TestItems:
        def setup_method(self):
            self.service = Service()

        async def teardown_method(self):
            await self.service.shutdown()

        def test_names(self, db):
            add_item(db, "a")
            assert names(db) == ["a"]
    """
    project(tmp_path, {"test_it.py": tests})
    migrate(tmp_path)
    assert "    @pytest.fixture(autouse=True)\n    async def teardown_method(self):\n        yield\n" in text(
        tmp_path, "test_it.py"
    )
    # Before, it was made and never awaited, of which pytest warned.
    assert outcomes(tmp_path) == {"test_it.TestItems::test_names": "passed"}
