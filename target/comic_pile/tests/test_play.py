"""Roll, rate, snooze."""

import pytest

from comic_pile.models import ThreadStatus


@pytest.mark.parametrize("result", range(1, 6))
async def test_a_roll_hits_the_thread_at_its_place(client, pile, dice_show, result):
    dice_show(result)
    body = (await client.post("/roll")).json()
    assert (body["result"], body["session"]["pending"]["id"]) == (result, pile[result - 1])
    assert (await client.get("/sessions/current")).json()["pending"]["id"] == pile[result - 1]


async def test_a_short_queue_is_counted_round(client, pile, dice_show):
    dice_show(6)
    assert (await client.post("/roll")).json()["session"]["pending"]["id"] == pile[0]


async def test_a_real_roll(client, pile):
    body = (await client.post("/roll")).json()
    assert 1 <= body["result"] <= 6
    assert body["session"]["pending"]["id"] in pile


async def test_an_empty_queue_can_not_be_rolled(client):
    response = await client.post("/roll")
    assert (response.status_code, response.json()) == (409, {"detail": "there is nothing to read"})


async def test_one_roll_at_a_time(client, pile, dice_show):
    dice_show(1)
    await client.post("/roll")
    response = await client.post("/roll")
    assert (response.status_code, response.json()) == (409, {"detail": "Saltwater waits for its rating"})


async def test_choose(client, pile):
    assert (await client.post("/roll/choice", json={"thread_id": pile[3]})).json()["pending"]["title"] == "Hollow Crown"


@pytest.mark.parametrize("thread_id", [0, -1, 2**31, "x", None])
async def test_what_can_not_be_chosen(client, pile, thread_id):
    assert (await client.post("/roll/choice", json={"thread_id": thread_id})).status_code == 422


async def test_a_finished_thread_can_not_be_chosen(client, user, make_threads):
    [done] = await make_threads(user, ["Done"], status=ThreadStatus.FINISHED, position=0)
    assert (await client.post("/roll/choice", json={"thread_id": done})).status_code == 409


async def test_somebody_elses_thread_can_not_be_chosen(client, pile, as_other):
    assert (await client.post("/roll/choice", json={"thread_id": pile[0]}, headers=as_other)).status_code == 404


async def test_dismiss(client, pile, dice_show):
    dice_show(1)
    await client.post("/roll")
    assert (await client.delete("/roll")).json()["pending"] is None
    assert (await client.post("/roll")).status_code == 200


async def test_nothing_to_dismiss(client, pile):
    response = await client.delete("/roll")
    assert (response.status_code, response.json()) == (409, {"detail": "nothing was rolled"})


@pytest.mark.parametrize("sides", [4, 6, 8, 10, 12, 20])
async def test_set_the_die(client, sides):
    assert (await client.put("/roll/die", json={"sides": sides})).json()["die"] == sides


@pytest.mark.parametrize(("sides", "status"), [(7, 409), (100, 409), (0, 422), (101, 422), ("six", 422)])
async def test_dice_that_do_not_exist(client, sides, status):
    assert (await client.put("/roll/die", json={"sides": sides})).status_code == status
    assert (await client.get("/sessions/current")).json()["die"] == 6


# Rating


@pytest.fixture
async def rolled(client, pile, dice_show):
    """The id of a thread in the middle of the queue, which has been rolled."""
    dice_show(3)
    await client.post("/roll")
    return pile[2]


@pytest.mark.parametrize(
    ("rating", "position", "die"), [(5, 1, 4), (4.5, 1, 4), (4, 1, 4), (3.5, 5, 8), (2, 5, 8), (0.5, 5, 8)]
)
async def test_where_a_rating_leads(client, rolled, rating, position, die):
    body = (await client.post("/rate", json={"rating": rating})).json()
    assert (body["thread"]["id"], body["thread"]["position"]) == (rolled, position)
    assert (body["session"]["die"], body["session"]["pending"]) == (die, None)
    assert (body["thread"]["last_rating"], body["thread"]["issues_left"]) == (rating, 9)
    assert body["thread"]["last_read_at"] is not None


