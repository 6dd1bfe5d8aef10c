"""Who reads here: accounts, and the tokens that are handed out to them."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DbSession
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


def by_email(db: DbSession, email: str) -> User | None:
    return db.scalars(select(User).where(User.email == email.lower())).one_or_none()


def register(db: DbSession, email: str, name: str, password: str) -> User:
    if by_email(db, email):
        raise Conflict("this address is registered already")
    user = User(email=email.lower(), name=name, password_hash=security.hash_password(password))
    db.add(user)
    try:
        db.commit()
    except IntegrityError:  # somebody was faster
        db.rollback()
        raise Conflict("this address is registered already") from None
    return user


def log_in(db: DbSession, email: str, password: str) -> Pair:
    user = by_email(db, email)
    if user is None or not security.verify_password(password, user.password_hash):
        raise NotAuthenticated("wrong address or password")
    if not user.is_active:
        raise NotAuthenticated("this account is closed")
    pair = _hand_out(db, user.id, uuid.uuid4().hex)
    db.commit()
    return pair


def _hand_out(db: DbSession, user_id: int, family: str) -> Pair:
    moment = now()
    signed = {}
    lifetimes = {ACCESS: timedelta(minutes=settings.access_minutes), REFRESH: timedelta(days=settings.refresh_days)}
    for kind, lifetime in lifetimes.items():
        token = Token(id=uuid.uuid4().hex, family=family, kind=kind, user_id=user_id, expires_at=moment + lifetime)
        db.add(token)
        claims = security.Claims(token.id, user_id, kind, int(token.expires_at.timestamp()))
        signed[kind] = security.sign(claims)
    return Pair(signed[ACCESS], signed[REFRESH])


def _token(db: DbSession, signed: str, kind: str) -> Token:
    """The row of a signed token, its user loaded."""
    claims = security.read(signed, kind, now().timestamp())
    token = db.scalars(select(Token).where(Token.id == claims.id).options(joinedload(Token.user))).one_or_none()
    if token is None or not token.user.is_active:
        raise NotAuthenticated("this token is not valid")
    return token


def authenticate(db: DbSession, signed: str) -> Token:
    """The access token that a request came with."""
    token = _token(db, signed, ACCESS)
    if token.revoked_at is not None:
        raise NotAuthenticated("this token was revoked")
    return token


def refresh(db: DbSession, signed: str) -> Pair:
    """The next pair. A refresh token that comes a second time was stolen: nobody keeps what descends from it."""
    token = _token(db, signed, REFRESH)
    if token.revoked_at is not None:
        revoke_family(db, token.family)
        raise NotAuthenticated("this token was used before")
    token.revoked_at = now()
    pair = _hand_out(db, token.user_id, token.family)
    db.commit()
    return pair


def revoke_family(db: DbSession, family: str) -> int:
    statement = update(Token).where(Token.family == family, Token.revoked_at.is_(None)).values(revoked_at=now())
    revoked = db.execute(statement).rowcount
    db.commit()
    return revoked


def revoke_all(db: DbSession, user_id: int) -> int:
    """Log a user out everywhere; how many tokens that were."""
    statement = update(Token).where(Token.user_id == user_id, Token.revoked_at.is_(None)).values(revoked_at=now())
    revoked = db.execute(statement).rowcount
    db.commit()
    return revoked


def change_password(db: DbSession, user: User, old: str, new: str) -> int:
    """Set another password, and log out everywhere."""
    if not security.verify_password(old, user.password_hash):
        raise NotAuthenticated("the old password is wrong")
    user.password_hash = security.hash_password(new)
    return revoke_all(db, user.id)


def set_active(db: DbSession, user_id: int, is_active: bool) -> User:
    user = db.get(User, user_id)
    if user is None:
        raise NotFound("no such user")
    user.is_active = is_active
    db.commit()
    if not is_active:
        revoke_all(db, user_id)
    return user


def purge_tokens(db: DbSession) -> int:
    """Delete the tokens that have expired; how many there were."""
    deleted = db.execute(delete(Token).where(Token.expires_at <= now())).rowcount
    db.commit()
    return deleted
