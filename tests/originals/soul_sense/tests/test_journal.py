"""The journal: pages, tags, the bin."""

from datetime import timedelta

import pytest

from soul_sense.clock import today, utcnow
from soul_sense.models import JournalEntry
from soul_sense.services.journal import JournalService

PAGE = {"title": "A slow morning", "content": "Tea on the balcony.", "mood": 7, "tags": ["Home", "quiet", "home"]}


def titles(client, **params):
    page = client.get("/journal", params=params).json()
    assert page["total"] == len(page["items"])
    return [entry["title"] for entry in page["items"]]


def test_write(client):
    response = client.post("/journal", json=PAGE)
    assert response.status_code == 201
    body = response.json()
    assert (body["title"], body["mood"], body["written_on"]) == ("A slow morning", 7, today().isoformat())
    assert body["tags"] == [{"name": "home"}, {"name": "quiet"}]
    assert client.get(f"/journal/{body['id']}").json() == body


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
def test_what_can_not_be_written(client, change):
    assert client.post("/journal", json=PAGE | change).status_code == 422
    assert titles(client) == []


@pytest.mark.parametrize("text", ["Robert'); DROP TABLE journal_entries;--", "100 % _ \\", "😀 Ω", "<script>"])
def test_any_text_is_only_text(client, write, text):
    write("Another page")
    write(text, content=text, tags=[text[:40]])
    assert titles(client, text=text) == [text]
    assert titles(client, tag=text[:40]) == [text]
    assert len(titles(client)) == 2


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
def test_search(client, write, params, expected):
    write("Morning", 7, content="Sun", written_on="2024-03-01", tags=["home"])
    write("Review", 5, written_on="2024-03-02", tags=["work", "talk"])
    write("Choir", 9, content="sunny songs", written_on="2024-03-03", tags=["music"])
    assert titles(client, **params) == expected


@pytest.mark.parametrize("params", [{"mood": 0}, {"mood": 11}, {"since": "x"}, {"limit": 0}, {"text": "x" * 121}])
def test_what_can_not_be_searched(client, params):
    assert client.get("/journal", params=params).status_code == 422


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
def test_change(client, write, change, expected):
    entry_id = write(tags=["home"])
    body = client.patch(f"/journal/{entry_id}", json=change).json()
    assert expected.items() <= body.items()
    assert client.get(f"/journal/{entry_id}").json() == body


def test_a_change_is_dated(client, write):
    entry_id = write()
    before = client.get(f"/journal/{entry_id}").json()["updated_at"]
    assert client.patch(f"/journal/{entry_id}", json={"title": "New"}).json()["updated_at"] > before


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
def test_only_ones_own_pages(client, write, as_other, method, path):
    entry_id = write()
    for target in (entry_id, 987_654):
        response = client.request(method, path.format(target), json={"title": "Mine"}, headers=as_other)
        assert response.status_code == 404
    assert titles(client) == ["A page"]


def test_pages_that_follow(client, write):
    first = write("One")
    second = write("Two", follows_id=first)
    write("Three", follows_id=second)
    write("Also three", follows_id=second)
    thread = client.get(f"/journal/{second}/thread").json()
    assert [entry["title"] for entry in thread] == ["One", "Two", "Three", "Also three"]


def test_a_long_thread(client, write):
    last = None
    for number in range(5):
        last = write(f"Page {number}", follows_id=last)
    thread = client.get(f"/journal/{last}/thread").json()
    assert [entry["title"] for entry in thread] == [f"Page {number}" for number in range(5)]


def test_nothing_follows_somebody_elses_page(client, write, as_other):
    response = client.post("/journal", json=PAGE | {"follows_id": write()}, headers=as_other)
    assert (response.status_code, response.json()) == (404, {"detail": "no such entry"})


# Tags


def test_tags_in_use(client, write):
    write("One", tags=["home", "work"])
    bin_id = write("Two", tags=["work", "lost"])
    client.delete(f"/journal/{bin_id}")
    assert client.get("/journal/tags").json() == {"home": 1, "work": 1}


def test_rename_a_tag(client, write):
    entry_id = write(tags=["home", "work"])
    assert client.put("/journal/tags/Work", json={"name": "Office"}).status_code == 204
    assert [tag["name"] for tag in client.get(f"/journal/{entry_id}").json()["tags"]] == ["home", "office"]


def test_unite_two_tags(client, write):
    first, second = write("One", tags=["job"]), write("Two", tags=["job", "work"])
    client.put("/journal/tags/job", json={"name": "work"})
    for entry_id in (first, second):
        assert client.get(f"/journal/{entry_id}").json()["tags"] == [{"name": "work"}]
    assert client.get("/journal/tags").json() == {"work": 2}


@pytest.mark.parametrize(("name", "status"), [("nothing", 404), ("x" * 41, 422), ("' OR 1=1 --", 404)])
def test_tags_that_do_not_exist(client, write, name, status):
    write(tags=["home"])
    assert client.put(f"/journal/tags/{name}", json={"name": "new"}).status_code == status


# The bin


def test_delete_and_restore(client, write):
    entry_id = write(tags=["home"])
    assert client.delete(f"/journal/{entry_id}").status_code == 204
    assert client.get(f"/journal/{entry_id}").status_code == 404
    assert titles(client) == []
    body = client.post(f"/journal/{entry_id}/restore").json()
    assert (body["title"], body["tags"]) == ("A page", [{"name": "home"}])
    assert titles(client) == ["A page"]


def test_what_is_not_in_the_bin(client, write):
    response = client.post(f"/journal/{write()}/restore")
    assert (response.status_code, response.json()) == (404, {"detail": "no such entry in the bin"})


@pytest.mark.parametrize(("days", "purged"), [(0, 2), (10, 1), (40, 0)])
def test_purge(client, db, write, days, purged):
    ids = [write("One"), write("Two"), write("Three")]
    for entry_id, ago in zip(ids, (30, 5), strict=False):
        db.query(JournalEntry).filter_by(id=entry_id).update({"deleted_at": utcnow() - timedelta(days=ago)})
    db.commit()
    assert JournalService(db).purge(days) == purged
    assert db.query(JournalEntry).count() == 3 - purged
