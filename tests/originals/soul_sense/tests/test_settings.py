"""Settings that clients keep in step."""

import pytest


def put(client, value, version=0, key="font"):
    return client.put(f"/settings/{key}", json={"value": value, "version": version})


@pytest.mark.parametrize("value", ["serif", 12, 1.5, True, None, [1, 2], {"size": 12, "face": {"name": "x"}}])
def test_any_value_can_be_kept(client, value):
    body = put(client, value).json()
    assert (body["key"], body["value"], body["version"]) == ("font", value, 1)
    assert client.get("/settings/font").json() == body


def test_versions_go_up(client):
    put(client, "a")
    assert put(client, "b", 1).json()["version"] == 2
    assert put(client, "c", 2).json()["version"] == 3
    assert client.get("/settings/font").json()["value"] == "c"


@pytest.mark.parametrize(
    ("version", "told"), [(0, "is there already"), (1, "has changed"), (9, "has changed in the meantime")]
)
def test_nobody_overwrites_what_he_has_not_seen(client, version, told):
    put(client, "a")
    put(client, "b", 1)
    response = put(client, "mine", version)
    assert response.status_code == 409
    assert told in response.json()["detail"]
    assert client.get("/settings/font").json()["value"] == "b"


def test_a_setting_that_is_not_there_has_no_version(client):
    assert put(client, "a", 1).status_code == 409


def test_list_settings(client):
    put(client, 1, key="b")
    put(client, 2, key="a")
    put(client, 3, 1, key="b")
    assert [(s["key"], s["version"]) for s in client.get("/settings").json()] == [("a", 1), ("b", 2)]
    assert [s["key"] for s in client.get("/settings", params={"since": 1}).json()] == ["b"]


def test_delete_a_setting(client):
    put(client, "a")
    assert client.delete("/settings/font").status_code == 204
    assert client.get("/settings/font").status_code == 404
    assert client.delete("/settings/font").status_code == 404


@pytest.mark.parametrize("key", ["x" * 81, "with space", "' OR 1=1", "%00", "ä"])
def test_what_is_no_key(client, key):
    assert put(client, 1, key=key).status_code == 422


@pytest.mark.parametrize("body", [{}, {"version": 1}, {"value": 1, "version": -1}, {"value": 1, "version": 2**31}])
def test_what_can_not_be_written(client, body):
    assert client.put("/settings/font", json=body).status_code == 422


def test_settings_are_ones_own(client, as_other):
    put(client, "mine")
    assert client.get("/settings/font", headers=as_other).status_code == 404
    assert client.delete("/settings/font", headers=as_other).status_code == 404
    assert client.get("/settings", headers=as_other).json() == []
