from deeplearn.content.public import ContentProvider
from deeplearn.infrastructure.errors import Conflict, NotFound
from deeplearn.infrastructure.models import now
from deeplearn.learning_session.dtos import Answer, AttemptRead, Results, SessionRead
from deeplearn.learning_session.models import AttemptModel, LearningSessionModel
from deeplearn.learning_session.repo import LearningSessionRepo


class LearningSessionService:
    def __init__(self, repo: LearningSessionRepo, content: ContentProvider) -> None:
        self.repo = repo
        self.content = content

    async def start(self, user_id: int, lesson_id: str) -> SessionRead:
        """Begin a lesson, or go on with it."""
        lesson = await self.content.get_lesson(lesson_id)
        if lesson is None:
            raise NotFound("no such lesson")
        session = await self.repo.active(user_id, lesson_id)
        if session is None:
            session = LearningSessionModel(
                lesson_id=lesson_id,
                unit_id=lesson.unit_id,
                user_id=user_id,
                exercises=len(lesson.package.exercises),
            )
            await self.repo.add(session)
        session.status = "active"
        await self.repo.flush()
        if lesson.unit_id is not None:
            await self.content.update_unit_session_progress(user_id, lesson.unit_id, last_lesson_id=lesson_id)
        await session.awaitable_attrs.attempts  # serialised below
        return SessionRead.model_validate(session)

    async def get(self, user_id: int, session_id: str) -> SessionRead:
        return SessionRead.model_validate(await self._session(user_id, session_id))

    async def list_sessions(self, user_id: int, limit: int = 50, offset: int = 0) -> list[SessionRead]:
        return [SessionRead.model_validate(session) for session in await self.repo.of_user(user_id, limit, offset)]

    async def pause(self, user_id: int, session_id: str) -> SessionRead:
        session = await self._open(user_id, session_id)
        session.status = "paused"
        await self.repo.flush()
        await session.awaitable_attrs.attempts  # serialised below
        return SessionRead.model_validate(session)

    async def answer(self, user_id: int, session_id: str, answer: Answer) -> AttemptRead:
        session = await self._open(user_id, session_id)
        lesson = await self.content.get_lesson(session.lesson_id)
        exercises = {exercise.id: exercise for exercise in lesson.package.exercises} if lesson else {}
        if answer.exercise_id not in exercises:
            raise NotFound("no such exercise")
        attempt = AttemptModel(
            session_id=session.id,
            exercise_id=answer.exercise_id,
            is_correct=exercises[answer.exercise_id].answer == answer.choice,
            seconds=answer.seconds,
        )
        await self.repo.add(attempt)
        return AttemptRead.model_validate(attempt)

    async def complete(self, user_id: int, session_id: str) -> Results:
        """End a session; its last answer to each exercise is the one that counts."""
        session = await self._open(user_id, session_id)
        session.status, session.completed_at = "completed", now()
        await self.repo.flush()
        progress = None
        if session.unit_id is not None and await self.content.get_unit(session.unit_id):
            unit_session = await self.content.update_unit_session_progress(
                user_id, session.unit_id, completed_lesson_id=session.lesson_id
            )
            progress = unit_session.progress
        return await results(session, progress)

    async def _session(self, user_id: int, session_id: str) -> LearningSessionModel:
        session = await self.repo.by_id(session_id, user_id)
        if session is None:
            raise NotFound("no such session")
        return session

    async def _open(self, user_id: int, session_id: str) -> LearningSessionModel:
        session = await self._session(user_id, session_id)
        if session.status == "completed":
            raise Conflict("the session is completed already")
        return session


async def results(session: LearningSessionModel, unit_progress: float | None) -> Results:
    last = {attempt.exercise_id: attempt.is_correct for attempt in await session.awaitable_attrs.attempts}
    correct = sum(last.values())
    return Results(
        session_id=session.id,
        exercises=session.exercises,
        correct=correct,
        score=percentage(correct, session.exercises),
        seconds=round(sum(attempt.seconds for attempt in session.attempts), 1),
        unit_progress=unit_progress,
    )


def percentage(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
