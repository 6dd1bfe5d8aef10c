"""Queries. Nothing here commits: that is up to the services."""

from typing import Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from shop.database import Base
from shop.models import Category, Customer, Order, OrderLine, Product

ModelT = TypeVar("ModelT", bound=Base)


class Repository(Generic[ModelT]):
    model: type[ModelT]

    def __init__(self, db: Session) -> None:
        self.db = db

    def get(self, id: int) -> ModelT | None:
        return self.db.get(self.model, id)

    def page(self, offset: int = 0, limit: int = 20) -> list[ModelT]:
        return self.db.query(self.model).order_by(self.model.id).offset(offset).limit(limit).all()

    def count(self) -> int:
        return self.db.scalar(select(func.count()).select_from(self.model)) or 0

    def add(self, entity: ModelT) -> ModelT:
        self.db.add(entity)
        self.db.flush()
        return entity


class CategoryRepository(Repository[Category]):
    model = Category

    def by_slug(self, slug):
        return self.db.query(Category).filter_by(slug=slug).one_or_none()


class ProductRepository(Repository[Product]):
    model = Product

    def by_sku(self, sku):
        return self.db.query(Product).filter(Product.sku == sku).first()

    def reserve(self, product: Product, quantity: int) -> bool:
        """Take from the stock, in one statement so that two orders cannot take the same item."""
        enough = self.db.query(Product).filter(Product.id == product.id, Product.stock >= quantity)
        return enough.update({Product.stock: Product.stock - quantity}) == 1

    def release(self, product: Product, quantity: int) -> None:
        self.db.query(Product).filter(Product.id == product.id).update({Product.stock: Product.stock + quantity})


class CustomerRepository(Repository[Customer]):
    model = Customer

    def by_email(self, email: str) -> Customer | None:
        return self.db.execute(select(Customer).where(Customer.email == email.lower())).scalar_one_or_none()


class OrderRepository(Repository[Order]):
    model = Order

    def of_customer(self, customer_id: int) -> list[Order]:
        statement = (
            select(Order)
            .where(Order.customer_id == customer_id)
            .options(selectinload(Order.lines).joinedload(OrderLine.product))
            .order_by(Order.id.desc())
        )
        return list(self.db.scalars(statement))
