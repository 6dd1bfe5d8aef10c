"""Figures, with all the numbers counted by hand."""

import pytest


@pytest.fixture
def evening(client, pile, dice_show):
    """Three reads: the first thread twice, the second one to its end."""
    for result, rating, issues in ((1, 5, 2), (1, 4.5, 1), (2, 2, 10)):
        dice_show(result)
        client.post("/roll")
        client.post("/rate", json={"rating": rating, "issues_read": issues})
    return pile


def test_summary(client, evening):
    assert client.get("/analytics/summary").json() == {
        "threads": 5,
        "active": 4,
        "finished": 1,
        "issues_left": 37,
        "sessions": 1,
        "read": 3,
        "average": 3.83,
    }


def test_ratings(client, evening):
    assert client.get("/analytics/ratings").json() == [
        {"rating": 5, "times": 1},
        {"rating": 4.5, "times": 1},
        {"rating": 2, "times": 1},
    ]


def test_dice(client, evening):
    assert client.get("/analytics/dice").json() == [
        {"key": "d4", "count": 2, "average": 1.5},
        {"key": "d6", "count": 1, "average": 1},
    ]


def test_formats(client, evening, user, make_threads):
    make_threads(user, ["Grandmother Wolf"], format="trade")
    assert client.get("/analytics/formats").json() == [
        {"key": "issues", "count": 5, "average": 3.25},
        {"key": "trade", "count": 1, "average": None},
    ]


@pytest.mark.parametrize("path", ["ratings", "dice", "formats"])
def test_nothing_yet(client, path):
    assert client.get(f"/analytics/{path}").json() == []


def test_no_figures_yet(client):
    body = client.get("/analytics/summary").json()
    assert set(body.values()) == {0, None}


@pytest.mark.parametrize("path", ["summary", "ratings", "dice", "formats"])
def test_others_do_not_count(client, evening, as_other, path):
    body = client.get(f"/analytics/{path}", headers=as_other).json()
    assert body == [] or not any(body.values())
