"""Fill an empty shop: `python -m scripts.seed`. Running it again adds nothing."""

import asyncio

from shop.database import Base, SessionLocal, engine, unit_of_work
from shop.models import Customer, Product
from shop.repositories import CustomerRepository
from shop.security import hash_password
from shop.services import CatalogueService

STAFF = "staff@shop.example"
PRODUCTS = [
    ("DRJ-100", "Darjeeling First Flush", 1450, 40, "Black tea"),
    ("ASM-250", "Assam Second Flush", 990, 25, "Black tea"),
    ("SEN-100", "Sencha", 1200, 30, "Green tea"),
    ("GYO-050", "Gyokuro", 2900, 4, "Green tea"),
    ("POT-001", "Cast iron teapot", 4500, 0, "Teaware"),
]


async def add_products(db) -> int:
    catalogue = CatalogueService(db)
    added = 0
    for sku, name, price, stock, category in PRODUCTS:
        if await catalogue.products.by_sku(sku) is None:
            product = Product(sku=sku, name=name, price=price, stock=stock, category=await catalogue.category(category))
            await catalogue.products.add(product)
            added += 1
    return added


async def add_staff(db) -> None:
    customers = CustomerRepository(db)
    if await customers.by_email(STAFF) is None:
        await customers.add(Customer(email=STAFF, name="Staff", password_hash=hash_password("change me"), is_staff=True))


async def main() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with SessionLocal() as db, unit_of_work(db):
        added = await add_products(db)
        await add_staff(db)
    print(f"{added} products added")


if __name__ == "__main__":
    asyncio.run(main())
