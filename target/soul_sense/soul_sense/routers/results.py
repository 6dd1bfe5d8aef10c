from pathlib import Path

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from soul_sense.models import User
from soul_sense.routers.dependencies import current_user
from soul_sense.schemas import LARGEST, CategoryMean, Id, Limit, Offset, ResultDetail, ResultPage
from soul_sense.services.results import ResultService

router = APIRouter(prefix="/results", tags=["results"])
templates = Jinja2Templates(directory=Path(__file__).parent.parent / "templates")


@router.get("", response_model=ResultPage)
async def list_results(
    offset: Offset = 0, limit: Limit = 20, user: User = Depends(current_user), results: ResultService = Depends()
):
    items, total = await results.history(user, offset, limit)
    return {"total": total, "items": items}


@router.get("/compare")
async def compare_results(
    before: int = Query(ge=1, le=LARGEST),
    after: int = Query(ge=1, le=LARGEST),
    user: User = Depends(current_user),
    results: ResultService = Depends(),
) -> dict[str, float]:
    return await results.compare(user, before, after)


@router.get("/weakest", response_model=list[CategoryMean])
async def list_weakest(user: User = Depends(current_user), results: ResultService = Depends()):
    return [
        CategoryMean(category=category, mean=round(float(mean), 2), answers=answers)
        for category, mean, answers in await results.weakest(user)
    ]


@router.get("/{exam_id}", response_model=ResultDetail)
async def read_result(exam_id: Id, user: User = Depends(current_user), results: ResultService = Depends()):
    return await results.detail(user, exam_id)


@router.get("/{exam_id}/report", response_class=HTMLResponse)
async def read_report(exam_id: Id, request: Request, user: User = Depends(current_user), results: ResultService = Depends()):
    """The result as a page to print."""
    exam = await results.exam(user, exam_id)
    await user.awaitable_attrs.earned  # serialised below
    await user.awaitable_attrs.settings  # serialised below
    return templates.TemplateResponse(request, "report.html", {"exam": exam, "user": user})
