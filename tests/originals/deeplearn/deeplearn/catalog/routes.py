"""What everybody may see without an account."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from deeplearn.catalog.public import (
    CatalogProvider,
    LessonPage,
    Statistics,
    catalog_provider,
)
from deeplearn.content.public import UnitDetailRead, UnitRead
from deeplearn.infrastructure.public import SessionDependency
from deeplearn.infrastructure.types import Key, Level, Limit, Offset, Text

router = APIRouter(prefix="/api/v1/catalog", tags=["catalog"])


def get_catalog(session: SessionDependency) -> CatalogProvider:
    return catalog_provider(session)


Catalog = Annotated[CatalogProvider, Depends(get_catalog)]


@router.get("/lessons")
def browse_lessons(
    catalog: Catalog,
    text: Annotated[Text | None, Query(max_length=100)] = None,
    learner_level: Level | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> LessonPage:
    return catalog.browse_lessons(text, learner_level, limit, offset)


@router.get("/units")
def browse_units(catalog: Catalog, limit: Limit = 50, offset: Offset = 0) -> list[UnitRead]:
    return catalog.browse_units(limit, offset)


@router.get("/units/{unit_id}")
def read_unit(unit_id: Key, catalog: Catalog) -> UnitDetailRead:
    return catalog.unit(unit_id)


@router.get("/statistics")
def read_statistics(catalog: Catalog) -> Statistics:
    return catalog.statistics()
