"""Whole evenings, from one end to the other."""

import pytest

from comic_pile.services import dice

ACCOUNT = {"email": "maud@example.com", "name": "Maud", "password": "a long password"}


@pytest.fixture
def maud(anonymous):
    """The headers of somebody who has just come."""
    anonymous.post("/auth/register", json=ACCOUNT)
    pair = anonymous.post("/auth/login", json={"email": ACCOUNT["email"], "password": ACCOUNT["password"]}).json()
    return {"Authorization": f"Bearer {pair['access_token']}"}


def add(client, headers, *titles):
    data = [{"title": title, "format": "issues", "issues_left": 2} for title in titles]
    return [client.post("/threads", json=item, headers=headers).json()["id"] for item in data]


def test_a_first_evening(anonymous, maud, dice_show):
    first, second, third = add(anonymous, maud, "A", "B", "C")
    dice_show(2)
    assert anonymous.post("/roll", headers=maud).json()["session"]["pending"]["id"] == second
    anonymous.post("/rate", json={"rating": 4.5}, headers=maud)
    dice_show(3)
    assert anonymous.post("/roll", headers=maud).json()["session"]["pending"]["id"] == third
    anonymous.post("/snooze", headers=maud)
    dice_show(1)
    anonymous.post("/roll", headers=maud)
    anonymous.post("/rate", json={"rating": 5}, headers=maud)
    queue = anonymous.get("/queue", headers=maud).json()
    assert [thread["id"] for thread in queue["threads"]] == [first, third]
    assert queue["within_reach"] == [first]
    summary = anonymous.post("/sessions/current/end", headers=maud).json()
    assert (summary["rolls"], summary["read"], summary["average"]) == (3, 2, 4.75)


def test_a_whole_pile_is_read(anonymous, maud, dice_show):
    add(anonymous, maud, "A", "B", "C")
    dice_show(2)
    for _ in range(6):
        assert anonymous.post("/roll", headers=maud).status_code == 200
        anonymous.post("/rate", json={"rating": 5}, headers=maud)
    assert anonymous.post("/roll", headers=maud).status_code == 409
    summary = anonymous.get("/analytics/summary", headers=maud).json()
    assert (summary["finished"], summary["issues_left"], summary["read"]) == (3, 0, 6)


def test_a_change_of_mind(anonymous, maud, dice_show):
    ids = add(anonymous, maud, "A", "B", "C")
    dice_show(1)
    for rating in (1, 1, 1):
        anonymous.post("/roll", headers=maud)
        anonymous.post("/rate", json={"rating": rating}, headers=maud)
    for _ in range(3):
        assert anonymous.post("/undo", headers=maud).status_code == 200
    queue = anonymous.get("/queue", headers=maud).json()
    assert ([thread["id"] for thread in queue["threads"]], queue["die"]) == (ids, 6)


def test_moving_house(anonymous, maud):
    add(anonymous, maud, "A", "B", "C")
    exported = anonymous.get("/threads/export", headers=maud).text
    for thread in anonymous.get("/threads", headers=maud).json():
        anonymous.delete(f"/threads/{thread['id']}", headers=maud)
    headers = maud | {"Content-Type": "text/csv"}
    assert anonymous.post("/threads/import", content=exported, headers=headers).json()["added"] == 3
    assert anonymous.get("/threads/export", headers=maud).text == exported


def test_a_new_password_on_the_way(anonymous, maud):
    add(anonymous, maud, "A")
    change = {"old_password": ACCOUNT["password"], "new_password": "an even longer password"}
    anonymous.put("/auth/password", json=change, headers=maud)
    assert anonymous.get("/queue", headers=maud).status_code == 401
    credentials = {"email": ACCOUNT["email"], "password": change["new_password"]}
    pair = anonymous.post("/auth/login", json=credentials).json()
    again = {"Authorization": f"Bearer {pair['access_token']}"}
    assert [thread["title"] for thread in anonymous.get("/threads", headers=again).json()] == ["A"]


@pytest.mark.parametrize("ratings", [[5, 5, 5], [1, 1, 1], [5, 1, 5, 1], [3.5, 4, 3.5]])
def test_the_die_follows_the_ladder(anonymous, maud, ratings):
    thread_ids = add(anonymous, maud, "A", "B", "C", "D", "E")
    expected = 6
    for thread_id, rating in zip(thread_ids, ratings, strict=False):
        anonymous.post("/roll/choice", json={"thread_id": thread_id}, headers=maud)
        anonymous.post("/rate", json={"rating": rating}, headers=maud)
        expected = dice.after_rating(expected, rating)
    assert anonymous.get("/queue", headers=maud).json()["die"] == expected
