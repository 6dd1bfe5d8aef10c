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
        definition = self.find(db, word, passage.reference)
        if definition is None:
            definition = self.save(db, word, passage.reference, await self.assistant.define(word, passage))
        self.remember(db, user_id, definition)
        return definition

    def find(self, db, word, reference):
        return db.query(Definition).filter_by(word=word.lower(), reference=reference).first()

    def save(self, db, word, reference, found):
        definition = Definition(word=word.lower(), reference=reference, sense=found.sense, usage=found.usage)
        db.add(definition)
        db.commit()
        db.refresh(definition)
        return definition

    def remember(self, db, user_id, definition) -> None:
        known = [link.user_id for link in definition.readers]
        if user_id not in known:
            db.add(UserDefinition(user_id=user_id, definition_id=definition.id))
            db.commit()

    def history(self, db, user_id, limit=50, offset=0):
        """The last ones first."""
        return (
            db.query(Definition)
            .join(UserDefinition)
            .filter(UserDefinition.user_id == user_id)
            .order_by(UserDefinition.id.desc())
            .limit(limit)
            .offset(offset)
            .all()
        )

    def clear(self, db, user_id) -> int:
        cleared = db.query(UserDefinition).filter(UserDefinition.user_id == user_id).delete(synchronize_session=False)
        db.commit()
        return cleared
