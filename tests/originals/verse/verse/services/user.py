import uuid
from datetime import timedelta

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
    def register(self, db, device_name):
        """A new reader with a first device; the reader, the device and its token."""
        user = User(public_id=uuid.uuid4().hex)
        db.add(user)
        db.flush()
        device, token = self.add_device(db, user.id, device_name)
        db.commit()
        return user, device, token

    def add_device(self, db, user_id, name):
        token = new_token()
        expires_at = now() + timedelta(days=settings.token_days)
        device = Device(user_id=user_id, name=name, token_hash=digest(token), expires_at=expires_at)
        db.add(device)
        db.flush()
        return device, token

    def authenticate(self, db, token):
        """The device that a token belongs to."""
        device = (
            db.query(Device).options(joinedload(Device.user)).filter(Device.token_hash == digest(token)).one_or_none()
        )
        if device is None:
            raise Unauthorized("unknown token")
        if device.revoked_at is not None:
            raise Unauthorized("this device was unlinked")
        if device.expires_at <= now():
            raise Unauthorized("the token has expired")
        if now() - device.last_active_at > ACTIVITY:
            device.last_active_at = now()
            db.commit()
        return device

    def with_devices(self, db, user_id):
        return db.query(User).options(joinedload(User.devices)).filter(User.id == user_id).one()

    def clear(self, db, user_id) -> Cleared:
        """Forget all that a reader has asked and said; how much it was. The reader and the devices stay."""
        own = db.query(Conversation.id).filter(Conversation.user_id == user_id)
        db.query(ConversationMessage).filter(ConversationMessage.conversation_id.in_(own)).delete(
            synchronize_session=False
        )
        cleared = Cleared(
            conversations=db.query(Conversation).filter_by(user_id=user_id).delete(synchronize_session=False),
            insight_messages=db.query(InsightMessage).filter_by(user_id=user_id).delete(synchronize_session=False),
            insights=db.query(UserInsight).filter_by(user_id=user_id).delete(synchronize_session=False),
            definitions=db.query(UserDefinition).filter_by(user_id=user_id).delete(synchronize_session=False),
        )
        db.commit()
        return cleared

    def export(self, db, user_id) -> Export:
        linked = (
            db.query(UserInsight)
            .options(joinedload(UserInsight.insight))
            .filter(UserInsight.user_id == user_id)
            .order_by(UserInsight.id)
        )
        return Export(
            insights=[self._insight(db, user_id, link.insight) for link in linked],
            definitions=[
                DefinitionExport.model_validate(definition, from_attributes=True)
                for definition in db.query(Definition)
                .join(Definition.readers)
                .filter(UserDefinition.user_id == user_id)
                .order_by(UserDefinition.id)
            ],
            conversations=[
                ConversationExport.model_validate(conversation, from_attributes=True)
                for conversation in db.query(Conversation)
                .options(joinedload(Conversation.messages))
                .filter(Conversation.user_id == user_id)
                .order_by(Conversation.id)
                .all()
            ],
        )

    def _insight(self, db, user_id, insight) -> InsightExport:
        said = db.query(InsightMessage).filter_by(user_id=user_id, insight_id=insight.id).order_by(InsightMessage.id)
        return InsightExport(
            reference=insight.reference,
            passage=insight.passage,
            background=insight.background,
            meaning=insight.meaning,
            practice=insight.practice,
            messages=[Said.model_validate(message) for message in said],
        )

    def import_data(self, db, user_id, data: Export) -> Imported:
        """Take a reader's data in, beside what is there already; what was new."""
        imported = Imported()
        for insight in data.insights:
            self._import_insight(db, user_id, insight, imported)
        for definition in data.definitions:
            self._import_definition(db, user_id, definition, imported)
        for conversation in data.conversations:
            imported.conversations += self._import_conversation(db, user_id, conversation)
        db.commit()
        return imported

    def _import_insight(self, db, user_id, data, imported) -> None:
        insight = db.query(Insight).filter_by(reference=data.reference).first()
        if insight is None:
            insight = Insight(**data.model_dump(exclude={"messages"}))
            db.add(insight)
            db.flush()
        if db.query(UserInsight).filter_by(user_id=user_id, insight_id=insight.id).count():
            return
        db.add(UserInsight(user_id=user_id, insight_id=insight.id))
        imported.insights += 1
        for said in data.messages:
            db.add(InsightMessage(user_id=user_id, insight_id=insight.id, **said.model_dump()))
        imported.insight_messages += len(data.messages)
        db.flush()

    def _import_definition(self, db, user_id, data, imported) -> None:
        definition = db.query(Definition).filter_by(word=data.word, reference=data.reference).first()
        if definition is None:
            definition = Definition(**data.model_dump())
            db.add(definition)
            db.flush()
        if not db.query(UserDefinition).filter_by(user_id=user_id, definition_id=definition.id).count():
            db.add(UserDefinition(user_id=user_id, definition_id=definition.id))
            db.flush()
            imported.definitions += 1

    def _import_conversation(self, db, user_id, data) -> int:
        """Add a conversation, unless the reader has it: the same title, and as many messages."""
        known = (
            db.query(Conversation)
            .options(selectinload(Conversation.messages))
            .filter_by(user_id=user_id, title=data.title)
            .all()
        )
        if any(len(conversation.messages) == len(data.messages) for conversation in known):
            return 0
        messages = [ConversationMessage(**said.model_dump()) for said in data.messages]
        db.add(Conversation(user_id=user_id, title=data.title, reference=data.reference, messages=messages))
        return 1
