"""Queries. Nothing here commits: that is up to the services."""

from typing import Generic, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from shop.database import Base
from shop.models import Category, Customer, Order, OrderLine, Product

ModelT = TypeVar("ModelT", bound=Base)


class Repository(Generic[ModelT]):
    model: type[ModelT]

    def __init__(self, db: AsyncSession) -> None:
        self.db = db

    async def get(self, id: int) -> ModelT | None:
        return await self.db.get(self.model, id)

    async def page(self, offset: int = 0, limit: int = 20) -> list[ModelT]:
        return (
            await self.db.scalars(select(self.model).order_by(self.model.id).offset(offset).limit(limit))
        ).all()

    async def count(self) -> int:
        return await self.db.scalar(select(func.count()).select_from(self.model)) or 0

    async def add(self, entity: ModelT) -> ModelT:
        self.db.add(entity)
        await self.db.flush()
        return entity


class CategoryRepository(Repository[Category]):
    model = Category

    async def by_slug(self, slug):
        return (await self.db.scalars(select(Category).filter_by(slug=slug))).one_or_none()


class ProductRepository(Repository[Product]):
    model = Product

    async def by_sku(self, sku):
        return (await self.db.scalars(select(Product).options(joinedload(Product.category)).where(Product.sku == sku).limit(1))).first()

    async def reserve(self, product: Product, quantity: int) -> bool:
        """Take from the stock, in one statement so that two orders cannot take the same item."""
        enough = update(Product).where(Product.id == product.id, Product.stock >= quantity)
        return (await self.db.execute(enough.values({Product.stock: Product.stock - quantity}))).rowcount == 1

    async def release(self, product: Product, quantity: int) -> None:
        await self.db.execute(
            update(Product).where(Product.id == product.id).values({Product.stock: Product.stock + quantity})
        )


class CustomerRepository(Repository[Customer]):
    model = Customer

    async def by_email(self, email: str) -> Customer | None:
        return (await self.db.execute(select(Customer).where(Customer.email == email.lower()))).scalar_one_or_none()


class OrderRepository(Repository[Order]):
    model = Order

    async def of_customer(self, customer_id: int) -> list[Order]:
        statement = (
            select(Order)
            .where(Order.customer_id == customer_id)
            .options(selectinload(Order.lines).joinedload(OrderLine.product))
            .order_by(Order.id.desc())
        )
        return list(await self.db.scalars(statement))
