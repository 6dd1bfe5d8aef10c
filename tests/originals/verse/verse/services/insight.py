from verse.clients.assistant import Assistant
from verse.errors import NotFound
from verse.models import Insight, UserInsight
from verse.services.bible import BibleService


class InsightService:
    def __init__(self, bible: BibleService, assistant: Assistant):
        self.bible = bible
        self.assistant = assistant

    async def explain(self, db, user_id, reference):
        """The insight into a passage: made once, and kept in the history of each reader who asks."""
        passage = await self.bible.passage(reference)
        insight = self.find(db, passage.reference)
        if insight is None:
            insight = self.save(db, passage, await self.assistant.explain(passage))
        self.remember(db, user_id, insight.id)
        return insight

    def find(self, db, reference):
        return db.query(Insight).filter(Insight.reference == reference).first()

    def save(self, db, passage, explanation):
        insight = Insight(
            reference=passage.reference,
            passage=passage.text,
            background=explanation.background,
            meaning=explanation.meaning,
            practice=explanation.practice,
        )
        db.add(insight)
        db.commit()
        db.refresh(insight)
        return insight

    def remember(self, db, user_id, insight_id) -> None:
        if not db.query(UserInsight).filter_by(user_id=user_id, insight_id=insight_id).count():
            db.add(UserInsight(user_id=user_id, insight_id=insight_id))
            db.commit()

    def of_reader(self, db, user_id, insight_id):
        """An insight, if it is in the reader's history."""
        insight = (
            db.query(Insight)
            .join(Insight.readers)
            .filter(UserInsight.user_id == user_id, Insight.id == insight_id)
            .first()
        )
        if insight is None:
            raise NotFound("no such insight")
        return insight

    def history(self, db, user_id, limit=50, offset=0):
        """The last ones first."""
        links = (
            db.query(UserInsight)
            .filter(UserInsight.user_id == user_id)
            .order_by(UserInsight.id.desc())
            .limit(limit)
            .offset(offset)
            .all()
        )
        return [link.insight for link in links]

    def clear(self, db, user_id) -> int:
        cleared = db.query(UserInsight).filter(UserInsight.user_id == user_id).delete(synchronize_session=False)
        db.commit()
        return cleared
