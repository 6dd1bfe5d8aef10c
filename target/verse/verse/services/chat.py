"""Talking about a passage. Answers come piece by piece, and both sides are kept once the answer is whole."""

import logging
from collections.abc import AsyncIterator

from sqlalchemy import delete, select

from verse.clients.assistant import Assistant, Turn
from verse.errors import NotFound
from verse.models import Conversation, ConversationMessage, InsightMessage, now
from verse.services.retrieval import RetrievalService

logger = logging.getLogger(__name__)

TITLE_LENGTH = 60
SPOKEN = 20  # as much of a talk is told to the assistant


def title_of(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1].rstrip()}…"


class ChatService:
    def __init__(self, assistant: Assistant, retrieval: RetrievalService):
        self.assistant = assistant
        self.retrieval = retrieval

    # About an insight

    async def ask_about(self, db, user_id, insight, content) -> AsyncIterator[str]:
        """The answer to a question about an insight."""
        earlier = await self.messages_about(db, user_id, insight.id)
        turns = [Turn("system", insight.passage), *self._turns(earlier), Turn("user", content)]
        remembered = await self.retrieval.recall(db, user_id, content)
        pieces = []
        async for piece in self.assistant.reply(turns, remembered):
            pieces.append(piece)
            yield piece
        question = InsightMessage(
            insight_id=insight.id,
            user_id=user_id,
            role="user",
            content=content,
            embedding=await self.retrieval.embed(content),
        )
        answer = InsightMessage(insight_id=insight.id, user_id=user_id, role="assistant", content="".join(pieces))
        await self._keep(db, question, answer)

    async def messages_about(self, db, user_id, insight_id):
        return (
            await db.scalars(
                select(InsightMessage)
                .where(InsightMessage.insight_id == insight_id, InsightMessage.user_id == user_id)
                .order_by(InsightMessage.id)
            )
        ).all()

    async def clear_messages_about(self, db, user_id, insight_id) -> int:
        cleared = (
            await db.execute(
                delete(InsightMessage)
                .where(InsightMessage.insight_id == insight_id, InsightMessage.user_id == user_id)
            )
        ).rowcount
        await db.commit()
        return cleared

    # Conversations of their own

    async def start(self, db, user_id, content, reference=None):
        conversation = Conversation(user_id=user_id, title=title_of(content), reference=reference)
        db.add(conversation)
        await db.commit()
        await db.refresh(conversation)
        return conversation

    async def conversation(self, db, user_id, conversation_id):
        found = (
            await db.scalars(select(Conversation).filter_by(id=conversation_id, user_id=user_id).limit(1))
        ).first()
        if found is None:
            raise NotFound("no such conversation")
        return found

    async def say(self, db, user_id, conversation, content) -> AsyncIterator[str]:
        """The answer to what a reader says in a conversation."""
        earlier = await self.messages_in(db, conversation.id)
        turns = [*self._turns(earlier), Turn("user", content)]
        remembered = await self.retrieval.recall(db, user_id, content, leave_out=conversation.id)
        pieces = []
        async for piece in self.assistant.reply(turns, remembered):
            pieces.append(piece)
            yield piece
        embedding = await self.retrieval.embed(content)
        conversation.updated_at = now()
        await self._keep(
            db,
            ConversationMessage(conversation_id=conversation.id, role="user", content=content, embedding=embedding),
            ConversationMessage(conversation_id=conversation.id, role="assistant", content="".join(pieces)),
        )

    async def conversations(self, db, user_id, limit=50, offset=0):
        return (
            await db.scalars(
                select(Conversation)
                .where(Conversation.user_id == user_id)
                .order_by(Conversation.updated_at.desc(), Conversation.id.desc())
                .limit(limit)
                .offset(offset)
            )
        ).all()

    async def messages_in(self, db, conversation_id):
        messages = select(ConversationMessage).filter_by(conversation_id=conversation_id)
        return (await db.scalars(messages.order_by(ConversationMessage.id))).all()

    async def delete(self, db, conversation) -> int:
        """Delete a conversation; how many messages it had."""
        messages = len(await conversation.awaitable_attrs.messages)
        await db.delete(conversation)
        await db.commit()
        return messages

    def _turns(self, messages):
        return [Turn(message.role, message.content) for message in messages[-SPOKEN:]]

    async def _keep(self, db, question, answer) -> None:
        try:
            db.add_all([question, answer])
            await db.commit()
        except Exception:
            logger.exception("an answer could not be kept")
            await db.rollback()
            raise
