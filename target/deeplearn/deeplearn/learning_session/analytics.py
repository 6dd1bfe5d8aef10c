from deeplearn.learning_session.dtos import ExerciseFigures, LearnerFigures
from deeplearn.learning_session.repo import LearningSessionRepo
from deeplearn.learning_session.service import percentage


class LearningSessionAnalytics:
    def __init__(self, repo: LearningSessionRepo) -> None:
        self.repo = repo

    async def learner(self, user_id: int) -> LearnerFigures:
        answers, correct, seconds = await self.repo.totals(user_id)
        return LearnerFigures(
            sessions=await self.repo.count(user_id),
            completed=await self.repo.count(user_id, "completed"),
            answers=answers,
            correct=correct,
            accuracy=percentage(correct, answers),
            minutes=round(seconds / 60, 1),
        )

    async def lesson(self, lesson_id: str) -> list[ExerciseFigures]:
        return [
            ExerciseFigures(
                exercise_id=exercise_id, answers=answers, correct=correct, accuracy=percentage(correct, answers)
            )
            for exercise_id, answers, correct in await self.repo.by_exercise(lesson_id)
        ]
