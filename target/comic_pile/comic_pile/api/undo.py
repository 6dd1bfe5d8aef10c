from collections.abc import Sequence

from fastapi import APIRouter

from comic_pile.api.dependencies import CurrentUser, Db
from comic_pile.models import Session, Snapshot
from comic_pile.schemas import Id, SessionRead, SnapshotRead
from comic_pile.services import sessions, snapshots

router = APIRouter(prefix="/undo", tags=["undo"])


@router.get("", response_model=list[SnapshotRead])
async def list_snapshots(db: Db, user: CurrentUser) -> Sequence[Snapshot]:
    return await snapshots.of_session(db, await sessions.current(db, user.id))


@router.post("", response_model=SessionRead)
async def undo_last(db: Db, user: CurrentUser) -> Session:
    return await snapshots.undo(db, await sessions.current(db, user.id))


@router.post("/{snapshot_id}", response_model=SessionRead)
async def undo_to(snapshot_id: Id, db: Db, user: CurrentUser) -> Session:
    return await snapshots.undo(db, await sessions.current(db, user.id), snapshot_id)
