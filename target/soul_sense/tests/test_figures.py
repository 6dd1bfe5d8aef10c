"""Analytics, achievements, streaks, the leaderboard, exports."""

from datetime import timedelta

import pytest

from soul_sense.clock import today
from soul_sense.models import Streak
from soul_sense.services.gamification import GamificationService


def day(ago):
    return (today() - timedelta(days=ago)).isoformat()


@pytest.fixture
async def pages(write):
    for ago, mood, tags in ((3, 2, ["work"]), (2, 4, ["work", "home"]), (2, 6, ["home"]), (0, 8, [])):
        await write(f"Mood {mood}", mood, written_on=day(ago), tags=tags)


async def test_moods(client, pages):
    assert (await client.get("/analytics/moods")).json() == [
        {"day": day(3), "mood": 2},
        {"day": day(2), "mood": 5},
        {"day": day(0), "mood": 8},
    ]
    assert len((await client.get("/analytics/moods", params={"days": 1})).json()) == 1


@pytest.mark.parametrize("days", [0, -1, 3651, "x"])
async def test_days_that_make_no_sense(client, days):
    assert (await client.get("/analytics/moods", params={"days": days})).status_code == 422


async def test_mood_statistics(client, pages):
    body = (await client.get("/analytics/moods/statistics")).json()
    assert body == {"count": 4, "mean": 5, "median": 5, "spread": 2.24, "trend": 2}


async def test_moods_by_tag(client, pages):
    body = (await client.get("/analytics/moods/by-tag")).json()
    assert {name: figures["mean"] for name, figures in body.items()} == {"home": 5, "work": 3}


async def test_scores(client, take_exam):
    for value in (1, 3, 5):
        await take_exam(value)
    body = (await client.get("/analytics/scores")).json()
    assert body["trend"] == 50
    assert [row["score"] for row in body["scores"]] == [0, 50, 100]


async def test_mood_and_score(client, write, take_exam):
    await write(mood=3)
    await take_exam(3)
    assert (await client.get("/analytics/correlation")).json() == {"days": 1, "correlation": None}


async def test_population(client, take_exam, as_other, as_staff):
    await take_exam(5, 1, 5)
    await take_exam(1, 5, 1, headers=as_other)
    assert (await client.get("/analytics/population", headers=as_staff)).json() == {
        "users": 3,
        "assessments": 2,
        "mean": 50,
        "levels": {"flourishing": 1, "steady": 0, "strained": 0, "in need of care": 1},
    }


async def test_hardest_questions(client, take_exam, as_staff):
    await take_exam(4, 2, 5)
    await take_exam(2, 2)
    body = (await client.get("/analytics/questions", params={"least": 2}, headers=as_staff)).json()
    assert [(row["text"], row["mean"], row["answers"]) for row in body] == [
        ("I am easily upset.", 2, 2),
        ("I sleep well.", 3, 2),
    ]


@pytest.mark.parametrize("path", ["/analytics/population", "/analytics/questions"])
async def test_figures_of_all_are_for_staff(client, path):
    assert (await client.get(path)).status_code == 403


@pytest.mark.parametrize("path", ["moods", "moods/statistics", "moods/by-tag", "scores", "correlation"])
async def test_figures_are_ones_own(client, pages, take_exam, as_other, path):
    await take_exam(3)
    body = (await client.get(f"/analytics/{path}", headers=as_other)).json()
    assert body in ([], {}) or not any(body.values())


# Achievements


async def test_nothing_earned_yet(client):
    assert (await client.get("/gamification/me")).json() == {"points": 0, "achievements": [], "streaks": []}


async def test_first_steps(client, write, take_exam):
    await write()
    await take_exam(3)
    body = (await client.get("/gamification/me")).json()
    assert body["points"] == 20
    assert {earned["code"] for earned in body["achievements"]} == {"first-entry", "first-exam"}
    assert [(s["kind"], s["length"], s["last_day"]) for s in body["streaks"]] == [
        ("exam", 1, day(0)),
        ("journal", 1, day(0)),
    ]


