"""What other modules may use of the object store."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from deeplearn.infrastructure.config import settings
from deeplearn.object_store.repo import AudioRepo
from deeplearn.object_store.service import AudioCreate, AudioRead, ObjectStore
from deeplearn.object_store.storage import FolderStorage


class ObjectStoreProvider(Protocol):
    async def upload_audio(self, data: AudioCreate) -> AudioRead: ...

    async def get_audio(self, audio_id: str, *, include_url: bool = False) -> AudioRead | None: ...

    async def signed_url(self, audio_id: str) -> str: ...

    async def content(self, audio_id: str) -> tuple[AudioRead, bytes]: ...

    async def delete_audio(self, audio_id: str) -> bool: ...


def object_store_provider(session: AsyncSession) -> ObjectStoreProvider:
    return ObjectStore(AudioRepo(session), FolderStorage(settings.storage_folder))


__all__ = ["AudioCreate", "AudioRead", "ObjectStoreProvider", "object_store_provider"]
