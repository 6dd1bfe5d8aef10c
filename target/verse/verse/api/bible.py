from typing import Annotated

from fastapi import APIRouter, Path

from verse.api.dependencies import bible
from verse.schemas import Clean, Passage, Reference

router = APIRouter(tags=["bible"])


@router.get("/passages")
async def read_passage(reference: Reference) -> Passage:
    return await bible.passage(reference)


@router.get("/chapters/{book}/{chapter}")
async def read_chapter(book: Clean, chapter: Annotated[int, Path(ge=1, le=150)]) -> Passage:
    return await bible.chapter(book, chapter)
