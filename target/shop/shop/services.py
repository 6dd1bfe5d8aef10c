"""What the shop does. A service method is one piece of work: it commits, or it raises and nothing has happened."""

import asyncio
import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from shop.database import unit_of_work
from shop.errors import Conflict, NotFound, OutOfStock
from shop.models import Category, Customer, Order, OrderLine, OrderStatus, Product
from shop.repositories import CategoryRepository, CustomerRepository, OrderRepository, ProductRepository
from shop.schemas import CustomerCreate, LineCreate, ProductCreate, Sales, Statement
from shop.security import hash_password, verify_password


def slugify(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def total(lines: Iterable[OrderLine]) -> int:
    return sum(line.quantity * line.unit_price for line in lines)


def found(entity, what):
    if entity is None:
        raise NotFound(f"no such {what}")
    return entity


class AccountService:
    def __init__(self, db: AsyncSession, customers: CustomerRepository) -> None:
        self.db = db
        self.customers = customers

    async def register(self, data: CustomerCreate) -> Customer:
        if await self.customers.by_email(data.email):
            raise Conflict("this address is registered already")
        customer = Customer(email=data.email.lower(), name=data.name, password_hash=await asyncio.to_thread(hash_password, data.password))
        try:
            await self.customers.add(customer)
            await self.db.commit()
        except IntegrityError:  # somebody was faster
            await self.db.rollback()
            raise Conflict("this address is registered already") from None
        return customer

    async def authenticate(self, email: str, password: str) -> Customer | None:
        customer = await self.customers.by_email(email)
        if customer is None or not await asyncio.to_thread(verify_password, password, customer.password_hash):
            return None
        return customer


class CatalogueService:
    def __init__(self, db: AsyncSession) -> None:
        self.db = db
        self.categories = CategoryRepository(db)
        self.products = ProductRepository(db)

    async def category(self, name: str) -> Category:
        """The category of this name, which is created if need be."""
        slug = slugify(name)
        return await self.categories.by_slug(slug) or await self.categories.add(Category(name=name, slug=slug))

    async def product(self, sku: str) -> Product:
        return found(await self.products.by_sku(sku), "product")

    async def create(self, data: ProductCreate) -> Product:
        if await self.products.by_sku(data.sku):
            raise Conflict(f"there is a product {data.sku} already")
        product = Product(**data.model_dump(exclude={"category"}), category=await self.category(data.category))
        await self.products.add(product)
        await self.db.commit()
        await self.db.refresh(product)
        await self.db.refresh(product, ["category"])
        return product

    async def search(self, text=None, category=None, max_price=None, in_stock=False, offset=0, limit=20):
        query = select(Product).options(joinedload(Product.category))
        if text:
            query = query.where(Product.name.icontains(text, autoescape=True))
        if category:
            query = query.join(Product.category).where(Category.slug == category)
        if max_price is not None:
            query = query.where(Product.price <= max_price)
        if in_stock:
            query = query.where(Product.stock > 0)
        matches = await self.db.scalar(select(func.count()).select_from(query.subquery()))
        return (await self.db.scalars(query.order_by(Product.name).offset(offset).limit(limit))).all(), matches


class OrderService:
    def __init__(self, db: AsyncSession) -> None:
        self.db = db
        self.orders = OrderRepository(db)
        self.products = ProductRepository(db)

    async def place(self, customer: Customer, wanted: Iterable[LineCreate]) -> Order:
        async with unit_of_work(self.db):
            lines = [await self._line(item.sku, item.quantity) for item in wanted]
            return await self.orders.add(Order(customer=customer, lines=lines))

    async def _line(self, sku: str, quantity: int) -> OrderLine:
        product = found(await self.products.by_sku(sku), "product")
        if not await self.products.reserve(product, quantity):
            raise OutOfStock(sku)
        return OrderLine(product=product, quantity=quantity, unit_price=product.price)

    async def of_customer(self, customer: Customer) -> list[Order]:
        return await self.orders.of_customer(customer.id)

    async def get(self, order_id: int, customer: Customer) -> Order:
        order = found(await self.orders.get(order_id), "order")
        if order.customer_id != customer.id:
            raise NotFound("no such order")
        return order

    async def cancel(self, order_id: int, customer: Customer) -> Order:
        order = await self.get(order_id, customer)
        if order.status is OrderStatus.CANCELLED:
            raise Conflict("the order is cancelled already")
        for line in order.lines:
            await self.products.release(line.product, line.quantity)
        order.status = OrderStatus.CANCELLED
        await self.db.commit()
        return order

    async def purge_cancelled(self, before: datetime) -> int:
        """Delete the cancelled orders from before a day; how many there were."""
        old = select(Order.id).where(Order.status == OrderStatus.CANCELLED, Order.created_at < before)
        async with unit_of_work(self.db) as db:
            await db.execute(delete(OrderLine).where(OrderLine.order_id.in_(old)))
            return (await db.execute(delete(Order).where(Order.id.in_(old)))).rowcount


class ReportService:
    def __init__(self, db: AsyncSession, low_stock: int) -> None:
        self.db = db
        self.low_stock = low_stock

    async def sales(self) -> Sales:
        return Sales(revenue=await self.revenue(), sold=await self.sold(), running_out=await self.running_out())

    async def revenue(self) -> int:
        amount = func.sum(OrderLine.quantity * OrderLine.unit_price)
        query = select(amount).join(OrderLine.order).where(Order.status != OrderStatus.CANCELLED)
        return (await self.db.scalars(query)).one_or_none() or 0

    async def sold(self) -> dict[str, int]:
        sold = {}
        statement = (
            select(Product.sku, func.sum(OrderLine.quantity).label("quantity"))
            .join(OrderLine.product)
            .join(OrderLine.order)
            .where(Order.status != OrderStatus.CANCELLED)
            .group_by(Product.sku)
            .order_by(func.sum(OrderLine.quantity).desc(), Product.sku)
        )
        for row in await self.db.execute(statement):
            sold[row.sku] = row.quantity
        return sold

    async def running_out(self) -> dict[str, int]:
        low = select(Product).where(Product.stock <= self.low_stock).order_by(Product.sku)
        return {product.sku: product.stock for product in await self.db.scalars(low)}

    async def statement(self, customer: Customer) -> Statement:
        placed = [order for order in await customer.awaitable_attrs.orders if order.status is OrderStatus.PLACED]
        spent = 0
        for order in placed:
            spent += total(order.lines)
        return Statement(customer=customer.name, orders=len(placed), spent=spent)
