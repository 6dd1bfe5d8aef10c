"""The two ways in: the server and the script."""

from fastapi.testclient import TestClient
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import sessionmaker

from scripts import seed
from shop.main import app
from shop.models import Customer, Product


def test_the_server_creates_the_tables(tmp_path, monkeypatch):
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    monkeypatch.setattr("shop.main.engine", engine)
    monkeypatch.setattr("shop.database.SessionLocal", sessionmaker(bind=engine))
    with TestClient(app) as client:
        assert client.get("/products").json() == {"total": 0, "items": []}
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Product)) == 0
    engine.dispose()


def test_seed_fills_an_empty_shop_once(engine, session_factory, session, monkeypatch, capsys):
    monkeypatch.setattr(seed, "engine", engine)
    monkeypatch.setattr(seed, "SessionLocal", session_factory)
    seed.main()
    seed.main()
    assert capsys.readouterr().out.splitlines() == ["5 products added", "0 products added"]
    assert session.query(Product).count() == 5
    assert session.query(Customer.email).filter(Customer.is_staff).all() == [(seed.STAFF,)]
