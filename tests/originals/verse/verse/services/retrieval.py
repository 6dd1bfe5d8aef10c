"""What a reader has said before, found again by what it means."""

from dataclasses import dataclass

from verse.clients.embedding import EmbeddingClient, similarity
from verse.config import settings
from verse.models import Conversation, ConversationMessage, InsightMessage

SIMILAR = 0.35


@dataclass(frozen=True)
class Match:
    score: float
    message: InsightMessage | ConversationMessage


class RetrievalService:
    def __init__(self, embeddings: EmbeddingClient):
        self.embeddings = embeddings

    async def embed(self, text):
        [vector] = await self.embeddings.embed([text])
        return vector

    async def recall(self, db, user_id, text, leave_out=None):
        """Earlier questions of the reader that are like this one, each with its answer; the most similar first."""
        vector = await self.embed(text)
        matches = [m for m in self._compared(db, user_id, vector, leave_out) if m.score >= SIMILAR]
        matches.sort(key=lambda match: match.score, reverse=True)
        remembered = []
        for match in matches[: settings.retrieval_matches]:
            answer = await self.answer_to(db, match.message)
            remembered.append(f"{match.message.content} — {answer}" if answer else match.message.content)
        return remembered

    def _compared(self, db, user_id, vector, leave_out):
        for message in self.about_insights(db, user_id) + self.in_conversations(db, user_id, leave_out):
            yield Match(similarity(vector, message.embedding), message)

    def about_insights(self, db, user_id):
        return (
            db.query(InsightMessage)
            .filter(InsightMessage.user_id == user_id, InsightMessage.role == "user")
            .filter(InsightMessage.embedding.is_not(None))
            .order_by(InsightMessage.id)
            .all()
        )

    def in_conversations(self, db, user_id, leave_out=None):
        query = (
            db.query(ConversationMessage)
            .join(Conversation)
            .filter(Conversation.user_id == user_id, ConversationMessage.role == "user")
            .filter(ConversationMessage.embedding.is_not(None))
        )
        if leave_out is not None:
            query = query.filter(Conversation.id != leave_out)
        return query.order_by(ConversationMessage.id).all()

    async def answer_to(self, db, message):
        """What the assistant said next."""
        model = type(message)
        if model is InsightMessage:
            same_talk = db.query(InsightMessage.content).filter(
                InsightMessage.insight_id == message.insight_id,
                InsightMessage.user_id == message.user_id,
                InsightMessage.id > message.id,
            )
            row = same_talk.order_by(InsightMessage.id).first()
        else:
            talk = message.conversation.messages
            row = next(((m.content,) for m in talk if m.id > message.id and m.role == "assistant"), None)
        return row[0] if row else None
