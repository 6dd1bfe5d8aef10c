"""Passwords: scrypt, with a salt of their own each."""

import hashlib
import hmac
import os


def hash_password(password: str) -> str:
    salt = os.urandom(16)
    return f"{salt.hex()}${_digest(password, salt)}"


def verify_password(password: str, hashed: str) -> bool:
    salt, digest = hashed.split("$")
    return hmac.compare_digest(_digest(password, bytes.fromhex(salt)), digest)


def _digest(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**13, r=8, p=1).hex()
