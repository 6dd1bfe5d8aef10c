"""What other modules may use of the catalog."""

from typing import Protocol

from sqlalchemy.orm import Session

from deeplearn.catalog.repo import CatalogRepo
from deeplearn.catalog.service import CatalogService, LessonPage, Statistics
from deeplearn.content.public import UnitDetailRead, UnitRead, content_provider


class CatalogProvider(Protocol):
    def browse_lessons(
        self, text: str | None = None, learner_level: str | None = None, limit: int = 50, offset: int = 0
    ) -> LessonPage: ...
    def browse_units(self, limit: int = 50, offset: int = 0) -> list[UnitRead]: ...
    def unit(self, unit_id: str) -> UnitDetailRead: ...
    def statistics(self) -> Statistics: ...


def catalog_provider(session: Session) -> CatalogProvider:
    return CatalogService(CatalogRepo(session), content_provider(session))


__all__ = ["CatalogProvider", "LessonPage", "Statistics", "catalog_provider"]
