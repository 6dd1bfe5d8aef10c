import pytest
from sqlalchemy import func, select

from tests.conftest import answer, told
from verse.api.dependencies import chat
from verse.errors import NotFound
from verse.models import Conversation, ConversationMessage


async def start(client, headers, content="What is light?", **more):
    response = await client.post("/conversations", json={"content": content, **more}, headers=headers)
    assert response.status_code == 201
    name, conversation = told(response)[0]
    assert name == "conversation"
    return conversation["id"], response


async def test_starting_streams_the_first_answer(client, as_reader):
    conversation_id, response = await start(client, as_reader)
    assert [name for name, _ in told(response)] == ["conversation", "piece", "piece", "done"]
    assert told(response)[-1][1] == {"conversation_id": conversation_id}
    assert answer(response) == "You asked: What is light? This is turn 1 of our talk."


async def test_going_on(client, as_reader):
    conversation_id, _ = await start(client, as_reader)
    path = f"/conversations/{conversation_id}/messages"
    response = await client.post(path, json={"content": "And darkness?"}, headers=as_reader)
    assert "turn 3" in answer(response)
    kept = (await client.get(path, headers=as_reader)).json()
    assert [message["role"] for message in kept] == ["user", "assistant", "user", "assistant"]


async def test_the_title_is_the_first_line(client, as_reader):
    await start(client, as_reader, "What  is\nlight?")
    [listed] = (await client.get("/conversations", headers=as_reader)).json()
    assert (listed["title"], listed["reference"]) == ("What is light?", None)


async def test_a_passage_can_be_named(client, as_reader):
    await start(client, as_reader, reference="jn 1:4")
    [listed] = (await client.get("/conversations", headers=as_reader)).json()
    assert listed["reference"] == "John 1:4"


async def test_a_passage_has_to_exist(client, db, as_reader):
    response = await client.post("/conversations", json={"content": "Hm", "reference": "Enoch 1"}, headers=as_reader)
    assert response.status_code == 404
    assert await db.scalar(select(func.count()).select_from(Conversation)) == 0


async def test_the_last_one_talked_in_comes_first(client, as_reader):
    first, _ = await start(client, as_reader, "First")
    second, _ = await start(client, as_reader, "Second")
    await client.post(f"/conversations/{first}/messages", json={"content": "More"}, headers=as_reader)
    listed = (await client.get("/conversations", headers=as_reader)).json()
    assert [item["id"] for item in listed] == [first, second]


async def test_pages(client, as_reader):
    for content in ("One", "Two", "Three"):
        await start(client, as_reader, content)
    page = (await client.get("/conversations", params={"limit": 1, "offset": 1}, headers=as_reader)).json()
    assert [item["title"] for item in page] == ["Two"]


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"limit": "x"}, {"offset": 2**40}])
async def test_pages_have_a_size(client, as_reader, params):
    assert (await client.get("/conversations", params=params, headers=as_reader)).status_code == 422


async def test_deleting_takes_the_messages_along(client, db, as_reader):
    conversation_id, _ = await start(client, as_reader)
    assert (await client.delete(f"/conversations/{conversation_id}", headers=as_reader)).json() == {"deleted": 2}
    assert await db.scalar(select(func.count()).select_from(ConversationMessage)) == 0
    assert (await client.delete(f"/conversations/{conversation_id}", headers=as_reader)).status_code == 404


async def test_a_failure_keeps_the_conversation(client, db, as_reader, monkeypatch):
    async def broken(turns, remembered):
        raise ConnectionError("no network")
        yield

    monkeypatch.setattr(chat.assistant, "reply", broken)
    conversation_id, response = await start(client, as_reader)
    assert told(response)[-1] == ("error", {"detail": "answering failed"})
    assert (await db.get(Conversation, conversation_id)).title == "What is light?"
    assert await db.scalar(select(func.count()).select_from(ConversationMessage)) == 0


@pytest.mark.asyncio
async def test_the_service_streams_without_a_request(db, reader):
    conversation = await chat.start(db, reader.id, "Hello")
    pieces = [piece async for piece in chat.say(db, reader.id, conversation, "Hello")]
    assert pieces[0] == "You asked: Hello"
    assert [message.role for message in await chat.messages_in(db, conversation.id)] == ["user", "assistant"]


@pytest.mark.asyncio
async def test_talking_moves_the_time_of_change(db, reader):
    conversation = await chat.start(db, reader.id, "Hello")
    started = conversation.updated_at
    async for _ in chat.say(db, reader.id, conversation, "Hello"):
        pass
    await db.refresh(conversation)
    assert conversation.updated_at > started


async def test_conversations_have_an_owner(db, reader, other):
    conversation = await chat.start(db, reader.id, "Hello")
    with pytest.raises(NotFound):
        await chat.conversation(db, other.id, conversation.id)
