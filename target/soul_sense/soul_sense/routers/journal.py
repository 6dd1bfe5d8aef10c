from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, status

from soul_sense.models import User
from soul_sense.routers.dependencies import current_user
from soul_sense.schemas import Day, EntryChange, EntryCreate, EntryPage, EntryRead, Id, Limit, Offset, Rename, Search
from soul_sense.services.journal import JournalService

router = APIRouter(prefix="/journal", tags=["journal"])


@router.get("", response_model=EntryPage)
async def search_entries(
    text: Search = None,
    tag: Search = None,
    mood: Annotated[int | None, Query(ge=1, le=10)] = None,
    since: Day | None = None,
    offset: Offset = 0,
    limit: Limit = 20,
    user: User = Depends(current_user),
    journal: JournalService = Depends(),
):
    items, total = await journal.search(user, text, tag, mood, since, offset, limit)
    return {"total": total, "items": items}


@router.post("", response_model=EntryRead, status_code=status.HTTP_201_CREATED)
async def write_entry(data: EntryCreate, user: User = Depends(current_user), journal: JournalService = Depends()):
    return await journal.write(user, **data.model_dump())


@router.get("/tags")
async def list_tags(user: User = Depends(current_user), journal: JournalService = Depends()) -> dict[str, int]:
    return await journal.tag_names(user)


@router.put("/tags/{name}", status_code=status.HTTP_204_NO_CONTENT)
async def rename_tag(
    name: Annotated[str, Path(max_length=40, pattern="^[^\0]+$")],
    data: Rename,
    user: User = Depends(current_user),
    journal: JournalService = Depends(),
):
    await journal.rename_tag(user, name, data.name)


@router.get("/{entry_id}", response_model=EntryRead)
async def read_entry(entry_id: Id, user: User = Depends(current_user), journal: JournalService = Depends()):
    return await journal.entry(user, entry_id)


@router.patch("/{entry_id}", response_model=EntryRead)
async def change_entry(
    entry_id: Id, data: EntryChange, user: User = Depends(current_user), journal: JournalService = Depends()
):
    return await journal.change(user, entry_id, data.model_dump(exclude_none=True))


@router.get("/{entry_id}/thread", response_model=list[EntryRead])
async def read_thread(entry_id: Id, user: User = Depends(current_user), journal: JournalService = Depends()):
    return await journal.thread(user, entry_id)


@router.delete("/{entry_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_entry(entry_id: Id, user: User = Depends(current_user), journal: JournalService = Depends()):
    await journal.delete(user, entry_id)


@router.post("/{entry_id}/restore", response_model=EntryRead)
async def restore_entry(entry_id: Id, user: User = Depends(current_user), journal: JournalService = Depends()):
    return await journal.restore(user, entry_id)
