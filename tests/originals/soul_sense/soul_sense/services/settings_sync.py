"""Settings of clients, kept in step: the newest version wins, and nobody overwrites what he has not seen."""

from fastapi import Depends
from sqlalchemy.orm import Session

from soul_sense.clock import utcnow
from soul_sense.database import get_db
from soul_sense.errors import Conflict, NotFound
from soul_sense.models import SyncedSetting


class SettingsSyncService:
    def __init__(self, db: Session = Depends(get_db)):
        self.db = db

    def all(self, user, since=0):
        return (
            self.db.query(SyncedSetting)
            .filter(SyncedSetting.user_id == user.id, SyncedSetting.version > since)
            .order_by(SyncedSetting.key)
            .all()
        )

    def get(self, user, key):
        setting = self.db.query(SyncedSetting).filter_by(user_id=user.id, key=key).first()
        if setting is None:
            raise NotFound("no such setting")
        return setting

    def put(self, user, key, value, version):
        """Write a setting; `version` is the one that the client knows, 0 for a new one."""
        if version == 0:
            if self.db.query(SyncedSetting).filter_by(user_id=user.id, key=key).count():
                raise Conflict("this setting is there already")
            setting = SyncedSetting(user_id=user.id, key=key, value=value)
            self.db.add(setting)
            self.db.commit()
            return setting
        known = self.db.query(SyncedSetting).filter_by(user_id=user.id, key=key, version=version)
        values = {SyncedSetting.value: value, SyncedSetting.version: version + 1, SyncedSetting.updated_at: utcnow()}
        if not known.update(values, synchronize_session=False):
            self.db.rollback()
            raise Conflict("this setting has changed in the meantime")
        self.db.commit()
        return self.get(user, key)

    def delete(self, user, key):
        deleted = self.db.query(SyncedSetting).filter_by(user_id=user.id, key=key).delete()
        if not deleted:
            raise NotFound("no such setting")
        self.db.commit()
