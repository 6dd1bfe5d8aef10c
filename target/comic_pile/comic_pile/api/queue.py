from collections.abc import Sequence

from fastapi import APIRouter

from comic_pile.api.dependencies import CurrentUser, Db
from comic_pile.models import Thread
from comic_pile.schemas import Id, Order, Position, QueueRead, ThreadRead
from comic_pile.services import play, queue, sessions

router = APIRouter(prefix="/queue", tags=["queue"])


@router.get("")
async def read_queue(db: Db, user: CurrentUser) -> QueueRead:
    session = await sessions.current(db, user.id)
    reachable = await play.within_reach(db, session)
    threads = [ThreadRead.model_validate(thread) for thread in await queue.active(db, user.id)]
    return QueueRead(die=session.die, within_reach=[thread.id for thread in reachable], threads=threads)


@router.put("", response_model=list[ThreadRead])
async def reorder_queue(data: Order, db: Db, user: CurrentUser) -> Sequence[Thread]:
    return await queue.reorder(db, user.id, data.ids)


@router.put("/{thread_id}/position", response_model=ThreadRead)
async def move_thread(thread_id: Id, data: Position, db: Db, user: CurrentUser) -> Thread:
    return await queue.move(db, user.id, thread_id, data.position)


@router.put("/{thread_id}/front", response_model=ThreadRead)
async def move_to_front(thread_id: Id, db: Db, user: CurrentUser) -> Thread:
    return await queue.move(db, user.id, thread_id, 1)
