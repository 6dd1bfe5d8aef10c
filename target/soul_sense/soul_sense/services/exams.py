"""Taking an assessment."""

from fastapi import Depends
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from soul_sense import scoring
from soul_sense.clock import utcnow
from soul_sense.database import get_db
from soul_sense.errors import Conflict, NotFound
from soul_sense.models import Exam, Question, Response
from soul_sense.services.audit import AuditService
from soul_sense.services.gamification import GamificationService


class ExamService:
    def __init__(self, db: AsyncSession = Depends(get_db)):
        self.db = db
        self.audit = AuditService(db)
        self.gamification = GamificationService(db)

    async def questions(self, category=None):
        query = select(Question).where(Question.is_active)
        if category:
            query = query.where(func.lower(Question.category) == category.lower())
        return (await self.db.scalars(query.order_by(Question.id))).all()

    async def categories(self):
        """The categories, with the number of their questions."""
        rows = (
            select(Question.category, func.count(Question.id).label("questions"))
            .where(Question.is_active)
            .group_by(Question.category)
            .order_by(Question.category)
        )
        return {row.category: row.questions for row in await self.db.execute(rows)}

    async def start(self, user):
        if await self.db.scalar(
            select(func.count()).select_from(Exam).filter_by(user_id=user.id, finished_at=None)
        ):
            raise Conflict("an assessment is open already")
        exam = Exam(user=user)
        self.db.add(exam)
        await self.db.commit()
        await self.db.refresh(exam)
        await self.db.refresh(exam, ["responses"])
        return exam

    async def of_user(self, user, exam_id):
        """An assessment of this user; somebody else's is not there at all."""
        exam = (
            await self.db.scalars(select(Exam).options(selectinload(Exam.responses)).where(Exam.id == exam_id, Exam.user_id == user.id).limit(1))
        ).first()
        if exam is None:
            raise NotFound("no such assessment")
        return exam

    async def open_exam(self, user):
        return (
            await self.db.scalars(select(Exam).options(selectinload(Exam.responses)).where(Exam.user_id == user.id, Exam.finished_at.is_(None)))
        ).one_or_none()

    async def answer(self, user, exam_id, question_id, value):
        """Answer a question, or answer it differently."""
        exam = await self.of_user(user, exam_id)
        if exam.is_finished:
            raise Conflict("this assessment is finished")
        question = (
            await self.db.scalars(select(Question).filter_by(id=question_id, is_active=True))
        ).one_or_none()
        if question is None:
            raise NotFound("no such question")
        response = next((r for r in exam.responses if r.question_id == question.id), None)
        if response is None:
            response = Response(question=question, value=value)
            exam.responses.append(response)
        response.value = value
        await self.db.commit()
        return response

    async def finish(self, user, exam_id):
        """Close an assessment and work out its score."""
        exam = await self.of_user(user, exam_id)
        if exam.is_finished:
            raise Conflict("this assessment is finished")
        if not exam.responses:
            raise Conflict("nothing was answered")
        exam.score = scoring.percent([scoring.points(r.value, r.question.is_reversed) for r in exam.responses])
        exam.finished_at = utcnow()
        self.audit.record(user, "assessment finished", str(exam.score))
        await self.gamification.progress(user, "exam")
        await self.db.commit()
        return exam

    async def discard(self, user, exam_id):
        exam = await self.of_user(user, exam_id)
        if exam.is_finished:
            raise Conflict("a finished assessment is kept")
        await self.db.delete(exam)
        await self.db.commit()
