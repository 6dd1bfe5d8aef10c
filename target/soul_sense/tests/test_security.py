"""Passwords, tokens, codes."""

import pytest

from soul_sense import security
from soul_sense.config import settings


def test_a_password_fits_its_own_hash_alone():
    hashed = security.hash_password("correct horse")
    assert security.verify_password("correct horse", hashed)
    assert not security.verify_password("Correct horse", hashed)


def test_an_old_hash_keeps_its_rounds(monkeypatch):
    hashed = security.hash_password("correct horse")
    monkeypatch.setattr(settings, "password_rounds", 7)
    assert security.verify_password("correct horse", hashed)
    assert security.hash_password("correct horse").startswith("7$")


@pytest.mark.parametrize("make", [security.new_token, lambda: security.hash_password("x")])
def test_what_is_random(make):
    assert make() != make()


def test_codes_have_six_digits():
    codes = {security.new_code() for _ in range(50)}
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(codes) > 40


def test_a_fingerprint_does_not_tell_the_secret():
    assert security.fingerprint("secret") == security.fingerprint("secret")
    assert "secret" not in security.fingerprint("secret")
