"""Fill an empty shop: `python -m scripts.seed`. Running it again adds nothing."""

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


def add_products(db) -> int:
    catalogue = CatalogueService(db)
    added = 0
    for sku, name, price, stock, category in PRODUCTS:
        if catalogue.products.by_sku(sku) is None:
            product = Product(sku=sku, name=name, price=price, stock=stock, category=catalogue.category(category))
            catalogue.products.add(product)
            added += 1
    return added


def add_staff(db) -> None:
    customers = CustomerRepository(db)
    if customers.by_email(STAFF) is None:
        customers.add(Customer(email=STAFF, name="Staff", password_hash=hash_password("change me"), is_staff=True))


def main() -> None:
    Base.metadata.create_all(bind=engine)
    with SessionLocal() as db, unit_of_work(db):
        added = add_products(db)
        add_staff(db)
    print(f"{added} products added")


if __name__ == "__main__":
    main()
