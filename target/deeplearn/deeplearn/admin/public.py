"""What administrators may do."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from deeplearn.admin.service import AdminService, Overview
from deeplearn.catalog.public import catalog_provider
from deeplearn.content.public import UnitRead, content_provider
from deeplearn.content_creator.public import (
    FlowRunDetail,
    FlowRunRead,
    content_creator_provider,
)


class AdminProvider(Protocol):
    async def overview(self) -> Overview: ...
    async def flow_runs(self, status: str | None, limit: int, offset: int) -> list[FlowRunRead]: ...
    async def flow_run(self, run_id: str) -> FlowRunDetail: ...
    async def units(self, limit: int, offset: int) -> list[UnitRead]: ...
    async def give_unit(self, unit_id: str, owner_user_id: int | None) -> UnitRead: ...


def admin_provider(session: AsyncSession) -> AdminProvider:
    return AdminService(content_provider(session), catalog_provider(session), content_creator_provider(session))


__all__ = ["AdminProvider", "Overview", "admin_provider"]
