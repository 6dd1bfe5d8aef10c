"""What other modules may use of accounts."""

from typing import Annotated, Protocol

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from deeplearn.infrastructure.errors import Forbidden, Unauthorized
from user.repo import UserRepo
from user.service import (
    Credentials,
    Token,
    UserCreate,
    UserRead,
    UserService,
    UserUpdate,
)
from user.sessions import UserSessionDependency

bearer = HTTPBearer(auto_error=False)


class UserProvider(Protocol):
    def register(self, data: UserCreate, is_admin: bool = False) -> UserRead: ...

    def log_in(self, credentials: Credentials) -> Token: ...

    def authenticate(self, token: str) -> UserRead: ...

    def log_out(self, user_id: int) -> int: ...

    def rename(self, user_id: int, data: UserUpdate) -> UserRead: ...


def user_provider(session: Session) -> UserProvider:
    return UserService(UserRepo(session))


def current_user(
    session: UserSessionDependency, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> UserRead:
    if credentials is None:
        raise Unauthorized("a token is needed")
    return user_provider(session).authenticate(credentials.credentials)


CurrentUser = Annotated[UserRead, Depends(current_user)]


def current_admin(user: CurrentUser) -> UserRead:
    if not user.is_admin:
        raise Forbidden("for administrators only")
    return user


CurrentAdmin = Annotated[UserRead, Depends(current_admin)]

__all__ = [
    "Credentials",
    "CurrentAdmin",
    "CurrentUser",
    "Token",
    "UserCreate",
    "UserProvider",
    "UserRead",
    "UserUpdate",
    "user_provider",
]
