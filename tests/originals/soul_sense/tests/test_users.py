"""Who users are, and what they tell of themselves."""

import pytest

from soul_sense.models import AuditEvent, JournalEntry, User
from tests.conftest import PASSWORD


def test_read_me(client):
    body = client.get("/users/me").json()
    assert (body["username"], body["display_name"], body["settings"]["theme"]) == ("noor", "noor", "light")


@pytest.mark.parametrize(
    "change",
    [{"theme": "dark"}, {"language": "de", "reminders": False}, {"on_leaderboard": False}, {}, {"theme": None}],
)
def test_change_settings(client, change):
    before = client.get("/users/me").json()["settings"]
    after = client.patch("/users/me/settings", json=change).json()
    assert after == before | {name: value for name, value in change.items() if value is not None}
    assert client.get("/users/me").json()["settings"] == after


@pytest.mark.parametrize("change", [{"theme": "pink"}, {"language": "english"}, {"reminders": "perhaps"}, []])
def test_settings_that_do_not_exist(client, change):
    assert client.patch("/users/me/settings", json=change).status_code == 422


def test_settings_are_made_if_need_be(client, db, user):
    db.delete(user.settings)
    db.commit()
    assert client.get("/users/me").json()["settings"] is None
    assert client.patch("/users/me/settings", json={"theme": "dark"}).json()["theme"] == "dark"


def test_change_the_password(client):
    change = {"old_password": PASSWORD, "new_password": "battery staple"}
    assert client.put("/users/me/password", json=change).status_code == 204
    form = {"username": "noor", "password": "battery staple"}
    assert client.post("/auth/login", data=form).status_code == 200


def test_the_old_password_has_to_be_known(client):
    change = {"old_password": "wrong horse", "new_password": "battery staple"}
    assert client.put("/users/me/password", json=change).status_code == 401


def test_delete_an_account(client, db, user, take_exam, write):
    take_exam(1, 2, 3)
    write(tags=["home"])
    assert client.post("/users/me/delete", json={"password": "wrong horse"}).status_code == 401
    assert client.post("/users/me/delete", json={"password": PASSWORD}).status_code == 204
    assert client.get("/users/me").status_code == 401
    assert db.query(User).filter_by(username="noor").count() == 0
    assert db.query(JournalEntry).count() == 0


def test_the_audit_outlives_the_account(client, db, user):
    client.post("/users/me/delete", json={"password": PASSWORD})
    last = db.query(AuditEvent).order_by(AuditEvent.id.desc()).first()
    assert (last.user_id, last.action, last.detail) == (None, "account deleted", "noor")


def test_audit(client):
    client.patch("/users/me/settings", json={"theme": "dark", "language": "de"})
    events = client.get("/users/me/audit").json()
    assert [(event["action"], event["detail"]) for event in events] == [
        ("settings changed", "language, theme"),
        ("logged in", ""),
    ]
    assert len(client.get("/users/me/audit", params={"action": "logged in"}).json()) == 1
    assert client.get("/users/me/audit", params={"action": "' OR 1=1 --"}).json() == []
    assert len(client.get("/users/me/audit", params={"offset": 1}).json()) == 1


def test_users_are_for_staff(client, as_staff):
    assert client.get("/users").json() == {"detail": "for staff only"}
    page = client.get("/users", params={"limit": 1}, headers=as_staff).json()
    assert page == {"total": 2, "items": [{"username": "imani", "display_name": "imani"}]}


@pytest.mark.parametrize(("text", "names"), [("no", ["noor"]), ("O", ["noor", "tomas"]), ("%", []), ("' OR 1", [])])
def test_search_users(client, other, as_staff, text, names):
    page = client.get("/users", params={"text": text}, headers=as_staff).json()
    assert [user["username"] for user in page["items"]] == names
    assert page["total"] == len(names)


@pytest.mark.parametrize("page", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 2**40}, {"text": "\0"}])
def test_pages_that_make_no_sense(client, as_staff, page):
    assert client.get("/users", params=page, headers=as_staff).status_code == 422


# Profiles


def test_an_empty_profile(client):
    empty = {"full_name": None, "birth_year": None, "occupation": None, "about": None}
    assert client.get("/profile/personal").json() == empty
    assert client.get("/profile/strengths").json() == {"strengths": [], "challenges": [], "goals": []}
    assert client.get("/profile/completeness").json() == {"percent": 0}


def test_change_the_profile(client):
    change = {"full_name": "Noor Haddad", "birth_year": 1990}
    assert change.items() <= client.patch("/profile/personal", json=change).json().items()
    body = client.patch("/profile/personal", json={"birth_year": None, "about": "Sings."}).json()
    assert body == {"full_name": "Noor Haddad", "birth_year": None, "occupation": None, "about": "Sings."}
    assert client.get("/users/me").json()["display_name"] == "Noor Haddad"


def test_change_strengths(client):
    change = {"strengths": ["patience"], "goals": ["sleep", "sing"]}
    assert client.patch("/profile/strengths", json=change).json() == change | {"challenges": []}
    assert client.get("/profile/strengths").json()["goals"] == ["sleep", "sing"]


@pytest.mark.parametrize(
    ("personal", "strengths", "percent"),
    [
        ({"full_name": "Noor"}, {}, 14),
        ({}, {"goals": ["x"]}, 14),
        ({"about": "x", "birth_year": 1990}, {"goals": ["x"]}, 43),
    ],
)
def test_completeness(client, personal, strengths, percent):
    client.patch("/profile/personal", json=personal)
    client.patch("/profile/strengths", json=strengths)
    assert client.get("/profile/completeness").json() == {"percent": percent}


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
def test_what_can_not_be_told(client, part, change):
    assert client.patch(f"/profile/{part}", json=change).status_code == 422


def test_profiles_are_ones_own(client, as_other):
    client.patch("/profile/personal", json={"full_name": "Noor Haddad"})
    assert client.get("/profile/personal", headers=as_other).json()["full_name"] is None
