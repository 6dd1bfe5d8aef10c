from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from shop.errors import Conflict, NotFound, OutOfStock
from shop.models import Order, OrderLine, OrderStatus
from shop.schemas import LineCreate
from shop.services import OrderService, ReportService

NOW, DAY = datetime.now(), timedelta(days=1)


def wanted(**quantities):
    return [LineCreate(sku=sku.replace("_", "-"), quantity=quantity) for sku, quantity in quantities.items()]


@pytest.fixture
def orders(session):
    return OrderService(session)


@pytest.fixture
async def order(orders, customer, products):
    return await orders.place(customer, wanted(SEN_100=2, GYO_050=1))


async def stock(session, product):
    await session.refresh(product)
    return product.stock


class TestPlace:
    async def test_takes_from_the_stock(self, session, order, products):
        assert [line.unit_price for line in order.lines] == [1200, 2900]
        assert await stock(session, products["SEN-100"]) == 28

    async def test_is_all_or_nothing(self, session, orders, customer, products):
        with pytest.raises(OutOfStock, match="GYO-050"):
            await orders.place(customer, wanted(SEN_100=1, GYO_050=5))
        assert await stock(session, products["SEN-100"]) == 30
        assert await session.scalar(select(func.count()).select_from(Order)) == 0


class TestCancel:
    async def test_gives_the_stock_back(self, session, orders, order, customer, products):
        assert (await orders.cancel(order.id, customer)).status is OrderStatus.CANCELLED
        assert await stock(session, products["GYO-050"]) == 4

    async def test_only_once(self, orders, order, customer):
        await orders.cancel(order.id, customer)
        with pytest.raises(Conflict):
            await orders.cancel(order.id, customer)

    async def test_not_by_somebody_else(self, orders, order, staff):
        with pytest.raises(NotFound):
            await orders.cancel(order.id, staff)


async def test_purge_takes_only_what_is_old_and_cancelled(session, orders, order, customer):
    cancelled = await orders.place(customer, wanted(SEN_100=1))
    await orders.cancel(cancelled.id, customer)
    assert await orders.purge_cancelled(NOW - DAY) == 0
    assert await orders.purge_cancelled(NOW + DAY) == 1
    assert (await session.scalars(select(Order.id))).all() == [order.id]
    assert await session.scalar(select(func.count()).select_from(OrderLine)) == 2


class TestReports:
    async def test_sales(self, session, orders, order, customer):
        await orders.cancel((await orders.place(customer, wanted(GYO_050=1))).id, customer)
        sales = await ReportService(session, low_stock=5).sales()
        assert sales.revenue == 2 * 1200 + 2900
        assert sales.sold == {"SEN-100": 2, "GYO-050": 1}
        assert sales.running_out == {"GYO-050": 3, "POT-001": 0}

    async def test_a_shop_without_orders(self, session):
        assert await ReportService(session, low_stock=5).revenue() == 0

    async def test_statement(self, session, orders, order, customer):
        await orders.cancel((await orders.place(customer, wanted(SEN_100=1))).id, customer)
        statement = await ReportService(session, low_stock=5).statement(customer)
        assert (statement.orders, statement.spent) == (1, 5300)
