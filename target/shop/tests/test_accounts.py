from unittest.mock import AsyncMock, Mock

import pytest
from sqlalchemy.exc import IntegrityError

from shop.errors import Conflict
from shop.models import Customer
from shop.repositories import CustomerRepository
from shop.schemas import CustomerCreate
from shop.services import AccountService
from tests.conftest import PASSWORD

NEW = CustomerCreate(email="Alan@example.com", name="Alan", password="enigma machine")


@pytest.fixture
def customers():
    return Mock(spec=CustomerRepository)


async def test_register_commits(customers):
    db = AsyncMock()
    customers.by_email.return_value = None
    customer = await AccountService(db, customers).register(NEW)
    assert customer.email == "alan@example.com"
    customers.add.assert_awaited_once_with(customer)
    db.commit.assert_awaited_once_with()


async def test_register_refuses_a_known_address(customers):
    db = AsyncMock()
    customers.by_email.return_value = Customer(email="alan@example.com")
    with pytest.raises(Conflict):
        await AccountService(db, customers).register(NEW)
    customers.add.assert_not_awaited()
    db.commit.assert_not_awaited()


async def test_register_rolls_back_when_somebody_was_faster(customers):
    db = AsyncMock()
    customers.by_email.return_value = None
    customers.add.side_effect = IntegrityError("INSERT", {}, Exception("UNIQUE"))
    with pytest.raises(Conflict):
        await AccountService(db, customers).register(NEW)
    db.rollback.assert_awaited_once_with()


@pytest.mark.parametrize(
    ("email", "password", "known"),
    [
        ("ada@example.com", PASSWORD, True),
        ("ada@example.com", "wrong", False),
        ("nobody@example.com", PASSWORD, False),
    ],
)
async def test_authenticate(session, customer, email, password, known):
    accounts = AccountService(session, CustomerRepository(session))
    assert (await accounts.authenticate(email, password) is not None) is known
