"""Figures over time, for a user and for all."""

from collections import defaultdict
from datetime import timedelta

from fastapi import Depends
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from soul_sense import scoring
from soul_sense.clock import today
from soul_sense.database import get_db
from soul_sense.models import Exam, JournalEntry, Question, Response, User


class AnalyticsService:
    def __init__(self, db: AsyncSession = Depends(get_db)):
        self.db = db

    async def moods(self, user, days=30):
        """The mean mood of each day on which something was written."""
        rows = (
            await self.db.execute(
                select(JournalEntry.written_on, func.avg(JournalEntry.mood))
                .where(
                    JournalEntry.user_id == user.id,
                    JournalEntry.deleted_at.is_(None),
                    JournalEntry.written_on > today() - timedelta(days=days),
                )
                .group_by(JournalEntry.written_on)
                .order_by(JournalEntry.written_on)
            )
        ).all()
        return [{"day": day, "mood": round(float(mood), 2)} for day, mood in rows]

    async def mood_statistics(self, user):
        moods = [
            mood
            for (mood,) in await self.db.execute(
                select(JournalEntry.mood)
                .where(JournalEntry.user_id == user.id, JournalEntry.deleted_at.is_(None))
                .order_by(JournalEntry.written_on, JournalEntry.id)
            )
        ]
        return scoring.describe(moods) | {"trend": scoring.trend(moods)}

    async def moods_by_tag(self, user):
        """How the mood is on the pages of each tag."""
        moods = defaultdict(list)
        for entry in await user.awaitable_attrs.entries:
            if entry.deleted_at is None:
                for tag in entry.tags:
                    moods[tag.name].append(entry.mood)
        return {name: scoring.describe(moods[name]) for name in sorted(moods)}

    async def scores(self, user):
        finished = [exam for exam in await user.awaitable_attrs.exams if exam.is_finished]
        return {
            "scores": [{"day": exam.finished_at.date(), "score": exam.score} for exam in finished],
            "trend": scoring.trend([exam.score for exam in finished]),
        }

    async def mood_and_score(self, user):
        """Do moods and scores go together? Of days that have both."""
        moods = {row["day"]: row["mood"] for row in await self.moods(user, days=3650)}
        pairs = [(moods[row["day"]], row["score"]) for row in (await self.scores(user))["scores"] if row["day"] in moods]
        return {"days": len(pairs), "correlation": scoring.correlation(pairs)}

    async def population(self):
        """Scores of all users, without names: how many there are on each level."""
        bounds = [(least, name) for least, name in scoring.LEVELS]
        level = case(*[(Exam.score >= least, name) for least, name in bounds], else_="unknown")
        rows = (
            await self.db.execute(
                select(level.label("level"), func.count(Exam.id))
                .where(Exam.score.isnot(None))
                .group_by(level)
            )
        ).all()
        counts = dict(tuple(row) for row in rows)
        mean = await self.db.scalar(select(func.avg(Exam.score)))
        return {
            "users": await self.db.scalar(select(func.count(User.id))),
            "assessments": sum(counts.values()),
            "mean": None if mean is None else round(float(mean), 2),
            "levels": {name: counts.get(name, 0) for _, name in bounds},
        }

    async def hardest_questions(self, least=3):
        """Questions with the lowest mean answer, of those that were answered often enough."""
        mean = func.avg(Response.value)
        rows = (
            await self.db.execute(
                select(Question.id, Question.text, mean.label("mean"), func.count(Response.id).label("answers"))
                .outerjoin(Response, Response.question_id == Question.id)
                .group_by(Question.id, Question.text)
                .having(func.count(Response.id) >= least)
                .order_by(mean, Question.id)
                .limit(5)
            )
        ).all()
        return [{"text": r.text, "mean": round(float(r.mean), 2), "answers": r.answers} for r in rows]
