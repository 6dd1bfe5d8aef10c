"""All that is kept of a user, to take along."""

import csv
import io

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from soul_sense.clock import utcnow
from soul_sense.database import get_db
from soul_sense.serialisers import entry_to_dict, exam_to_dict, user_to_dict
from soul_sense.services.audit import AuditService


class ExportService:
    def __init__(self, db: AsyncSession = Depends(get_db)):
        self.db = db
        self.audit = AuditService(db)

    async def everything(self, user):
        """One document with all that belongs to a user."""
        document = {
            "exported_at": utcnow().isoformat(),
            "user": user_to_dict(user),
            "exams": [await exam_to_dict(exam) for exam in await user.awaitable_attrs.exams],
            "journal": [entry_to_dict(entry) for entry in await user.awaitable_attrs.entries],
            "achievements": [earned.achievement.title for earned in await user.awaitable_attrs.earned],
            "streaks": {streak.kind: streak.longest for streak in await user.awaitable_attrs.streaks},
            "settings": {setting.key: setting.value for setting in await user.awaitable_attrs.synced},
        }
        self.audit.record(user, "data exported")
        await self.db.commit()
        return document

    async def journal_sheet(self, user):
        """The journal as comma-separated values."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["written_on", "title", "mood", "tags", "content"])
        for entry in await user.awaitable_attrs.entries:
            if entry.deleted_at is None:
                tags = " ".join(tag.name for tag in entry.tags)
                writer.writerow([entry.written_on.isoformat(), entry.title, entry.mood, tags, entry.content])
        return out.getvalue()
