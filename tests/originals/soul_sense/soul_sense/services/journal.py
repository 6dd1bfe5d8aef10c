"""The journal."""

from datetime import timedelta

from fastapi import Depends
from sqlalchemy import or_
from sqlalchemy.orm import Session

from soul_sense.clock import today, utcnow
from soul_sense.database import get_db
from soul_sense.errors import NotFound
from soul_sense.models import JournalEntry, Tag
from soul_sense.services.audit import AuditService
from soul_sense.services.gamification import GamificationService


class JournalService:
    def __init__(self, db: Session = Depends(get_db)):
        self.db = db
        self.audit = AuditService(db)
        self.gamification = GamificationService(db)

    def entries(self, user):
        return self.db.query(JournalEntry).filter(JournalEntry.user_id == user.id, JournalEntry.deleted_at.is_(None))

    def search(self, user, text=None, tag=None, mood=None, since=None, offset=0, limit=20):
        """Pages that fit, the last first, and how many there are."""
        query = self.entries(user)
        if text:
            query = query.filter(
                or_(
                    JournalEntry.title.icontains(text, autoescape=True),
                    JournalEntry.content.icontains(text, autoescape=True),
                )
            )
        if tag:
            query = query.join(JournalEntry.tags).filter(Tag.name == tag.lower())
        if mood is not None:
            query = query.filter(JournalEntry.mood == mood)
        if since is not None:
            query = query.filter(JournalEntry.written_on >= since)
        found = query.order_by(JournalEntry.written_on.desc(), JournalEntry.id.desc()).offset(offset).limit(limit)
        return found.all(), query.count()

    def entry(self, user, entry_id):
        """A page of this user; somebody else's is not there at all."""
        entry = self.entries(user).filter(JournalEntry.id == entry_id).one_or_none()
        if entry is None:
            raise NotFound("no such entry")
        return entry

    def tag(self, user, name):
        """The tag of this name, which is made if need be."""
        known = self.db.query(Tag).filter_by(user_id=user.id, name=name).first()
        return known or Tag(user_id=user.id, name=name)

    def tagged(self, user, names):
        return [self.tag(user, name) for name in sorted({name.lower() for name in names})]

    def write(self, user, title, content, mood, tags=(), written_on=None, follows_id=None):
        follows = self.entry(user, follows_id) if follows_id is not None else None
        entry = JournalEntry(
            user=user, title=title, content=content, mood=mood, written_on=written_on or today(), follows=follows
        )
        entry.tags = self.tagged(user, tags)
        self.db.add(entry)
        self.gamification.progress(user, "journal")
        self.db.commit()
        self.db.refresh(entry)
        return entry

    def change(self, user, entry_id, changes):
        entry = self.entry(user, entry_id)
        tags = changes.pop("tags", None)
        for name, value in changes.items():
            setattr(entry, name, value)
        if tags is not None:
            entry.tags = self.tagged(user, tags)
        self.db.commit()
        self.db.refresh(entry)
        return entry

    def thread(self, user, entry_id):
        """A page, what it follows on, and what follows on it."""
        entry = self.entry(user, entry_id)
        before, current = [], entry.follows
        while current is not None and len(before) < 50:
            before.append(current)
            current = current.follows
        return [*reversed(before), entry, *entry.followed_by]

    def delete(self, user, entry_id):
        """Put a page into the bin."""
        entry = self.entry(user, entry_id)
        entry.deleted_at = utcnow()
        self.audit.record(user, "entry deleted", entry.title)
        self.db.commit()

    def restore(self, user, entry_id):
        entry = (
            self.db.query(JournalEntry)
            .filter(JournalEntry.user_id == user.id, JournalEntry.id == entry_id, JournalEntry.deleted_at.isnot(None))
            .first()
        )
        if entry is None:
            raise NotFound("no such entry in the bin")
        entry.deleted_at = None
        self.db.commit()
        self.db.refresh(entry)
        return entry

    def tag_names(self, user):
        """The tags that are in use, with the number of their pages."""
        counts = {}
        for tag in user.tags:
            used = [entry for entry in tag.entries if entry.deleted_at is None]
            if used:
                counts[tag.name] = len(used)
        return counts

    def rename_tag(self, user, old, new):
        tag = self.db.query(Tag).filter_by(user_id=user.id, name=old.lower()).one_or_none()
        if tag is None:
            raise NotFound("no such tag")
        same = self.db.query(Tag).filter_by(user_id=user.id, name=new.lower()).first()
        if same is None or same is tag:
            tag.name = new.lower()
        else:
            for entry in list(tag.entries):
                if same not in entry.tags:
                    entry.tags.append(same)
            self.db.delete(tag)
        self.db.commit()

    def purge(self, days):
        """Delete for good what has been in the bin for some days; how many pages that were."""
        old = self.db.query(JournalEntry).filter(JournalEntry.deleted_at < utcnow() - timedelta(days=days))
        deleted = old.delete(synchronize_session=False)
        self.db.commit()
        return deleted
