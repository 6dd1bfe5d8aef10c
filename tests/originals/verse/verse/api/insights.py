from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from verse.api.dependencies import chat, current_user, insights
from verse.api.events import EVENT_STREAM, event, failure
from verse.database import get_db
from verse.schemas import (
    Deleted,
    InsightRead,
    Key,
    Limit,
    MessageCreate,
    MessageRead,
    Offset,
    PassageAsk,
)

router = APIRouter(prefix="/insights", tags=["insights"])


@router.post("", response_model=InsightRead)
async def explain_passage(data: PassageAsk, db=Depends(get_db), user=Depends(current_user)):
    return await insights.explain(db, user.id, data.reference)


@router.get("", response_model=list[InsightRead])
def list_insights(limit: Limit = 50, offset: Offset = 0, db=Depends(get_db), user=Depends(current_user)):
    return insights.history(db, user.id, limit, offset)


@router.delete("")
def clear_insights(db=Depends(get_db), user=Depends(current_user)) -> Deleted:
    return Deleted(deleted=insights.clear(db, user.id))


@router.post("/{insight_id}/messages", response_class=StreamingResponse, responses=EVENT_STREAM)
async def ask_about_insight(insight_id: Key, data: MessageCreate, db=Depends(get_db), user=Depends(current_user)):
    insight = insights.of_reader(db, user.id, insight_id)

    async def events():
        try:
            async for piece in chat.ask_about(db, user.id, insight, data.content):
                yield event("piece", text=piece)
            yield event("done", insight_id=insight.id)
        except Exception:
            yield failure("answering")

    return StreamingResponse(events(), media_type="text/event-stream")


@router.get("/{insight_id}/messages", response_model=list[MessageRead])
async def list_messages(insight_id: Key, db=Depends(get_db), user=Depends(current_user)):
    insight = insights.of_reader(db, user.id, insight_id)
    return chat.messages_about(db, user.id, insight.id)


@router.delete("/{insight_id}/messages")
async def clear_messages(insight_id: Key, db=Depends(get_db), user=Depends(current_user)) -> Deleted:
    insight = insights.of_reader(db, user.id, insight_id)
    return Deleted(deleted=chat.clear_messages_about(db, user.id, insight.id))