@pytest.mark.parametrize("rating", [4, 3])
async def test_the_preview_says_what_happens(client, rolled, rating):
    preview = (await client.get("/rate/preview", params={"rating": rating})).json()
    body = (await client.post("/rate", json={"rating": rating})).json()
    assert preview["die"] == body["session"]["die"]
    assert preview["goes_to"] == {1: "front", 5: "back"}[body["thread"]["position"]]


@pytest.mark.parametrize("rating", [0, 5.5, 3.3, -1, "good", None, 1e300])
async def test_what_is_no_rating(client, rolled, rating):
    assert (await client.post("/rate", json={"rating": rating})).status_code == 422
    assert (await client.get("/sessions/current")).json()["pending"]["id"] == rolled


@pytest.mark.parametrize("read", [0, -1, 101, 1.5])
async def test_how_many_issues_can_not_be_read(client, rolled, read):
    assert (await client.post("/rate", json={"rating": 4, "issues_read": read})).status_code == 422


@pytest.mark.parametrize("rating", ["0", "6", "x", ""])
async def test_what_can_not_be_previewed(client, rating):
    assert (await client.get("/rate/preview", params={"rating": rating})).status_code == 422


async def test_nothing_to_rate(client, pile):
    response = await client.post("/rate", json={"rating": 4})
    assert (response.status_code, response.json()) == (409, {"detail": "nothing was rolled"})


@pytest.mark.parametrize(("read", "left", "status"), [(3, 7, "active"), (10, 0, "finished"), (50, 0, "finished")])
async def test_what_is_read_to_its_end_leaves_the_queue(client, rolled, pile, read, left, status):
    thread = (await client.post("/rate", json={"rating": 5, "issues_read": read})).json()["thread"]
    assert (thread["issues_left"], thread["status"]) == (left, status)
    queue = (await client.get("/queue")).json()["threads"]
    assert [t["position"] for t in queue] == list(range(1, len(queue) + 1))
    assert (rolled in [t["id"] for t in queue]) is (status == "active")


# Snoozing


async def test_snooze(client, rolled):
    body = (await client.post("/snooze")).json()
    assert [thread["id"] for thread in body["snoozed"]] == [rolled]
    assert (body["die"], body["pending"]) == (8, None)
    assert [thread["id"] for thread in (await client.get("/snooze")).json()] == [rolled]


async def test_what_is_snoozed_is_not_rolled(client, rolled, pile):
    await client.post("/snooze")
    assert (await client.get("/queue")).json()["within_reach"] == [pile[0], pile[1], pile[3], pile[4]]
    assert (await client.post("/roll")).json()["session"]["pending"]["id"] == pile[3]


async def test_all_is_snoozed(client, user, make_threads, dice_show):
    await make_threads(user, ["Alone"])
    dice_show(1)
    await client.post("/roll")
    await client.post("/snooze")
    assert (await client.post("/roll")).status_code == 409


async def test_nothing_to_snooze(client, pile):
    assert (await client.post("/snooze")).status_code == 409
    assert (await client.get("/snooze")).json() == []


async def test_wake(client, rolled):
    await client.post("/snooze")
    assert (await client.delete(f"/snooze/{rolled}")).json()["snoozed"] == []
    assert (await client.get("/snooze")).json() == []


async def test_only_what_sleeps_can_be_woken(client, pile):
    response = await client.delete(f"/snooze/{pile[0]}")
    assert (response.status_code, response.json()) == (404, {"detail": "this thread is not snoozed"})


async def test_the_next_session_has_forgotten_it(client, rolled):
    await client.post("/snooze")
    await client.post("/sessions/current/end")
    assert (await client.get("/snooze")).json() == []


async def test_a_deleted_thread_is_not_snoozed_any_more(client, rolled):
    await client.post("/snooze")
    await client.delete(f"/threads/{rolled}")
    assert (await client.get("/sessions/current")).json()["snoozed"] == []


async def test_a_deleted_thread_does_not_wait_for_its_rating(client, rolled):
    await client.delete(f"/threads/{rolled}")
    assert (await client.get("/sessions/current")).json()["pending"] is None
    assert (await client.post("/rate", json={"rating": 4})).status_code == 409
