from datetime import timedelta

from sqlalchemy import delete, func, select, update

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

    async def generate_code(self, db, user_id):
        """A code and when it expires."""
        codes = select(LinkCode).where(LinkCode.user_id == user_id, LinkCode.status == "pending")
        waiting = await db.scalar(select(func.count()).select_from(codes.where(LinkCode.expires_at > now()).subquery()))
        if waiting >= settings.max_link_codes:
            raise TooMany(f"there are {waiting} codes waiting already")
        code = new_code()
        link = LinkCode(
            user_id=user_id, code_hash=digest(code), expires_at=now() + timedelta(minutes=settings.link_code_minutes)
        )
        db.add(link)
        await db.commit()
        return code, link.expires_at

    async def accept(self, db, code, device_name, reader_id=None):
        """Add a device to the reader who made the code; the device and its token.

        With `reader_id` the device has been used without a link: what it has gathered moves along.
        """
        link = await self._usable(db, code)
        if reader_id == link.user_id:
            raise Conflict("the device is linked already")
        # Of two that come at the same time, one finds the code in use.
        taken = (
            await db.execute(
                update(LinkCode)
                .where(LinkCode.id == link.id, LinkCode.status == "pending")
                .values({"status": "used"})
            )
        ).rowcount
        if not taken:
            raise Gone("the code was used")
        user_id = link.user_id
        if reader_id is not None:
            await self.merge(db, reader_id, user_id)
        device, token = await self.users.add_device(db, user_id, device_name)
        await db.commit()
        return device, token

    async def _usable(self, db, code):
        link = (
            await db.scalars(select(LinkCode).where(LinkCode.code_hash == digest(normalized(code))).limit(1))
        ).first()
        if link is None:
            raise NotFound("no such code")
        if link.status != "pending":
            raise Gone(f"the code was {link.status}")
        if link.expires_at <= now():
            raise Gone("the code has expired")
        return link

    async def merge(self, db, source_id, target_id) -> int:
        """Give one reader's data and devices to another; how many conversations and messages that were."""
        moved = 0
        for model in (Conversation, InsightMessage):
            belonging = update(model).where(model.user_id == source_id)
            moved += (
                await db.execute(belonging.values({"user_id": target_id}).execution_options(synchronize_session=False))
            ).rowcount
        await self._move_history(db, UserInsight, UserInsight.insight_id, source_id, target_id)
        await self._move_history(db, UserDefinition, UserDefinition.definition_id, source_id, target_id)
        await db.execute(
            delete(LinkCode).where(LinkCode.user_id == source_id).execution_options(synchronize_session=False)
        )
        await db.execute(
            update(Device).where(Device.user_id == source_id).values(
                {"user_id": target_id, "revoked_at": now()}
            ).execution_options(synchronize_session=False)
        )
        await db.execute(delete(User).where(User.id == source_id).execution_options(synchronize_session=False))
        return moved

    async def _move_history(self, db, model, key, source_id, target_id) -> None:
        """Move the entries of a history; those that the target has as well are dropped."""
        known = [row[0] for row in await db.execute(select(key).where(model.user_id == target_id))]
        own = model.user_id == source_id
        await db.execute(delete(model).where(own, key.in_(known)).execution_options(synchronize_session=False))
        await db.execute(
            update(model).where(own).values({"user_id": target_id}).execution_options(synchronize_session=False)
        )

    async def devices(self, db, user_id):
        return (
            await db.scalars(
                select(Device).where(Device.user_id == user_id, Device.revoked_at.is_(None)).order_by(Device.id)
            )
        ).all()

    async def unlink(self, db, user_id, device_id) -> None:
        device = (
            await db.scalars(select(Device).filter_by(id=device_id, user_id=user_id, revoked_at=None).limit(1))
        ).first()
        if device is None:
            raise NotFound("no such device")
        if len(await self.devices(db, user_id)) == 1:
            raise Conflict("the last device can't be unlinked")
        device.revoked_at = now()
        await db.commit()

    async def revoke_codes(self, db, user_id) -> int:
        """Take back the codes that nobody has used; how many."""
        revoked = (
            await db.execute(
                update(LinkCode)
                .where(LinkCode.user_id == user_id, LinkCode.status == "pending")
                .values({"status": "revoked"})
            )
        ).rowcount
        await db.commit()
        return revoked

    async def delete_expired_codes(self, db) -> int:
        deleted = (await db.execute(delete(LinkCode).where(LinkCode.expires_at < now()))).rowcount
        await db.commit()
        return deleted
