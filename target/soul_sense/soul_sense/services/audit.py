"""What was done to an account, and when."""

from fastapi import Depends
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from soul_sense.database import get_db
from soul_sense.models import AuditEvent


class AuditService:
    def __init__(self, db: AsyncSession = Depends(get_db)):
        self.db = db

    def record(self, user, action, detail=""):
        """Note what happened; whoever calls commits."""
        event = AuditEvent(user=user, action=action, detail=detail[:200])
        self.db.add(event)
        return event

    async def of_user(self, user, action=None, offset=0, limit=50):
        query = select(AuditEvent).where(AuditEvent.user_id == user.id)
        if action:
            query = query.where(AuditEvent.action == action)
        return (
            await self.db.scalars(
                query.order_by(AuditEvent.id.desc()).offset(offset).limit(limit)
            )
        ).all()

    async def purge(self, before):
        """Delete the events from before a moment; how many there were."""
        deleted = (
            await self.db.execute(delete(AuditEvent).where(AuditEvent.created_at < before))
        ).rowcount
        await self.db.commit()
        return deleted
