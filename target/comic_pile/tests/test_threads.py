"""Threads: the comics themselves."""

from datetime import timedelta

import pytest

from comic_pile.clock import now
from comic_pile.models import Thread, ThreadStatus

NEW = {"title": "Grandmother Wolf", "format": "trade", "issues_left": 3}


async def test_no_threads_yet(client):
    assert (await client.get("/threads")).json() == []


async def test_create_a_thread(client):
    response = await client.post("/threads", json=NEW)
    assert response.status_code == 201
    body = response.json()
    assert (body["title"], body["position"], body["status"], body["last_rating"]) == (
        "Grandmother Wolf", 1, "active", None,
    )  # fmt: skip
    assert (await client.get(f"/threads/{body['id']}")).json() == body


async def test_new_threads_go_to_the_end(client, pile):
    assert (await client.post("/threads", json=NEW)).json()["position"] == len(pile) + 1


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"title": "  "},
        {"title": "x" * 121},
        {"title": None},
        {"title": "nul\0"},
        {"format": ""},
        {"format": "x" * 41},
        {"issues_left": 0},
        {"issues_left": -1},
        {"issues_left": 10_001},
        {"issues_left": "many"},
        {"issues_left": 1.5},
        {"issues_left": 10**30},
        {"notes": "x" * 4001},
        {"notes": None},
    ],
)
async def test_what_can_not_be_created(client, change):
    assert (await client.post("/threads", json=NEW | change)).status_code == 422
    assert (await client.get("/threads")).json() == []


@pytest.mark.parametrize("title", ["Robert'); DROP TABLE threads;--", "' OR 1=1 --", "%", "😀 Ω ß", '"quoted"', "\\"])
async def test_any_text_is_only_text(client, pile, title):
    created = (await client.post("/threads", json=NEW | {"title": title})).json()
    assert created["title"] == title
    assert [thread["title"] for thread in (await client.get("/threads", params={"text": title})).json()] == [title]
    assert len((await client.get("/threads")).json()) == len(pile) + 1


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("ferry", ["Night Ferry"]),
        ("W", ["Saltwater", "Two Clocks", "Hollow Crown", "Sparrow"]),
        ("_", []),
        ("nothing", []),
        ("' OR '1'='1", []),
    ],
)
async def test_search(client, pile, text, titles):
    assert [thread["title"] for thread in (await client.get("/threads", params={"text": text})).json()] == titles


async def test_threads_by_status(client, user, pile, make_threads):
    await make_threads(user, ["Done"], status=ThreadStatus.FINISHED, position=0)
    finished = (await client.get("/threads", params={"status": "finished"})).json()
    assert [thread["title"] for thread in finished] == ["Done"]
    assert len((await client.get("/threads", params={"status": "active"})).json()) == len(pile)
    assert len((await client.get("/threads")).json()) == len(pile) + 1


async def test_there_is_no_such_status(client):
    assert (await client.get("/threads", params={"status": "lost"})).status_code == 422


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"title": "Fresh Water"}, {"title": "Fresh Water"}),
        ({"title": "  Fresh Water  "}, {"title": "Fresh Water"}),
        ({"notes": "wet", "issues_left": 0}, {"notes": "wet", "issues_left": 0}),
        ({"format": "omnibus", "title": None}, {"format": "omnibus", "title": "Saltwater"}),
        ({}, {"title": "Saltwater", "issues_left": 10}),
    ],
)
async def test_change_a_thread(client, pile, change, expected):
    body = (await client.patch(f"/threads/{pile[0]}", json=change)).json()
    assert expected.items() <= body.items()
    assert (await client.get(f"/threads/{pile[0]}")).json() == body


@pytest.mark.parametrize("change", [{"title": ""}, {"issues_left": -1}, {"notes": "x" * 4001}, []])
async def test_what_can_not_be_changed(client, pile, change):
    assert (await client.patch(f"/threads/{pile[0]}", json=change)).status_code == 422


async def test_position_and_owner_are_not_changed_by_hand(client, pile):
    body = (await client.patch(f"/threads/{pile[0]}", json={"position": 4, "user_id": 99, "id": 12})).json()
    assert (body["id"], body["position"]) == (pile[0], 1)


async def test_delete_a_thread(client, pile):
    assert (await client.delete(f"/threads/{pile[1]}")).status_code == 204
    assert (await client.get(f"/threads/{pile[1]}")).status_code == 404
    left = (await client.get("/threads")).json()
    assert [(thread["id"], thread["position"]) for thread in left] == [
        (pile[0], 1), (pile[2], 2), (pile[3], 3), (pile[4], 4),
    ]  # fmt: skip


