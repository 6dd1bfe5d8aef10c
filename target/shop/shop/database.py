"""The engine, its sessions, and how long a transaction lasts."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from shop.config import settings

engine = create_engine(settings.database_url, echo=settings.sql_echo, pool_pre_ping=True)
SessionLocal = sessionmaker(bind=engine, autoflush=False)


class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


def get_db() -> Iterator[Session]:
    """One session for each request."""
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()


@contextmanager
def unit_of_work(db: Session) -> Iterator[Session]:
    """Commit all that the block did, or nothing of it."""
    try:
        yield db
        db.commit()
    except Exception:
        db.rollback()
        raise
