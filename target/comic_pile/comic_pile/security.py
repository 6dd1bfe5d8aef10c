"""Passwords and signed tokens. Nothing here knows of the database."""

import base64
import hashlib
import hmac
import json
import os
from dataclasses import asdict, dataclass

from comic_pile.config import settings
from comic_pile.errors import NotAuthenticated


def hash_password(password: str) -> str:
    salt, cost = os.urandom(16), settings.password_cost
    return f"{cost}${salt.hex()}${_digest(password, salt, cost)}"


def verify_password(password: str, hashed: str) -> bool:
    cost, salt, digest = hashed.split("$")
    return hmac.compare_digest(_digest(password, bytes.fromhex(salt), int(cost)), digest)


def _digest(password: str, salt: bytes, cost: int) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**cost, r=8, p=1, maxmem=2**28).hex()


@dataclass(frozen=True)
class Claims:
    """What a token says: its own id, whose it is, of which kind, and until when (seconds since 1970)."""

    id: str
    user_id: int
    kind: str
    expires: int


def sign(claims: Claims) -> str:
    body = _encoded(json.dumps(asdict(claims), sort_keys=True).encode())
    return f"{body}.{_signature(body)}"


def read(token: str, kind: str, at: float) -> Claims:
    """The claims of a token.

    Raises:
        NotAuthenticated: it is not ours, of another kind, or too old.
    """
    body, _, signature = token.partition(".")
    if not hmac.compare_digest(_signature(body).encode(), signature.encode()):
        raise NotAuthenticated("this token is not valid")
    claims = Claims(**json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
    if claims.kind != kind:
        raise NotAuthenticated(f"this is no {kind} token")
    if claims.expires <= at:
        raise NotAuthenticated("this token has expired")
    return claims


def _signature(body: str) -> str:
    key = settings.secret_key.get_secret_value().encode()
    return _encoded(hmac.new(key, body.encode(), hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
