from datetime import timedelta

import pytest

from verse.api.dependencies import users
from verse.errors import Unauthorized
from verse.models import Device, User, now
from verse.services.tokens import digest


def test_register(client, db):
    response = client.post("/users", json={"device": "Laptop"})
    assert response.status_code == 201
    body = response.json()
    stored = db.query(Device).filter_by(token_hash=digest(body["token"])).one()
    assert stored.name == "Laptop"
    assert db.get(User, stored.user_id).public_id == body["public_id"]


def test_the_token_is_the_key(client):
    token = client.post("/users", json={}).json()["token"]
    me = client.get("/users/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert [device["name"] for device in me["devices"]] == ["Browser"]


@pytest.mark.parametrize("device", ["", " ", "x" * 81, "a\x00b", 7, None])
def test_device_names_are_checked(client, device):
    assert client.post("/users", json={"device": device}).status_code == 422


def test_me_shows_all_devices(client, db, reader, as_reader):
    users.add_device(db, reader.id, "Watch")
    db.commit()
    me = client.get("/users/me", headers=as_reader).json()
    assert me["public_id"] == reader.public_id
    assert [device["name"] for device in me["devices"]] == ["Phone", "Watch"]


def test_authenticate(db, registered):
    user, device, token = registered
    found = users.authenticate(db, token)
    assert found.id == device.id
    assert found.user.public_id == user.public_id


def test_activity_is_noted_by_the_minute(db, registered):
    _, device, token = registered
    seen = device.last_active_at
    assert users.authenticate(db, token).last_active_at == seen
    device.last_active_at = now() - timedelta(minutes=5)
    db.commit()
    assert users.authenticate(db, token).last_active_at >= seen


def test_times_know_their_zone(db, device):
    db.refresh(device)
    assert device.created_at.utcoffset() == timedelta(0)
    assert device.expires_at - device.created_at > timedelta(days=364)


@pytest.mark.parametrize("token", ["", "unknown", "' OR 1=1 --"])
def test_unknown_tokens(db, registered, token):
    with pytest.raises(Unauthorized):
        users.authenticate(db, token)
