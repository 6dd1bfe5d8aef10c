"""What came out of assessments."""

from fastapi import Depends
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from soul_sense import scoring
from soul_sense.database import get_db
from soul_sense.errors import Conflict, NotFound
from soul_sense.models import Exam, Question, Response


class ResultService:
    def __init__(self, db: AsyncSession = Depends(get_db)):
        self.db = db

    def finished(self, user):
        return select(Exam).where(Exam.user_id == user.id, Exam.finished_at.isnot(None))

    async def history(self, user, offset=0, limit=20):
        """Finished assessments, the last first, and how many there are."""
        query = self.finished(user)
        return (await self.db.scalars(query.order_by(Exam.finished_at.desc(), Exam.id.desc()).offset(offset).limit(limit))).all(), await self.db.scalar(select(func.count()).select_from(query.subquery()))

    async def exam(self, user, exam_id):
        exam = (await self.db.scalars(select(Exam).options(selectinload(Exam.responses)).filter_by(id=exam_id, user_id=user.id).limit(1))).first()
        if exam is None:
            raise NotFound("no such assessment")
        if not exam.is_finished:
            raise Conflict("this assessment is not finished")
        return exam

    def categories(self, exam):
        """The score of each category of an assessment."""
        answers = [(r.question.category, scoring.points(r.value, r.question.is_reversed)) for r in exam.responses]
        return scoring.by_category(answers)

    async def detail(self, user, exam_id):
        exam = await self.exam(user, exam_id)
        others = [score for (score,) in await self.db.execute(
            select(Exam.score).where(Exam.score.isnot(None), Exam.id != exam.id)
        )]
        return {
            "id": exam.id,
            "finished_at": exam.finished_at,
            "score": exam.score,
            "level": scoring.level(exam.score),
            "categories": self.categories(exam),
            "percentile": scoring.percentile(exam.score, others),
        }

    async def compare(self, user, first_id, second_id):
        """What has changed from one assessment to another, by category."""
        before = self.categories(await self.exam(user, first_id))
        after = self.categories(await self.exam(user, second_id))
        shared = sorted(before.keys() & after.keys())
        return {category: round(after[category] - before[category], 1) for category in shared}

    async def weakest(self, user):
        """The mean answer of each category over all assessments, the lowest first."""
        return (
            await self.db.execute(
                select(Question.category, func.avg(Response.value).label("mean"), func.count(Response.id))
                .join(Response, Response.question_id == Question.id)
                .join(Response.exam)
                .where(Exam.user_id == user.id)
                .group_by(Question.category)
                .order_by(func.avg(Response.value), Question.category)
            )
        ).all()
