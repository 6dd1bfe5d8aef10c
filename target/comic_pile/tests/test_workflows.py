"""Whole evenings, from one end to the other."""

import pytest

from comic_pile.services import dice

ACCOUNT = {"email": "maud@example.com", "name": "Maud", "password": "a long password"}


@pytest.fixture
async def maud(anonymous):
    """The headers of somebody who has just come."""
    await anonymous.post("/auth/register", json=ACCOUNT)
    pair = (await anonymous.post("/auth/login", json={"email": ACCOUNT["email"], "password": ACCOUNT["password"]})).json()
    return {"Authorization": f"Bearer {pair['access_token']}"}


async def add(client, headers, *titles):
    data = [{"title": title, "format": "issues", "issues_left": 2} for title in titles]
    return [(await client.post("/threads", json=item, headers=headers)).json()["id"] for item in data]


async def test_a_first_evening(anonymous, maud, dice_show):
    first, second, third = await add(anonymous, maud, "A", "B", "C")
    dice_show(2)
    assert (await anonymous.post("/roll", headers=maud)).json()["session"]["pending"]["id"] == second
    await anonymous.post("/rate", json={"rating": 4.5}, headers=maud)
    dice_show(3)
    assert (await anonymous.post("/roll", headers=maud)).json()["session"]["pending"]["id"] == third
    await anonymous.post("/snooze", headers=maud)
    dice_show(1)
    await anonymous.post("/roll", headers=maud)
    await anonymous.post("/rate", json={"rating": 5}, headers=maud)
    queue = (await anonymous.get("/queue", headers=maud)).json()
    assert [thread["id"] for thread in queue["threads"]] == [first, third]
    assert queue["within_reach"] == [first]
    summary = (await anonymous.post("/sessions/current/end", headers=maud)).json()
    assert (summary["rolls"], summary["read"], summary["average"]) == (3, 2, 4.75)


async def test_a_whole_pile_is_read(anonymous, maud, dice_show):
    await add(anonymous, maud, "A", "B", "C")
    dice_show(2)
    for _ in range(6):
        assert (await anonymous.post("/roll", headers=maud)).status_code == 200
        await anonymous.post("/rate", json={"rating": 5}, headers=maud)
    assert (await anonymous.post("/roll", headers=maud)).status_code == 409
    summary = (await anonymous.get("/analytics/summary", headers=maud)).json()
    assert (summary["finished"], summary["issues_left"], summary["read"]) == (3, 0, 6)


async def test_a_change_of_mind(anonymous, maud, dice_show):
    ids = await add(anonymous, maud, "A", "B", "C")
    dice_show(1)
    for rating in (1, 1, 1):
        await anonymous.post("/roll", headers=maud)
        await anonymous.post("/rate", json={"rating": rating}, headers=maud)
    for _ in range(3):
        assert (await anonymous.post("/undo", headers=maud)).status_code == 200
    queue = (await anonymous.get("/queue", headers=maud)).json()
    assert ([thread["id"] for thread in queue["threads"]], queue["die"]) == (ids, 6)


async def test_moving_house(anonymous, maud):
    await add(anonymous, maud, "A", "B", "C")
    exported = (await anonymous.get("/threads/export", headers=maud)).text
    for thread in (await anonymous.get("/threads", headers=maud)).json():
        await anonymous.delete(f"/threads/{thread['id']}", headers=maud)
    headers = maud | {"Content-Type": "text/csv"}
    assert (await anonymous.post("/threads/import", content=exported, headers=headers)).json()["added"] == 3
    assert (await anonymous.get("/threads/export", headers=maud)).text == exported


async def test_a_new_password_on_the_way(anonymous, maud):
    await add(anonymous, maud, "A")
    change = {"old_password": ACCOUNT["password"], "new_password": "an even longer password"}
    await anonymous.put("/auth/password", json=change, headers=maud)
    assert (await anonymous.get("/queue", headers=maud)).status_code == 401
    credentials = {"email": ACCOUNT["email"], "password": change["new_password"]}
    pair = (await anonymous.post("/auth/login", json=credentials)).json()
    again = {"Authorization": f"Bearer {pair['access_token']}"}
    assert [thread["title"] for thread in (await anonymous.get("/threads", headers=again)).json()] == ["A"]


@pytest.mark.parametrize("ratings", [[5, 5, 5], [1, 1, 1], [5, 1, 5, 1], [3.5, 4, 3.5]])
async def test_the_die_follows_the_ladder(anonymous, maud, ratings):
    thread_ids = await add(anonymous, maud, "A", "B", "C", "D", "E")
    expected = 6
    for thread_id, rating in zip(thread_ids, ratings, strict=False):
        await anonymous.post("/roll/choice", json={"thread_id": thread_id}, headers=maud)
        await anonymous.post("/rate", json={"rating": rating}, headers=maud)
        expected = dice.after_rating(expected, rating)
    assert (await anonymous.get("/queue", headers=maud)).json()["die"] == expected
