"""Passwords, tokens and codes. Nothing here knows of the database."""

import hashlib
import hmac
import secrets

from soul_sense.config import settings

CODE_DIGITS = 6


def hash_password(password):
    salt, rounds = secrets.token_bytes(16), settings.password_rounds
    return f"{rounds}${salt.hex()}${_digest(password, salt, rounds)}"


def verify_password(password, hashed):
    rounds, salt, digest = hashed.split("$")
    return hmac.compare_digest(_digest(password, bytes.fromhex(salt), int(rounds)), digest)


def _digest(password, salt, rounds):
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds).hex()


def new_token():
    return secrets.token_urlsafe(32)


def new_code():
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def fingerprint(secret):
    """What is kept of a token or a code."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
