"""Accounts and tokens, over HTTP."""

from datetime import timedelta

import pytest

from comic_pile import security
from comic_pile.clock import now
from comic_pile.models import Token
from tests.conftest import PASSWORD

ACCOUNT = {"email": "maud@example.com", "name": "Maud", "password": "a long password"}


async def log_in(client, email="enid@example.com", password=PASSWORD):
    return await client.post("/auth/login", json={"email": email, "password": password})


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def test_register(anonymous):
    response = await anonymous.post("/auth/register", json=ACCOUNT)
    assert response.status_code == 201
    body = response.json()
    assert isinstance(body.pop("id"), int)
    assert body == {"email": "maud@example.com", "name": "Maud", "is_admin": False, "is_active": True}


async def test_addresses_are_compared_without_case(anonymous):
    assert (await anonymous.post("/auth/register", json=ACCOUNT | {"email": "Maud@Example.com"})).status_code == 201
    assert (await anonymous.post("/auth/register", json=ACCOUNT)).status_code == 409
    assert (await log_in(anonymous, "MAUD@example.com", ACCOUNT["password"])).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"email": "maud"},
        {"email": "maud@example"},
        {"email": "ma ud@example.com"},
        {"email": f"{'x' * 200}@example.com"},
        {"email": None},
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 81},
        {"name": "Ma\0ud"},
        {"password": "short"},
        {"password": "x" * 201},
        {"password": 12345678},
    ],
)
async def test_what_can_not_be_registered(anonymous, change):
    response = await anonymous.post("/auth/register", json=ACCOUNT | change)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", *change]


async def test_an_error_does_not_repeat_the_password(anonymous):
    response = await anonymous.post("/auth/register", json=ACCOUNT | {"password": "geheim"})
    assert "geheim" not in response.text


async def test_log_in(anonymous, user):
    response = await log_in(anonymous)
    assert response.status_code == 200
    body = response.json()
    assert body["token_type"] == "bearer"
    me = await anonymous.get("/auth/me", headers=bearer(body["access_token"]))
    assert me.json()["email"] == "enid@example.com"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("enid@example.com", "wrong horse"),
        ("nobody@example.com", PASSWORD),
        ("enid@example.com", "' OR '1'='1"),
        ("x'OR(1=1)--@example.com", "' OR '1'='1"),
    ],
)
async def test_wrong_addresses_and_passwords_are_told_alike(anonymous, user, email, password):
    response = await log_in(anonymous, email, password)
    assert (response.status_code, response.json()) == (401, {"detail": "wrong address or password"})


async def test_a_closed_account_can_not_log_in(anonymous, make_user):
    await make_user("gone", is_active=False)
    response = await log_in(anonymous, "gone@example.com")
    assert (response.status_code, response.json()) == (401, {"detail": "this account is closed"})


async def test_without_a_token(anonymous):
    response = await anonymous.get("/auth/me")
    assert (response.status_code, response.json()) == (401, {"detail": "log in first"})
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic ZW5pZDp4", "Bearer x.y", "Bearer " + "x" * 3000])
async def test_with_a_wrong_header(anonymous, header):
    assert (await anonymous.get("/auth/me", headers={"Authorization": header})).status_code == 401


async def test_a_refresh_token_is_no_access_token(anonymous, user):
    token = (await log_in(anonymous)).json()["refresh_token"]
    response = await anonymous.get("/auth/me", headers=bearer(token))
    assert (response.status_code, response.json()) == (401, {"detail": "this is no access token"})


async def test_an_expired_token(anonymous, db, user):
    token = Token(id="old", family="old", kind="access", user_id=user.id, expires_at=now() - timedelta(seconds=5))
    db.add(token)
    await db.commit()
    signed = security.sign(security.Claims("old", user.id, "access", int(token.expires_at.timestamp())))
    response = await anonymous.get("/auth/me", headers=bearer(signed))
    assert (response.status_code, response.json()) == (401, {"detail": "this token has expired"})


async def test_a_signed_token_that_was_never_handed_out(anonymous, user):
    later = int((now() + timedelta(hours=1)).timestamp())
    signed = security.sign(security.Claims("unknown", user.id, "access", later))
    response = await anonymous.get("/auth/me", headers=bearer(signed))
    assert (response.status_code, response.json()) == (401, {"detail": "this token is not valid"})


async def test_log_out_revokes_both_tokens(anonymous, user):
    pair = (await log_in(anonymous)).json()
    response = await anonymous.post("/auth/logout", headers=bearer(pair["access_token"]))
    assert response.json() == {"revoked": 2}
    response = await anonymous.get("/auth/me", headers=bearer(pair["access_token"]))
    assert (response.status_code, response.json()) == (401, {"detail": "this token was revoked"})
    assert (await anonymous.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).status_code == 401


async def test_log_out_leaves_other_logins_alone(anonymous, user):
    first, second = (await log_in(anonymous)).json(), (await log_in(anonymous)).json()
    await anonymous.post("/auth/logout", headers=bearer(first["access_token"]))
    assert (await anonymous.get("/auth/me", headers=bearer(second["access_token"]))).status_code == 200


async def test_log_out_everywhere(anonymous, user):
    first, second = (await log_in(anonymous)).json(), (await log_in(anonymous)).json()
    response = await anonymous.post("/auth/logout-everywhere", headers=bearer(first["access_token"]))
    assert response.json() == {"revoked": 4}
    assert (await anonymous.get("/auth/me", headers=bearer(second["access_token"]))).status_code == 401


async def test_nobody_else_is_logged_out(anonymous, user, as_other):
    pair = (await log_in(anonymous)).json()
    await anonymous.post("/auth/logout-everywhere", headers=bearer(pair["access_token"]))
    assert (await anonymous.get("/auth/me", headers=as_other)).status_code == 200


async def test_refresh(anonymous, user):
    first = (await log_in(anonymous)).json()
    second = (await anonymous.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await anonymous.get("/auth/me", headers=bearer(second["access_token"]))).status_code == 200


async def test_a_refresh_token_that_comes_twice_ends_the_family(anonymous, user):
    first = (await log_in(anonymous)).json()
    second = (await anonymous.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
    response = await anonymous.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert (response.status_code, response.json()) == (401, {"detail": "this token was used before"})
    assert (await anonymous.get("/auth/me", headers=bearer(second["access_token"]))).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a.b", "x" * 2001])
async def test_what_can_not_be_refreshed(anonymous, token):
    assert (await anonymous.post("/auth/refresh", json={"refresh_token": token})).status_code in {401, 422}


async def test_an_access_token_can_not_be_refreshed(anonymous, user):
    token = (await log_in(anonymous)).json()["access_token"]
    assert (await anonymous.post("/auth/refresh", json={"refresh_token": token})).status_code == 401


async def test_change_the_password(client):
    change = {"old_password": PASSWORD, "new_password": "battery staple"}
    response = await client.put("/auth/password", json=change)
    assert response.json() == {"revoked": 2}
    assert (await client.get("/auth/me")).status_code == 401
    assert (await log_in(client)).status_code == 401
    assert (await log_in(client, password="battery staple")).status_code == 200


async def test_the_old_password_has_to_be_known(client):
    change = {"old_password": "wrong horse", "new_password": "battery staple"}
    assert (await client.put("/auth/password", json=change)).status_code == 401
    assert (await log_in(client)).status_code == 200
