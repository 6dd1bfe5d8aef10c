import base64
from datetime import timedelta
from unittest.mock import AsyncMock, Mock

import pytest

from deeplearn.conftest import package
from deeplearn.content.models import LessonModel, UnitModel, UnitSessionModel
from deeplearn.content.public import LessonCreate, UnitCreate
from deeplearn.content.repo import ContentRepo
from deeplearn.content.service import ContentService, podcast_filename
from deeplearn.infrastructure.errors import Conflict, Forbidden, NotFound
from deeplearn.infrastructure.models import now
from deeplearn.object_store.models import AudioModel
from deeplearn.object_store.public import AudioRead

SOUND = b"\0" * 88_200


def a_unit(**values):
    defaults = {"id": "u1", "title": "Bread", "description": "", "learner_level": "beginner", "is_global": False}
    more = {"status": "completed", "lesson_order": [], "created_at": now(), "updated_at": now()}
    return UnitModel(**{**defaults, **more, **values})


@pytest.fixture
def repo():
    return Mock(spec=ContentRepo)


@pytest.fixture
def store():
    audio = AudioRead(
        id="a1",
        user_id=None,
        filename="x.wav",
        content_type="audio/wav",
        size=88_200,
        duration_seconds=0.5,
        transcript=None,
        created_at=now(),
    )
    store = Mock()
    store.upload_audio = AsyncMock(return_value=audio)
    store.get_audio = AsyncMock(return_value=audio)
    store.signed_url = AsyncMock(return_value="/signed")
    store.delete_audio = AsyncMock(return_value=True)
    return store


class TestServiceWithMocks:
    def test_a_missing_lesson(self, repo):
        repo.lesson.return_value = None
        assert ContentService(repo).get_lesson("x") is None
        repo.lesson.assert_called_once_with("x")

    def test_an_unknown_unit(self, repo):
        repo.unit.return_value = None
        service = ContentService(repo)
        assert service.get_unit("x") is None
        assert service.get_unit_detail("x") is None
        assert service.delete_unit("x") is False
        with pytest.raises(NotFound):
            service.rename_unit("x", "New")
        repo.delete.assert_not_called()

    def test_sharing_is_the_owners(self, repo):
        repo.unit.return_value = a_unit(user_id=1)
        service = ContentService(repo)
        with pytest.raises(Forbidden):
            service.set_unit_sharing("u1", True, acting_user_id=2)
        repo.flush.assert_not_called()
        assert service.set_unit_sharing("u1", True, acting_user_id=1).is_global is True
        repo.flush.assert_called_once_with()

    def test_the_duration_comes_from_the_store(self, repo, store):
        repo.unit.return_value = a_unit(podcast_audio_id="a1")
        read = ContentService(repo, store).get_unit("u1")
        assert (read.has_podcast, read.podcast_duration_seconds) == (True, 0.5)
        store.get_audio.assert_awaited_once_with("a1")

    def test_the_store_is_asked_once(self, repo, store):
        repo.unit.return_value = a_unit(podcast_audio_id="a1")
        service = ContentService(repo, store)
        service.get_unit("u1")
        service.get_unit("u1")
        assert store.get_audio.await_count == 1

    def test_a_podcast_is_uploaded(self, repo, store):
        repo.unit.return_value = a_unit(user_id=3)
        read = ContentService(repo, store).save_unit_podcast_from_bytes(
            "u1", transcript="Hello", content=SOUND, content_type="audio/wav", voice="Plain"
        )
        assert (read.podcast_voice, read.has_podcast) == ("Plain", True)
        uploaded = store.upload_audio.await_args.args[0]
        assert (uploaded.user_id, uploaded.filename, uploaded.transcript) == (3, "unit-u1.wav", "Hello")

    @pytest.mark.asyncio
    async def test_a_podcast_is_uploaded_from_a_loop(self, repo, store):
        repo.unit.return_value = a_unit()
        read = await ContentService(repo, store).save_unit_podcast_from_bytes_async(
            "u1", transcript="Hello", content=SOUND, content_type="audio/mpeg", voice=None
        )
        assert read.has_podcast is True
        assert store.upload_audio.await_args.args[0].filename == "unit-u1.mp3"

    def test_without_a_store(self, repo):
        repo.unit.return_value = a_unit()
        with pytest.raises(RuntimeError, match="no object store"):
            ContentService(repo).save_unit_podcast_from_bytes(
                "u1", transcript="", content=SOUND, content_type="audio/wav", voice=None
            )

    def test_the_address_of_a_podcast(self, repo, store):
        repo.unit.return_value = a_unit(podcast_audio_id="a1")
        assert ContentService(repo, store).get_unit_podcast_audio("u1").url == "/signed"


@pytest.mark.parametrize(
    ("content_type", "name"),
    [("audio/mpeg", "unit-1.mp3"), ("AUDIO/WAV", "unit-1.wav"), ("audio/mp4", "unit-1.m4a"), ("x", "unit-1.bin")],
)
def test_names_of_podcasts(content_type, name):
    assert podcast_filename("1", content_type) == name


