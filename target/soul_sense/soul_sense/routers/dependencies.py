"""Who sent the request."""

from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer

from soul_sense.errors import Forbidden, NotAuthenticated
from soul_sense.models import Login, User
from soul_sense.services.auth import AuthService

scheme = OAuth2PasswordBearer(tokenUrl="/auth/login", auto_error=False)


async def current_login(token: str | None = Depends(scheme), auth: AuthService = Depends()) -> Login:
    if not token:
        raise NotAuthenticated("log in first")
    return await auth.authenticate(token)


def current_user(login: Login = Depends(current_login)) -> User:
    return login.user


def require_staff(user: User = Depends(current_user)) -> User:
    if not user.is_staff:
        raise Forbidden("for staff only")
    return user
