"""Who reads here: accounts, and the tokens that are handed out to them."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from comic_pile import security
from comic_pile.clock import now
from comic_pile.config import settings
from comic_pile.errors import Conflict, NotAuthenticated, NotFound
from comic_pile.models import Token, User

ACCESS, REFRESH = "access", "refresh"


@dataclass(frozen=True)
class Pair:
    """What a login gives: a token for the requests, and one that brings the next pair."""

    access_token: str
    refresh_token: str


async def by_email(db: AsyncSession, email: str) -> User | None:
    return (await db.scalars(select(User).where(User.email == email.lower()))).one_or_none()


async def register(db: AsyncSession, email: str, name: str, password: str) -> User:
    if await by_email(db, email):
        raise Conflict("this address is registered already")
    user = User(email=email.lower(), name=name, password_hash=await asyncio.to_thread(security.hash_password, password))
    db.add(user)
    try:
        await db.commit()
    except IntegrityError:  # somebody was faster
        await db.rollback()
        raise Conflict("this address is registered already") from None
    return user


async def log_in(db: AsyncSession, email: str, password: str) -> Pair:
    user = await by_email(db, email)
    if user is None or not await asyncio.to_thread(security.verify_password, password, user.password_hash):
        raise NotAuthenticated("wrong address or password")
    if not user.is_active:
        raise NotAuthenticated("this account is closed")
    pair = _hand_out(db, user.id, uuid.uuid4().hex)
    await db.commit()
    return pair


def _hand_out(db: AsyncSession, user_id: int, family: str) -> Pair:
    moment = now()
    signed = {}
    lifetimes = {ACCESS: timedelta(minutes=settings.access_minutes), REFRESH: timedelta(days=settings.refresh_days)}
    for kind, lifetime in lifetimes.items():
        token = Token(id=uuid.uuid4().hex, family=family, kind=kind, user_id=user_id, expires_at=moment + lifetime)
        db.add(token)
        claims = security.Claims(token.id, user_id, kind, int(token.expires_at.timestamp()))
        signed[kind] = security.sign(claims)
    return Pair(signed[ACCESS], signed[REFRESH])


async def _token(db: AsyncSession, signed: str, kind: str) -> Token:
    """The row of a signed token, its user loaded."""
    claims = security.read(signed, kind, now().timestamp())
    token = (await db.scalars(select(Token).where(Token.id == claims.id).options(joinedload(Token.user)))).one_or_none()
    if token is None or not token.user.is_active:
        raise NotAuthenticated("this token is not valid")
    return token


async def authenticate(db: AsyncSession, signed: str) -> Token:
    """The access token that a request came with."""
    token = await _token(db, signed, ACCESS)
    if token.revoked_at is not None:
        raise NotAuthenticated("this token was revoked")
    return token


async def refresh(db: AsyncSession, signed: str) -> Pair:
    """The next pair. A refresh token that comes a second time was stolen: nobody keeps what descends from it."""
    token = await _token(db, signed, REFRESH)
    if token.revoked_at is not None:
        await revoke_family(db, token.family)
        raise NotAuthenticated("this token was used before")
    token.revoked_at = now()
    pair = _hand_out(db, token.user_id, token.family)
    await db.commit()
    return pair


async def revoke_family(db: AsyncSession, family: str) -> int:
    statement = update(Token).where(Token.family == family, Token.revoked_at.is_(None)).values(revoked_at=now())
    revoked = (await db.execute(statement)).rowcount
    await db.commit()
    return revoked


async def revoke_all(db: AsyncSession, user_id: int) -> int:
    """Log a user out everywhere; how many tokens that were."""
    statement = update(Token).where(Token.user_id == user_id, Token.revoked_at.is_(None)).values(revoked_at=now())
    revoked = (await db.execute(statement)).rowcount
    await db.commit()
    return revoked


async def change_password(db: AsyncSession, user: User, old: str, new: str) -> int:
    """Set another password, and log out everywhere."""
    if not await asyncio.to_thread(security.verify_password, old, user.password_hash):
        raise NotAuthenticated("the old password is wrong")
    user.password_hash = await asyncio.to_thread(security.hash_password, new)
    return await revoke_all(db, user.id)


async def set_active(db: AsyncSession, user_id: int, is_active: bool) -> User:
    user = await db.get(User, user_id)
    if user is None:
        raise NotFound("no such user")
    user.is_active = is_active
    await db.commit()
    if not is_active:
        await revoke_all(db, user_id)
    return user


async def purge_tokens(db: AsyncSession) -> int:
    """Delete the tokens that have expired; how many there were."""
    deleted = (await db.execute(delete(Token).where(Token.expires_at <= now()))).rowcount
    await db.commit()
    return deleted
