from typing import Any

from fastapi import APIRouter, Depends, Response

from soul_sense.models import User
from soul_sense.routers.dependencies import current_user
from soul_sense.services.export import ExportService

router = APIRouter(prefix="/export", tags=["export"])


@router.get("")
async def export_everything(user: User = Depends(current_user), export: ExportService = Depends()) -> dict[str, Any]:
    return await export.everything(user)


@router.get("/journal.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def export_journal(user: User = Depends(current_user), export: ExportService = Depends()):
    return Response(await export.journal_sheet(user), media_type="text/csv")