class TestLessons:
    def test_a_lesson_goes_to_the_end_of_its_unit(self, content, unit):
        saved = content.save_lesson(LessonCreate(title="Salt", package=package(1), unit_id=unit.id))
        assert content.get_unit(unit.id).lesson_order[-1] == saved.id
        assert content.get_lesson(saved.id) == saved
        assert content.lesson_exists(saved.id)

    def test_a_unit_has_to_exist(self, session, content):
        with pytest.raises(NotFound):
            content.save_lesson(LessonCreate(title="Salt", package=package(), unit_id="0" * 32))
        assert session.query(LessonModel).count() == 0

    def test_deleting_takes_it_out_of_the_order(self, content, unit, lesson):
        assert content.delete_lesson(lesson.id) is True
        assert content.delete_lesson(lesson.id) is False
        assert lesson.id not in content.get_unit(unit.id).lesson_order

    @pytest.mark.parametrize(
        ("text", "level", "titles"),
        [
            (None, None, ["Flour", "Water"]),
            ("flour", None, ["Flour"]),
            ("bread", None, ["Flour", "Water"]),
            ("%", None, []),
            (None, "advanced", []),
            ("water", "beginner", ["Water"]),
        ],
    )
    def test_search(self, content, unit, text, level, titles):
        assert [lesson.title for lesson in content.search_lessons(text, level)] == titles
        assert content.count_lessons(text, level) == len(titles)

    def test_pages(self, content, unit):
        assert len(content.get_all_lessons(limit=1)) == 1
        assert [lesson.title for lesson in content.get_lessons_by_unit(unit.id, offset=1)] == ["Water"]


class TestUnits:
    def test_the_detail_has_the_lessons_in_order(self, content, unit):
        content.set_unit_lesson_order(unit.id, unit.lesson_order[::-1])
        detail = content.get_unit_detail(unit.id)
        assert [(lesson.title, lesson.exercises) for lesson in detail.lessons] == [("Water", 2), ("Flour", 2)]

    def test_an_order_names_each_lesson(self, content, unit):
        with pytest.raises(Conflict):
            content.set_unit_lesson_order(unit.id, unit.lesson_order[:1])

    def test_free_lessons_can_be_assigned(self, content, unit):
        free = content.save_lesson(LessonCreate(title="Salt", package=package()))
        assert content.assign_lessons_to_unit(unit.id, [free.id]).lesson_order == [*unit.lesson_order, free.id]
        assert content.get_lesson(free.id).unit_id == unit.id

    def test_lessons_of_another_unit_can_not(self, content, unit, lesson):
        other = content.create_unit(UnitCreate(title="Tea"))
        with pytest.raises(Conflict):
            content.assign_lessons_to_unit(other.id, [lesson.id])
        with pytest.raises(NotFound):
            content.assign_lessons_to_unit(other.id, ["0" * 32])

    def test_lists(self, content, unit, ada):
        shared = content.create_unit(UnitCreate(title="Tea", is_global=True, status="failed"))
        assert [found.id for found in content.list_units_for_user(ada.id)] == [unit.id]
        assert [found.id for found in content.list_global_units()] == [shared.id]
        assert [found.id for found in content.get_units_by_status("failed")] == [shared.id]
        assert len(content.list_units()) == content.count_units() == 2

    def test_a_status_with_its_reason(self, content, unit):
        read = content.update_unit_status(unit.id, "failed", "no paper", {"stage": "outline"})
        assert (read.status, read.error_message, read.creation_progress) == ("failed", "no paper", {"stage": "outline"})
        assert content.update_unit_status(unit.id, "completed").creation_progress == {"stage": "outline"}

    def test_changes_are_dated(self, session, content, unit):
        renamed = content.rename_unit(unit.id, "Good bread")
        session.commit()
        again = content.get_unit(unit.id)
        assert (again.title, again.updated_at) == ("Good bread", renamed.updated_at)
        assert timedelta(0) < again.updated_at - again.created_at < timedelta(minutes=1)

    def test_deleting_frees_the_lessons(self, session, content, unit, lesson, ada):
        content.get_or_create_unit_session(ada.id, unit.id)
        assert content.delete_unit(unit.id) is True
        assert content.get_lesson(lesson.id).unit_id is None
        assert session.query(UnitSessionModel).count() == 0


