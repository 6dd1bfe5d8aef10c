"""Who users are, and what they tell of themselves."""

import pytest
from sqlalchemy import func, select

from soul_sense.models import AuditEvent, JournalEntry, User
from tests.conftest import PASSWORD


async def test_read_me(client):
    body = (await client.get("/users/me")).json()
    assert (body["username"], body["display_name"], body["settings"]["theme"]) == ("noor", "noor", "light")


@pytest.mark.parametrize(
    "change",
    [{"theme": "dark"}, {"language": "de", "reminders": False}, {"on_leaderboard": False}, {}, {"theme": None}],
)
async def test_change_settings(client, change):
    before = (await client.get("/users/me")).json()["settings"]
    after = (await client.patch("/users/me/settings", json=change)).json()
    assert after == before | {name: value for name, value in change.items() if value is not None}
    assert (await client.get("/users/me")).json()["settings"] == after


@pytest.mark.parametrize("change", [{"theme": "pink"}, {"language": "english"}, {"reminders": "perhaps"}, []])
async def test_settings_that_do_not_exist(client, change):
    assert (await client.patch("/users/me/settings", json=change)).status_code == 422


async def test_settings_are_made_if_need_be(client, db, user):
    await db.delete(await user.awaitable_attrs.settings)
    await db.commit()
    await db.refresh(user, ["settings"])
    assert (await client.get("/users/me")).json()["settings"] is None
    assert (await client.patch("/users/me/settings", json={"theme": "dark"})).json()["theme"] == "dark"


async def test_change_the_password(client):
    change = {"old_password": PASSWORD, "new_password": "battery staple"}
    assert (await client.put("/users/me/password", json=change)).status_code == 204
    form = {"username": "noor", "password": "battery staple"}
    assert (await client.post("/auth/login", data=form)).status_code == 200


async def test_the_old_password_has_to_be_known(client):
    change = {"old_password": "wrong horse", "new_password": "battery staple"}
    assert (await client.put("/users/me/password", json=change)).status_code == 401


async def test_delete_an_account(client, db, user, take_exam, write):
    await take_exam(1, 2, 3)
    await write(tags=["home"])
    assert (await client.post("/users/me/delete", json={"password": "wrong horse"})).status_code == 401
    assert (await client.post("/users/me/delete", json={"password": PASSWORD})).status_code == 204
    assert (await client.get("/users/me")).status_code == 401
    assert await db.scalar(select(func.count()).select_from(User).filter_by(username="noor")) == 0
    assert await db.scalar(select(func.count()).select_from(JournalEntry)) == 0


async def test_the_audit_outlives_the_account(client, db, user):
    await client.post("/users/me/delete", json={"password": PASSWORD})
    last = (await db.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1))).first()
    assert (last.user_id, last.action, last.detail) == (None, "account deleted", "noor")


async def test_audit(client):
    await client.patch("/users/me/settings", json={"theme": "dark", "language": "de"})
    events = (await client.get("/users/me/audit")).json()
    assert [(event["action"], event["detail"]) for event in events] == [
        ("settings changed", "language, theme"),
        ("logged in", ""),
    ]
    assert len((await client.get("/users/me/audit", params={"action": "logged in"})).json()) == 1
    assert (await client.get("/users/me/audit", params={"action": "' OR 1=1 --"})).json() == []
    assert len((await client.get("/users/me/audit", params={"offset": 1})).json()) == 1


async def test_users_are_for_staff(client, as_staff):
    assert (await client.get("/users")).json() == {"detail": "for staff only"}
    page = (await client.get("/users", params={"limit": 1}, headers=as_staff)).json()
    assert page == {"total": 2, "items": [{"username": "imani", "display_name": "imani"}]}


@pytest.mark.parametrize(("text", "names"), [("no", ["noor"]), ("O", ["noor", "tomas"]), ("%", []), ("' OR 1", [])])
async def test_search_users(client, other, as_staff, text, names):
    page = (await client.get("/users", params={"text": text}, headers=as_staff)).json()
    assert [user["username"] for user in page["items"]] == names
    assert page["total"] == len(names)


@pytest.mark.parametrize("page", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 2**40}, {"text": "\0"}])
async def test_pages_that_make_no_sense(client, as_staff, page):
    assert (await client.get("/users", params=page, headers=as_staff)).status_code == 422


# Profiles


async def test_an_empty_profile(client):
    empty = {"full_name": None, "birth_year": None, "occupation": None, "about": None}
    assert (await client.get("/profile/personal")).json() == empty
    assert (await client.get("/profile/strengths")).json() == {"strengths": [], "challenges": [], "goals": []}
    assert (await client.get("/profile/completeness")).json() == {"percent": 0}


async def test_change_the_profile(client):
    change = {"full_name": "Noor Haddad", "birth_year": 1990}
    assert change.items() <= (await client.patch("/profile/personal", json=change)).json().items()
    body = (await client.patch("/profile/personal", json={"birth_year": None, "about": "Sings."})).json()
    assert body == {"full_name": "Noor Haddad", "birth_year": None, "occupation": None, "about": "Sings."}
    assert (await client.get("/users/me")).json()["display_name"] == "Noor Haddad"


async def test_change_strengths(client):
    change = {"strengths": ["patience"], "goals": ["sleep", "sing"]}
    assert (await client.patch("/profile/strengths", json=change)).json() == change | {"challenges": []}
    assert (await client.get("/profile/strengths")).json()["goals"] == ["sleep", "sing"]


@pytest.mark.parametrize(
    ("personal", "strengths", "percent"),
    [
        ({"full_name": "Noor"}, {}, 14),
        ({}, {"goals": ["x"]}, 14),
        ({"about": "x", "birth_year": 1990}, {"goals": ["x"]}, 43),
    ],
)
async def test_completeness(client, personal, strengths, percent):
    await client.patch("/profile/personal", json=personal)
    await client.patch("/profile/strengths", json=strengths)
    assert (await client.get("/profile/completeness")).json() == {"percent": percent}


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("personal", {"full_name": ""}),
        ("personal", {"full_name": "x" * 121}),
        ("personal", {"birth_year": 1800}),
        ("personal", {"birth_year": "long ago"}),
        ("personal", {"about": "nul\0"}),
        ("strengths", {"strengths": "patience"}),
        ("strengths", {"strengths": [""]}),
        ("strengths", {"goals": ["x"] * 21}),
        ("strengths", {"challenges": [None]}),
    ],
)
async def test_what_can_not_be_told(client, part, change):
    assert (await client.patch(f"/profile/{part}", json=change)).status_code == 422


async def test_profiles_are_ones_own(client, as_other):
    await client.patch("/profile/personal", json={"full_name": "Noor Haddad"})
    assert (await client.get("/profile/personal", headers=as_other)).json()["full_name"] is None
