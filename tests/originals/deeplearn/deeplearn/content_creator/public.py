"""What other modules may use of the content creator."""

from typing import Protocol

from sqlalchemy.orm import Session

from deeplearn.content.public import content_provider
from deeplearn.content_creator.repo import FlowRunRepo
from deeplearn.content_creator.service import (
    ContentCreatorService,
    FlowRunDetail,
    FlowRunRead,
    UnitRequest,
)
from deeplearn.content_creator.writer import TemplateWriter, Writer


class ContentCreatorProvider(Protocol):
    async def create_unit(self, request: UnitRequest, user_id: int | None = None) -> FlowRunRead: ...
    async def retry(self, unit_id: str, user_id: int) -> FlowRunRead: ...
    def run(self, run_id: str) -> FlowRunDetail: ...
    def list_runs(self, status: str | None = None, limit: int = 50, offset: int = 0) -> list[FlowRunRead]: ...
    def count_runs(self) -> int: ...


def content_creator_provider(session: Session, writer: Writer | None = None) -> ContentCreatorProvider:
    return ContentCreatorService(FlowRunRepo(session), content_provider(session), writer or TemplateWriter())


__all__ = ["ContentCreatorProvider", "FlowRunDetail", "FlowRunRead", "UnitRequest", "content_creator_provider"]
