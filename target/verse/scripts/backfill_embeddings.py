"""Give messages from before retrieval their embedding: `python -m scripts.backfill_embeddings`.

Works in batches, each with a commit of its own, so that it can be interrupted and run again.
"""

import asyncio

from sqlalchemy import select

from verse.clients.embedding import EmbeddingClient, LocalEmbeddings
from verse.database import SessionLocal
from verse.models import ConversationMessage, InsightMessage

BATCH = 100


async def backfill(db, model, embeddings: EmbeddingClient, batch_size: int = BATCH) -> int:
    """How many messages of a kind got their embedding."""
    updated = 0
    missing = select(model).where(model.embedding.is_(None), model.role == "user").order_by(model.id).limit(batch_size)
    while messages := (await db.scalars(missing)).all():
        vectors = await embeddings.embed([message.content for message in messages])
        for message, vector in zip(messages, vectors, strict=True):
            message.embedding = vector
        await db.commit()
        updated += len(messages)
        print(f"{model.__tablename__}: {updated}")
    return updated


async def main() -> int:
    embeddings = LocalEmbeddings()
    db = SessionLocal()
    try:
        return await backfill(db, InsightMessage, embeddings) + await backfill(db, ConversationMessage, embeddings)
    finally:
        await db.close()


if __name__ == "__main__":
    print(f"{asyncio.run(main())} messages updated")
