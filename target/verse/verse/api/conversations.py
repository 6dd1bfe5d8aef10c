from fastapi import APIRouter, Depends, status
from fastapi.responses import StreamingResponse

from verse.api.dependencies import bible, chat, current_user
from verse.api.events import EVENT_STREAM, event, failure
from verse.database import get_db
from verse.schemas import (
    ConversationCreate,
    ConversationRead,
    Deleted,
    Key,
    Limit,
    MessageCreate,
    MessageRead,
    Offset,
)

router = APIRouter(prefix="/conversations", tags=["conversations"])


def answered(db, user, conversation, content, status_code=status.HTTP_200_OK):
    """The stream of an answer; it uses the session after the handler has returned."""

    async def events():
        yield event("conversation", id=conversation.id, title=conversation.title)
        try:
            async for piece in chat.say(db, user.id, conversation, content):
                yield event("piece", text=piece)
            yield event("done", conversation_id=conversation.id)
        except Exception:
            yield failure("answering")

    return StreamingResponse(events(), status_code=status_code, media_type="text/event-stream")


@router.post(
    "", status_code=status.HTTP_201_CREATED, response_class=StreamingResponse, responses={201: EVENT_STREAM[200]}
)
async def start_conversation(data: ConversationCreate, db=Depends(get_db), user=Depends(current_user)):
    reference = (await bible.passage(data.reference)).reference if data.reference else None
    conversation = await chat.start(db, user.id, data.content, reference)
    return answered(db, user, conversation, data.content, status.HTTP_201_CREATED)


@router.post("/{conversation_id}/messages", response_class=StreamingResponse, responses=EVENT_STREAM)
async def say(conversation_id: Key, data: MessageCreate, db=Depends(get_db), user=Depends(current_user)):
    conversation = await chat.conversation(db, user.id, conversation_id)
    return answered(db, user, conversation, data.content)


@router.get("", response_model=list[ConversationRead])
async def list_conversations(limit: Limit = 50, offset: Offset = 0, db=Depends(get_db), user=Depends(current_user)):
    return await chat.conversations(db, user.id, limit, offset)


@router.get("/{conversation_id}/messages", response_model=list[MessageRead])
async def list_messages(conversation_id: Key, db=Depends(get_db), user=Depends(current_user)):
    return await (await chat.conversation(db, user.id, conversation_id)).awaitable_attrs.messages


@router.delete("/{conversation_id}")
async def delete_conversation(conversation_id: Key, db=Depends(get_db), user=Depends(current_user)) -> Deleted:
    """How many messages went with it."""
    return Deleted(deleted=await chat.delete(db, await chat.conversation(db, user.id, conversation_id)))
