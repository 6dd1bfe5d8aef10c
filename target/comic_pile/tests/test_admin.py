"""What administrators may do, and nobody else."""

from datetime import timedelta

import pytest

from comic_pile.clock import now
from comic_pile.models import Token


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/users"),
        ("PUT", "/admin/users/1/active"),
        ("DELETE", "/admin/tokens/expired"),
        ("GET", "/admin/totals"),
    ],
)
async def test_readers_are_no_administrators(client, method, path):
    response = await client.request(method, path, json={"is_active": True})
    assert (response.status_code, response.json()) == (403, {"detail": "for administrators only"})


async def test_list_users(anonymous, user, other, as_admin):
    users = (await anonymous.get("/admin/users", headers=as_admin)).json()
    assert [user["name"] for user in users] == ["Enid", "Rebecca", "Ramona"]
    assert "password_hash" not in users[0]
    second = (await anonymous.get("/admin/users", params={"offset": 1, "limit": 1}, headers=as_admin)).json()
    assert second == users[1:2]


async def test_close_an_account(client, user, as_admin):
    response = await client.put(f"/admin/users/{user.id}/active", json={"is_active": False}, headers=as_admin)
    assert response.json()["is_active"] is False
    assert (await client.get("/auth/me")).status_code == 401


async def test_open_an_account_again(client, user, as_admin):
    for is_active in (False, True):
        await client.put(f"/admin/users/{user.id}/active", json={"is_active": is_active}, headers=as_admin)
    credentials = {"email": user.email, "password": "correct horse"}
    assert (await client.post("/auth/login", json=credentials)).status_code == 200
    assert (await client.get("/auth/me")).status_code == 401  # the old tokens stay revoked


async def test_there_is_no_such_user(anonymous, as_admin):
    response = await anonymous.put("/admin/users/987654/active", json={"is_active": True}, headers=as_admin)
    assert (response.status_code, response.json()) == (404, {"detail": "no such user"})


@pytest.mark.parametrize("body", [{}, {"is_active": "perhaps"}, {"is_active": None}, [], None])
async def test_what_is_no_activity(anonymous, user, as_admin, body):
    assert (await anonymous.put(f"/admin/users/{user.id}/active", json=body, headers=as_admin)).status_code == 422


async def test_purge_tokens(client, db, user, as_admin):
    moments = {"old": now() - timedelta(days=1), "older": now() - timedelta(days=9), "new": now() + timedelta(days=1)}
    for name, moment in moments.items():
        db.add(Token(id=name, family=name, kind="access", user_id=user.id, expires_at=moment))
    await db.commit()
    assert (await client.delete("/admin/tokens/expired", headers=as_admin)).json() == {"tokens": 2}
    assert (await client.delete("/admin/tokens/expired", headers=as_admin)).json() == {"tokens": 0}
    assert (await client.get("/auth/me")).status_code == 200


async def test_totals(client, pile, make_user, as_admin):
    await make_user("gone", is_active=False)
    await client.get("/sessions/current")
    assert (await client.get("/admin/totals", headers=as_admin)).json() == {
        "users": 3,
        "active_users": 2,
        "threads": 5,
        "open_sessions": 1,
        "events": 0,
    }
