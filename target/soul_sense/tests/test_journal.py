"""The journal: pages, tags, the bin."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from soul_sense.clock import today, utcnow
from soul_sense.models import JournalEntry
from soul_sense.services.journal import JournalService

PAGE = {"title": "A slow morning", "content": "Tea on the balcony.", "mood": 7, "tags": ["Home", "quiet", "home"]}


async def titles(client, **params):
    page = (await client.get("/journal", params=params)).json()
    assert page["total"] == len(page["items"])
    return [entry["title"] for entry in page["items"]]


async def test_write(client):
    response = await client.post("/journal", json=PAGE)
    assert response.status_code == 201
    body = response.json()
    assert (body["title"], body["mood"], body["written_on"]) == ("A slow morning", 7, today().isoformat())
    assert body["tags"] == [{"name": "home"}, {"name": "quiet"}]
    assert (await client.get(f"/journal/{body['id']}")).json() == body


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"title": "x" * 121},
        {"title": None},
        {"content": "x" * 20_001},
        {"content": "nul\0"},
        {"mood": 0},
        {"mood": 11},
        {"mood": "fine"},
        {"mood": 5.5},
        {"tags": ["x"] * 21},
        {"tags": [""]},
        {"tags": "home"},
        {"written_on": "yesterday"},
        {"written_on": "0001-01-01"},
        {"follows_id": 0},
    ],
)
async def test_what_can_not_be_written(client, change):
    assert (await client.post("/journal", json=PAGE | change)).status_code == 422
    assert await titles(client) == []


@pytest.mark.parametrize("text", ["Robert'); DROP TABLE journal_entries;--", "100 % _ \\", "😀 Ω", "<script>"])
async def test_any_text_is_only_text(client, write, text):
    await write("Another page")
    await write(text, content=text, tags=[text[:40]])
    assert await titles(client, text=text) == [text]
    assert await titles(client, tag=text[:40]) == [text]
    assert len(await titles(client)) == 2


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["Choir", "Review", "Morning"]),
        ({"text": "SUN"}, ["Choir", "Morning"]),
        ({"tag": "Work"}, ["Review"]),
        ({"mood": 9}, ["Choir"]),
        ({"since": "2024-03-02"}, ["Choir", "Review"]),
        ({"text": "sun", "mood": 9, "tag": "music"}, ["Choir"]),
        ({"text": "nothing"}, []),
        ({"tag": "' OR '1'='1"}, []),
    ],
)
async def test_search(client, write, params, expected):
    await write("Morning", 7, content="Sun", written_on="2024-03-01", tags=["home"])
    await write("Review", 5, written_on="2024-03-02", tags=["work", "talk"])
    await write("Choir", 9, content="sunny songs", written_on="2024-03-03", tags=["music"])
    assert await titles(client, **params) == expected


@pytest.mark.parametrize("params", [{"mood": 0}, {"mood": 11}, {"since": "x"}, {"limit": 0}, {"text": "x" * 121}])
async def test_what_can_not_be_searched(client, params):
    assert (await client.get("/journal", params=params)).status_code == 422


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"title": "New"}, {"title": "New", "mood": 6}),
        ({"mood": 2, "content": "Rain"}, {"mood": 2, "content": "Rain"}),
        ({"tags": ["b", "a"]}, {"tags": [{"name": "a"}, {"name": "b"}]}),
        ({"tags": []}, {"tags": []}),
        ({"title": None, "mood": None}, {"title": "A page", "mood": 6}),
    ],
)
async def test_change(client, write, change, expected):
    entry_id = await write(tags=["home"])
    body = (await client.patch(f"/journal/{entry_id}", json=change)).json()
    assert expected.items() <= body.items()
    assert (await client.get(f"/journal/{entry_id}")).json() == body


async def test_a_change_is_dated(client, write):
    entry_id = await write()
    before = (await client.get(f"/journal/{entry_id}")).json()["updated_at"]
    assert (await client.patch(f"/journal/{entry_id}", json={"title": "New"})).json()["updated_at"] > before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/journal/{}"),
        ("PATCH", "/journal/{}"),
        ("DELETE", "/journal/{}"),
        ("GET", "/journal/{}/thread"),
        ("POST", "/journal/{}/restore"),
    ],
)
async def test_only_ones_own_pages(client, write, as_other, method, path):
    entry_id = await write()
    for target in (entry_id, 987_654):
        response = await client.request(method, path.format(target), json={"title": "Mine"}, headers=as_other)
        assert response.status_code == 404
    assert await titles(client) == ["A page"]


async def test_pages_that_follow(client, write):
    first = await write("One")
    second = await write("Two", follows_id=first)
    await write("Three", follows_id=second)
    await write("Also three", follows_id=second)
    thread = (await client.get(f"/journal/{second}/thread")).json()
    assert [entry["title"] for entry in thread] == ["One", "Two", "Three", "Also three"]


async def test_a_long_thread(client, write):
    last = None
    for number in range(5):
        last = await write(f"Page {number}", follows_id=last)
    thread = (await client.get(f"/journal/{last}/thread")).json()
    assert [entry["title"] for entry in thread] == [f"Page {number}" for number in range(5)]


async def test_nothing_follows_somebody_elses_page(client, write, as_other):
    response = await client.post("/journal", json=PAGE | {"follows_id": await write()}, headers=as_other)
    assert (response.status_code, response.json()) == (404, {"detail": "no such entry"})


# Tags


async def test_tags_in_use(client, write):
    await write("One", tags=["home", "work"])
    bin_id = await write("Two", tags=["work", "lost"])
    await client.delete(f"/journal/{bin_id}")
    assert (await client.get("/journal/tags")).json() == {"home": 1, "work": 1}


async def test_rename_a_tag(client, write):
    entry_id = await write(tags=["home", "work"])
    assert (await client.put("/journal/tags/Work", json={"name": "Office"})).status_code == 204
    assert [tag["name"] for tag in (await client.get(f"/journal/{entry_id}")).json()["tags"]] == ["home", "office"]


async def test_unite_two_tags(client, write):
    first, second = await write("One", tags=["job"]), await write("Two", tags=["job", "work"])
    await client.put("/journal/tags/job", json={"name": "work"})
    for entry_id in (first, second):
        assert (await client.get(f"/journal/{entry_id}")).json()["tags"] == [{"name": "work"}]
    assert (await client.get("/journal/tags")).json() == {"work": 2}


@pytest.mark.parametrize(("name", "status"), [("nothing", 404), ("x" * 41, 422), ("' OR 1=1 --", 404)])
async def test_tags_that_do_not_exist(client, write, name, status):
    await write(tags=["home"])
    assert (await client.put(f"/journal/tags/{name}", json={"name": "new"})).status_code == status


# The bin


async def test_delete_and_restore(client, write):
    entry_id = await write(tags=["home"])
    assert (await client.delete(f"/journal/{entry_id}")).status_code == 204
    assert (await client.get(f"/journal/{entry_id}")).status_code == 404
    assert await titles(client) == []
    body = (await client.post(f"/journal/{entry_id}/restore")).json()
    assert (body["title"], body["tags"]) == ("A page", [{"name": "home"}])
    assert await titles(client) == ["A page"]


async def test_what_is_not_in_the_bin(client, write):
    response = await client.post(f"/journal/{await write()}/restore")
    assert (response.status_code, response.json()) == (404, {"detail": "no such entry in the bin"})


@pytest.mark.parametrize(("days", "purged"), [(0, 2), (10, 1), (40, 0)])
async def test_purge(client, db, write, days, purged):
    ids = [await write("One"), await write("Two"), await write("Three")]
    for entry_id, ago in zip(ids, (30, 5), strict=False):
        await db.execute(
            update(JournalEntry).filter_by(id=entry_id).values({"deleted_at": utcnow() - timedelta(days=ago)})
        )
    await db.commit()
    assert await JournalService(db).purge(days) == purged
    assert await db.scalar(select(func.count()).select_from(JournalEntry)) == 3 - purged
