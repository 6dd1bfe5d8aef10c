"""What came out of assessments."""

from fastapi import Depends
from sqlalchemy import func
from sqlalchemy.orm import Session

from soul_sense import scoring
from soul_sense.database import get_db
from soul_sense.errors import Conflict, NotFound
from soul_sense.models import Exam, Question, Response


class ResultService:
    def __init__(self, db: Session = Depends(get_db)):
        self.db = db

    def finished(self, user):
        return self.db.query(Exam).filter(Exam.user_id == user.id, Exam.finished_at.isnot(None))

    def history(self, user, offset=0, limit=20):
        """Finished assessments, the last first, and how many there are."""
        query = self.finished(user)
        return query.order_by(Exam.finished_at.desc(), Exam.id.desc()).offset(offset).limit(limit).all(), query.count()

    def exam(self, user, exam_id):
        exam = self.db.query(Exam).filter_by(id=exam_id, user_id=user.id).first()
        if exam is None:
            raise NotFound("no such assessment")
        if not exam.is_finished:
            raise Conflict("this assessment is not finished")
        return exam

    def categories(self, exam):
        """The score of each category of an assessment."""
        answers = [(r.question.category, scoring.points(r.value, r.question.is_reversed)) for r in exam.responses]
        return scoring.by_category(answers)

    def detail(self, user, exam_id):
        exam = self.exam(user, exam_id)
        others = [score for (score,) in self.db.query(Exam.score).filter(Exam.score.isnot(None), Exam.id != exam.id)]
        return {
            "id": exam.id,
            "finished_at": exam.finished_at,
            "score": exam.score,
            "level": scoring.level(exam.score),
            "categories": self.categories(exam),
            "percentile": scoring.percentile(exam.score, others),
        }

    def compare(self, user, first_id, second_id):
        """What has changed from one assessment to another, by category."""
        before = self.categories(self.exam(user, first_id))
        after = self.categories(self.exam(user, second_id))
        shared = sorted(before.keys() & after.keys())
        return {category: round(after[category] - before[category], 1) for category in shared}

    def weakest(self, user):
        """The mean answer of each category over all assessments, the lowest first."""
        return (
            self.db.query(Question.category, func.avg(Response.value).label("mean"), func.count(Response.id))
            .join(Response, Response.question_id == Question.id)
            .join(Response.exam)
            .filter(Exam.user_id == user.id)
            .group_by(Question.category)
            .order_by(func.avg(Response.value), Question.category)
            .all()
        )
