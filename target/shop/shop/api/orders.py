from datetime import datetime

from fastapi import APIRouter, Depends, status

from shop.api.dependencies import CurrentCustomer, Orders, Reports, require_staff
from shop.models import Order
from shop.schemas import OrderCreate, OrderRead, Purged, Sales

router = APIRouter(prefix="/orders", tags=["orders"])


@router.post("", response_model=OrderRead, status_code=status.HTTP_201_CREATED)
async def place_order(data: OrderCreate, customer: CurrentCustomer, orders: Orders) -> Order:
    return await orders.place(customer, data.lines)


@router.get("", response_model=list[OrderRead])
async def list_orders(customer: CurrentCustomer, orders: Orders) -> list[Order]:
    return await orders.of_customer(customer)


@router.delete("/cancelled", dependencies=[Depends(require_staff)])
async def purge_cancelled(before: datetime, orders: Orders) -> Purged:
    return Purged(orders=await orders.purge_cancelled(before))


@router.get("/sales", dependencies=[Depends(require_staff)])
async def read_sales(reports: Reports) -> Sales:
    return await reports.sales()


@router.get("/{order_id}", response_model=OrderRead)
async def read_order(order_id: int, customer: CurrentCustomer, orders: Orders) -> Order:
    return await orders.get(order_id, customer)


@router.post("/{order_id}/cancel", response_model=OrderRead)
async def cancel_order(order_id: int, customer: CurrentCustomer, orders: Orders) -> Order:
    return await orders.cancel(order_id, customer)
