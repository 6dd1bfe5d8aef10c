from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError

from deeplearn.admin.public import AdminProvider, Overview, admin_provider
from deeplearn.content.public import UnitRead
from deeplearn.content_creator.public import FlowRunDetail, FlowRunRead
from deeplearn.infrastructure.errors import NotFound
from deeplearn.infrastructure.public import SessionDependency
from deeplearn.infrastructure.types import LARGEST, Key, Limit, Offset
from user.public import current_admin

router = APIRouter(prefix="/api/v1/admin", tags=["admin"], dependencies=[Depends(current_admin)])


def get_admin(session: SessionDependency) -> AdminProvider:
    return admin_provider(session)


Admin = Annotated[AdminProvider, Depends(get_admin)]


class Owner(BaseModel):
    user_id: Annotated[int, Field(ge=1, le=LARGEST)] | None = None


@router.get("/overview")
def read_overview(admin: Admin) -> Overview:
    return admin.overview()


@router.get("/flows")
def list_flow_runs(
    admin: Admin,
    status: Literal["running", "completed", "failed"] | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[FlowRunRead]:
    return admin.flow_runs(status, limit, offset)


@router.get("/flows/{run_id}")
def read_flow_run(run_id: Key, admin: Admin) -> FlowRunDetail:
    return admin.flow_run(run_id)


@router.get("/units")
def list_units(admin: Admin, limit: Limit = 50, offset: Offset = 0) -> list[UnitRead]:
    return admin.units(limit, offset)


@router.put("/units/{unit_id}/owner")
def give_unit(unit_id: Key, owner: Owner, admin: Admin) -> UnitRead:
    try:
        return admin.give_unit(unit_id, owner.user_id)
    except IntegrityError:
        raise NotFound("no such user") from None
