"""The program at the desk, which works on the same tables in its own way."""

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from desktop import checkin
from soul_sense.database import Base
from soul_sense.models import PersonalProfile, Streak, Tag, User


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A session on a database of its own."""
    desk_engine = create_engine(f"sqlite:///{tmp_path / 'desk.db'}")
    Base.metadata.create_all(desk_engine)
    factory = sessionmaker(bind=desk_engine)
    monkeypatch.setattr(checkin, "DesktopSession", factory)
    with factory() as session:
        yield session
    desk_engine.dispose()


@pytest.fixture
def person(desk):
    person = User(username="noor", email="noor@example.com", password_hash="x")
    desk.add(person)
    desk.commit()
    return person


def test_check_in(desk, person):
    entry = checkin.check_in(desk, person, 7, "At the desk")
    assert (entry.user.username, entry.mood, entry.tags) == ("noor", 7, [])


@pytest.mark.parametrize(("name", "found"), [("noor", True), ("NOOR", True), ("nobody", False)])
def test_find_user(desk, person, name, found):
    assert (checkin.find_user(desk, name) is person) is found


def test_summary(desk, person):
    person.personal = PersonalProfile(full_name="Noor Haddad")
    person.streaks.append(Streak(kind="journal", length=3, longest=3))
    checkin.check_in(desk, person, 4, "One")
    entry = checkin.check_in(desk, person, 8, "Two")
    entry.tags = [Tag(user_id=person.id, name="desk")]
    desk.commit()
    assert checkin.summary(desk, person) == [
        "Noor Haddad: 2 pages, mean mood 6.0",
        "  journal: 3 days",
        "  Two [desk]",
        "  One []",
    ]


def test_from_the_command_line(desk, person, capsys):
    assert checkin.main(["noor", "7", "At the desk"]) == 0
    assert capsys.readouterr().out.splitlines() == ["noor: 1 pages, mean mood 7.0", "  At the desk []"]


def test_nobody_is_called_so(desk, capsys):
    assert checkin.main(["nobody", "7", "At the desk"]) == 1
    assert capsys.readouterr().err == "nobody is called nobody\n"
