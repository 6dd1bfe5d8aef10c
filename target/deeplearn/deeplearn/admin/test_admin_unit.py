from unittest.mock import AsyncMock, Mock

import pytest
from sqlalchemy import select

from deeplearn.admin.service import AdminService
from deeplearn.content_creator.models import FlowRunModel


@pytest.fixture
async def runs(session, ada):
    for status in ("completed", "failed"):
        session.add(FlowRunModel(flow="unit_creation", user_id=ada.id, status=status, inputs={"topic": "Tea"}))
    await session.commit()


async def test_units_are_given_with_mocks():
    content = AsyncMock()
    content.assign_unit_owner.return_value = "given"
    assert await AdminService(content, Mock(), Mock()).give_unit("u", 3) == "given"
    content.assign_unit_owner.assert_awaited_once_with("u", 3)


async def test_the_overview(client, content, session, unit, runs, as_admin):
    await content.update_unit_status(unit.id, "failed", "no network")
    await session.commit()
    body = (await client.get("/api/v1/admin/overview", headers=as_admin)).json()
    assert (body["flow_runs"], body["content"]["units"]) == (2, 1)
    assert [failed["error_message"] for failed in body["failed_units"]] == ["no network"]


@pytest.mark.parametrize(("status", "count"), [(None, 2), ("failed", 1), ("running", 0)])
async def test_runs_by_status(client, runs, as_admin, status, count):
    params = {"status": status} if status else {}
    assert len((await client.get("/api/v1/admin/flows", params=params, headers=as_admin)).json()) == count


async def test_one_run(client, session, runs, as_admin):
    run = (await session.scalars(select(FlowRunModel).filter_by(status="failed"))).one()
    body = (await client.get(f"/api/v1/admin/flows/{run.id}", headers=as_admin)).json()
    assert (body["inputs"], body["steps"]) == ({"topic": "Tea"}, [])
    assert (await client.get(f"/api/v1/admin/flows/{'0' * 32}", headers=as_admin)).status_code == 404


async def test_a_unit_gets_another_owner(client, unit, grace, as_admin):
    path = f"/api/v1/admin/units/{unit.id}/owner"
    assert (await client.put(path, json={"user_id": grace.id}, headers=as_admin)).json()["user_id"] == grace.id
    assert (await client.put(path, json={"user_id": 2_000_000_000}, headers=as_admin)).status_code == 404
    assert (await client.put(path, json={"user_id": 0}, headers=as_admin)).status_code == 422
    assert (await client.put(path, json={}, headers=as_admin)).json()["user_id"] is None
    assert len((await client.get("/api/v1/admin/units", headers=as_admin)).json()) == 1


@pytest.mark.parametrize("path", ["overview", "flows", "units", f"flows/{'0' * 32}"])
async def test_for_administrators_only(client, as_ada, path):
    assert (await client.get(f"/api/v1/admin/{path}", headers=as_ada)).status_code == 403
    assert (await client.get(f"/api/v1/admin/{path}")).status_code == 401
