"""Passwords and signatures."""

import pytest
from pydantic import SecretStr

from comic_pile import security
from comic_pile.config import settings
from comic_pile.errors import NotAuthenticated

CLAIMS = security.Claims("abc", 7, "access", 1_000)


def test_a_password_fits_its_own_hash_alone():
    hashed = security.hash_password("correct horse")
    assert security.verify_password("correct horse", hashed)
    assert not security.verify_password("Correct horse", hashed)


def test_equal_passwords_have_different_hashes():
    assert security.hash_password("correct horse") != security.hash_password("correct horse")


def test_an_old_hash_keeps_its_cost(monkeypatch):
    hashed = security.hash_password("correct horse")
    monkeypatch.setattr(settings, "password_cost", 5)
    assert security.verify_password("correct horse", hashed)
    assert security.hash_password("correct horse").startswith("5$")


@pytest.mark.parametrize("password", ["пароль и соль", "密码密码密码密码", " spaces at the ends ", "x" * 200])
def test_any_text_can_be_a_password(password):
    assert security.verify_password(password, security.hash_password(password))


def test_what_was_signed_can_be_read():
    assert security.read(security.sign(CLAIMS), "access", at=999) == CLAIMS


@pytest.mark.parametrize("at", [1_000, 1_001, 10**10])
def test_a_token_expires(at):
    with pytest.raises(NotAuthenticated, match="expired"):
        security.read(security.sign(CLAIMS), "access", at)


def test_a_token_of_another_kind():
    with pytest.raises(NotAuthenticated, match="no refresh token"):
        security.read(security.sign(CLAIMS), "refresh", at=0)


@pytest.mark.parametrize("token", ["", ".", "a.b", "e30.", "not a token at all", "ä.ö"])
def test_what_is_no_token(token):
    with pytest.raises(NotAuthenticated, match="not valid"):
        security.read(token, "access", at=0)


def test_a_changed_token_is_not_valid():
    body, signature = security.sign(CLAIMS).split(".")
    forged = security.sign(security.Claims("abc", 8, "access", 1_000)).split(".")[0]
    with pytest.raises(NotAuthenticated, match="not valid"):
        security.read(f"{forged}.{signature}", "access", at=0)


def test_another_key_signs_differently(monkeypatch):
    token = security.sign(CLAIMS)
    monkeypatch.setattr(settings, "secret_key", SecretStr("another"))
    with pytest.raises(NotAuthenticated, match="not valid"):
        security.read(token, "access", at=0)
