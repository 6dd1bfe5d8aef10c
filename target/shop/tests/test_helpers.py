"""What needs no database."""

import pytest

from shop.config import load_settings
from shop.models import OrderLine
from shop.security import hash_password, verify_password
from shop.services import slugify, total


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Green tea", "green-tea"), ("  Oolong / Pu-erh ", "oolong-pu-erh"), ("Tea & ware!", "tea-ware")],
)
def test_slugify(name, slug):
    assert slugify(name) == slug


def test_total():
    assert total([OrderLine(quantity=2, unit_price=1200), OrderLine(quantity=1, unit_price=990)]) == 3390
    assert total([]) == 0


def test_a_password_is_salted():
    first, second = hash_password("secret tea"), hash_password("secret tea")
    assert first != second
    assert verify_password("secret tea", first)
    assert not verify_password("secret coffee", second)


def test_settings_come_from_the_environment():
    settings = load_settings({"DATABASE_URL": "postgresql://db/shop", "SQL_ECHO": "true"})
    assert (settings.database_url, settings.sql_echo, settings.low_stock) == ("postgresql://db/shop", True, 5)
