from fastapi import APIRouter, Depends

from verse.api.dependencies import current_user, definitions
from verse.database import get_db
from verse.schemas import DefinitionRead, Deleted, Limit, Offset, WordAsk

router = APIRouter(prefix="/definitions", tags=["definitions"])


@router.post("", response_model=DefinitionRead)
async def define_word(data: WordAsk, db=Depends(get_db), user=Depends(current_user)):
    return await definitions.define(db, user.id, data.word, data.reference)


@router.get("", response_model=list[DefinitionRead])
async def list_definitions(limit: Limit = 50, offset: Offset = 0, db=Depends(get_db), user=Depends(current_user)):
    return await definitions.history(db, user.id, limit, offset)


@router.delete("")
async def clear_definitions(db=Depends(get_db), user=Depends(current_user)) -> Deleted:
    return Deleted(deleted=await definitions.clear(db, user.id))
