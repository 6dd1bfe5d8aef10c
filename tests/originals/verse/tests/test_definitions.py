import pytest

from verse.api.dependencies import definitions
from verse.models import Definition, UserDefinition


def define(client, headers, word="shepherd", reference="Psalm 23:1"):
    return client.post("/definitions", json={"word": word, "reference": reference}, headers=headers)


def test_define(client, as_reader):
    body = define(client, as_reader).json()
    assert (body["word"], body["reference"]) == ("shepherd", "Psalms 23:1")
    assert body["sense"] == "“shepherd” as verse 1 uses it."


def test_a_definition_is_made_once(client, db, as_reader, as_other):
    first = define(client, as_reader, "Shepherd").json()
    assert define(client, as_other).json() == first
    assert define(client, as_reader).json() == first
    assert db.query(Definition).count() == 1
    assert db.query(UserDefinition).count() == 2


def test_the_same_word_elsewhere_is_another(client, db, as_reader):
    define(client, as_reader, "light", "John 1:4")
    define(client, as_reader, "light", "Genesis 1:3")
    assert db.query(Definition).count() == 2


def test_the_history_has_the_last_first(client, as_reader, as_other):
    define(client, as_reader)
    define(client, as_reader, "rod", "Psalm 23:4")
    define(client, as_other, "oil", "Psalm 23:5")
    listed = client.get("/definitions", headers=as_reader).json()
    assert [item["word"] for item in listed] == ["rod", "shepherd"]


def test_clearing_says_how_many(client, db, as_reader):
    define(client, as_reader)
    assert client.delete("/definitions", headers=as_reader).json() == {"deleted": 1}
    assert db.query(Definition).count() == 1


@pytest.mark.parametrize(
    ("word", "status"), [("", 422), ("x" * 61, 422), ("a\x00", 422), ("'; DROP TABLE definitions; --", 200)]
)
def test_words_are_only_words(client, db, as_reader, word, status):
    assert define(client, as_reader, word).status_code == status
    assert db.query(Definition).count() == (status == 200)


@pytest.mark.asyncio
async def test_remembering_twice_changes_nothing(db, reader):
    definition = await definitions.define(db, reader.id, "oil", "Psalm 23:5")
    definitions.remember(db, reader.id, definition)
    assert len(definitions.history(db, reader.id)) == 1