async def test_each_achievement_is_earned_once(client, write):
    for number in range(11):
        await write(f"Page {number}")
    body = (await client.get("/gamification/me")).json()
    assert [earned["code"] for earned in body["achievements"]] == ["first-entry", "ten-entries"]
    assert body["points"] == 50


@pytest.mark.parametrize(("last", "length", "longest"), [(1, 7, 7), (0, 6, 6), (2, 1, 6)])
async def test_streaks(client, db, user, write, last, length, longest):
    last_day = today() - timedelta(days=last)
    db.add(Streak(user_id=user.id, kind="journal", length=6, longest=6, last_day=last_day))
    await db.commit()
    await write()
    [streak] = (await client.get("/gamification/me")).json()["streaks"]
    assert (streak["length"], streak["longest"]) == (length, longest)
    codes = {earned["code"] for earned in (await client.get("/gamification/me")).json()["achievements"]}
    assert ("week-of-journal" in codes) is (longest == 7)


async def test_leaderboard(client, write, take_exam, as_other):
    await write()
    await take_exam(3)
    await write(headers=as_other)
    await client.patch("/profile/personal", json={"full_name": "Noor Haddad"})
    assert (await client.get("/gamification/leaderboard")).json() == [
        {"rank": 1, "name": "Noor Haddad", "points": 20},
        {"rank": 2, "name": "tomas", "points": 10},
    ]
    assert len((await client.get("/gamification/leaderboard", params={"limit": 1})).json()) == 1


async def test_who_wants_is_left_out(client, write, as_other):
    await write()
    await client.patch("/users/me/settings", json={"on_leaderboard": False})
    assert (await client.get("/gamification/leaderboard", headers=as_other)).json() == []


async def test_points_are_counted_in_the_database_too(db, user, client, write):
    await write()
    [place] = await GamificationService(db).leaderboard()
    assert place == {"rank": 1, "name": "noor", "points": await GamificationService(db).points(user)}


# Exports


async def test_export_everything(client, write, take_exam):
    first = await write("One", tags=["home"])
    await write("Two", follows_id=first)
    await take_exam(4, 2)
    await client.put("/settings/font", json={"value": {"size": 12}})
    await client.patch("/profile/strengths", json={"strengths": ["patience"]})
    body = (await client.get("/export")).json()
    assert body["user"]["strengths"] == ["patience"]
    assert (body["user"]["theme"], body["user"]["occupation"]) == ("light", None)
    assert body["exams"][0]["responses"] == {"I sleep well.": 4, "I am easily upset.": 2}
    assert [(page["title"], page["tags"], page["follows"]) for page in body["journal"]] == [
        ("One", ["home"], None),
        ("Two", [], "One"),
    ]
    assert body["achievements"] == ["Dear diary", "First look inside"]
    assert (body["streaks"], body["settings"]) == ({"exam": 1, "journal": 1}, {"font": {"size": 12}})


async def test_an_export_is_noted(client):
    await client.get("/export")
    assert (await client.get("/users/me/audit")).json()[0]["action"] == "data exported"


async def test_export_the_journal(client, write):
    await write("Salt, sea", 6, content="two\nlines", tags=["b", "a"], written_on="2024-03-01")
    await client.delete(f"/journal/{await write('Lost')}")
    response = await client.get("/export/journal.csv")
    assert response.headers["Content-Type"].startswith("text/csv")
    assert response.text.splitlines() == [
        "written_on,title,mood,tags,content",
        '2024-03-01,"Salt, sea",6,a b,"two',
        'lines"',
    ]


async def test_exports_are_ones_own(client, write, as_other):
    await write()
    assert (await client.get("/export", headers=as_other)).json()["journal"] == []
    assert len((await client.get("/export/journal.csv", headers=as_other)).text.splitlines()) == 1
