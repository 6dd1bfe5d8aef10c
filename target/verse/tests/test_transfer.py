"""A reader's data: taken along, taken in, and forgotten."""

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from verse.api.dependencies import chat, definitions, insights, users
from verse.models import Conversation, Insight, InsightMessage, User
from verse.schemas import Cleared, Export

SAID = [
    {"role": "user", "content": "Why?", "created_at": "2024-05-01T08:00:00Z"},
    {"role": "assistant", "content": "Because.", "created_at": "2024-05-01T08:00:05Z"},
]
INSIGHT = {"reference": "Ruth 1:16", "passage": "p", "background": "b", "meaning": "m", "practice": "a"}
DATA = {
    "insights": [{**INSIGHT, "messages": SAID}],
    "definitions": [{"word": "kinsman", "reference": "Ruth 2:1", "sense": "s", "usage": "u"}],
    "conversations": [{"title": "Ruth", "reference": "Ruth 1", "messages": SAID}, {"title": "Empty"}],
}


@pytest_asyncio.fixture
async def history(db, reader):
    psalm = await insights.explain(db, reader.id, "Psalm 23")
    async for _ in chat.ask_about(db, reader.id, psalm, "Who leads?"):
        pass
    await insights.explain(db, reader.id, "John 1:1")
    await definitions.define(db, reader.id, "oil", "Psalm 23:5")
    for content in ("Hello", "Good evening"):
        conversation = await chat.start(db, reader.id, content)
        async for _ in chat.say(db, reader.id, conversation, content):
            pass


@pytest.mark.asyncio
async def test_export(client, history, as_reader):
    body = (await client.get("/users/me/export", headers=as_reader)).json()
    assert [insight["reference"] for insight in body["insights"]] == ["Psalms 23", "John 1:1"]
    assert [len(insight["messages"]) for insight in body["insights"]] == [2, 0]
    assert [definition["word"] for definition in body["definitions"]] == ["oil"]
    assert [(talk["title"], len(talk["messages"])) for talk in body["conversations"]] == [
        ("Hello", 2),
        ("Good evening", 2),
    ]


async def test_nothing_to_export(client, as_reader):
    body = (await client.get("/users/me/export", headers=as_reader)).json()
    assert body == {"version": 1, "insights": [], "definitions": [], "conversations": []}


async def test_import(client, db, as_reader):
    body = (await client.post("/users/me/import", json=DATA, headers=as_reader)).json()
    assert body == {"insights": 1, "definitions": 1, "insight_messages": 2, "conversations": 2}
    [ruth] = (await client.get("/insights", headers=as_reader)).json()
    assert ruth["reference"] == "Ruth 1:16"
    assert await db.scalar(select(func.count()).select_from(InsightMessage)) == 2


async def test_importing_twice_adds_nothing(client, as_reader):
    await client.post("/users/me/import", json=DATA, headers=as_reader)
    again = (await client.post("/users/me/import", json=DATA, headers=as_reader)).json()
    assert again == Cleared().model_dump()


async def test_what_is_known_is_shared(client, db, as_reader, as_other):
    for headers in (as_reader, as_other):
        await client.post("/users/me/import", json=DATA, headers=headers)
    assert await db.scalar(select(func.count()).select_from(Insight)) == 1
    assert await db.scalar(select(func.count()).select_from(Conversation)) == 4


@pytest.mark.asyncio
async def test_a_reader_moves_house(db, reader, other, history):
    exported = await users.export(db, reader.id)
    await users.import_data(db, other.id, Export.model_validate_json(exported.model_dump_json()))
    assert await users.export(db, other.id) == exported


@pytest.mark.asyncio
async def test_clearing_says_how_much(client, db, history, reader, as_reader):
    body = (await client.delete("/users/me/data", headers=as_reader)).json()
    assert body == {"insights": 2, "definitions": 1, "insight_messages": 2, "conversations": 2}
    assert (await client.get("/users/me/export", headers=as_reader)).json()["insights"] == []
    assert await db.scalar(select(func.count()).select_from(User).filter_by(id=reader.id)) == 1


async def test_clearing_leaves_others(client, as_reader, as_other):
    await client.post("/users/me/import", json=DATA, headers=as_other)
    assert (await client.delete("/users/me/data", headers=as_reader)).json() == Cleared().model_dump()
    assert len((await client.get("/users/me/export", headers=as_other)).json()["conversations"]) == 2


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"version": 2},
        {"insights": [{"reference": "Ruth 1"}]},
        {"insights": [{**INSIGHT, "passage": ""}]},
        {"insights": [{**INSIGHT, "meaning": "x" * 20001}]},
        {"definitions": [{"word": "a\x00", "reference": "r", "sense": "s", "usage": "u"}]},
        {
            "conversations": [
                {"title": "t", "messages": [{"role": "system", "content": "c", "created_at": "2024-05-01"}]}
            ]
        },
        {"conversations": [{"title": "t", "messages": [{"role": "user", "content": "c", "created_at": "yesterday"}]}]},
        {"conversations": [{"title": "t" * 121}]},
        {"conversations": [{"title": "t"}] * 1001},
    ],
)
async def test_what_is_no_export_is_refused(client, db, as_reader, data):
    assert (await client.post("/users/me/import", json=data, headers=as_reader)).status_code == 422
    assert await db.scalar(select(func.count()).select_from(Conversation)) == 0
