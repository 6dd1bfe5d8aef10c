from typing import Annotated

from fastapi import Depends, HTTPException, Query, status
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from sqlalchemy.ext.asyncio import AsyncSession

from shop.config import settings
from shop.database import get_db
from shop.models import Customer
from shop.repositories import CustomerRepository
from shop.services import AccountService, CatalogueService, OrderService, ReportService

Db = Annotated[AsyncSession, Depends(get_db)]


class Page:
    """The part of a long list that is asked for."""

    def __init__(
        self, offset: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=100)] = 20
    ) -> None:
        self.offset = offset
        self.limit = limit


def get_customers(db: Db) -> CustomerRepository:
    return CustomerRepository(db)


def get_accounts(db: Db, customers: Annotated[CustomerRepository, Depends(get_customers)]) -> AccountService:
    return AccountService(db, customers)


def get_catalogue(db: Db) -> CatalogueService:
    return CatalogueService(db)


def get_orders(db: Db) -> OrderService:
    return OrderService(db)


def get_reports(db: Db) -> ReportService:
    return ReportService(db, settings.low_stock)


Accounts = Annotated[AccountService, Depends(get_accounts)]
Catalogue = Annotated[CatalogueService, Depends(get_catalogue)]
Orders = Annotated[OrderService, Depends(get_orders)]
Reports = Annotated[ReportService, Depends(get_reports)]


async def current_customer(
    credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())], accounts: Accounts
) -> Customer:
    customer = await accounts.authenticate(credentials.username, credentials.password)
    if customer is None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "wrong address or password", {"WWW-Authenticate": "Basic"})
    return customer


CurrentCustomer = Annotated[Customer, Depends(current_customer)]


def require_staff(customer: CurrentCustomer) -> None:
    if not customer.is_staff:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "staff only")
