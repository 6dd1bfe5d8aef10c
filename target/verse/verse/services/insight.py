from sqlalchemy import delete, func, select
from sqlalchemy.orm import joinedload

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
        insight = await self.find(db, passage.reference)
        if insight is None:
            insight = await self.save(db, passage, await self.assistant.explain(passage))
        await self.remember(db, user_id, insight.id)
        return insight

    async def find(self, db, reference):
        return (await db.scalars(select(Insight).where(Insight.reference == reference).limit(1))).first()

    async def save(self, db, passage, explanation):
        insight = Insight(
            reference=passage.reference,
            passage=passage.text,
            background=explanation.background,
            meaning=explanation.meaning,
            practice=explanation.practice,
        )
        db.add(insight)
        await db.commit()
        await db.refresh(insight)
        return insight

    async def remember(self, db, user_id, insight_id) -> None:
        if not await db.scalar(
            select(func.count()).select_from(UserInsight).filter_by(user_id=user_id, insight_id=insight_id)
        ):
            db.add(UserInsight(user_id=user_id, insight_id=insight_id))
            await db.commit()

    async def of_reader(self, db, user_id, insight_id):
        """An insight, if it is in the reader's history."""
        insight = (
            await db.scalars(
                select(Insight)
                .join(Insight.readers)
                .where(UserInsight.user_id == user_id, Insight.id == insight_id)
                .limit(1)
            )
        ).first()
        if insight is None:
            raise NotFound("no such insight")
        return insight

    async def history(self, db, user_id, limit=50, offset=0):
        """The last ones first."""
        links = (
            await db.scalars(
                select(UserInsight)
                .options(joinedload(UserInsight.insight))
                .where(UserInsight.user_id == user_id)
                .order_by(UserInsight.id.desc())
                .limit(limit)
                .offset(offset)
            )
        ).all()
        return [link.insight for link in links]

    async def clear(self, db, user_id) -> int:
        cleared = (await db.execute(delete(UserInsight).where(UserInsight.user_id == user_id))).rowcount
        await db.commit()
        return cleared
