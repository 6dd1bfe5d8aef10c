"""Snapshots, and the way back."""

import pytest

from comic_pile.config import settings
from comic_pile.models import Session, Thread
from comic_pile.services import snapshots


@pytest.fixture
def roll(client, pile, dice_show):
    async def roll(result):
        dice_show(result)
        return (await client.post("/roll")).json()["session"]["pending"]["id"]

    return roll


async def queue(client):
    return [(thread["id"], thread["position"], thread["issues_left"]) for thread in (await client.get("/threads")).json()]


async def test_nothing_to_undo(client):
    response = await client.post("/undo")
    assert (response.status_code, response.json()) == (404, {"detail": "there is nothing to undo"})
    assert (await client.get("/undo")).json() == []


@pytest.mark.parametrize("rating", [5, 2])
async def test_undo_a_rating(client, roll, rating):
    before, rolled = await queue(client), await roll(4)
    await client.post("/rate", json={"rating": rating, "issues_read": 3})
    assert await queue(client) != before
    session = (await client.post("/undo")).json()
    assert (session["die"], session["pending"]["id"]) == (6, rolled)
    assert await queue(client) == before


async def test_undo_the_end_of_a_thread(client, roll):
    rolled = await roll(1)
    await client.post("/rate", json={"rating": 5, "issues_read": 10})
    assert (await client.get(f"/threads/{rolled}")).json()["status"] == "finished"
    await client.post("/undo")
    thread = (await client.get(f"/threads/{rolled}")).json()
    assert (thread["status"], thread["position"], thread["last_rating"], thread["last_read_at"]) == (
        "active", 1, None, None,
    )  # fmt: skip


async def test_undo_a_snooze(client, roll):
    rolled = await roll(2)
    await client.post("/snooze")
    session = (await client.post("/undo")).json()
    assert (session["die"], session["snoozed"], session["pending"]["id"]) == (6, [], rolled)


async def test_undo_what_came_after_a_snooze(client, roll, pile):
    snoozed = await roll(2)
    await client.post("/snooze")
    await roll(1)
    await client.post("/rate", json={"rating": 5})
    session = (await client.post("/undo")).json()
    assert [thread["id"] for thread in session["snoozed"]] == [snoozed]
    assert (session["die"], session["pending"]["id"]) == (8, pile[0])


async def test_undo_a_choice(client, pile):
    await client.post("/roll/choice", json={"thread_id": pile[0]})
    assert (await client.post("/undo")).json()["pending"] is None


async def test_each_snapshot_is_used_once(client, roll):
    await roll(1)
    await client.post("/rate", json={"rating": 5})
    assert (await client.post("/undo")).status_code == 200
    assert (await client.post("/undo")).status_code == 404


async def test_snapshots_are_listed_from_the_last(client, roll):
    for result in (1, 2):
        await roll(result)
        await client.post("/rate", json={"rating": 2})
    reasons = [snapshot["reason"] for snapshot in (await client.get("/undo")).json()]
    assert reasons == ["rated Two Clocks", "rated Saltwater"]


async def test_go_back_several_steps(client, roll):
    before = await queue(client)
    for result in (1, 2, 3):
        await roll(result)
        await client.post("/rate", json={"rating": 2})
    first = (await client.get("/undo")).json()[-1]["id"]
    await client.post(f"/undo/{first}")
    assert await queue(client) == before
    assert (await client.get("/undo")).json() == []


async def test_go_back_to_the_middle(client, roll):
    await roll(1)
    await client.post("/rate", json={"rating": 2})
    before = await queue(client)
    for _ in range(2):
        await roll(1)
        await client.post("/rate", json={"rating": 2})
    await client.post(f"/undo/{(await client.get('/undo')).json()[1]['id']}")
    assert await queue(client) == before
    assert len((await client.get("/undo")).json()) == 1


@pytest.mark.parametrize("snapshot_id", ["0", "x", "99999999999"])
async def test_what_is_no_snapshot(client, snapshot_id):
    assert (await client.post(f"/undo/{snapshot_id}")).status_code == 422


async def test_only_ones_own_snapshots(client, roll, as_other):
    await roll(1)
    await client.post("/rate", json={"rating": 2})
    [snapshot] = (await client.get("/undo")).json()
    response = await client.post(f"/undo/{snapshot['id']}", headers=as_other)
    assert (response.status_code, response.json()) == (404, {"detail": "no such snapshot"})
    assert (await client.get("/undo", headers=as_other)).json() == []


async def test_snapshots_of_the_last_session_are_gone(client, roll):
    await roll(1)
    await client.post("/rate", json={"rating": 2})
    await client.post("/sessions/current/end")
    assert (await client.post("/undo")).status_code == 404


async def test_a_deleted_thread_comes_back(client, roll, pile):
    before = await queue(client)
    await roll(1)
    await client.post("/rate", json={"rating": 2})
    await client.delete(f"/threads/{pile[3]}")
    await client.post("/undo")
    assert await queue(client) == before


async def test_what_was_added_since_goes_behind_the_others(client, roll, pile):
    await roll(1)
    await client.post("/rate", json={"rating": 2})
    added = (await client.post("/threads", json={"title": "New", "format": "trade"})).json()["id"]
    await client.put(f"/queue/{added}/front")
    await client.post("/undo")
    assert [thread_id for thread_id, _, _ in await queue(client)] == [*pile, added]


async def test_an_undo_is_an_event(client, roll):
    await roll(1)
    await client.post("/rate", json={"rating": 2})
    session_id = (await client.post("/undo")).json()["id"]
    kinds = [event["kind"] for event in (await client.get(f"/sessions/{session_id}/events")).json()]
    assert kinds == ["rolled", "rated", "undone"]


async def test_the_oldest_snapshots_are_dropped(client, pile, monkeypatch):
    monkeypatch.setattr(settings, "snapshots_kept", 3)
    for thread_id in pile:
        await client.post("/roll/choice", json={"thread_id": thread_id})
    reasons = [snapshot["reason"] for snapshot in (await client.get("/undo")).json()]
    assert reasons == ["chose Sparrow", "chose Hollow Crown", "chose Two Clocks"]


def test_a_state_is_plain_values():
    session = Session(die=8, pending_id=3, snoozed=[Thread(id=4)])
    thread = Thread(id=4, title="A", format="x", issues_left=2, status="active", position=1, notes="")
    assert snapshots.state_of(session, [thread]) == {
        "die": 8,
        "pending": 3,
        "snoozed": [4],
        "threads": [
            {
                "id": 4, "title": "A", "format": "x", "issues_left": 2, "status": "active", "position": 1, "notes": "",
                "last_rating": None, "last_read_at": None,
            },
        ],
    }  # fmt: skip
