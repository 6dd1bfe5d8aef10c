from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from deeplearn.object_store.models import AudioModel


class AudioRepo:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def by_id(self, audio_id: str) -> AudioModel | None:
        return await self.session.get(AudioModel, audio_id)

    async def of_user(self, user_id: int) -> list[AudioModel]:
        query = select(AudioModel).where(AudioModel.user_id == user_id).order_by(AudioModel.created_at, AudioModel.id)
        return list((await self.session.execute(query)).scalars())

    async def add(self, audio: AudioModel) -> AudioModel:
        self.session.add(audio)
        await self.session.flush()
        return audio

    async def delete(self, audio: AudioModel) -> None:
        await self.session.delete(audio)
        await self.session.flush()
