import os

os.environ["DATABASE_URL"] = "sqlite://"  # before the application reads it: no test may touch a real database

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import StaticPool

from shop.database import Base, get_db
from shop.main import app
from shop.models import Category, Customer, Product
from shop.security import hash_password

PASSWORD = "correct horse"


@pytest.fixture(scope="session")
def password_hash():
    return hash_password(PASSWORD)


@pytest.fixture
def engine():
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session_factory(engine):
    return sessionmaker(bind=engine, autoflush=False)


@pytest.fixture
def session(session_factory):
    with session_factory() as session:
        yield session


@pytest.fixture
def customer(session, password_hash):
    customer = Customer(email="ada@example.com", name="Ada", password_hash=password_hash)
    session.add(customer)
    session.commit()
    return customer


@pytest.fixture
def staff(session, password_hash):
    staff = Customer(email="staff@example.com", name="Grace", password_hash=password_hash, is_staff=True)
    session.add(staff)
    session.commit()
    return staff


@pytest.fixture
def products(session):
    green, ware = Category(name="Green tea", slug="green-tea"), Category(name="Teaware", slug="teaware")
    products = {
        "SEN-100": Product(sku="SEN-100", name="Sencha", price=1200, stock=30, category=green),
        "GYO-050": Product(sku="GYO-050", name="Gyokuro", price=2900, stock=4, category=green),
        "POT-001": Product(sku="POT-001", name="Sencha teapot", price=4500, stock=0, category=ware),
    }
    session.add_all(products.values())
    session.commit()
    return products


@pytest.fixture
def client(session):
    app.dependency_overrides[get_db] = lambda: session
    with TestClient(app) as client:
        yield client
    app.dependency_overrides.clear()


@pytest.fixture
def as_customer(customer):
    return (customer.email, PASSWORD)


@pytest.fixture
def as_staff(staff):
    return (staff.email, PASSWORD)
