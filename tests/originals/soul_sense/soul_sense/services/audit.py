"""What was done to an account, and when."""

from fastapi import Depends
from sqlalchemy.orm import Session

from soul_sense.database import get_db
from soul_sense.models import AuditEvent


class AuditService:
    def __init__(self, db: Session = Depends(get_db)):
        self.db = db

    def record(self, user, action, detail=""):
        """Note what happened; whoever calls commits."""
        event = AuditEvent(user=user, action=action, detail=detail[:200])
        self.db.add(event)
        return event

    def of_user(self, user, action=None, offset=0, limit=50):
        query = self.db.query(AuditEvent).filter(AuditEvent.user_id == user.id)
        if action:
            query = query.filter(AuditEvent.action == action)
        return query.order_by(AuditEvent.id.desc()).offset(offset).limit(limit).all()

    def purge(self, before):
        """Delete the events from before a moment; how many there were."""
        deleted = self.db.query(AuditEvent).filter(AuditEvent.created_at < before).delete()
        self.db.commit()
        return deleted
