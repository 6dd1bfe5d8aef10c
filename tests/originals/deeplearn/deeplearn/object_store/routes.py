import hmac
import time
from typing import Annotated

from fastapi import APIRouter, Query, Response

from deeplearn.infrastructure.errors import Forbidden, NotFound
from deeplearn.infrastructure.public import ObjectStoreSessionDependency
from deeplearn.infrastructure.types import LARGEST, Key
from deeplearn.object_store.public import AudioRead, object_store_provider
from deeplearn.object_store.service import signature as signature_of
from user.public import CurrentUser

router = APIRouter(prefix="/api/v1/audio", tags=["audio"])


@router.get("/{audio_id}")
async def read_audio(audio_id: Key, session: ObjectStoreSessionDependency, user: CurrentUser) -> AudioRead:
    audio = await object_store_provider(session).get_audio(audio_id)
    if audio is None or audio.user_id not in (None, user.id):
        raise NotFound("no such recording")
    return audio


@router.get("/{audio_id}/content", response_class=Response)
async def read_content(
    audio_id: Key,
    session: ObjectStoreSessionDependency,
    expires: Annotated[int, Query(ge=0, le=LARGEST)],
    signature: Annotated[str, Query(max_length=64)],
) -> Response:
    """The recording itself; whoever has a signed address may hear it."""
    is_good = hmac.compare_digest(signature.encode(), signature_of(audio_id, expires).encode())
    if not is_good or expires < time.time() // 60:
        raise Forbidden("this address is not good, or no longer")
    audio, content = await object_store_provider(session).content(audio_id)
    return Response(content, media_type=audio.content_type)
