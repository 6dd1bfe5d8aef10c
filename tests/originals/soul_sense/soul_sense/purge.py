"""What runs beside the requests: now and then what nobody needs any more is deleted."""

import asyncio
import logging
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from soul_sense.clock import utcnow
from soul_sense.config import settings
from soul_sense.database import get_db
from soul_sense.models import Login, OneTimeCode
from soul_sense.services.audit import AuditService
from soul_sense.services.journal import JournalService

log = logging.getLogger("soul_sense.purge")
AUDIT_DAYS = 365


def purge_once():
    """One round; how many rows are gone."""
    sessions = get_db()
    db = next(sessions)
    try:
        now = utcnow()
        deleted = db.query(Login).filter(Login.expires_at <= now).delete()
        deleted += db.query(OneTimeCode).filter(OneTimeCode.expires_at <= now).delete()
        db.commit()
        deleted += JournalService(db).purge(settings.keep_deleted_days)
        deleted += AuditService(db).purge(now - timedelta(days=AUDIT_DAYS))
        return deleted
    finally:
        sessions.close()


async def purge_loop():
    """Purge at intervals. A round that fails is told, and the next one comes all the same."""
    while True:
        await asyncio.sleep(settings.purge_seconds)
        try:
            deleted = await asyncio.to_thread(purge_once)
            log.info("%d rows purged", deleted)
        except SQLAlchemyError:
            log.exception("purging failed")
