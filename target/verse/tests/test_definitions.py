import pytest
from sqlalchemy import func, select

from verse.api.dependencies import definitions
from verse.models import Definition, UserDefinition


async def define(client, headers, word="shepherd", reference="Psalm 23:1"):
    return await client.post("/definitions", json={"word": word, "reference": reference}, headers=headers)


async def test_define(client, as_reader):
    body = (await define(client, as_reader)).json()
    assert (body["word"], body["reference"]) == ("shepherd", "Psalms 23:1")
    assert body["sense"] == "“shepherd” as verse 1 uses it."


async def test_a_definition_is_made_once(client, db, as_reader, as_other):
    first = (await define(client, as_reader, "Shepherd")).json()
    assert (await define(client, as_other)).json() == first
    assert (await define(client, as_reader)).json() == first
    assert await db.scalar(select(func.count()).select_from(Definition)) == 1
    assert await db.scalar(select(func.count()).select_from(UserDefinition)) == 2


async def test_the_same_word_elsewhere_is_another(client, db, as_reader):
    await define(client, as_reader, "light", "John 1:4")
    await define(client, as_reader, "light", "Genesis 1:3")
    assert await db.scalar(select(func.count()).select_from(Definition)) == 2


async def test_the_history_has_the_last_first(client, as_reader, as_other):
    await define(client, as_reader)
    await define(client, as_reader, "rod", "Psalm 23:4")
    await define(client, as_other, "oil", "Psalm 23:5")
    listed = (await client.get("/definitions", headers=as_reader)).json()
    assert [item["word"] for item in listed] == ["rod", "shepherd"]


async def test_clearing_says_how_many(client, db, as_reader):
    await define(client, as_reader)
    assert (await client.delete("/definitions", headers=as_reader)).json() == {"deleted": 1}
    assert await db.scalar(select(func.count()).select_from(Definition)) == 1


@pytest.mark.parametrize(
    ("word", "status"), [("", 422), ("x" * 61, 422), ("a\x00", 422), ("'; DROP TABLE definitions; --", 200)]
)
async def test_words_are_only_words(client, db, as_reader, word, status):
    assert (await define(client, as_reader, word)).status_code == status
    assert await db.scalar(select(func.count()).select_from(Definition)) == (status == 200)


@pytest.mark.asyncio
async def test_remembering_twice_changes_nothing(db, reader):
    definition = await definitions.define(db, reader.id, "oil", "Psalm 23:5")
    await definitions.remember(db, reader.id, definition)
    assert len(await definitions.history(db, reader.id)) == 1
