"""Fixtures that give a suite its database: in memory, rolled back, emptied, and one a worker."""

from __future__ import annotations

from pathlib import Path

from .suites import follows, outcomes, text

OWN_ENGINE = """\
import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from application import Base, Item, add_item, app, get_db, names
"""
TESTS = """\
from fastapi.testclient import TestClient

from application import add_item, app, get_db, names


def test_first(db):
    add_item(db, "a")
    assert names(db) == ["a"]


def test_second(db):
    assert names(db) == []
    add_item(db, "b")
    db.rollback()
    assert names(db) == ["b"]


def test_route(db):
    app.dependency_overrides[get_db] = lambda: db
    assert TestClient(app).post("/items/c").status_code == 201
    assert names(db) == ["c"]
    app.dependency_overrides.clear()
"""


def test_database_in_memory(tmp_path: Path) -> None:
    conftest = (
        OWN_ENGINE
        + """

@pytest.fixture
def db():
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()
"""
    )
    follows(tmp_path, {"conftest.py": conftest, "test_it.py": TESTS})
    converted = text(tmp_path, "conftest.py")
    assert 'create_async_engine("sqlite+aiosqlite://"' in converted
    assert "poolclass=StaticPool" in converted
    assert "await engine.dispose()" in converted


def test_outer_transaction_and_savepoints(tmp_path: Path) -> None:
    conftest = (
        OWN_ENGINE
        + """
engine = create_engine("sqlite:///items.db")


@event.listens_for(engine, "connect")
def _no_begin(connection, record):
    connection.isolation_level = None


@event.listens_for(engine, "begin")
def _begin(connection):
    connection.exec_driver_sql("BEGIN")


@pytest.fixture(scope="session", autouse=True)
def tables():
    Base.metadata.create_all(engine)
    yield
    Base.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def connection():
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def db(connection):
    transaction = connection.begin()
    session = sessionmaker(bind=connection, join_transaction_mode="create_savepoint")()
    yield session
    session.close()
    transaction.rollback()
"""
    )
    follows(tmp_path, {"conftest.py": conftest, "test_it.py": TESTS})
    converted = text(tmp_path, "conftest.py")
    assert "event.listens_for(engine.sync_engine" in converted
    assert 'join_transaction_mode="create_savepoint"' in converted
    assert "transaction = await connection.begin()" in converted
    assert "await transaction.rollback()" in converted


def test_tables_that_are_emptied(tmp_path: Path) -> None:
    conftest = (
        OWN_ENGINE
        + """
engine = create_engine("sqlite:///items.db")
TestSession = sessionmaker(bind=engine)


@pytest.fixture(scope="session", autouse=True)
def tables():
    Base.metadata.create_all(engine)
    yield
    Base.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture(autouse=True)
def emptied(tables):
    yield
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())


@pytest.fixture
def db():
    session = TestSession()
    try:
        yield session
    finally:
        session.close()
"""
    )
    follows(tmp_path, {"conftest.py": conftest, "test_it.py": TESTS})
    assert "await connection.execute(table.delete())" in text(tmp_path, "conftest.py")


def test_a_database_of_each_worker(tmp_path: Path) -> None:
    conftest = (
        OWN_ENGINE
        + """

@pytest.fixture(scope="session")
def worker(request):
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(scope="session")
def engine(worker, tmp_path_factory):
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp(worker)}/items.db")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def db(engine):
    with Session(engine) as session:
        yield session
        session.query(Item).delete()
        session.commit()
"""
    )
    follows(tmp_path, {"conftest.py": conftest, "test_it.py": TESTS, "test_more.py": TESTS})
    assert set(outcomes(tmp_path, "-n", "2", "-p", "xdist").values()) == {"passed"}


