"""What handlers ask for: a session of the database, and who sent the request."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from comic_pile.database import get_db
from comic_pile.errors import Forbidden, NotAuthenticated
from comic_pile.models import Token, User
from comic_pile.services import accounts

Db = Annotated[AsyncSession, Depends(get_db)]
bearer = HTTPBearer(auto_error=False)


async def current_token(db: Db, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Token:
    if credentials is None:
        raise NotAuthenticated("log in first")
    return await accounts.authenticate(db, credentials.credentials)


CurrentToken = Annotated[Token, Depends(current_token)]


def current_user(token: CurrentToken) -> User:
    return token.user


CurrentUser = Annotated[User, Depends(current_user)]


def require_admin(user: CurrentUser) -> None:
    if not user.is_admin:
        raise Forbidden("for administrators only")
