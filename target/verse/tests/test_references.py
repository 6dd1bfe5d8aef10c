"""Naming passages needs no database."""

import pytest

from verse.clients.bible import Reference, book_name, cut, parse_reference
from verse.errors import NotFound, VerseError


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("John 1", "John 1"),
        ("john 1:1", "John 1:1"),
        ("Jn 1:1-3", "John 1:1-3"),
        ("John 1:1 - 3", "John 1:1-3"),
        ("John 1:2-2", "John 1:2"),
        ("Ps. 23", "Psalms 23"),
        ("psalm 23:4", "Psalms 23:4"),
        ("  Genesis 1:1–5 ", "Genesis 1:1-5"),
        ("1 Cor 13:4", "1 Corinthians 13:4"),
        ("1Corinthians 13", "1 Corinthians 13"),
    ],
)
def test_a_reference_is_understood(text, told):
    assert str(parse_reference(text)) == told


@pytest.mark.parametrize("text", ["", "John", "1:1", "John one", "John 1:", "John 1:1-", "John 1:1; DROP TABLE users"])
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(VerseError, match="not a passage"):
        parse_reference(text)


def test_a_passage_runs_forward():
    with pytest.raises(VerseError, match="before it begins"):
        parse_reference("John 1:3-1")


@pytest.mark.parametrize("name", ["Enoch", "2 John", "x"])
def test_unknown_books(name):
    with pytest.raises(NotFound):
        book_name(name)


@pytest.mark.parametrize(
    ("reference", "numbers"),
    [
        (Reference("John", 1), [1, 2, 3]),
        (Reference("John", 1, 2), [2]),
        (Reference("John", 1, 2, 3), [2, 3]),
        (Reference("John", 1, 3, 99), [3]),
    ],
)
def test_verses_are_cut_out(reference, numbers):
    passage = cut(reference, ["one", "two", "three"])
    assert [verse.number for verse in passage.verses] == numbers


def test_a_chapter_has_an_end():
    with pytest.raises(NotFound, match="has 2 verses"):
        cut(Reference("John", 1, 3), ["one", "two"])


def test_the_text_of_a_passage_is_joined():
    assert cut(Reference("John", 1), ["one", "two"]).text == "one two"
