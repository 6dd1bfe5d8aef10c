"""What other modules may use of the catalog."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from deeplearn.catalog.repo import CatalogRepo
from deeplearn.catalog.service import CatalogService, LessonPage, Statistics
from deeplearn.content.public import UnitDetailRead, UnitRead, content_provider


class CatalogProvider(Protocol):
    async def browse_lessons(
        self, text: str | None = None, learner_level: str | None = None, limit: int = 50, offset: int = 0
    ) -> LessonPage: ...
    async def browse_units(self, limit: int = 50, offset: int = 0) -> list[UnitRead]: ...
    async def unit(self, unit_id: str) -> UnitDetailRead: ...
    async def statistics(self) -> Statistics: ...


def catalog_provider(session: AsyncSession) -> CatalogProvider:
    return CatalogService(CatalogRepo(session), content_provider(session))


__all__ = ["CatalogProvider", "LessonPage", "Statistics", "catalog_provider"]
