import pytest

from verse.api.dependencies import bible
from verse.errors import NotFound


def test_a_passage(client):
    body = client.get("/passages", params={"reference": "John 1:4-5"}).json()
    assert body["reference"] == "John 1:4-5"
    assert [verse["number"] for verse in body["verses"]] == [4, 5]


def test_a_chapter(client):
    body = client.get("/chapters/psalm/117").json()
    assert (body["reference"], len(body["verses"])) == ("Psalms 117", 2)


@pytest.mark.parametrize(
    ("reference", "status"),
    [("John 99", 404), ("Enoch 1", 404), ("John 1:77", 404), ("nonsense", 400), ("John 1:5-2", 400), ("", 422)],
)
def test_passages_that_are_not_there(client, reference, status):
    response = client.get("/passages", params={"reference": reference})
    assert response.status_code == status
    assert response.json()["detail"]


@pytest.mark.parametrize("chapter", ["0", "151", "x", "99999999999999999999"])
def test_chapters_have_small_numbers(client, chapter):
    assert client.get(f"/chapters/john/{chapter}").status_code == 422


@pytest.mark.asyncio
async def test_the_service_says_what_it_found():
    passage = await bible.passage("Gen 1:3")
    assert passage.text.startswith("And God said")
    with pytest.raises(NotFound):
        await bible.chapter("Genesis", 50)
