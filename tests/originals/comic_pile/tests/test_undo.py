"""Snapshots, and the way back."""

import pytest

from comic_pile.config import settings
from comic_pile.models import Session, Thread
from comic_pile.services import snapshots


@pytest.fixture
def roll(client, pile, dice_show):
    def roll(result):
        dice_show(result)
        return client.post("/roll").json()["session"]["pending"]["id"]

    return roll


def queue(client):
    return [(thread["id"], thread["position"], thread["issues_left"]) for thread in client.get("/threads").json()]


def test_nothing_to_undo(client):
    response = client.post("/undo")
    assert (response.status_code, response.json()) == (404, {"detail": "there is nothing to undo"})
    assert client.get("/undo").json() == []


@pytest.mark.parametrize("rating", [5, 2])
def test_undo_a_rating(client, roll, rating):
    before, rolled = queue(client), roll(4)
    client.post("/rate", json={"rating": rating, "issues_read": 3})
    assert queue(client) != before
    session = client.post("/undo").json()
    assert (session["die"], session["pending"]["id"]) == (6, rolled)
    assert queue(client) == before


def test_undo_the_end_of_a_thread(client, roll):
    rolled = roll(1)
    client.post("/rate", json={"rating": 5, "issues_read": 10})
    assert client.get(f"/threads/{rolled}").json()["status"] == "finished"
    client.post("/undo")
    thread = client.get(f"/threads/{rolled}").json()
    assert (thread["status"], thread["position"], thread["last_rating"], thread["last_read_at"]) == (
        "active", 1, None, None,
    )  # fmt: skip


def test_undo_a_snooze(client, roll):
    rolled = roll(2)
    client.post("/snooze")
    session = client.post("/undo").json()
    assert (session["die"], session["snoozed"], session["pending"]["id"]) == (6, [], rolled)


def test_undo_what_came_after_a_snooze(client, roll, pile):
    snoozed = roll(2)
    client.post("/snooze")
    roll(1)
    client.post("/rate", json={"rating": 5})
    session = client.post("/undo").json()
    assert [thread["id"] for thread in session["snoozed"]] == [snoozed]
    assert (session["die"], session["pending"]["id"]) == (8, pile[0])


def test_undo_a_choice(client, pile):
    client.post("/roll/choice", json={"thread_id": pile[0]})
    assert client.post("/undo").json()["pending"] is None


def test_each_snapshot_is_used_once(client, roll):
    roll(1)
    client.post("/rate", json={"rating": 5})
    assert client.post("/undo").status_code == 200
    assert client.post("/undo").status_code == 404


def test_snapshots_are_listed_from_the_last(client, roll):
    for result in (1, 2):
        roll(result)
        client.post("/rate", json={"rating": 2})
    reasons = [snapshot["reason"] for snapshot in client.get("/undo").json()]
    assert reasons == ["rated Two Clocks", "rated Saltwater"]


def test_go_back_several_steps(client, roll):
    before = queue(client)
    for result in (1, 2, 3):
        roll(result)
        client.post("/rate", json={"rating": 2})
    first = client.get("/undo").json()[-1]["id"]
    client.post(f"/undo/{first}")
    assert queue(client) == before
    assert client.get("/undo").json() == []


def test_go_back_to_the_middle(client, roll):
    roll(1)
    client.post("/rate", json={"rating": 2})
    before = queue(client)
    for _ in range(2):
        roll(1)
        client.post("/rate", json={"rating": 2})
    client.post(f"/undo/{client.get('/undo').json()[1]['id']}")
    assert queue(client) == before
    assert len(client.get("/undo").json()) == 1


@pytest.mark.parametrize("snapshot_id", ["0", "x", "99999999999"])
def test_what_is_no_snapshot(client, snapshot_id):
    assert client.post(f"/undo/{snapshot_id}").status_code == 422


def test_only_ones_own_snapshots(client, roll, as_other):
    roll(1)
    client.post("/rate", json={"rating": 2})
    [snapshot] = client.get("/undo").json()
    response = client.post(f"/undo/{snapshot['id']}", headers=as_other)
    assert (response.status_code, response.json()) == (404, {"detail": "no such snapshot"})
    assert client.get("/undo", headers=as_other).json() == []


def test_snapshots_of_the_last_session_are_gone(client, roll):
    roll(1)
    client.post("/rate", json={"rating": 2})
    client.post("/sessions/current/end")
    assert client.post("/undo").status_code == 404


def test_a_deleted_thread_comes_back(client, roll, pile):
    before = queue(client)
    roll(1)
    client.post("/rate", json={"rating": 2})
    client.delete(f"/threads/{pile[3]}")
    client.post("/undo")
    assert queue(client) == before


def test_what_was_added_since_goes_behind_the_others(client, roll, pile):
    roll(1)
    client.post("/rate", json={"rating": 2})
    added = client.post("/threads", json={"title": "New", "format": "trade"}).json()["id"]
    client.put(f"/queue/{added}/front")
    client.post("/undo")
    assert [thread_id for thread_id, _, _ in queue(client)] == [*pile, added]


def test_an_undo_is_an_event(client, roll):
    roll(1)
    client.post("/rate", json={"rating": 2})
    session_id = client.post("/undo").json()["id"]
    kinds = [event["kind"] for event in client.get(f"/sessions/{session_id}/events").json()]
    assert kinds == ["rolled", "rated", "undone"]


def test_the_oldest_snapshots_are_dropped(client, pile, monkeypatch):
    monkeypatch.setattr(settings, "snapshots_kept", 3)
    for thread_id in pile:
        client.post("/roll/choice", json={"thread_id": thread_id})
    reasons = [snapshot["reason"] for snapshot in client.get("/undo").json()]
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
