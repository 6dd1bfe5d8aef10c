from unittest.mock import Mock

import pytest

from shop.models import Customer
from shop.repositories import CustomerRepository, ProductRepository


def test_count_asks_the_database_once():
    db = Mock()
    db.scalar.return_value = 3
    assert CustomerRepository(db).count() == 3
    db.scalar.assert_called_once()


def test_add_gives_the_entity_its_key(session):
    added = CustomerRepository(session).add(Customer(email="a@example.com", name="A", password_hash=""))
    assert added.id is not None
    assert CustomerRepository(session).get(added.id) is added


def test_page(session, products):
    repository = ProductRepository(session)
    assert [product.sku for product in repository.page(offset=1, limit=1)] == ["GYO-050"]
    assert repository.count() == 3


def test_addresses_are_found_in_any_case(session, customer):
    assert CustomerRepository(session).by_email("ADA@example.com") is customer


@pytest.mark.parametrize(("quantity", "reserved", "left"), [(3, True, 1), (4, True, 0), (5, False, 4)])
def test_reserve_takes_no_more_than_there_is(session, products, quantity, reserved, left):
    product = products["GYO-050"]
    assert ProductRepository(session).reserve(product, quantity) is reserved
    session.refresh(product)
    assert product.stock == left
