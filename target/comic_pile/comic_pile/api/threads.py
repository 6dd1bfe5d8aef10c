from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from comic_pile.api.dependencies import CurrentUser, Db
from comic_pile.config import settings
from comic_pile.models import Thread, ThreadStatus
from comic_pile.schemas import Id, Imported, PlainText, Reactivation, ThreadChange, ThreadCreate, ThreadRead
from comic_pile.services import queue, sheets

router = APIRouter(prefix="/threads", tags=["threads"])


@router.get("", response_model=list[ThreadRead])
async def list_threads(
    db: Db,
    user: CurrentUser,
    status: ThreadStatus | None = None,
    text: Annotated[PlainText | None, Query(max_length=120)] = None,
) -> list[Thread]:
    return await queue.threads(db, user.id, status, text)


@router.post("", response_model=ThreadRead, status_code=status.HTTP_201_CREATED)
async def create_thread(data: ThreadCreate, db: Db, user: CurrentUser) -> Thread:
    return await queue.add(db, user.id, data.title, data.format, data.issues_left, data.notes)


@router.get("/stale", response_model=list[ThreadRead])
async def list_stale_threads(
    db: Db, user: CurrentUser, days: Annotated[int, Query(ge=1, le=3650)] = settings.stale_days
) -> Sequence[Thread]:
    return await queue.stale(db, user.id, days)


@router.get("/export", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def export_threads(db: Db, user: CurrentUser) -> Response:
    content = sheets.written(await queue.threads(db, user.id, None, None))
    headers = {"Content-Disposition": 'attachment; filename="threads.csv"'}
    return Response(content, media_type="text/csv", headers=headers)


@router.post("/import")
async def import_threads(content: Annotated[bytes, Body(media_type="text/csv")], db: Db, user: CurrentUser) -> Imported:
    added, skipped = await queue.take_in(db, user.id, sheets.parsed(content, settings.import_rows))
    return Imported(added=added, skipped=skipped)


@router.get("/{thread_id}", response_model=ThreadRead)
async def read_thread(thread_id: Id, db: Db, user: CurrentUser) -> Thread:
    return await queue.thread(db, user.id, thread_id)


@router.patch("/{thread_id}", response_model=ThreadRead)
async def change_thread(thread_id: Id, data: ThreadChange, db: Db, user: CurrentUser) -> Thread:
    return await queue.change(db, user.id, thread_id, data.model_dump(exclude_none=True))


@router.delete("/{thread_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_thread(thread_id: Id, db: Db, user: CurrentUser) -> None:
    await queue.remove(db, user.id, thread_id)


@router.post("/{thread_id}/reactivate", response_model=ThreadRead)
async def reactivate_thread(thread_id: Id, data: Reactivation, db: Db, user: CurrentUser) -> Thread:
    return await queue.reactivate(db, user.id, thread_id, data.issues_left)
