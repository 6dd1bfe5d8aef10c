import uuid
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import joinedload, selectinload

from verse.config import settings
from verse.errors import Unauthorized
from verse.models import (
    Conversation,
    ConversationMessage,
    Definition,
    Device,
    Insight,
    InsightMessage,
    User,
    UserDefinition,
    UserInsight,
    now,
)
from verse.schemas import (
    Cleared,
    ConversationExport,
    DefinitionExport,
    Export,
    Imported,
    InsightExport,
    Said,
)
from verse.services.tokens import digest, new_token

ACTIVITY = timedelta(minutes=1)  # how exactly is told when a device was last seen


class UserService:
    async def register(self, db, device_name):
        """A new reader with a first device; the reader, the device and its token."""
        user = User(public_id=uuid.uuid4().hex)
        db.add(user)
        await db.flush()
        device, token = await self.add_device(db, user.id, device_name)
        await db.commit()
        return user, device, token

    async def add_device(self, db, user_id, name):
        token = new_token()
        expires_at = now() + timedelta(days=settings.token_days)
        device = Device(user_id=user_id, name=name, token_hash=digest(token), expires_at=expires_at)
        db.add(device)
        await db.flush()
        return device, token

    async def authenticate(self, db, token):
        """The device that a token belongs to."""
        device = (
            await db.scalars(select(Device).options(joinedload(Device.user)).where(Device.token_hash == digest(token)))
        ).one_or_none()
        if device is None:
            raise Unauthorized("unknown token")
        if device.revoked_at is not None:
            raise Unauthorized("this device was unlinked")
        if device.expires_at <= now():
            raise Unauthorized("the token has expired")
        if now() - device.last_active_at > ACTIVITY:
            device.last_active_at = now()
            await db.commit()
        return device

    async def with_devices(self, db, user_id):
        return (
            await db.scalars(select(User).options(joinedload(User.devices)).where(User.id == user_id))
        ).unique().one()

    async def clear(self, db, user_id) -> Cleared:
        """Forget all that a reader has asked and said; how much it was. The reader and the devices stay."""
        own = select(Conversation.id).where(Conversation.user_id == user_id)
        await db.execute(delete(ConversationMessage).where(ConversationMessage.conversation_id.in_(own)))
        cleared = Cleared(
            conversations=(await db.execute(delete(Conversation).filter_by(user_id=user_id))).rowcount,
            insight_messages=(await db.execute(delete(InsightMessage).filter_by(user_id=user_id))).rowcount,
            insights=(await db.execute(delete(UserInsight).filter_by(user_id=user_id))).rowcount,
            definitions=(await db.execute(delete(UserDefinition).filter_by(user_id=user_id))).rowcount,
        )
        await db.commit()
        return cleared

    async def export(self, db, user_id) -> Export:
        linked = (
            select(UserInsight)
            .options(joinedload(UserInsight.insight))
            .where(UserInsight.user_id == user_id)
            .order_by(UserInsight.id)
        )
        return Export(
            insights=[await self._insight(db, user_id, link.insight) for link in await db.scalars(linked)],
            definitions=[
                DefinitionExport.model_validate(definition, from_attributes=True)
                for definition in (
                    await db.scalars(
                        select(Definition)
                        .join(Definition.readers)
                        .where(UserDefinition.user_id == user_id)
                        .order_by(UserDefinition.id)
                    )
                ).unique()
            ],
            conversations=[
                ConversationExport.model_validate(conversation, from_attributes=True)
                for conversation in (
                    await db.scalars(
                        select(Conversation)
                        .options(joinedload(Conversation.messages))
                        .where(Conversation.user_id == user_id)
                        .order_by(Conversation.id)
                    )
                ).unique().all()
            ],
        )

    async def _insight(self, db, user_id, insight) -> InsightExport:
        said = select(InsightMessage).filter_by(user_id=user_id, insight_id=insight.id).order_by(InsightMessage.id)
        return InsightExport(
            reference=insight.reference,
            passage=insight.passage,
            background=insight.background,
            meaning=insight.meaning,
            practice=insight.practice,
            messages=[Said.model_validate(message) for message in await db.scalars(said)],
        )

    async def import_data(self, db, user_id, data: Export) -> Imported:
        """Take a reader's data in, beside what is there already; what was new."""
        imported = Imported()
        for insight in data.insights:
            await self._import_insight(db, user_id, insight, imported)
        for definition in data.definitions:
            await self._import_definition(db, user_id, definition, imported)
        for conversation in data.conversations:
            imported.conversations += await self._import_conversation(db, user_id, conversation)
        await db.commit()
        return imported

    async def _import_insight(self, db, user_id, data, imported) -> None:
        insight = (await db.scalars(select(Insight).filter_by(reference=data.reference).limit(1))).first()
        if insight is None:
            insight = Insight(**data.model_dump(exclude={"messages"}))
            db.add(insight)
            await db.flush()
        if await db.scalar(
            select(func.count()).select_from(UserInsight).filter_by(user_id=user_id, insight_id=insight.id)
        ):
            return
        db.add(UserInsight(user_id=user_id, insight_id=insight.id))
        imported.insights += 1
        for said in data.messages:
            db.add(InsightMessage(user_id=user_id, insight_id=insight.id, **said.model_dump()))
        imported.insight_messages += len(data.messages)
        await db.flush()

    async def _import_definition(self, db, user_id, data, imported) -> None:
        definition = (
            await db.scalars(select(Definition).filter_by(word=data.word, reference=data.reference).limit(1))
        ).first()
        if definition is None:
            definition = Definition(**data.model_dump())
            db.add(definition)
            await db.flush()
        if not await db.scalar(
            select(func.count()).select_from(UserDefinition).filter_by(user_id=user_id, definition_id=definition.id)
        ):
            db.add(UserDefinition(user_id=user_id, definition_id=definition.id))
            await db.flush()
            imported.definitions += 1

    async def _import_conversation(self, db, user_id, data) -> int:
        """Add a conversation, unless the reader has it: the same title, and as many messages."""
        known = (
            await db.scalars(
                select(Conversation)
                .options(selectinload(Conversation.messages))
                .filter_by(user_id=user_id, title=data.title)
            )
        ).all()
        if any(len(conversation.messages) == len(data.messages) for conversation in known):
            return 0
        messages = [ConversationMessage(**said.model_dump()) for said in data.messages]
        db.add(Conversation(user_id=user_id, title=data.title, reference=data.reference, messages=messages))
        return 1
