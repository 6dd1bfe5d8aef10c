"""Taking an assessment."""

from fastapi import Depends
from sqlalchemy import func
from sqlalchemy.orm import Session

from soul_sense import scoring
from soul_sense.clock import utcnow
from soul_sense.database import get_db
from soul_sense.errors import Conflict, NotFound
from soul_sense.models import Exam, Question, Response
from soul_sense.services.audit import AuditService
from soul_sense.services.gamification import GamificationService


class ExamService:
    def __init__(self, db: Session = Depends(get_db)):
        self.db = db
        self.audit = AuditService(db)
        self.gamification = GamificationService(db)

    def questions(self, category=None):
        query = self.db.query(Question).filter(Question.is_active)
        if category:
            query = query.filter(func.lower(Question.category) == category.lower())
        return query.order_by(Question.id).all()

    def categories(self):
        """The categories, with the number of their questions."""
        rows = (
            self.db.query(Question.category, func.count(Question.id).label("questions"))
            .filter(Question.is_active)
            .group_by(Question.category)
            .order_by(Question.category)
        )
        return {row.category: row.questions for row in rows}

    def start(self, user):
        if self.db.query(Exam).filter_by(user_id=user.id, finished_at=None).count():
            raise Conflict("an assessment is open already")
        exam = Exam(user=user)
        self.db.add(exam)
        self.db.commit()
        self.db.refresh(exam)
        return exam

    def of_user(self, user, exam_id):
        """An assessment of this user; somebody else's is not there at all."""
        exam = self.db.query(Exam).filter(Exam.id == exam_id, Exam.user_id == user.id).first()
        if exam is None:
            raise NotFound("no such assessment")
        return exam

    def open_exam(self, user):
        return self.db.query(Exam).filter(Exam.user_id == user.id, Exam.finished_at.is_(None)).one_or_none()

    def answer(self, user, exam_id, question_id, value):
        """Answer a question, or answer it differently."""
        exam = self.of_user(user, exam_id)
        if exam.is_finished:
            raise Conflict("this assessment is finished")
        question = self.db.query(Question).filter_by(id=question_id, is_active=True).one_or_none()
        if question is None:
            raise NotFound("no such question")
        response = next((r for r in exam.responses if r.question_id == question.id), None)
        if response is None:
            response = Response(question=question, value=value)
            exam.responses.append(response)
        response.value = value
        self.db.commit()
        return response

    def finish(self, user, exam_id):
        """Close an assessment and work out its score."""
        exam = self.of_user(user, exam_id)
        if exam.is_finished:
            raise Conflict("this assessment is finished")
        if not exam.responses:
            raise Conflict("nothing was answered")
        exam.score = scoring.percent([scoring.points(r.value, r.question.is_reversed) for r in exam.responses])
        exam.finished_at = utcnow()
        self.audit.record(user, "assessment finished", str(exam.score))
        self.gamification.progress(user, "exam")
        self.db.commit()
        return exam

    def discard(self, user, exam_id):
        exam = self.of_user(user, exam_id)
        if exam.is_finished:
            raise Conflict("a finished assessment is kept")
        self.db.delete(exam)
        self.db.commit()
