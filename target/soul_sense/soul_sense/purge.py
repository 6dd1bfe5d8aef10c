"""What runs beside the requests: now and then what nobody needs any more is deleted."""

import asyncio
import logging
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from soul_sense.clock import utcnow
from soul_sense.config import settings
from soul_sense.database import get_db
from soul_sense.models import Login, OneTimeCode
from soul_sense.services.audit import AuditService
from soul_sense.services.journal import JournalService

log = logging.getLogger("soul_sense.purge")
AUDIT_DAYS = 365


async def purge_once():
    """One round; how many rows are gone."""
    sessions = get_db()
    db = await anext(sessions)
    try:
        now = utcnow()
        deleted = (await db.execute(delete(Login).where(Login.expires_at <= now))).rowcount
        deleted += (
            await db.execute(delete(OneTimeCode).where(OneTimeCode.expires_at <= now))
        ).rowcount
        await db.commit()
        deleted += await JournalService(db).purge(settings.keep_deleted_days)
        deleted += await AuditService(db).purge(now - timedelta(days=AUDIT_DAYS))
        return deleted
    finally:
        await sessions.aclose()


async def purge_loop():
    """Purge at intervals. A round that fails is told, and the next one comes all the same."""
    while True:
        await asyncio.sleep(settings.purge_seconds)
        try:
            deleted = await purge_once()
            log.info("%d rows purged", deleted)
        except SQLAlchemyError:
            log.exception("purging failed")
