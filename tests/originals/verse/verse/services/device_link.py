from datetime import timedelta

from verse.config import settings
from verse.errors import Conflict, Gone, NotFound, TooMany
from verse.models import (
    Conversation,
    Device,
    InsightMessage,
    LinkCode,
    User,
    UserDefinition,
    UserInsight,
    now,
)
from verse.services.tokens import digest, new_code, normalized
from verse.services.user import UserService


class DeviceLinkService:
    """Further devices of a reader, joined by codes that are good for minutes and once."""

    def __init__(self):
        self.users = UserService()

    def generate_code(self, db, user_id):
        """A code and when it expires."""
        codes = db.query(LinkCode).filter(LinkCode.user_id == user_id, LinkCode.status == "pending")
        waiting = codes.filter(LinkCode.expires_at > now()).count()
        if waiting >= settings.max_link_codes:
            raise TooMany(f"there are {waiting} codes waiting already")
        code = new_code()
        link = LinkCode(
            user_id=user_id, code_hash=digest(code), expires_at=now() + timedelta(minutes=settings.link_code_minutes)
        )
        db.add(link)
        db.commit()
        return code, link.expires_at

    def accept(self, db, code, device_name, reader_id=None):
        """Add a device to the reader who made the code; the device and its token.

        With `reader_id` the device has been used without a link: what it has gathered moves along.
        """
        link = self._usable(db, code)
        if reader_id == link.user_id:
            raise Conflict("the device is linked already")
        # Of two that come at the same time, one finds the code in use.
        taken = (
            db.query(LinkCode)
            .filter(LinkCode.id == link.id, LinkCode.status == "pending")
            .update({"status": "used"}, synchronize_session=False)
        )
        if not taken:
            raise Gone("the code was used")
        user_id = link.user_id
        if reader_id is not None:
            self.merge(db, reader_id, user_id)
        device, token = self.users.add_device(db, user_id, device_name)
        db.commit()
        return device, token

    def _usable(self, db, code):
        link = db.query(LinkCode).filter(LinkCode.code_hash == digest(normalized(code))).first()
        if link is None:
            raise NotFound("no such code")
        if link.status != "pending":
            raise Gone(f"the code was {link.status}")
        if link.expires_at <= now():
            raise Gone("the code has expired")
        return link

    def merge(self, db, source_id, target_id) -> int:
        """Give one reader's data and devices to another; how many conversations and messages that were."""
        moved = 0
        for model in (Conversation, InsightMessage):
            belonging = db.query(model).filter(model.user_id == source_id)
            moved += belonging.update({"user_id": target_id}, synchronize_session=False)
        self._move_history(db, UserInsight, UserInsight.insight_id, source_id, target_id)
        self._move_history(db, UserDefinition, UserDefinition.definition_id, source_id, target_id)
        db.query(LinkCode).filter(LinkCode.user_id == source_id).delete(synchronize_session=False)
        db.query(Device).filter(Device.user_id == source_id).update(
            {"user_id": target_id, "revoked_at": now()}, synchronize_session=False
        )
        db.query(User).filter(User.id == source_id).delete(synchronize_session=False)
        return moved

    def _move_history(self, db, model, key, source_id, target_id) -> None:
        """Move the entries of a history; those that the target has as well are dropped."""
        known = [row[0] for row in db.query(key).filter(model.user_id == target_id)]
        own = model.user_id == source_id
        db.query(model).filter(own, key.in_(known)).delete(synchronize_session=False)
        db.query(model).filter(own).update({"user_id": target_id}, synchronize_session=False)

    def devices(self, db, user_id):
        return db.query(Device).filter(Device.user_id == user_id, Device.revoked_at.is_(None)).order_by(Device.id).all()

    def unlink(self, db, user_id, device_id) -> None:
        device = db.query(Device).filter_by(id=device_id, user_id=user_id, revoked_at=None).first()
        if device is None:
            raise NotFound("no such device")
        if len(self.devices(db, user_id)) == 1:
            raise Conflict("the last device can't be unlinked")
        device.revoked_at = now()
        db.commit()

    def revoke_codes(self, db, user_id) -> int:
        """Take back the codes that nobody has used; how many."""
        revoked = (
            db.query(LinkCode)
            .filter(LinkCode.user_id == user_id, LinkCode.status == "pending")
            .update({"status": "revoked"}, synchronize_session=False)
        )
        db.commit()
        return revoked

    def delete_expired_codes(self, db) -> int:
        deleted = db.query(LinkCode).filter(LinkCode.expires_at < now()).delete(synchronize_session=False)
        db.commit()
        return deleted
