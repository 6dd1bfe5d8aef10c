"""What other modules may use of the infrastructure."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Protocol

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from deeplearn.infrastructure.config import settings
from deeplearn.infrastructure.service import (
    AsyncDatabaseSessionContext,
    DatabaseSessionContext,
    EnvironmentStatus,
    InfrastructureService,
)


class InfrastructureProvider(Protocol):
    """Sessions and the state of the database, for all modules."""

    def initialize(self) -> None: ...

    def create_tables(self) -> None: ...

    def get_session_context(self) -> DatabaseSessionContext: ...

    def get_async_session_context(self) -> AsyncDatabaseSessionContext: ...

    def validate_environment(self) -> EnvironmentStatus: ...

    async def shutdown(self) -> None: ...


_infrastructure = InfrastructureService(settings)


def infrastructure_provider() -> InfrastructureProvider:
    """The one infrastructure of this process."""
    return _infrastructure


def get_session() -> Iterator[Session]:
    with infrastructure_provider().get_session_context() as session:
        yield session


async def get_object_store_session() -> AsyncIterator[AsyncSession]:
    async with infrastructure_provider().get_async_session_context() as session:
        yield session


# The work is committed before the answer goes out.
SessionDependency = Annotated[Session, Depends(get_session, scope="function")]
ObjectStoreSessionDependency = Annotated[AsyncSession, Depends(get_object_store_session, scope="function")]

__all__ = [
    "EnvironmentStatus",
    "InfrastructureProvider",
    "ObjectStoreSessionDependency",
    "SessionDependency",
    "infrastructure_provider",
]
