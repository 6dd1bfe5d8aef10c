import pytest

from verse.api.dependencies import chat, insights
from verse.config import settings
from verse.models import ConversationMessage

pytestmark = pytest.mark.asyncio


async def talk(db, user_id, *contents):
    conversation = await chat.start(db, user_id, contents[0])
    for content in contents:
        async for _ in chat.say(db, user_id, conversation, content):
            pass
    return conversation


async def test_what_is_similar_is_recalled_with_its_answer(db, reader):
    await talk(db, reader.id, "Where is comfort in grief?")
    [remembered] = await chat.retrieval.recall(db, reader.id, "comfort and grief")
    assert remembered.startswith("Where is comfort in grief? — You asked")


async def test_what_is_not_similar_is_left(db, reader):
    await talk(db, reader.id, "Where is comfort in grief?")
    assert await chat.retrieval.recall(db, reader.id, "Feeding poor people") == []


async def test_nobody_hears_of_another(db, reader, other):
    await talk(db, other.id, "Where is comfort in grief?")
    assert await chat.retrieval.recall(db, reader.id, "comfort and grief") == []


async def test_a_talk_does_not_recall_itself(db, reader):
    conversation = await talk(db, reader.id, "Where is comfort in grief?")
    assert await chat.retrieval.recall(db, reader.id, "comfort and grief", leave_out=conversation.id) == []


async def test_talks_about_insights_are_recalled(db, reader):
    insight = await insights.explain(db, reader.id, "Psalm 23")
    async for _ in chat.ask_about(db, reader.id, insight, "Where is comfort in grief?"):
        pass
    [remembered] = await chat.retrieval.recall(db, reader.id, "comfort and grief")
    assert "— You asked" in remembered


async def test_the_most_similar_comes_first(db, reader):
    await talk(db, reader.id, "light light mercy", "light of mercy table")
    first, second = await chat.retrieval.recall(db, reader.id, "light light mercy")
    assert first.startswith("light light mercy")
    assert second.startswith("light of mercy")


async def test_only_so_much_is_recalled(db, reader, monkeypatch):
    monkeypatch.setattr(settings, "retrieval_matches", 1)
    await talk(db, reader.id, "comfort in grief", "comfort and grief")
    assert len(await chat.retrieval.recall(db, reader.id, "comfort grief")) == 1


async def test_messages_without_an_embedding_are_left(db, reader):
    conversation = await chat.start(db, reader.id, "comfort")
    db.add(ConversationMessage(conversation_id=conversation.id, role="user", content="comfort"))
    await db.commit()
    assert await chat.retrieval.recall(db, reader.id, "comfort") == []


async def test_the_last_question_has_no_answer_yet(db, reader):
    conversation = await chat.start(db, reader.id, "comfort")
    vector = await chat.retrieval.embed("comfort")
    db.add(ConversationMessage(conversation_id=conversation.id, role="user", content="comfort", embedding=vector))
    await db.commit()
    assert await chat.retrieval.recall(db, reader.id, "comfort") == ["comfort"]


async def test_the_assistant_is_told(db, reader):
    await talk(db, reader.id, "Where is comfort in grief?")
    conversation = await chat.start(db, reader.id, "Again")
    pieces = [piece async for piece in chat.say(db, reader.id, conversation, "comfort grief")]
    assert pieces[1].startswith(" Earlier you spoke of: Where is comfort")