class TestPodcasts:
    def save(self, client, unit, headers, content=SOUND, **more):
        data = {"transcript": "Hello", "content": base64.b64encode(content).decode(), "content_type": "audio/wav"}
        return client.post(f"/api/v1/units/{unit.id}/podcast", json={**data, **more}, headers=headers)

    def test_from_end_to_end(self, client, unit, as_ada):
        saved = self.save(client, unit, as_ada)
        assert (saved.status_code, saved.json()["podcast_duration_seconds"]) == (201, 0.5)
        audio = client.get(f"/api/v1/units/{unit.id}/podcast", headers=as_ada).json()
        assert client.get(audio["url"]).content == SOUND

    def test_removing(self, client, session, unit, as_ada):
        self.save(client, unit, as_ada)
        removed = client.delete(f"/api/v1/units/{unit.id}/podcast", headers=as_ada).json()
        assert (removed["has_podcast"], removed["podcast_duration_seconds"]) == (False, None)
        assert client.get(f"/api/v1/units/{unit.id}/podcast", headers=as_ada).status_code == 404
        assert session.query(AudioModel).count() == 0

    @pytest.mark.parametrize(
        "more", [{"content": ""}, {"content_type": "text/html"}, {"transcript": ""}, {"voice": ""}]
    )
    def test_bad_input(self, client, unit, as_ada, more):
        data = {"transcript": "t", "content": "AAAA", "content_type": "audio/wav", **more}
        response = client.post(f"/api/v1/units/{unit.id}/podcast", json=data, headers=as_ada)
        assert response.status_code == 422


class TestUnitSessions:
    def test_a_unit_is_begun_once(self, session, content, unit, ada):
        assert content.get_unit_session(ada.id, unit.id) is None
        first = content.get_or_create_unit_session(ada.id, unit.id)
        assert content.get_or_create_unit_session(ada.id, unit.id) == first
        assert session.query(UnitSessionModel).count() == 1

    def test_progress_up_to_the_end(self, content, unit, ada):
        first, second = unit.lesson_order
        half = content.update_unit_session_progress(ada.id, unit.id, completed_lesson_id=first)
        assert (half.progress, half.status, half.completed_at) == (50.0, "active", None)
        content.update_unit_session_progress(ada.id, unit.id, completed_lesson_id=first)
        whole = content.update_unit_session_progress(ada.id, unit.id, last_lesson_id=second, completed_lesson_id=second)
        assert (whole.progress, whole.status, whole.last_lesson_id) == (100.0, "completed", second)
        assert whole.completed_at is not None

    def test_an_empty_unit_has_no_progress(self, content, ada):
        unit = content.create_unit(UnitCreate(title="Tea"))
        assert content.update_unit_session_progress(ada.id, unit.id).progress == 0.0

    def test_unknown_units(self, content, ada):
        with pytest.raises(NotFound):
            content.get_or_create_unit_session(ada.id, "0" * 32)

    def test_resetting(self, client, unit, as_ada):
        path = f"/api/v1/units/{unit.id}/session"
        assert client.get(path, headers=as_ada).json()["progress"] == 0.0
        assert len(client.get("/api/v1/me/progress", headers=as_ada).json()) == 1
        assert client.delete(path, headers=as_ada).status_code == 204
        assert client.delete(path, headers=as_ada).status_code == 404


class TestRoutes:
    def test_a_unit_is_its_makers(self, client, as_ada, as_grace):
        made = client.post("/api/v1/units", json={"title": "Tea"}, headers=as_ada)
        assert made.status_code == 201
        path = f"/api/v1/units/{made.json()['id']}"
        assert client.get(path, headers=as_grace).status_code == 404
        assert client.put(f"{path}/sharing", json={"is_global": True}, headers=as_ada).json()["is_global"] is True
        assert client.get(path, headers=as_grace).json()["title"] == "Tea"
        assert client.patch(path, json={"title": "Mine"}, headers=as_grace).status_code == 403
        assert client.delete(path, headers=as_grace).status_code == 403
        assert client.delete(path, headers=as_ada).status_code == 204

    def test_lists_have_pages(self, client, unit, as_ada):
        assert len(client.get("/api/v1/units", headers=as_ada).json()) == 1
        assert client.get("/api/v1/units", params={"offset": 1}, headers=as_ada).json() == []
        lessons = client.get(f"/api/v1/units/{unit.id}/lessons", params={"limit": 1}, headers=as_ada).json()
        assert [lesson["title"] for lesson in lessons] == ["Flour"]

    def test_orders(self, client, unit, as_ada):
        path = f"/api/v1/units/{unit.id}/order"
        body = client.put(path, json={"lesson_ids": unit.lesson_order[::-1]}, headers=as_ada).json()
        assert body["lesson_order"] == unit.lesson_order[::-1]
        assert client.put(path, json={"lesson_ids": []}, headers=as_ada).status_code == 409

    def test_lessons_of_others(self, client, lesson, as_ada, as_grace):
        path = f"/api/v1/lessons/{lesson.id}"
        assert client.get(path, headers=as_grace).status_code == 404
        assert client.delete(path, headers=as_grace).status_code == 404
        assert client.get(path, headers=as_ada).json()["title"] == "Flour"
        assert client.delete(path, headers=as_ada).status_code == 204

    def test_free_lessons_are_the_administrators(self, client, content, session, as_ada, as_admin):
        free = content.save_lesson(LessonCreate(title="Salt", package=package()))
        session.commit()
        assert client.delete(f"/api/v1/lessons/{free.id}", headers=as_ada).status_code == 403
        assert client.delete(f"/api/v1/lessons/{free.id}", headers=as_admin).status_code == 204
