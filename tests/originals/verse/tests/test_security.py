from datetime import timedelta

import pytest

from verse.api.dependencies import chat, insights, links, users
from verse.models import Conversation, Definition, Insight, User, now

PROTECTED = [
    ("GET", "/users/me"),
    ("DELETE", "/users/me/data"),
    ("GET", "/users/me/export"),
    ("POST", "/users/me/import"),
    ("POST", "/devices/codes"),
    ("DELETE", "/devices/codes"),
    ("GET", "/devices"),
    ("DELETE", "/devices/1"),
    ("GET", "/insights"),
    ("DELETE", "/insights"),
    ("GET", "/insights/1/messages"),
    ("DELETE", "/insights/1/messages"),
    ("GET", "/definitions"),
    ("DELETE", "/definitions"),
    ("GET", "/conversations"),
    ("GET", "/conversations/1/messages"),
    ("DELETE", "/conversations/1"),
]
INJECTIONS = ["' OR '1'='1", "1; DROP TABLE users; --", '" UNION SELECT * FROM devices --', "%", "\\"]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_a_token_is_needed(client, method, path):
    response = client.request(method, path, json={} if method == "POST" else None)
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("header", ["Bearer unknown", "Bearer ' OR 1=1 --", "Basic YTpi", "Bearer", ""])
def test_wrong_tokens(client, registered, header):
    assert client.get("/users/me", headers={"Authorization": header}).status_code == 401


def test_expired_tokens(client, db, device, as_reader):
    device.expires_at = now() - timedelta(seconds=1)
    db.commit()
    response = client.get("/users/me", headers=as_reader)
    assert (response.status_code, response.json()) == (401, {"detail": "the token has expired"})


def test_revoked_tokens(client, db, reader, device, as_reader):
    users.add_device(db, reader.id, "Watch")
    links.unlink(db, reader.id, device.id)
    response = client.get("/users/me", headers=as_reader)
    assert (response.status_code, response.json()) == (401, {"detail": "this device was unlinked"})


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_insights_of_others_are_not_there(client, db, as_reader, as_other, method):
    insight = client.post("/insights", json={"reference": "John 1"}, headers=as_reader).json()
    body = {"content": "Hello"} if method == "POST" else None
    response = client.request(method, f"/insights/{insight['id']}/messages", json=body, headers=as_other)
    assert response.status_code == 404


@pytest.mark.parametrize(("method", "end"), [("GET", "/messages"), ("POST", "/messages"), ("DELETE", "")])
def test_conversations_of_others_are_not_there(client, db, reader, as_other, method, end):
    conversation = chat.start(db, reader.id, "Mine")
    body = {"content": "Hello"} if method == "POST" else None
    response = client.request(method, f"/conversations/{conversation.id}{end}", json=body, headers=as_other)
    assert response.status_code == 404
    assert db.query(Conversation).count() == 1


def test_devices_of_others_are_not_there(client, device, as_other):
    assert client.delete(f"/devices/{device.id}", headers=as_other).status_code == 404


@pytest.mark.parametrize("text", INJECTIONS)
def test_texts_are_never_sql(client, db, reader, as_reader, text):
    assert client.post("/users", json={"device": text}).status_code == 201
    assert client.get("/passages", params={"reference": text}).status_code == 400
    assert client.post("/devices/link", json={"code": text}).status_code in {404, 422}
    response = client.post("/conversations", json={"content": text}, headers=as_reader)
    assert response.status_code == 201
    assert db.query(Conversation.title).all() == [(text,)]
    assert db.query(User).count() == 2


@pytest.mark.parametrize("key", ["0", "-1", "x", "1.5", "99999999999999999999", "1%20OR%201=1"])
def test_keys_are_checked(client, as_reader, key):
    assert client.get(f"/conversations/{key}/messages", headers=as_reader).status_code == 422


@pytest.mark.parametrize("body", ["", "{", "[]", '{"content": null}', '{"content": "\\ud800"}'])
def test_broken_bodies_are_told(client, as_reader, body):
    response = client.post("/conversations", content=body, headers={**as_reader, "Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["detail"]


@pytest.mark.asyncio
async def test_asking_with_quotes_finds_nothing(db, reader):
    insight = await insights.explain(db, reader.id, "John 1")
    assert insights.find(db, "John 1' OR '1'='1") is None
    assert db.query(Insight.id).all() == [(insight.id,)]
    assert db.query(Definition).count() == 0
