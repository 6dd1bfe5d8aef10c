"""What other modules may use of the infrastructure."""

from collections.abc import AsyncIterator
from typing import Annotated, Protocol

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from deeplearn.infrastructure.config import settings
from deeplearn.infrastructure.service import (
    DatabaseSessionContext,
    EnvironmentStatus,
    InfrastructureService,
)


class InfrastructureProvider(Protocol):
    """Sessions and the state of the database, for all modules."""

    def initialize(self) -> None: ...

    async def create_tables(self) -> None: ...

    def get_session_context(self) -> DatabaseSessionContext: ...

    def get_async_session_context(self) -> DatabaseSessionContext: ...

    async def validate_environment(self) -> EnvironmentStatus: ...

    async def shutdown(self) -> None: ...


_infrastructure = InfrastructureService(settings)


def infrastructure_provider() -> InfrastructureProvider:
    """The one infrastructure of this process."""
    return _infrastructure


async def get_session() -> AsyncIterator[AsyncSession]:
    async with infrastructure_provider().get_session_context() as session:
        yield session


async def get_object_store_session() -> AsyncIterator[AsyncSession]:
    async with infrastructure_provider().get_async_session_context() as session:
        yield session


# The work is committed before the answer goes out.
SessionDependency = Annotated[AsyncSession, Depends(get_session, scope="function")]
ObjectStoreSessionDependency = Annotated[AsyncSession, Depends(get_object_store_session, scope="function")]

__all__ = [
    "EnvironmentStatus",
    "InfrastructureProvider",
    "ObjectStoreSessionDependency",
    "SessionDependency",
    "infrastructure_provider",
]
