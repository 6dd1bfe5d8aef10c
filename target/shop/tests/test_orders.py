from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

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
def order(orders, customer, products):
    return orders.place(customer, wanted(SEN_100=2, GYO_050=1))


def stock(session, product):
    session.refresh(product)
    return product.stock


class TestPlace:
    def test_takes_from_the_stock(self, session, order, products):
        assert [line.unit_price for line in order.lines] == [1200, 2900]
        assert stock(session, products["SEN-100"]) == 28

    def test_is_all_or_nothing(self, session, orders, customer, products):
        with pytest.raises(OutOfStock, match="GYO-050"):
            orders.place(customer, wanted(SEN_100=1, GYO_050=5))
        assert stock(session, products["SEN-100"]) == 30
        assert session.query(Order).count() == 0


class TestCancel:
    def test_gives_the_stock_back(self, session, orders, order, customer, products):
        assert orders.cancel(order.id, customer).status is OrderStatus.CANCELLED
        assert stock(session, products["GYO-050"]) == 4

    def test_only_once(self, orders, order, customer):
        orders.cancel(order.id, customer)
        with pytest.raises(Conflict):
            orders.cancel(order.id, customer)

    def test_not_by_somebody_else(self, orders, order, staff):
        with pytest.raises(NotFound):
            orders.cancel(order.id, staff)


def test_purge_takes_only_what_is_old_and_cancelled(session, orders, order, customer):
    cancelled = orders.place(customer, wanted(SEN_100=1))
    orders.cancel(cancelled.id, customer)
    assert orders.purge_cancelled(NOW - DAY) == 0
    assert orders.purge_cancelled(NOW + DAY) == 1
    assert session.scalars(select(Order.id)).all() == [order.id]
    assert session.query(OrderLine).count() == 2


class TestReports:
    def test_sales(self, session, orders, order, customer):
        orders.cancel(orders.place(customer, wanted(GYO_050=1)).id, customer)
        sales = ReportService(session, low_stock=5).sales()
        assert sales.revenue == 2 * 1200 + 2900
        assert sales.sold == {"SEN-100": 2, "GYO-050": 1}
        assert sales.running_out == {"GYO-050": 3, "POT-001": 0}

    def test_a_shop_without_orders(self, session):
        assert ReportService(session, low_stock=5).revenue() == 0

    def test_statement(self, session, orders, order, customer):
        orders.cancel(orders.place(customer, wanted(SEN_100=1)).id, customer)
        statement = ReportService(session, low_stock=5).statement(customer)
        assert (statement.orders, statement.spent) == (1, 5300)
