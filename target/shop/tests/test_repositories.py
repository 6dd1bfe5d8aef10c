from unittest.mock import AsyncMock

import pytest

from shop.models import Customer
from shop.repositories import CustomerRepository, ProductRepository


async def test_count_asks_the_database_once():
    db = AsyncMock()
    db.scalar.return_value = 3
    assert await CustomerRepository(db).count() == 3
    db.scalar.assert_awaited_once()


async def test_add_gives_the_entity_its_key(session):
    added = await CustomerRepository(session).add(Customer(email="a@example.com", name="A", password_hash=""))
    assert added.id is not None
    assert await CustomerRepository(session).get(added.id) is added


async def test_page(session, products):
    repository = ProductRepository(session)
    assert [product.sku for product in await repository.page(offset=1, limit=1)] == ["GYO-050"]
    assert await repository.count() == 3


async def test_addresses_are_found_in_any_case(session, customer):
    assert await CustomerRepository(session).by_email("ADA@example.com") is customer


@pytest.mark.parametrize(("quantity", "reserved", "left"), [(3, True, 1), (4, True, 0), (5, False, 4)])
async def test_reserve_takes_no_more_than_there_is(session, products, quantity, reserved, left):
    product = products["GYO-050"]
    assert await ProductRepository(session).reserve(product, quantity) is reserved
    await session.refresh(product)
    assert product.stock == left
