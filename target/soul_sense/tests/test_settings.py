"""Settings that clients keep in step."""

import pytest


async def put(client, value, version=0, key="font"):
    return await client.put(f"/settings/{key}", json={"value": value, "version": version})


@pytest.mark.parametrize("value", ["serif", 12, 1.5, True, None, [1, 2], {"size": 12, "face": {"name": "x"}}])
async def test_any_value_can_be_kept(client, value):
    body = (await put(client, value)).json()
    assert (body["key"], body["value"], body["version"]) == ("font", value, 1)
    assert (await client.get("/settings/font")).json() == body


async def test_versions_go_up(client):
    await put(client, "a")
    assert (await put(client, "b", 1)).json()["version"] == 2
    assert (await put(client, "c", 2)).json()["version"] == 3
    assert (await client.get("/settings/font")).json()["value"] == "c"


@pytest.mark.parametrize(
    ("version", "told"), [(0, "is there already"), (1, "has changed"), (9, "has changed in the meantime")]
)
async def test_nobody_overwrites_what_he_has_not_seen(client, version, told):
    await put(client, "a")
    await put(client, "b", 1)
    response = await put(client, "mine", version)
    assert response.status_code == 409
    assert told in response.json()["detail"]
    assert (await client.get("/settings/font")).json()["value"] == "b"


async def test_a_setting_that_is_not_there_has_no_version(client):
    assert (await put(client, "a", 1)).status_code == 409


async def test_list_settings(client):
    await put(client, 1, key="b")
    await put(client, 2, key="a")
    await put(client, 3, 1, key="b")
    assert [(s["key"], s["version"]) for s in (await client.get("/settings")).json()] == [("a", 1), ("b", 2)]
    assert [s["key"] for s in (await client.get("/settings", params={"since": 1})).json()] == ["b"]


async def test_delete_a_setting(client):
    await put(client, "a")
    assert (await client.delete("/settings/font")).status_code == 204
    assert (await client.get("/settings/font")).status_code == 404
    assert (await client.delete("/settings/font")).status_code == 404


@pytest.mark.parametrize("key", ["x" * 81, "with space", "' OR 1=1", "%00", "ä"])
async def test_what_is_no_key(client, key):
    assert (await put(client, 1, key=key)).status_code == 422


@pytest.mark.parametrize("body", [{}, {"version": 1}, {"value": 1, "version": -1}, {"value": 1, "version": 2**31}])
async def test_what_can_not_be_written(client, body):
    assert (await client.put("/settings/font", json=body)).status_code == 422


async def test_settings_are_ones_own(client, as_other):
    await put(client, "mine")
    assert (await client.get("/settings/font", headers=as_other)).status_code == 404
    assert (await client.delete("/settings/font", headers=as_other)).status_code == 404
    assert (await client.get("/settings", headers=as_other)).json() == []
