from sqlalchemy import delete, select

from verse.clients.assistant import Assistant
from verse.models import Definition, UserDefinition
from verse.services.bible import BibleService


class DefinitionService:
    def __init__(self, bible: BibleService, assistant: Assistant):
        self.bible = bible
        self.assistant = assistant

    async def define(self, db, user_id, word, reference):
        """What a word means where it stands: asked once, and kept in the history of each reader who asks."""
        passage = await self.bible.passage(reference)
        definition = await self.find(db, word, passage.reference)
        if definition is None:
            definition = await self.save(db, word, passage.reference, await self.assistant.define(word, passage))
        await self.remember(db, user_id, definition)
        return definition

    async def find(self, db, word, reference):
        return (
            await db.scalars(select(Definition).filter_by(word=word.lower(), reference=reference).limit(1))
        ).first()

    async def save(self, db, word, reference, found):
        definition = Definition(word=word.lower(), reference=reference, sense=found.sense, usage=found.usage)
        db.add(definition)
        await db.commit()
        await db.refresh(definition)
        return definition

    async def remember(self, db, user_id, definition) -> None:
        known = [link.user_id for link in await definition.awaitable_attrs.readers]
        if user_id not in known:
            db.add(UserDefinition(user_id=user_id, definition_id=definition.id))
            await db.commit()
            await db.refresh(definition, ["readers"])

    async def history(self, db, user_id, limit=50, offset=0):
        """The last ones first."""
        return (
            await db.scalars(
                select(Definition)
                .join(UserDefinition)
                .where(UserDefinition.user_id == user_id)
                .order_by(UserDefinition.id.desc())
                .limit(limit)
                .offset(offset)
            )
        ).unique().all()

    async def clear(self, db, user_id) -> int:
        cleared = (await db.execute(delete(UserDefinition).where(UserDefinition.user_id == user_id))).rowcount
        await db.commit()
        return cleared
