"""Accounts, log-ins, one-time codes."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from soul_sense.clock import utcnow
from soul_sense.mailer import mailer
from soul_sense.models import Login, OneTimeCode
from soul_sense.security import fingerprint
from tests.conftest import PASSWORD

ACCOUNT = {"username": "maud", "email": "maud@example.com", "password": "a long password"}


async def log_in(client, name="noor", password=PASSWORD):
    return await client.post("/auth/login", data={"username": name, "password": password})


def bearer(response):
    return {"Authorization": f"Bearer {response.json()['access_token']}"}


async def test_register(anonymous):
    response = await anonymous.post("/auth/register", json=ACCOUNT)
    assert response.status_code == 201
    body = response.json()
    assert (body["username"], body["display_name"]) == ("maud", "maud")
    assert body["settings"] == {"theme": "light", "language": "en", "reminders": True, "on_leaderboard": True}
    assert "password" not in response.text


@pytest.mark.parametrize("change", [{}, {"username": "MAUD"}, {"email": "Maud@Example.com"}])
async def test_names_and_addresses_are_taken_once(anonymous, change):
    await anonymous.post("/auth/register", json=ACCOUNT)
    again = {"username": "other", "email": "other@example.com", "password": "a long password"}
    response = await anonymous.post("/auth/register", json=(again | change) if change else ACCOUNT)
    assert (response.status_code, response.json()) == (409, {"detail": "this name or address is taken"})


@pytest.mark.parametrize(
    "change",
    [
        {"username": "ab"},
        {"username": "x" * 41},
        {"username": "ma ud"},
        {"username": "maud'; --"},
        {"email": "maud"},
        {"email": "maud@example"},
        {"email": f"{'x' * 200}@example.com"},
        {"email": "ma\0ud@example.com"},
        {"password": "short"},
        {"password": "x" * 201},
        {"password": None},
    ],
)
async def test_what_can_not_be_registered(anonymous, change):
    response = await anonymous.post("/auth/register", json=ACCOUNT | change)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", *change]


@pytest.mark.parametrize("name", ["noor", "NOOR", "noor@example.com"])
async def test_log_in_by_name_or_address(anonymous, user, name):
    response = await log_in(anonymous, name)
    assert response.json()["token_type"] == "bearer"
    assert (await anonymous.get("/users/me", headers=bearer(response))).json()["username"] == "noor"


@pytest.mark.parametrize(
    ("name", "password"),
    [("noor", "wrong horse"), ("nobody", PASSWORD), ("' OR 1=1 --", PASSWORD), ("noor", "' OR '1'='1")],
)
async def test_wrong_names_and_passwords_are_told_alike(anonymous, user, name, password):
    response = await log_in(anonymous, name, password)
    assert (response.status_code, response.json()) == (401, {"detail": "wrong name or password"})


async def test_a_failed_log_in_is_noted(client):
    await log_in(client, password="wrong horse")
    assert (await client.get("/users/me/audit")).json()[0]["action"] == "log-in failed"


async def test_a_closed_account(anonymous, db, user, make_headers):
    headers = await make_headers(user)
    user.is_active = False
    await db.commit()
    assert (await log_in(anonymous)).json() == {"detail": "this account is closed"}
    assert (await anonymous.get("/users/me", headers=headers)).status_code == 401


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic bm9vcjp4", "Bearer ' OR '1'='1"])
async def test_without_a_valid_token(anonymous, user, header):
    response = await anonymous.get("/users/me", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_an_expired_token(anonymous, db, user):
    expired = utcnow() - timedelta(seconds=1)
    db.add(Login(user_id=user.id, token_hash=fingerprint("old"), expires_at=expired))
    await db.commit()
    response = await anonymous.get("/users/me", headers={"Authorization": "Bearer old"})
    assert (response.status_code, response.json()) == (401, {"detail": "this token has expired"})


async def test_log_out(anonymous, user):
    first, second = bearer(await log_in(anonymous)), bearer(await log_in(anonymous))
    assert (await anonymous.post("/auth/logout", headers=first)).status_code == 204
    response = await anonymous.get("/users/me", headers=first)
    assert (response.status_code, response.json()) == (401, {"detail": "this token was revoked"})
    assert (await anonymous.get("/users/me", headers=second)).status_code == 200


async def test_log_out_everywhere(anonymous, user, as_other):
    first, second = bearer(await log_in(anonymous)), bearer(await log_in(anonymous))
    assert (await anonymous.post("/auth/logout-everywhere", headers=first)).json() == {"revoked": 2}
    assert (await anonymous.get("/users/me", headers=second)).status_code == 401
    assert (await anonymous.get("/users/me", headers=as_other)).status_code == 200


# One-time codes


@pytest.fixture
async def code(anonymous, user):
    """A code that was sent to the user."""
    assert (await anonymous.post("/auth/codes", json={"email": user.email})).status_code == 202
    [(address, text)] = mailer.sent
    assert address == "noor@example.com"
    return text.removesuffix(".").rpartition(" ")[2]


async def reset(client, code, email="noor@example.com", password="battery staple"):
    return await client.post("/auth/reset", json={"email": email, "code": code, "new_password": password})


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06}"


async def test_reset_the_password(anonymous, code):
    assert (await reset(anonymous, code)).status_code == 204
    assert (await log_in(anonymous)).status_code == 401
    assert (await log_in(anonymous, password="battery staple")).status_code == 200


async def test_a_reset_logs_out_everywhere(anonymous, user, code):
    headers = bearer(await log_in(anonymous))
    await reset(anonymous, code)
    assert (await anonymous.get("/users/me", headers=headers)).status_code == 401


async def test_a_code_is_used_once(anonymous, code):
    await reset(anonymous, code)
    response = await reset(anonymous, code, password="another one")
    assert (response.status_code, response.json()) == (401, {"detail": "this code is not valid"})


async def test_a_code_is_of_one_user(anonymous, other, code):
    assert (await reset(anonymous, code, email=other.email)).status_code == 401
    assert (await reset(anonymous, code, email="nobody@example.com")).status_code == 401


async def test_a_new_code_replaces_the_old_one(anonymous, user, code):
    await anonymous.post("/auth/codes", json={"email": user.email})
    latest = mailer.sent[-1][1].removesuffix(".").rpartition(" ")[2]
    assert (await reset(anonymous, latest)).status_code == 204


async def test_a_wrong_code_may_be_tried_again(anonymous, code):
    assert (await reset(anonymous, wrong(code))).status_code == 401
    assert (await reset(anonymous, code)).status_code == 204


async def test_nobody_tries_all_codes(anonymous, code):
    for _ in range(5):
        await reset(anonymous, wrong(code))
    assert (await reset(anonymous, code)).status_code == 401


async def test_a_code_expires(anonymous, db, code):
    await db.execute(update(OneTimeCode).values({OneTimeCode.expires_at: utcnow()}))
    await db.commit()
    assert (await reset(anonymous, code)).status_code == 401


async def test_nobody_is_told_who_has_an_account(anonymous):
    assert (await anonymous.post("/auth/codes", json={"email": "nobody@example.com"})).status_code == 202
    assert mailer.sent == []


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345x", "' OR 1", None, 123456])
async def test_what_is_no_code(anonymous, user, code):
    assert (await reset(anonymous, code)).status_code == 422
