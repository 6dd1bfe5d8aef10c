"""What the shop does. A service method is one piece of work: it commits, or it raises and nothing has happened."""

import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

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
    def __init__(self, db: Session, customers: CustomerRepository) -> None:
        self.db = db
        self.customers = customers

    def register(self, data: CustomerCreate) -> Customer:
        if self.customers.by_email(data.email):
            raise Conflict("this address is registered already")
        customer = Customer(email=data.email.lower(), name=data.name, password_hash=hash_password(data.password))
        try:
            self.customers.add(customer)
            self.db.commit()
        except IntegrityError:  # somebody was faster
            self.db.rollback()
            raise Conflict("this address is registered already") from None
        return customer

    def authenticate(self, email: str, password: str) -> Customer | None:
        customer = self.customers.by_email(email)
        if customer is None or not verify_password(password, customer.password_hash):
            return None
        return customer


class CatalogueService:
    def __init__(self, db: Session) -> None:
        self.db = db
        self.categories = CategoryRepository(db)
        self.products = ProductRepository(db)

    def category(self, name: str) -> Category:
        """The category of this name, which is created if need be."""
        slug = slugify(name)
        return self.categories.by_slug(slug) or self.categories.add(Category(name=name, slug=slug))

    def product(self, sku: str) -> Product:
        return found(self.products.by_sku(sku), "product")

    def create(self, data: ProductCreate) -> Product:
        if self.products.by_sku(data.sku):
            raise Conflict(f"there is a product {data.sku} already")
        product = Product(**data.model_dump(exclude={"category"}), category=self.category(data.category))
        self.products.add(product)
        self.db.commit()
        self.db.refresh(product)
        return product

    def search(self, text=None, category=None, max_price=None, in_stock=False, offset=0, limit=20):
        query = self.db.query(Product).options(joinedload(Product.category))
        if text:
            query = query.filter(Product.name.icontains(text, autoescape=True))
        if category:
            query = query.join(Product.category).filter(Category.slug == category)
        if max_price is not None:
            query = query.filter(Product.price <= max_price)
        if in_stock:
            query = query.filter(Product.stock > 0)
        matches = query.count()
        return query.order_by(Product.name).offset(offset).limit(limit).all(), matches


class OrderService:
    def __init__(self, db: Session) -> None:
        self.db = db
        self.orders = OrderRepository(db)
        self.products = ProductRepository(db)

    def place(self, customer: Customer, wanted: Iterable[LineCreate]) -> Order:
        with unit_of_work(self.db):
            lines = [self._line(item.sku, item.quantity) for item in wanted]
            return self.orders.add(Order(customer=customer, lines=lines))

    def _line(self, sku: str, quantity: int) -> OrderLine:
        product = found(self.products.by_sku(sku), "product")
        if not self.products.reserve(product, quantity):
            raise OutOfStock(sku)
        return OrderLine(product=product, quantity=quantity, unit_price=product.price)

    def of_customer(self, customer: Customer) -> list[Order]:
        return self.orders.of_customer(customer.id)

    def get(self, order_id: int, customer: Customer) -> Order:
        order = found(self.orders.get(order_id), "order")
        if order.customer_id != customer.id:
            raise NotFound("no such order")
        return order

    def cancel(self, order_id: int, customer: Customer) -> Order:
        order = self.get(order_id, customer)
        if order.status is OrderStatus.CANCELLED:
            raise Conflict("the order is cancelled already")
        for line in order.lines:
            self.products.release(line.product, line.quantity)
        order.status = OrderStatus.CANCELLED
        self.db.commit()
        return order

    def purge_cancelled(self, before: datetime) -> int:
        """Delete the cancelled orders from before a day; how many there were."""
        old = select(Order.id).where(Order.status == OrderStatus.CANCELLED, Order.created_at < before)
        with unit_of_work(self.db) as db:
            db.execute(delete(OrderLine).where(OrderLine.order_id.in_(old)))
            return db.execute(delete(Order).where(Order.id.in_(old))).rowcount


class ReportService:
    def __init__(self, db: Session, low_stock: int) -> None:
        self.db = db
        self.low_stock = low_stock

    def sales(self) -> Sales:
        return Sales(revenue=self.revenue(), sold=self.sold(), running_out=self.running_out())

    def revenue(self) -> int:
        amount = func.sum(OrderLine.quantity * OrderLine.unit_price)
        query = self.db.query(amount).join(OrderLine.order).filter(Order.status != OrderStatus.CANCELLED)
        return query.scalar() or 0

    def sold(self) -> dict[str, int]:
        sold = {}
        statement = (
            select(Product.sku, func.sum(OrderLine.quantity).label("quantity"))
            .join(OrderLine.product)
            .join(OrderLine.order)
            .where(Order.status != OrderStatus.CANCELLED)
            .group_by(Product.sku)
            .order_by(func.sum(OrderLine.quantity).desc(), Product.sku)
        )
        for row in self.db.execute(statement):
            sold[row.sku] = row.quantity
        return sold

    def running_out(self) -> dict[str, int]:
        low = self.db.query(Product).filter(Product.stock <= self.low_stock).order_by(Product.sku)
        return {product.sku: product.stock for product in low}

    def statement(self, customer: Customer) -> Statement:
        placed = [order for order in customer.orders if order.status is OrderStatus.PLACED]
        spent = 0
        for order in placed:
            spent += total(order.lines)
        return Statement(customer=customer.name, orders=len(placed), spent=spent)
