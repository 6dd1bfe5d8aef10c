"""Achievements, streaks and the leaderboard."""

from fastapi import Depends
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from soul_sense import scoring
from soul_sense.clock import today
from soul_sense.database import get_db
from soul_sense.models import Achievement, EarnedAchievement, Exam, JournalEntry, Streak, User, UserSettings

# Code -> title, points, and what it takes: a count of finished assessments or pages, or the length of a streak.
ACHIEVEMENTS = {
    "first-exam": ("First look inside", 10, ("exam", 1)),
    "five-exams": ("Regular visitor", 50, ("exam", 5)),
    "first-entry": ("Dear diary", 10, ("journal", 1)),
    "ten-entries": ("Chronicler", 40, ("journal", 10)),
    "week-of-journal": ("A week of pages", 70, ("streak", 7)),
}


class GamificationService:
    def __init__(self, db: AsyncSession = Depends(get_db)):
        self.db = db

    async def progress(self, user, kind):
        """Note that something was done today; whoever calls commits."""
        await self.db.flush()
        streak = await self.streak(user, kind)
        day = today()
        streak.length = scoring.next_length(streak.length, streak.last_day, day)
        streak.longest = max(streak.longest, streak.length)
        streak.last_day = day
        await self.award(user)

    async def streak(self, user, kind):
        streak = (await self.db.scalars(select(Streak).filter_by(user_id=user.id, kind=kind).limit(1))).first()
        if streak is None:
            streak = Streak(user_id=user.id, kind=kind, length=0, longest=0)
            self.db.add(streak)
        return streak

    async def counts(self, user):
        """What achievements are given for."""
        longest = await self.db.scalar(select(func.max(Streak.longest)).where(Streak.user_id == user.id))
        return {
            "exam": await self.db.scalar(
                select(func.count()).select_from(Exam).where(Exam.user_id == user.id, Exam.finished_at.isnot(None))
            ),
            "journal": await self.db.scalar(
                select(func.count()).select_from(JournalEntry).filter_by(user_id=user.id, deleted_at=None)
            ),
            "streak": longest or 0,
        }

    async def award(self, user):
        """Give what has been reached and was not given yet."""
        await self.db.flush()
        counts = await self.counts(user)
        owned = {
            code
            for (code,) in await self.db.execute(
                select(Achievement.code)
                .join(EarnedAchievement, EarnedAchievement.achievement_id == Achievement.id)
                .where(EarnedAchievement.user_id == user.id)
            )
        }
        for code, (title, points, (kind, least)) in ACHIEVEMENTS.items():
            if code not in owned and counts[kind] >= least:
                achievement = await self.achievement(code, title, points)
                self.db.add(EarnedAchievement(user_id=user.id, achievement=achievement))

    async def achievement(self, code, title, points):
        known = (await self.db.scalars(select(Achievement).where(Achievement.code == code).limit(1))).first()
        if known is None:
            known = Achievement(code=code, title=title, points=points)
            self.db.add(known)
            await self.db.flush()
        return known

    async def points(self, user):
        return sum(earned.achievement.points for earned in await user.awaitable_attrs.earned)

    async def standing(self, user):
        """Points, achievements and streaks of a user."""
        return {
            "points": await self.points(user),
            "achievements": [
                {"code": e.achievement.code, "title": e.achievement.title, "earned_at": e.earned_at}
                for e in await user.awaitable_attrs.earned
            ],
            "streaks": [
                {"kind": s.kind, "length": s.length, "longest": s.longest, "last_day": s.last_day} for s in await user.awaitable_attrs.streaks
            ],
        }

    async def leaderboard(self, limit=10):
        """Those with the most points, but for who does not want to be listed."""
        total = func.sum(Achievement.points).label("points")
        rows = (
            await self.db.execute(
                select(User, total)
                .options(selectinload(User.personal))
                .join(EarnedAchievement, EarnedAchievement.user_id == User.id)
                .join(Achievement, EarnedAchievement.achievement_id == Achievement.id)
                .outerjoin(UserSettings, UserSettings.user_id == User.id)
                .where(User.is_active, func.coalesce(UserSettings.on_leaderboard, True))
                .group_by(User.id)
                .order_by(total.desc(), User.username)
                .limit(limit)
            )
        ).all()
        return [
            {"rank": rank, "name": user.display_name, "points": points} for rank, (user, points) in enumerate(rows, 1)
        ]
