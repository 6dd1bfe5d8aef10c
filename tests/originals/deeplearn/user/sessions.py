"""Accounts are shared with other products, and so bring sessions of their own along."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated

from fastapi import Depends
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from deeplearn.infrastructure.config import settings


@cache
def user_sessions() -> sessionmaker[Session]:
    engine = create_engine(settings.sync_database_url, pool_pre_ping=True)
    return sessionmaker(bind=engine)


@contextmanager
def user_session() -> Iterator[Session]:
    """A session for a piece of work: committed at its end, rolled back when it fails."""
    session = user_sessions()()
    try:
        yield session
        session.commit()
    except Exception:
        session.rollback()
        raise
    finally:
        session.close()


def get_user_session() -> Iterator[Session]:
    with user_session() as session:
        yield session


UserSessionDependency = Annotated[Session, Depends(get_user_session, scope="function")]
