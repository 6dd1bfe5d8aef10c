from unittest.mock import AsyncMock, Mock

import pytest

from deeplearn.infrastructure.errors import Conflict, NotFound
from deeplearn.learning_session.dtos import Answer
from deeplearn.learning_session.models import AttemptModel, LearningSessionModel
from deeplearn.learning_session.public import learning_session_analytics_provider, learning_session_provider
from deeplearn.learning_session.repo import LearningSessionRepo
from deeplearn.learning_session.service import LearningSessionService, percentage, results


@pytest.fixture
def learning(session):
    return learning_session_provider(session)


@pytest.fixture
async def started(learning, ada, lesson):
    return await learning.start(ada.id, lesson.id)


async def answers(learning, user_id, session_id, *given):
    for number, choice in enumerate(given, start=1):
        await learning.answer(user_id, session_id, Answer(exercise_id=f"e{number}", choice=choice, seconds=30))


@pytest.mark.parametrize(("part", "whole", "value"), [(1, 2, 50.0), (0, 3, 0.0), (2, 3, 66.7), (0, 0, 0.0)])
def test_percentage(part, whole, value):
    assert percentage(part, whole) == value


async def test_the_last_answer_counts():
    attempts = [
        AttemptModel(exercise_id="e1", is_correct=False, seconds=2.0),
        AttemptModel(exercise_id="e1", is_correct=True, seconds=1.0),
        AttemptModel(exercise_id="e2", is_correct=False, seconds=0.5),
    ]
    found = await results(LearningSessionModel(id="s", exercises=2, attempts=attempts), None)
    assert (found.correct, found.score, found.seconds) == (1, 50.0, 3.5)


class TestWithMocks:
    async def test_an_unknown_lesson(self):
        repo, content = Mock(spec=LearningSessionRepo), AsyncMock()
        content.get_lesson.return_value = None
        with pytest.raises(NotFound):
            await LearningSessionService(repo, content).start(1, "x")
        repo.add.assert_not_awaited()

    async def test_a_completed_session_is_closed(self):
        repo = Mock(spec=LearningSessionRepo)
        repo.by_id.return_value = LearningSessionModel(status="completed")
        with pytest.raises(Conflict):
            await LearningSessionService(repo, Mock()).pause(1, "x")
        repo.by_id.assert_awaited_once_with("x", 1)


class TestService:
    async def test_starting_twice_goes_on(self, learning, ada, lesson, started):
        assert (await learning.pause(ada.id, started.id)).status == "paused"
        again = await learning.start(ada.id, lesson.id)
        assert (again.id, again.status, again.exercises) == (started.id, "active", 2)

    async def test_answers(self, learning, ada, started):
        first = await learning.answer(ada.id, started.id, Answer(exercise_id="e1", choice=0))
        second = await learning.answer(ada.id, started.id, Answer(exercise_id="e2", choice=0))
        assert (first.is_correct, second.is_correct) == (True, False)

    async def test_unknown_exercises(self, learning, ada, started):
        with pytest.raises(NotFound):
            await learning.answer(ada.id, started.id, Answer(exercise_id="e9", choice=0))

    async def test_completing_moves_the_unit(self, learning, content, ada, unit, started):
        await answers(learning, ada.id, started.id, 0, 2)
        found = await learning.complete(ada.id, started.id)
        assert (found.correct, found.score, found.seconds, found.unit_progress) == (2, 100.0, 60.0, 50.0)
        assert (await content.get_unit_session(ada.id, unit.id)).completed_lesson_ids == [started.lesson_id]
        with pytest.raises(Conflict):
            await learning.complete(ada.id, started.id)

    async def test_a_session_is_its_learners(self, learning, grace, started):
        with pytest.raises(NotFound):
            await learning.get(grace.id, started.id)

    async def test_the_list_has_the_answers(self, session, learning, ada, started):
        await answers(learning, ada.id, started.id, 0, 2)
        await session.commit()
        session.expire_all()
        [listed] = await learning.list_sessions(ada.id)
        assert [attempt.exercise_id for attempt in listed.attempts] == ["e1", "e2"]


class TestAnalytics:
    async def test_a_learner(self, session, learning, ada, started):
        await answers(learning, ada.id, started.id, 0, 0)
        await learning.complete(ada.id, started.id)
        figures = await learning_session_analytics_provider(session).learner(ada.id)
        assert (figures.sessions, figures.completed, figures.answers, figures.correct) == (1, 1, 2, 1)
        assert (figures.accuracy, figures.minutes) == (50.0, 1.0)

    async def test_nothing_learnt_yet(self, session, ada):
        figures = await learning_session_analytics_provider(session).learner(ada.id)
        assert (figures.answers, figures.accuracy, figures.minutes) == (0, 0.0, 0.0)

    async def test_a_lesson(self, session, learning, ada, lesson, started):
        await answers(learning, ada.id, started.id, 0, 0)
        await answers(learning, ada.id, started.id, 1)
        found = await learning_session_analytics_provider(session).lesson(lesson.id)
        assert [(f.exercise_id, f.answers, f.correct) for f in found] == [("e1", 2, 1), ("e2", 1, 0)]


class TestRoutes:
    async def test_a_lesson_from_end_to_end(self, client, lesson, as_ada):
        started = await client.post("/api/v1/sessions", json={"lesson_id": lesson.id}, headers=as_ada)
        assert started.status_code == 201
        path = f"/api/v1/sessions/{started.json()['id']}"
        for number, choice in (("e1", 0), ("e2", 2)):
            answer = {"exercise_id": number, "choice": choice}
            assert (await client.post(f"{path}/answers", json=answer, headers=as_ada)).json()["is_correct"] is True
        assert (await client.post(f"{path}/complete", headers=as_ada)).json()["score"] == 100.0
        assert (await client.post(f"{path}/complete", headers=as_ada)).status_code == 409
        assert len((await client.get(path, headers=as_ada)).json()["attempts"]) == 2
        assert (await client.get("/api/v1/analytics/me", headers=as_ada)).json()["completed"] == 1
        figures = (await client.get(f"/api/v1/analytics/lessons/{lesson.id}", headers=as_ada)).json()
        assert [figure["accuracy"] for figure in figures] == [100.0, 100.0]

    async def test_lessons_of_others_can_not_be_begun(self, client, lesson, as_grace):
        assert (await client.post("/api/v1/sessions", json={"lesson_id": lesson.id}, headers=as_grace)).status_code == 404

    @pytest.mark.parametrize(
        "data", [{}, {"exercise_id": "e1"}, {"exercise_id": "e1", "choice": 9}, {"exercise_id": "", "choice": 0}]
    )
    async def test_bad_answers(self, client, lesson, as_ada, data):
        started = (await client.post("/api/v1/sessions", json={"lesson_id": lesson.id}, headers=as_ada)).json()
        path = f"/api/v1/sessions/{started['id']}/answers"
        assert (await client.post(path, json=data, headers=as_ada)).status_code == 422

    async def test_the_list(self, client, lesson, as_ada, as_grace):
        await client.post("/api/v1/sessions", json={"lesson_id": lesson.id}, headers=as_ada)
        assert len((await client.get("/api/v1/sessions", headers=as_ada)).json()) == 1
        assert (await client.get("/api/v1/sessions", headers=as_grace)).json() == []