def test_what_an_application_changes_in_the_session_of_a_test(tmp_path: Path) -> None:
    """The commit of the application no longer expires what the test holds."""
    application = """\
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from application import Item, get_db

app = FastAPI()


@app.put("/items/{number}/{name}")
def rename(number: int, name: str, db: Session = Depends(get_db)):
    db.query(Item).filter(Item.id == number).update({"name": name}, synchronize_session=False)
    db.commit()


@app.delete("/items/{number}")
def remove(number: int, db: Session = Depends(get_db)):
    db.delete(db.get(Item, number))
    db.commit()
"""
    tests = """\
import pytest
from fastapi.testclient import TestClient

from application import Item, add_item, get_db
from more import app


@pytest.fixture
def client(db):
    app.dependency_overrides[get_db] = lambda: db
    yield TestClient(app)
    app.dependency_overrides.clear()


def test_rename(db, client):
    item = add_item(db, "a")
    assert client.put(f"/items/{item.id}/b").status_code == 200
    assert item.name == "b"


def test_remove(db, client):
    item = add_item(db, "a")
    assert client.delete(f"/items/{item.id}").status_code == 200
    db.expire_all()
    assert db.get(Item, item.id) is None
"""
    follows(tmp_path, {"more.py": application, "test_it.py": tests})


OWNERS = """\
from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from application import Base, get_db

app = FastAPI()


class Owner(Base):
    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    notes: Mapped[list["Note"]] = relationship()


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
"""
OF_OWNERS = """\
import pytest
from fastapi.testclient import TestClient

from application import get_db
from more import Note, Owner, app


@pytest.fixture
def client(db):
    app.dependency_overrides[get_db] = lambda: db
    yield TestClient(app)
    app.dependency_overrides.clear()

"""


REMOVING = """

@app.delete("/owners/{number}/notes")
def remove(number: int, db: Session = Depends(get_db)):
    db.query(Note).filter(Note.owner_id == number).delete()
    db.commit()
"""


def test_what_a_query_of_a_test_loads_behind_a_request(tmp_path: Path) -> None:
    """A relationship that was loaded before the request is loaded again with the query."""
    application = OWNERS + REMOVING
    tests = (
        OF_OWNERS
        + """
def test_notes(db, client):
    owner = Owner(name="a", notes=[Note()])
    db.add(owner)
    db.commit()
    found = db.query(Owner).filter(Owner.id == owner.id).one()
    assert len(found.notes) == 1
    assert client.delete(f"/owners/{owner.id}/notes").status_code == 200
    found = db.query(Owner).filter(Owner.id == owner.id).one()
    assert found.notes == []
"""
    )
    follows(tmp_path, {"more.py": application, "test_it.py": tests})
    assert text(tmp_path, "test_it.py").count(".execution_options(populate_existing=True)") == 1


def test_what_a_request_outdates_for_the_next_one(tmp_path: Path) -> None:
    """The application has the objects of the test's session: what it deletes or adds by statement they do not know."""
    application = (
        OWNERS
        + """

@app.get("/owners/{number}")
def read(number: int, db: Session = Depends(get_db)):
    return db.get(Owner, number).name


@app.get("/owners/{number}/notes")
def listed(number: int, db: Session = Depends(get_db)):
    return [note.id for note in db.get(Owner, number).notes]


def add_note(db: Session, number: int):
    db.add(Note(owner_id=number))
    db.commit()


@app.post("/owners/{number}/notes")
def add(number: int, db: Session = Depends(get_db)):
    add_note(db, number)
"""
        + REMOVING
    )
    tests = (
        OF_OWNERS
        + """
def test_notes(db, client):
    owner = Owner(name="a")
    db.add(owner)
    db.commit()
    path = f"/owners/{owner.id}"
    assert client.get(f"/owners/{owner.id}/notes").json() == []
    response = client.post(f"/owners/{owner.id}/notes")
    assert response.status_code == 200
    assert len(client.get(f"/owners/{owner.id}/notes").json()) == 1
    response = client.delete(f"/owners/{owner.id}/notes")
    assert client.get(path).json() == "a"
    assert client.get(f"/owners/{owner.id}/notes").json() == []


@pytest.fixture
def given(db):
    owner = Owner(name="a")
    db.add(owner)
    db.commit()
    return owner


def test_of_a_fixture(db, client, given):
    assert client.get(f"/owners/{given.id}/notes").json() == []
    assert client.post(f"/owners/{given.id}/notes").status_code == 200
    assert len(client.get(f"/owners/{given.id}/notes").json()) == 1
"""
    )
    follows(tmp_path, {"more.py": application, "test_it.py": tests})
    assert text(tmp_path, "test_it.py").count('await db.refresh(owner, ["notes"])') == 2
    assert 'await db.refresh(given, ["notes"])' in text(tmp_path, "test_it.py")
