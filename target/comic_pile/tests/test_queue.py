"""The order of the queue, and what happens at its ends."""

import pytest

from comic_pile.models import ThreadStatus
from comic_pile.services import queue


async def order(client):
    """The places of the threads in the queue, from the front; each position is there once."""
    threads = (await client.get("/queue")).json()["threads"]
    assert [thread["position"] for thread in threads] == list(range(1, len(threads) + 1))
    return [thread["id"] for thread in threads]


async def test_an_empty_queue(client):
    assert (await client.get("/queue")).json() == {"die": 6, "within_reach": [], "threads": []}


async def test_the_queue_in_its_order(client, pile):
    assert await order(client) == pile


@pytest.mark.parametrize(
    ("moved", "position", "expected"),
    [
        (0, 1, [0, 1, 2, 3, 4]),
        (0, 2, [1, 0, 2, 3, 4]),
        (0, 5, [1, 2, 3, 4, 0]),
        (4, 1, [4, 0, 1, 2, 3]),
        (4, 4, [0, 1, 2, 4, 3]),
        (2, 1, [2, 0, 1, 3, 4]),
        (2, 3, [0, 1, 2, 3, 4]),
        (2, 4, [0, 1, 3, 2, 4]),
        (1, 99, [0, 2, 3, 4, 1]),
        (1, 2**31 - 1, [0, 2, 3, 4, 1]),
    ],
)
async def test_move(client, pile, moved, position, expected):
    response = await client.put(f"/queue/{pile[moved]}/position", json={"position": position})
    assert response.json()["position"] == min(position, 5)
    assert await order(client) == [pile[index] for index in expected]


@pytest.mark.parametrize("position", [0, -1, 2**31, 1.5, "front", None])
async def test_positions_that_make_no_sense(client, pile, position):
    assert (await client.put(f"/queue/{pile[0]}/position", json={"position": position})).status_code == 422
    assert await order(client) == pile


@pytest.mark.parametrize("index", range(5))
async def test_move_to_the_front(client, pile, index):
    assert (await client.put(f"/queue/{pile[index]}/front")).json()["position"] == 1
    assert await order(client) == [pile[index], *pile[:index], *pile[index + 1 :]]


async def test_the_only_thread_stays_where_it_is(client, user, make_threads):
    [only] = await make_threads(user, ["Alone"])
    for position in (1, 2, 50):
        assert (await client.put(f"/queue/{only}/position", json={"position": position})).json()["position"] == 1


async def test_finished_threads_have_no_place(client, user, pile, make_threads):
    [done] = await make_threads(user, ["Done"], status=ThreadStatus.FINISHED, position=0)
    response = await client.put(f"/queue/{done}/position", json={"position": 1})
    assert (response.status_code, response.json()) == (409, {"detail": "this thread is not in the queue"})
    assert await order(client) == pile


async def test_moves_leave_other_readers_alone(client, other, pile, make_threads, as_other):
    theirs = await make_threads(other, ["One", "Two", "Three"])
    await client.put(f"/queue/{pile[4]}/front")
    threads = (await client.get("/queue", headers=as_other)).json()["threads"]
    assert [(thread["id"], thread["position"]) for thread in threads] == list(zip(theirs, (1, 2, 3), strict=True))


@pytest.mark.parametrize("removed", range(5))
async def test_a_gap_is_closed(client, pile, removed):
    await client.delete(f"/threads/{pile[removed]}")
    assert await order(client) == pile[:removed] + pile[removed + 1 :]


async def test_reorder(client, pile):
    response = await client.put("/queue", json={"ids": pile[::-1]})
    assert [thread["id"] for thread in response.json()] == pile[::-1]
    assert await order(client) == pile[::-1]


@pytest.mark.parametrize(
    "picked", [[], [0], [0, 1, 2, 3], [0, 1, 2, 3, 4, 4], [0, 0, 1, 2, 3], [0, 1, 2, 3, None], [4, 3, 2, 1, 0, None]]
)
async def test_a_new_order_names_each_thread_once(client, pile, picked):
    ids = [987_654 if index is None else pile[index] for index in picked]
    response = await client.put("/queue", json={"ids": ids})
    assert response.status_code == 409
    assert await order(client) == pile


@pytest.mark.parametrize("ids", [None, "all", [0], [-1], ["x"], [2**31], [1] * 5001])
async def test_what_is_no_order(client, pile, ids):
    assert (await client.put("/queue", json={"ids": ids})).status_code == 422


async def test_somebody_elses_thread_can_not_be_ordered(client, other, pile, make_threads):
    [theirs] = await make_threads(other, ["Theirs"])
    assert (await client.put("/queue", json={"ids": [*pile[:4], theirs]})).status_code == 409


@pytest.mark.parametrize(("die", "count"), [(4, 4), (6, 5), (20, 5)])
async def test_what_the_die_reaches(client, pile, die, count):
    await client.put("/roll/die", json={"sides": die})
    assert (await client.get("/queue")).json()["within_reach"] == pile[:count]


async def test_length_counts_the_active_ones(db, user, pile, make_threads):
    await make_threads(user, ["Done"], status=ThreadStatus.FINISHED, position=0)
    assert await queue.length(db, user.id) == len(pile)
    assert await queue.length(db, user.id + 1) == 0


async def test_beside_the_end_positions_are_cut(db, user, pile):
    assert (await queue.move(db, user.id, pile[0], -5)).position == 1
    assert (await queue.move(db, await user.awaitable_attrs.id, pile[0], 500)).position == 5


async def test_many_moves_keep_the_positions_whole(client, pile):
    expected = list(pile)
    for step in range(12):
        moved, position = pile[step * 3 % 5], step * 7 % 5 + 1
        await client.put(f"/queue/{moved}/position", json={"position": position})
        expected.remove(moved)
        expected.insert(position - 1, moved)
    assert await order(client) == expected
