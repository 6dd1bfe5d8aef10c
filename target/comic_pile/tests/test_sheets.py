"""Reading and writing CSV, without a database."""

import pytest

from comic_pile.errors import BadImport
from comic_pile.models import Thread, ThreadStatus
from comic_pile.services import sheets

HEAD = "title,format,issues_left,status,notes\n"


def parsed(text, limit=100):
    return sheets.parsed(text.encode(), limit)


def test_a_row():
    assert parsed(HEAD + "Saltwater,trade,3,active,wet\n") == [
        sheets.Row("Saltwater", "trade", 3, ThreadStatus.ACTIVE, "wet")
    ]


def test_columns_may_come_in_any_order_and_some_may_be_missing():
    rows = parsed("issues_left,title,format\n4,Saltwater,trade\n")
    assert rows == [sheets.Row("Saltwater", "trade", 4, ThreadStatus.ACTIVE, "")]


def test_a_byte_order_mark_is_no_part_of_the_first_column():
    assert len(parsed("\ufeff" + HEAD + "Saltwater,trade,3,,\n")) == 1


def test_commas_quotes_and_line_ends_in_a_field():
    [row] = parsed(HEAD + '"Salt, ""water""",trade,3,finished,"two\nlines"\n')
    assert (row.title, row.notes, row.status) == ('Salt, "water"', "two\nlines", ThreadStatus.FINISHED)


def test_space_around_titles_is_dropped():
    assert parsed(HEAD + "  Saltwater , trade ,3,,\n")[0].title == "Saltwater"


def test_no_rows():
    assert parsed(HEAD) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (",trade,3,,", "line 2: a title has"),
        ("   ,trade,3,,", "line 2: a title has"),
        (f"{'x' * 121},trade,3,,", "line 2: a title has"),
        ("Saltwater,,3,,", "line 2: a format has"),
        (f"Saltwater,{'x' * 41},3,,", "line 2: a format has"),
        ("Saltwater,trade,,,", "line 2: issues_left"),
        ("Saltwater,trade,-1,,", "line 2: issues_left"),
        ("Saltwater,trade,1.5,,", "line 2: issues_left"),
        ("Saltwater,trade,many,,", "line 2: issues_left"),
        ("Saltwater,trade,10001,,", "line 2: issues_left"),
        ("Saltwater,trade,99999999999999999999,,", "line 2: issues_left"),
        ("Saltwater,trade,3,lost,", "line 2: there is no status lost"),
        ("Saltwater", "line 2: a format has"),
        ('"Saltwater,trade,3,,', "can't be read"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line, told):
    with pytest.raises(BadImport, match=told):
        parsed(HEAD + line + "\n")


@pytest.mark.parametrize("head", ["", "title\n", "name,format,issues_left\n", "format,issues_left\n"])
def test_missing_columns(head):
    with pytest.raises(BadImport, match="missing columns"):
        parsed(head)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"title,format\xe9", b"title,format,issues_left\na\x00,b,1\n"])
def test_what_is_not_text(content):
    with pytest.raises(BadImport, match="not"):
        sheets.parsed(content, 10)


def test_too_many_rows():
    rows = "".join(f"Saltwater {number},trade,1,,\n" for number in range(4))
    assert len(parsed(HEAD + rows, limit=4)) == 4
    with pytest.raises(BadImport, match="more than 3 rows"):
        parsed(HEAD + rows, limit=3)


def test_what_was_written_can_be_read():
    thread = Thread(title='Salt, "water"', format="trade", issues_left=3, status="active", notes="two\nlines")
    [row] = sheets.parsed(sheets.written([thread]).encode(), 10)
    assert row == sheets.Row('Salt, "water"', "trade", 3, ThreadStatus.ACTIVE, "two\nlines")
