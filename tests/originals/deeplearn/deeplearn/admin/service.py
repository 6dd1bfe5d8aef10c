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

    def overview(self) -> Overview:
        return Overview(
            content=self.catalog.statistics(),
            flow_runs=self.creator.count_runs(),
            failed_units=self.content.get_units_by_status("failed", limit=20),
        )

    def flow_runs(self, status: str | None, limit: int, offset: int) -> list[FlowRunRead]:
        return self.creator.list_runs(status, limit, offset)

    def flow_run(self, run_id: str) -> FlowRunDetail:
        return self.creator.run(run_id)

    def units(self, limit: int, offset: int) -> list[UnitRead]:
        return self.content.list_units(limit, offset)

    def give_unit(self, unit_id: str, owner_user_id: int | None) -> UnitRead:
        return self.content.assign_unit_owner(unit_id, owner_user_id)
