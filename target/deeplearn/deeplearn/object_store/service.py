import hashlib
import hmac
import time
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from deeplearn.infrastructure.config import settings
from deeplearn.infrastructure.errors import NotFound
from deeplearn.infrastructure.models import new_id
from deeplearn.object_store.models import AudioModel
from deeplearn.object_store.repo import AudioRepo
from deeplearn.object_store.storage import Storage

BYTES_A_SECOND = {"audio/wav": 176_400, "audio/x-wav": 176_400}
COMPRESSED = 16_000  # bytes a second of what is compressed


class AudioCreate(BaseModel):
    user_id: int | None
    filename: str
    content_type: str
    content: bytes
    transcript: str | None = None


class AudioRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    user_id: int | None
    filename: str
    content_type: str
    size: int
    duration_seconds: float | None
    transcript: str | None
    created_at: datetime
    url: str | None = None


def duration(content_type: str, size: int) -> float:
    """About how long a recording plays."""
    return round(size / BYTES_A_SECOND.get(content_type, COMPRESSED), 2)


class ObjectStore:
    """Audio files and what is known of them. Asynchronous from the beginning."""

    def __init__(self, repo: AudioRepo, storage: Storage) -> None:
        self.repo = repo
        self.storage = storage

    async def upload_audio(self, data: AudioCreate) -> AudioRead:
        key = f"audio/{new_id()}/{data.filename}"
        await self.storage.put(key, data.content)
        size = len(data.content)
        audio = AudioModel(
            user_id=data.user_id,
            key=key,
            filename=data.filename,
            content_type=data.content_type,
            size=size,
            duration_seconds=duration(data.content_type, size),
            transcript=data.transcript,
        )
        return AudioRead.model_validate(await self.repo.add(audio))

    async def get_audio(self, audio_id: str, *, include_url: bool = False) -> AudioRead | None:
        audio = await self.repo.by_id(audio_id)
        if audio is None:
            return None
        read = AudioRead.model_validate(audio)
        return read.model_copy(update={"url": await self.signed_url(audio.id)}) if include_url else read

    async def signed_url(self, audio_id: str) -> str:
        """An address that is good for some minutes."""
        expires = int(time.time()) // 60 + settings.link_minutes
        return f"/api/v1/audio/{audio_id}/content?expires={expires}&signature={signature(audio_id, expires)}"

    async def content(self, audio_id: str) -> tuple[AudioRead, bytes]:
        audio = await self.repo.by_id(audio_id)
        if audio is None:
            raise NotFound("no such recording")
        return AudioRead.model_validate(audio), await self.storage.get(audio.key)

    async def delete_audio(self, audio_id: str) -> bool:
        audio = await self.repo.by_id(audio_id)
        if audio is None:
            return False
        await self.storage.delete(audio.key)
        await self.repo.delete(audio)
        return True


def signature(audio_id: str, expires: int) -> str:
    message = f"{audio_id}:{expires}"
    return hmac.new(settings.signing_key.encode(), message.encode(), hashlib.sha256).hexdigest()
