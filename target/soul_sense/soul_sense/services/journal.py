"""The journal."""

from datetime import timedelta

from fastapi import Depends
from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from soul_sense.clock import today, utcnow
from soul_sense.database import get_db
from soul_sense.errors import NotFound
from soul_sense.models import JournalEntry, Tag
from soul_sense.services.audit import AuditService
from soul_sense.services.gamification import GamificationService


class JournalService:
    def __init__(self, db: AsyncSession = Depends(get_db)):
        self.db = db
        self.audit = AuditService(db)
        self.gamification = GamificationService(db)

    def entries(self, user):
        return select(JournalEntry).where(JournalEntry.user_id == user.id, JournalEntry.deleted_at.is_(None))

    async def search(self, user, text=None, tag=None, mood=None, since=None, offset=0, limit=20):
        """Pages that fit, the last first, and how many there are."""
        query = self.entries(user)
        if text:
            query = query.where(
                or_(
                    JournalEntry.title.icontains(text, autoescape=True),
                    JournalEntry.content.icontains(text, autoescape=True),
                )
            )
        if tag:
            query = query.join(JournalEntry.tags).where(Tag.name == tag.lower())
        if mood is not None:
            query = query.where(JournalEntry.mood == mood)
        if since is not None:
            query = query.where(JournalEntry.written_on >= since)
        found = query.order_by(JournalEntry.written_on.desc(), JournalEntry.id.desc()).offset(offset).limit(limit)
        return (await self.db.scalars(found)).unique().all(), await self.db.scalar(select(func.count()).select_from(query.subquery()))

    async def entry(self, user, entry_id):
        """A page of this user; somebody else's is not there at all."""
        entry = (await self.db.scalars(self.entries(user).where(JournalEntry.id == entry_id))).one_or_none()
        if entry is None:
            raise NotFound("no such entry")
        return entry

    async def tag(self, user, name):
        """The tag of this name, which is made if need be."""
        known = (await self.db.scalars(select(Tag).filter_by(user_id=user.id, name=name).limit(1))).first()
        return known or Tag(user_id=user.id, name=name)

    async def tagged(self, user, names):
        return [await self.tag(user, name) for name in sorted({name.lower() for name in names})]

    async def write(self, user, title, content, mood, tags=(), written_on=None, follows_id=None):
        follows = await self.entry(user, follows_id) if follows_id is not None else None
        entry = JournalEntry(
            user=user, title=title, content=content, mood=mood, written_on=written_on or today(), follows=follows
        )
        entry.tags = await self.tagged(user, tags)
        self.db.add(entry)
        await self.gamification.progress(user, "journal")
        await self.db.commit()
        await self.db.refresh(entry)
        await self.db.refresh(entry, ["tags"])
        return entry

    async def change(self, user, entry_id, changes):
        entry = await self.entry(user, entry_id)
        tags = changes.pop("tags", None)
        for name, value in changes.items():
            setattr(entry, name, value)
        if tags is not None:
            entry.tags = await self.tagged(user, tags)
        await self.db.commit()
        await self.db.refresh(entry)
        return entry

    async def thread(self, user, entry_id):
        """A page, what it follows on, and what follows on it."""
        entry = await self.entry(user, entry_id)
        before, current = [], await entry.awaitable_attrs.follows
        while current is not None and len(before) < 50:
            before.append(current)
            current = await current.awaitable_attrs.follows
        return [*reversed(before), entry, *await entry.awaitable_attrs.followed_by]

    async def delete(self, user, entry_id):
        """Put a page into the bin."""
        entry = await self.entry(user, entry_id)
        entry.deleted_at = utcnow()
        self.audit.record(user, "entry deleted", entry.title)
        await self.db.commit()

    async def restore(self, user, entry_id):
        entry = (
            await self.db.scalars(
                select(JournalEntry)
                .where(JournalEntry.user_id == user.id, JournalEntry.id == entry_id, JournalEntry.deleted_at.isnot(None))
                .limit(1)
            )
        ).first()
        if entry is None:
            raise NotFound("no such entry in the bin")
        entry.deleted_at = None
        await self.db.commit()
        await self.db.refresh(entry)
        return entry

    async def tag_names(self, user):
        """The tags that are in use, with the number of their pages."""
        counts = {}
        for tag in await user.awaitable_attrs.tags:
            used = [entry for entry in await tag.awaitable_attrs.entries if entry.deleted_at is None]
            if used:
                counts[tag.name] = len(used)
        return counts

    async def rename_tag(self, user, old, new):
        tag = (await self.db.scalars(select(Tag).options(selectinload(Tag.entries).selectinload(JournalEntry.tags)).filter_by(user_id=user.id, name=old.lower()))).one_or_none()
        if tag is None:
            raise NotFound("no such tag")
        same = (await self.db.scalars(select(Tag).filter_by(user_id=user.id, name=new.lower()).limit(1))).first()
        if same is None or same is tag:
            tag.name = new.lower()
        else:
            for entry in list(tag.entries):
                if same not in entry.tags:
                    entry.tags.append(same)
            await self.db.delete(tag)
        await self.db.commit()

    async def purge(self, days):
        """Delete for good what has been in the bin for some days; how many pages that were."""
        old = delete(JournalEntry).where(JournalEntry.deleted_at < utcnow() - timedelta(days=days))
        deleted = (await self.db.execute(old)).rowcount
        await self.db.commit()
        return deleted
