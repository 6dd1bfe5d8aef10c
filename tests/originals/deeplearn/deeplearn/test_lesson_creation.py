"""From a topic to a learner who has finished: all modules together."""

import sys

import pytest

from deeplearn.content.models import LessonModel, UnitModel
from deeplearn.scripts import create_seed_data, create_unit
from user.models import UserModel

PROTECTED = [
    ("GET", "/api/v1/units"),
    ("POST", "/api/v1/units"),
    ("POST", "/api/v1/lessons"),
    ("GET", f"/api/v1/lessons/{'0' * 32}"),
    ("POST", "/api/v1/sessions"),
    ("GET", "/api/v1/analytics/me"),
    ("POST", "/api/v1/creator/units"),
    ("GET", "/api/v1/me/progress"),
    ("GET", f"/api/v1/audio/{'0' * 32}"),
]


def test_from_topic_to_certificate(client, as_ada, as_grace):
    run = client.post("/api/v1/creator/units", json={"topic": "Tea", "with_podcast": True}, headers=as_ada).json()
    path = f"/api/v1/units/{run['unit_id']}"
    client.put(f"{path}/sharing", json={"is_global": True}, headers=as_ada)
    unit = client.get(f"/api/v1/catalog/units/{run['unit_id']}").json()
    assert (len(unit["lessons"]), unit["has_podcast"]) == (3, True)
    for lesson in unit["lessons"]:
        started = client.post("/api/v1/sessions", json={"lesson_id": lesson["id"]}, headers=as_grace).json()
        answer = {"exercise_id": "e1", "choice": 0, "seconds": 4.5}
        client.post(f"/api/v1/sessions/{started['id']}/answers", json=answer, headers=as_grace)
        done = client.post(f"/api/v1/sessions/{started['id']}/complete", headers=as_grace).json()
    assert (done["score"], done["unit_progress"]) == (100.0, 100.0)
    [progress] = client.get("/api/v1/me/progress", headers=as_grace).json()
    assert (progress["status"], len(progress["completed_lesson_ids"])) == ("completed", 3)
    audio = client.get(f"{path}/podcast", headers=as_grace).json()
    assert client.get(audio["url"]).headers["content-type"] == "audio/wav"


@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_a_token_is_needed(client, method, path):
    assert client.request(method, path, json={} if method == "POST" else None).status_code == 401


@pytest.mark.parametrize("key", ["x", "1 OR 1=1", "0" * 31, "0" * 33, "'" * 32, "G" * 32])
def test_keys_are_checked(client, as_ada, key):
    assert client.get(f"/api/v1/units/{key}", headers=as_ada).status_code == 422


@pytest.mark.parametrize("title", ["'; DROP TABLE units; --", '" OR ""="', "%s %(x)s {0}", "ünïcödé ☕"])
def test_titles_are_only_text(client, session, as_ada, title):
    made = client.post("/api/v1/units", json={"title": title}, headers=as_ada)
    assert (made.status_code, made.json()["title"]) == (201, title)
    assert session.query(UnitModel.title).all() == [(title,)]


@pytest.mark.parametrize("body", ["", "{", "[]", '{"title": null}', '{"title": "\\ud800"}', '{"title": NaN}'])
def test_broken_bodies_are_told(client, as_ada, body):
    headers = {**as_ada, "Content-Type": "application/json"}
    response = client.post("/api/v1/units", content=body, headers=headers)
    assert response.status_code == 422
    assert response.json()["detail"]


class TestScripts:
    @pytest.fixture(autouse=True)
    def keep_the_engines(self, infrastructure, monkeypatch):
        async def nothing():
            pass

        monkeypatch.setattr(infrastructure, "shutdown", nothing)

    def test_seeding_twice_adds_once(self, session, capsys):
        create_seed_data.main()
        create_seed_data.main()
        assert capsys.readouterr().out.splitlines() == ["3 units added", "0 units added"]
        assert session.query(LessonModel).count() == 8
        assert session.query(UserModel).filter(UserModel.is_admin).count() == 1

    def test_a_unit_from_the_command_line(self, session, database, monkeypatch, capsys):
        monkeypatch.setattr(sys, "argv", ["create_unit", "Tea", "--lessons", "2", "--podcast"])
        assert create_unit.main() == 0
        assert capsys.readouterr().out.startswith("completed: unit ")
        [unit] = session.query(UnitModel)
        assert (unit.title, len(unit.lessons), unit.podcast_voice) == ("Tea", 2, "Plain")
