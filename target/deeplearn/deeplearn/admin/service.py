from pydantic import BaseModel

from deeplearn.catalog.public import CatalogProvider, Statistics
from deeplearn.content.public import ContentProvider, UnitRead
from deeplearn.content_creator.public import (
    ContentCreatorProvider,
    FlowRunDetail,
    FlowRunRead,
)


class Overview(BaseModel):
    content: Statistics
    flow_runs: int
    failed_units: list[UnitRead]


class AdminService:
    def __init__(self, content: ContentProvider, catalog: CatalogProvider, creator: ContentCreatorProvider) -> None:
        self.content = content
        self.catalog = catalog
        self.creator = creator

    async def overview(self) -> Overview:
        return Overview(
            content=await self.catalog.statistics(),
            flow_runs=await self.creator.count_runs(),
            failed_units=await self.content.get_units_by_status("failed", limit=20),
        )

    async def flow_runs(self, status: str | None, limit: int, offset: int) -> list[FlowRunRead]:
        return await self.creator.list_runs(status, limit, offset)

    async def flow_run(self, run_id: str) -> FlowRunDetail:
        return await self.creator.run(run_id)

    async def units(self, limit: int, offset: int) -> list[UnitRead]:
        return await self.content.list_units(limit, offset)

    async def give_unit(self, unit_id: str, owner_user_id: int | None) -> UnitRead:
        return await self.content.assign_unit_owner(unit_id, owner_user_id)