async def test_deleting_twice(client, pile):
    await client.delete(f"/threads/{pile[1]}")
    assert (await client.delete(f"/threads/{pile[1]}")).status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "99999999999999999999", "1;DROP TABLE threads", "%00"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_is_no_number(client, method, number):
    assert (await client.request(method, f"/threads/{number}")).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/threads/{}"),
        ("PATCH", "/threads/{}"),
        ("DELETE", "/threads/{}"),
        ("POST", "/threads/{}/reactivate"),
        ("PUT", "/queue/{}/position"),
        ("PUT", "/queue/{}/front"),
    ],
)
@pytest.mark.parametrize("whose", ["nobody's", "somebody else's"])
async def test_only_ones_own_threads(client, db, pile, as_other, method, path, whose):
    body = {"title": "Mine now", "issues_left": 1, "position": 1}
    target = path.format(pile[0] if whose == "somebody else's" else 987_654)
    response = await client.request(method, target, json=body, headers=as_other)
    assert (response.status_code, response.json()) == (404, {"detail": "no such thread"})
    assert (await db.get(Thread, pile[0])).title == "Saltwater"


async def test_finished_threads_can_be_read_again(client, user, pile, make_threads):
    [done] = await make_threads(user, ["Done"], status=ThreadStatus.FINISHED, position=0, issues_left=0)
    body = (await client.post(f"/threads/{done}/reactivate", json={"issues_left": 6})).json()
    assert (body["status"], body["position"], body["issues_left"]) == ("active", 1, 6)
    assert [thread["id"] for thread in (await client.get("/queue")).json()["threads"]] == [done, *pile]


async def test_active_threads_need_no_reactivation(client, pile):
    response = await client.post(f"/threads/{pile[0]}/reactivate", json={"issues_left": 6})
    assert (response.status_code, response.json()) == (409, {"detail": "this thread is in the queue already"})


async def test_stale_threads(client, db, pile):
    for days, thread_id in zip((40, 3, 20), pile, strict=False):
        (await db.get(Thread, thread_id)).last_read_at = now() - timedelta(days=days)
    await db.commit()
    assert [thread["id"] for thread in (await client.get("/threads/stale")).json()] == [pile[0], pile[2]]
    assert [thread["id"] for thread in (await client.get("/threads/stale", params={"days": 30})).json()] == [pile[0]]


@pytest.mark.parametrize("days", [0, -1, 3651, "x"])
async def test_days_that_make_no_sense(client, days):
    assert (await client.get("/threads/stale", params={"days": days})).status_code == 422


# Taking a queue along


async def send(client, text):
    return await client.post("/threads/import", content=text, headers={"Content-Type": "text/csv"})


async def test_export(client, pile):
    response = await client.get("/threads/export")
    assert response.headers["Content-Type"].startswith("text/csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="threads.csv"'
    lines = response.text.splitlines()
    assert lines[:2] == ["title,format,issues_left,status,notes", "Saltwater,issues,10,active,"]
    assert len(lines) == len(pile) + 1


async def test_import(client, pile):
    response = await send(client, "title,format,issues_left\nGrandmother Wolf,trade,3\nnight ferry,ISSUES,9\n")
    assert response.json() == {"added": 1, "skipped": 1}
    queue = (await client.get("/queue")).json()["threads"]
    assert (queue[-1]["title"], queue[-1]["position"]) == ("Grandmother Wolf", len(pile) + 1)


async def test_an_import_names_a_thread_once(client):
    assert (await send(client, "title,format,issues_left\nA,x,1\na,X,2\nA,y,1\n")).json() == {"added": 2, "skipped": 1}


async def test_finished_threads_are_imported_outside_the_queue(client):
    await send(client, "title,format,issues_left,status\nA,x,0,finished\nB,x,1,active\n")
    assert [(t["title"], t["position"]) for t in (await client.get("/queue")).json()["threads"]] == [("B", 1)]
    assert (await client.get("/threads", params={"status": "finished"})).json()[0]["title"] == "A"


async def test_nothing_is_imported_when_a_line_is_wrong(client):
    response = await send(client, "title,format,issues_left\nA,x,1\nB,x,many\n")
    assert response.status_code == 422
    assert response.json()["detail"].startswith("line 3: issues_left")
    assert (await client.get("/threads")).json() == []


@pytest.mark.parametrize("content", [b"", b"\xff\xff", b"title\nA\n", b"\0\0\0"])
async def test_what_can_not_be_imported(client, content):
    assert (await send(client, content)).status_code == 422


async def test_from_one_reader_to_another(client, pile, as_other):
    text = (await client.get("/threads/export")).text
    response = await client.post("/threads/import", content=text, headers=as_other | {"Content-Type": "text/csv"})
    assert response.json() == {"added": len(pile), "skipped": 0}
    copied = (await client.get("/queue", headers=as_other)).json()["threads"]
    assert [thread["title"] for thread in copied] == [t["title"] for t in (await client.get("/queue")).json()["threads"]]
