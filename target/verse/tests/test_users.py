from datetime import timedelta

import pytest
from sqlalchemy import select

from verse.api.dependencies import users
from verse.errors import Unauthorized
from verse.models import Device, User, now
from verse.services.tokens import digest


async def test_register(client, db):
    response = await client.post("/users", json={"device": "Laptop"})
    assert response.status_code == 201
    body = response.json()
    stored = (
        await db.scalars(select(Device).filter_by(token_hash=digest(body["token"])))
    ).one()
    assert stored.name == "Laptop"
    assert (await db.get(User, stored.user_id)).public_id == body["public_id"]


async def test_the_token_is_the_key(client):
    token = (await client.post("/users", json={})).json()["token"]
    me = (await client.get("/users/me", headers={"Authorization": f"Bearer {token}"})).json()
    assert [device["name"] for device in me["devices"]] == ["Browser"]


@pytest.mark.parametrize("device", ["", " ", "x" * 81, "a\x00b", 7, None])
async def test_device_names_are_checked(client, device):
    assert (await client.post("/users", json={"device": device})).status_code == 422


async def test_me_shows_all_devices(client, db, reader, as_reader):
    await users.add_device(db, reader.id, "Watch")
    await db.commit()
    me = (await client.get("/users/me", headers=as_reader)).json()
    assert me["public_id"] == reader.public_id
    assert [device["name"] for device in me["devices"]] == ["Phone", "Watch"]


async def test_authenticate(db, registered):
    user, device, token = registered
    found = await users.authenticate(db, token)
    assert found.id == device.id
    assert found.user.public_id == user.public_id


async def test_activity_is_noted_by_the_minute(db, registered):
    _, device, token = registered
    seen = device.last_active_at
    assert (await users.authenticate(db, token)).last_active_at == seen
    device.last_active_at = now() - timedelta(minutes=5)
    await db.commit()
    assert (await users.authenticate(db, token)).last_active_at >= seen


async def test_times_know_their_zone(db, device):
    await db.refresh(device)
    assert device.created_at.utcoffset() == timedelta(0)
    assert device.expires_at - device.created_at > timedelta(days=364)


@pytest.mark.parametrize("token", ["", "unknown", "' OR 1=1 --"])
async def test_unknown_tokens(db, registered, token):
    with pytest.raises(Unauthorized):
        await users.authenticate(db, token)
