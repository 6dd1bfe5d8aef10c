import pytest

from tests.conftest import answer, told
from verse.api.dependencies import chat
from verse.errors import NotFound
from verse.models import Conversation, ConversationMessage


def start(client, headers, content="What is light?", **more):
    response = client.post("/conversations", json={"content": content, **more}, headers=headers)
    assert response.status_code == 201
    name, conversation = told(response)[0]
    assert name == "conversation"
    return conversation["id"], response


def test_starting_streams_the_first_answer(client, as_reader):
    conversation_id, response = start(client, as_reader)
    assert [name for name, _ in told(response)] == ["conversation", "piece", "piece", "done"]
    assert told(response)[-1][1] == {"conversation_id": conversation_id}
    assert answer(response) == "You asked: What is light? This is turn 1 of our talk."


def test_going_on(client, as_reader):
    conversation_id, _ = start(client, as_reader)
    path = f"/conversations/{conversation_id}/messages"
    response = client.post(path, json={"content": "And darkness?"}, headers=as_reader)
    assert "turn 3" in answer(response)
    kept = client.get(path, headers=as_reader).json()
    assert [message["role"] for message in kept] == ["user", "assistant", "user", "assistant"]


def test_the_title_is_the_first_line(client, as_reader):
    start(client, as_reader, "What  is\nlight?")
    [listed] = client.get("/conversations", headers=as_reader).json()
    assert (listed["title"], listed["reference"]) == ("What is light?", None)


def test_a_passage_can_be_named(client, as_reader):
    start(client, as_reader, reference="jn 1:4")
    [listed] = client.get("/conversations", headers=as_reader).json()
    assert listed["reference"] == "John 1:4"


def test_a_passage_has_to_exist(client, db, as_reader):
    response = client.post("/conversations", json={"content": "Hm", "reference": "Enoch 1"}, headers=as_reader)
    assert response.status_code == 404
    assert db.query(Conversation).count() == 0


def test_the_last_one_talked_in_comes_first(client, as_reader):
    first, _ = start(client, as_reader, "First")
    second, _ = start(client, as_reader, "Second")
    client.post(f"/conversations/{first}/messages", json={"content": "More"}, headers=as_reader)
    listed = client.get("/conversations", headers=as_reader).json()
    assert [item["id"] for item in listed] == [first, second]


def test_pages(client, as_reader):
    for content in ("One", "Two", "Three"):
        start(client, as_reader, content)
    page = client.get("/conversations", params={"limit": 1, "offset": 1}, headers=as_reader).json()
    assert [item["title"] for item in page] == ["Two"]


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"limit": "x"}, {"offset": 2**40}])
def test_pages_have_a_size(client, as_reader, params):
    assert client.get("/conversations", params=params, headers=as_reader).status_code == 422


def test_deleting_takes_the_messages_along(client, db, as_reader):
    conversation_id, _ = start(client, as_reader)
    assert client.delete(f"/conversations/{conversation_id}", headers=as_reader).json() == {"deleted": 2}
    assert db.query(ConversationMessage).count() == 0
    assert client.delete(f"/conversations/{conversation_id}", headers=as_reader).status_code == 404


def test_a_failure_keeps_the_conversation(client, db, as_reader, monkeypatch):
    async def broken(turns, remembered):
        raise ConnectionError("no network")
        yield

    monkeypatch.setattr(chat.assistant, "reply", broken)
    conversation_id, response = start(client, as_reader)
    assert told(response)[-1] == ("error", {"detail": "answering failed"})
    assert db.get(Conversation, conversation_id).title == "What is light?"
    assert db.query(ConversationMessage).count() == 0


@pytest.mark.asyncio
async def test_the_service_streams_without_a_request(db, reader):
    conversation = chat.start(db, reader.id, "Hello")
    pieces = [piece async for piece in chat.say(db, reader.id, conversation, "Hello")]
    assert pieces[0] == "You asked: Hello"
    assert [message.role for message in chat.messages_in(db, conversation.id)] == ["user", "assistant"]


@pytest.mark.asyncio
async def test_talking_moves_the_time_of_change(db, reader):
    conversation = chat.start(db, reader.id, "Hello")
    started = conversation.updated_at
    async for _ in chat.say(db, reader.id, conversation, "Hello"):
        pass
    db.refresh(conversation)
    assert conversation.updated_at > started


def test_conversations_have_an_owner(db, reader, other):
    conversation = chat.start(db, reader.id, "Hello")
    with pytest.raises(NotFound):
        chat.conversation(db, other.id, conversation.id)
