"""Settings of clients, kept in step: the newest version wins, and nobody overwrites what he has not seen."""

from fastapi import Depends
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from soul_sense.clock import utcnow
from soul_sense.database import get_db
from soul_sense.errors import Conflict, NotFound
from soul_sense.models import SyncedSetting


class SettingsSyncService:
    def __init__(self, db: AsyncSession = Depends(get_db)):
        self.db = db

    async def all(self, user, since=0):
        return (
            await self.db.scalars(
                select(SyncedSetting)
                .where(SyncedSetting.user_id == user.id, SyncedSetting.version > since)
                .order_by(SyncedSetting.key)
            )
        ).all()

    async def get(self, user, key):
        setting = (await self.db.scalars(select(SyncedSetting).filter_by(user_id=user.id, key=key).limit(1))).first()
        if setting is None:
            raise NotFound("no such setting")
        return setting

    async def put(self, user, key, value, version):
        """Write a setting; `version` is the one that the client knows, 0 for a new one."""
        if version == 0:
            if await self.db.scalar(
                select(func.count()).select_from(SyncedSetting).filter_by(user_id=user.id, key=key)
            ):
                raise Conflict("this setting is there already")
            setting = SyncedSetting(user_id=user.id, key=key, value=value)
            self.db.add(setting)
            await self.db.commit()
            await self.db.refresh(user, ["synced"])
            return setting
        known = update(SyncedSetting).filter_by(user_id=user.id, key=key, version=version)
        values = {SyncedSetting.value: value, SyncedSetting.version: version + 1, SyncedSetting.updated_at: utcnow()}
        if not (await self.db.execute(known.values(values))).rowcount:
            await self.db.rollback()
            raise Conflict("this setting has changed in the meantime")
        await self.db.commit()
        return await self.get(user, key)

    async def delete(self, user, key):
        deleted = (await self.db.execute(delete(SyncedSetting).filter_by(user_id=user.id, key=key))).rowcount
        if not deleted:
            raise NotFound("no such setting")
        await self.db.commit()
