"""Figures, with all the numbers counted by hand."""

import pytest


@pytest.fixture
async def evening(client, pile, dice_show):
    """Three reads: the first thread twice, the second one to its end."""
    for result, rating, issues in ((1, 5, 2), (1, 4.5, 1), (2, 2, 10)):
        dice_show(result)
        await client.post("/roll")
        await client.post("/rate", json={"rating": rating, "issues_read": issues})
    return pile


async def test_summary(client, evening):
    assert (await client.get("/analytics/summary")).json() == {
        "threads": 5,
        "active": 4,
        "finished": 1,
        "issues_left": 37,
        "sessions": 1,
        "read": 3,
        "average": 3.83,
    }


async def test_ratings(client, evening):
    assert (await client.get("/analytics/ratings")).json() == [
        {"rating": 5, "times": 1},
        {"rating": 4.5, "times": 1},
        {"rating": 2, "times": 1},
    ]


async def test_dice(client, evening):
    assert (await client.get("/analytics/dice")).json() == [
        {"key": "d4", "count": 2, "average": 1.5},
        {"key": "d6", "count": 1, "average": 1},
    ]


async def test_formats(client, evening, user, make_threads):
    await make_threads(user, ["Grandmother Wolf"], format="trade")
    assert (await client.get("/analytics/formats")).json() == [
        {"key": "issues", "count": 5, "average": 3.25},
        {"key": "trade", "count": 1, "average": None},
    ]


@pytest.mark.parametrize("path", ["ratings", "dice", "formats"])
async def test_nothing_yet(client, path):
    assert (await client.get(f"/analytics/{path}")).json() == []


async def test_no_figures_yet(client):
    body = (await client.get("/analytics/summary")).json()
    assert set(body.values()) == {0, None}


@pytest.mark.parametrize("path", ["summary", "ratings", "dice", "formats"])
async def test_others_do_not_count(client, evening, as_other, path):
    body = (await client.get(f"/analytics/{path}", headers=as_other)).json()
    assert body == [] or not any(body.values())
