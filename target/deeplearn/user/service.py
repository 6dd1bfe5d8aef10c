import asyncio
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.exc import IntegrityError

from deeplearn.infrastructure.config import settings
from deeplearn.infrastructure.errors import Conflict, Unauthorized
from deeplearn.infrastructure.models import now
from deeplearn.infrastructure.types import Text
from user.models import TokenModel, UserModel
from user.repo import UserRepo

ADDRESS = r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$"
Email = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=200, pattern=ADDRESS)]
Password = Annotated[str, Field(min_length=8, max_length=200)]
Name = Annotated[Text, Field(max_length=120)]


class UserCreate(BaseModel):
    email: Email
    name: Name
    password: Password


class UserUpdate(BaseModel):
    name: Name


class Credentials(BaseModel):
    email: Annotated[Text, Field(max_length=200)]
    password: Annotated[str, Field(max_length=200)]


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    name: str
    is_admin: bool


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"
    expires_at: datetime


def hash_password(password: str) -> str:
    salt = secrets.token_hex(8)
    return f"{salt}${_derived(password, salt)}"


def verify_password(password: str, password_hash: str) -> bool:
    salt, _, expected = password_hash.partition("$")
    return hmac.compare_digest(_derived(password, salt), expected)


def _derived(password: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), settings.password_rounds).hex()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class UserService:
    def __init__(self, repo: UserRepo) -> None:
        self.repo = repo

    async def register(self, data: UserCreate, is_admin: bool = False) -> UserRead:
        if await self.repo.by_email(data.email):
            raise Conflict("this address is registered already")
        password_hash = await asyncio.to_thread(hash_password, data.password)
        user = UserModel(email=data.email, name=data.name, password_hash=password_hash, is_admin=is_admin)
        try:
            await self.repo.add(user)
        except IntegrityError:  # somebody was faster
            raise Conflict("this address is registered already") from None
        return UserRead.model_validate(user)

    async def log_in(self, credentials: Credentials) -> Token:
        user = await self.repo.by_email(credentials.email)
        if user is None or not user.is_active:
            raise Unauthorized("wrong address or password")
        if not await asyncio.to_thread(verify_password, credentials.password, user.password_hash):
            raise Unauthorized("wrong address or password")
        token = secrets.token_urlsafe(32)
        expires_at = now() + timedelta(hours=settings.token_hours)
        await self.repo.add_token(TokenModel(user_id=user.id, token_hash=digest(token), expires_at=expires_at))
        return Token(access_token=token, expires_at=expires_at)

    async def authenticate(self, token: str) -> UserRead:
        found = await self.repo.token(digest(token))
        if found is None:
            raise Unauthorized("unknown token")
        if found.revoked_at is not None:
            raise Unauthorized("the token was revoked")
        if found.expires_at <= now():
            raise Unauthorized("the token has expired")
        if not found.user.is_active:
            raise Unauthorized("the account is closed")
        return UserRead.model_validate(found.user)

    async def log_out(self, user_id: int) -> int:
        return await self.repo.revoke_tokens(user_id)

    async def rename(self, user_id: int, data: UserUpdate) -> UserRead:
        user = await self.repo.by_id(user_id)
        if user is None:
            raise Unauthorized("the account is closed")
        user.name = data.name
        return UserRead.model_validate(user)
