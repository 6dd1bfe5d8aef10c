"""Achievements, streaks and the leaderboard."""

from fastapi import Depends
from sqlalchemy import func
from sqlalchemy.orm import Session

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
    def __init__(self, db: Session = Depends(get_db)):
        self.db = db

    def progress(self, user, kind):
        """Note that something was done today; whoever calls commits."""
        self.db.flush()
        streak = self.streak(user, kind)
        day = today()
        streak.length = scoring.next_length(streak.length, streak.last_day, day)
        streak.longest = max(streak.longest, streak.length)
        streak.last_day = day
        self.award(user)

    def streak(self, user, kind):
        streak = self.db.query(Streak).filter_by(user_id=user.id, kind=kind).first()
        if streak is None:
            streak = Streak(user_id=user.id, kind=kind, length=0, longest=0)
            self.db.add(streak)
        return streak

    def counts(self, user):
        """What achievements are given for."""
        longest = self.db.query(func.max(Streak.longest)).filter(Streak.user_id == user.id).scalar()
        return {
            "exam": self.db.query(Exam).filter(Exam.user_id == user.id, Exam.finished_at.isnot(None)).count(),
            "journal": self.db.query(JournalEntry).filter_by(user_id=user.id, deleted_at=None).count(),
            "streak": longest or 0,
        }

    def award(self, user):
        """Give what has been reached and was not given yet."""
        self.db.flush()
        counts = self.counts(user)
        owned = {
            code
            for (code,) in self.db.query(Achievement.code)
            .join(EarnedAchievement, EarnedAchievement.achievement_id == Achievement.id)
            .filter(EarnedAchievement.user_id == user.id)
        }
        for code, (title, points, (kind, least)) in ACHIEVEMENTS.items():
            if code not in owned and counts[kind] >= least:
                achievement = self.achievement(code, title, points)
                self.db.add(EarnedAchievement(user_id=user.id, achievement=achievement))

    def achievement(self, code, title, points):
        known = self.db.query(Achievement).filter(Achievement.code == code).first()
        if known is None:
            known = Achievement(code=code, title=title, points=points)
            self.db.add(known)
            self.db.flush()
        return known

    def points(self, user):
        return sum(earned.achievement.points for earned in user.earned)

    def standing(self, user):
        """Points, achievements and streaks of a user."""
        return {
            "points": self.points(user),
            "achievements": [
                {"code": e.achievement.code, "title": e.achievement.title, "earned_at": e.earned_at}
                for e in user.earned
            ],
            "streaks": [
                {"kind": s.kind, "length": s.length, "longest": s.longest, "last_day": s.last_day} for s in user.streaks
            ],
        }

    def leaderboard(self, limit=10):
        """Those with the most points, but for who does not want to be listed."""
        total = func.sum(Achievement.points).label("points")
        rows = (
            self.db.query(User, total)
            .join(EarnedAchievement, EarnedAchievement.user_id == User.id)
            .join(Achievement, EarnedAchievement.achievement_id == Achievement.id)
            .outerjoin(UserSettings, UserSettings.user_id == User.id)
            .filter(User.is_active, func.coalesce(UserSettings.on_leaderboard, True))
            .group_by(User.id)
            .order_by(total.desc(), User.username)
            .limit(limit)
            .all()
        )
        return [
            {"rank": rank, "name": user.display_name, "points": points} for rank, (user, points) in enumerate(rows, 1)
        ]
