from unittest.mock import Mock

import pytest

from deeplearn.admin.service import AdminService
from deeplearn.content_creator.models import FlowRunModel


@pytest.fixture
def runs(session, ada):
    for status in ("completed", "failed"):
        session.add(FlowRunModel(flow="unit_creation", user_id=ada.id, status=status, inputs={"topic": "Tea"}))
    session.commit()


def test_units_are_given_with_mocks():
    content = Mock()
    content.assign_unit_owner.return_value = "given"
    assert AdminService(content, Mock(), Mock()).give_unit("u", 3) == "given"
    content.assign_unit_owner.assert_called_once_with("u", 3)


def test_the_overview(client, content, session, unit, runs, as_admin):
    content.update_unit_status(unit.id, "failed", "no network")
    session.commit()
    body = client.get("/api/v1/admin/overview", headers=as_admin).json()
    assert (body["flow_runs"], body["content"]["units"]) == (2, 1)
    assert [failed["error_message"] for failed in body["failed_units"]] == ["no network"]


@pytest.mark.parametrize(("status", "count"), [(None, 2), ("failed", 1), ("running", 0)])
def test_runs_by_status(client, runs, as_admin, status, count):
    params = {"status": status} if status else {}
    assert len(client.get("/api/v1/admin/flows", params=params, headers=as_admin).json()) == count


def test_one_run(client, session, runs, as_admin):
    run = session.query(FlowRunModel).filter_by(status="failed").one()
    body = client.get(f"/api/v1/admin/flows/{run.id}", headers=as_admin).json()
    assert (body["inputs"], body["steps"]) == ({"topic": "Tea"}, [])
    assert client.get(f"/api/v1/admin/flows/{'0' * 32}", headers=as_admin).status_code == 404


def test_a_unit_gets_another_owner(client, unit, grace, as_admin):
    path = f"/api/v1/admin/units/{unit.id}/owner"
    assert client.put(path, json={"user_id": grace.id}, headers=as_admin).json()["user_id"] == grace.id
    assert client.put(path, json={"user_id": 2_000_000_000}, headers=as_admin).status_code == 404
    assert client.put(path, json={"user_id": 0}, headers=as_admin).status_code == 422
    assert client.put(path, json={}, headers=as_admin).json()["user_id"] is None
    assert len(client.get("/api/v1/admin/units", headers=as_admin).json()) == 1


@pytest.mark.parametrize("path", ["overview", "flows", "units", f"flows/{'0' * 32}"])
def test_for_administrators_only(client, as_ada, path):
    assert client.get(f"/api/v1/admin/{path}", headers=as_ada).status_code == 403
    assert client.get(f"/api/v1/admin/{path}").status_code == 401
