from typing import Annotated

from fastapi import APIRouter, Depends, status

from deeplearn.content_creator.public import (
    ContentCreatorProvider,
    FlowRunDetail,
    FlowRunRead,
    UnitRequest,
    content_creator_provider,
)
from deeplearn.infrastructure.errors import NotFound
from deeplearn.infrastructure.public import SessionDependency
from deeplearn.infrastructure.types import Key
from user.public import CurrentUser

router = APIRouter(prefix="/api/v1/creator", tags=["creator"])


def get_creator(session: SessionDependency) -> ContentCreatorProvider:
    return content_creator_provider(session)


Creator = Annotated[ContentCreatorProvider, Depends(get_creator)]


@router.post("/units", status_code=status.HTTP_201_CREATED)
async def create_unit(request: UnitRequest, creator: Creator, user: CurrentUser) -> FlowRunRead:
    return await creator.create_unit(request, user.id)


@router.post("/units/{unit_id}/retry")
async def retry_unit(unit_id: Key, creator: Creator, user: CurrentUser) -> FlowRunRead:
    return await creator.retry(unit_id, user.id)


@router.get("/runs/{run_id}")
def read_run(run_id: Key, creator: Creator, user: CurrentUser) -> FlowRunDetail:
    run = creator.run(run_id)
    if run.user_id != user.id:
        raise NotFound("no such run")
    return run
