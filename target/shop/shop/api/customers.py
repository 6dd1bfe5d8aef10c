from typing import Annotated

from fastapi import APIRouter, Depends, Response, status

from shop.api.dependencies import Accounts, CurrentCustomer, Page, Reports, get_customers, require_staff
from shop.models import Customer
from shop.repositories import CustomerRepository
from shop.schemas import CustomerCreate, CustomerRead, Statement

router = APIRouter(prefix="/customers", tags=["customers"])


@router.post("", response_model=CustomerRead, status_code=status.HTTP_201_CREATED)
async def register(data: CustomerCreate, accounts: Accounts) -> Customer:
    return await accounts.register(data)


@router.get("", response_model=list[CustomerRead], dependencies=[Depends(require_staff)])
async def list_customers(
    response: Response,
    page: Annotated[Page, Depends()],
    customers: Annotated[CustomerRepository, Depends(get_customers)],
) -> list[Customer]:
    response.headers["X-Total-Count"] = str(await customers.count())
    return await customers.page(page.offset, page.limit)


@router.get("/me", response_model=CustomerRead)
def read_me(customer: CurrentCustomer) -> Customer:
    return customer


@router.get("/me/statement")
async def read_statement(customer: CurrentCustomer, reports: Reports) -> Statement:
    return await reports.statement(customer)
