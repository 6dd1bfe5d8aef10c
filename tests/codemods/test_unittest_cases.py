"""Test cases of unittest, by suites that run before and after."""

from __future__ import annotations

from pathlib import Path

from .suites import follows, migrate, project, text


def test_setup_tests_and_cleanups(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": """\
        import unittest

        from application import Base, SessionLocal, add_item, engine, names


        class TestItems(unittest.TestCase):
            def setUp(self):
                super().setUp()
                self.db = SessionLocal()
                self.addCleanup(self.db.close)
                self.item = add_item(self.db, "a")

            def tearDown(self):
                self.assertIn("a", names(self.db))

            def helper(self):
                return names(self.db)

            def test_names(self):
                for expected in (["a"], ["a"]):
                    with self.subTest(expected=expected):
                        self.assertEqual(self.helper(), expected)

            def test_plain(self):
                self.assertEqual(1 + 1, 2)
    """
        },
    )
    new = text(tmp_path, "test_it.py")
    assert "class TestItems(unittest.IsolatedAsyncioTestCase):" in new
    assert "    async def asyncSetUp(self):\n        super().setUp()\n" in new
    assert "self.addAsyncCleanup(self.db.close)" in new
    assert "    async def asyncTearDown(self):" in new
    assert "    def test_plain(self):" in new


def test_bases_and_mixins(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": """\
        from unittest import TestCase

        from application import SessionLocal, add_item, names


        class Items:
            def setUp(self):
                super().setUp()
                self.db = SessionLocal()
                add_item(self.db, "mixin")


        class Case(TestCase):
            def setUp(self):
                self.plain = 1


        class TestBoth(Items, Case):
            def setUp(self):
                super().setUp()
                add_item(self.db, "own")

            def tearDown(self):
                self.db.close()

            def test_names(self):
                assert names(self.db) == ["mixin", "own"] and self.plain == 1


        class TestPlain(TestCase):
            def test_plain(self):
                assert True
    """
        },
    )
    new = text(tmp_path, "test_it.py")
    assert "class Case(IsolatedAsyncioTestCase):" in new
    assert "class TestPlain(TestCase):" in new
    assert new.count("await super().asyncSetUp()") == 2


def test_setup_of_the_class(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": """\
        from unittest import TestCase

        from application import Base, SessionLocal, engine, names


        class TestItems(TestCase):
            @classmethod
            def setUpClass(cls):
                Base.metadata.create_all(engine)
                cls.made = True

            def test_made(self):
                with SessionLocal() as db:
                    assert names(db) == [] and self.made
    """
        },
    )


def test_lambda_as_a_cleanup(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": """\
        from unittest import TestCase

        from application import SessionLocal, names


        class TestItems(TestCase):
            def test_names(self):
                db = SessionLocal()
                self.addCleanup(lambda: db.close())
                self.addCleanup(print, "done")
                assert names(db) == []
    """
        },
    )
    new = text(tmp_path, "test_it.py")
    assert "self.addAsyncCleanup(db.close)" in new
    assert 'self.addCleanup(print, "done")' in new


def test_what_has_to_raise(tmp_path: Path) -> None:
    follows(
        tmp_path,
        {
            "test_it.py": """\
        from unittest import TestCase

        from application import SessionLocal, add_item


        def failing(db, name):
            add_item(db, name)
            raise KeyError(name)


        class TestItems(TestCase):
            def test_raises(self):
                with SessionLocal() as db:
                    self.assertRaises(KeyError, failing, db, name="a")
                    with self.assertRaises(KeyError):
                        failing(db, "b")
                    self.assertRaises(ZeroDivisionError, lambda: 1 / 0)
    """
        },
    )


def test_hypothesis_is_reported(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "test_it.py": """\
        from unittest import TestCase

        from hypothesis import given, strategies

        from application import SessionLocal, names


        class TestItems(TestCase):
            @given(strategies.integers())
            def test_names(self, number):
                with SessionLocal() as db:
                    assert names(db) == []
    """
        },
    )
    concerns = [d.concern for d in migrate(tmp_path) if d.codemod == "unittest-cases"]
    assert "hypothesis does not run the async tests of a unittest.TestCase" in concerns
