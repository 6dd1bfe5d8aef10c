"""Deadlocks, and what is done about them."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from comic_pile.config import settings
from comic_pile.models import Thread
from comic_pile.services import queue
from comic_pile.services.locking import delay, is_deadlock, lock_queue, retry_on_deadlock


class Raised(Exception):
    """What a driver raises."""

    def __init__(self, told="", sqlstate=None, pgcode=None):
        super().__init__(told)
        self.sqlstate = sqlstate
        self.pgcode = pgcode


def failure(**values):
    return OperationalError("UPDATE threads", {}, Raised(**values))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (failure(sqlstate="40P01"), True),
        (failure(sqlstate="40001"), True),
        (failure(pgcode="40P01"), True),
        (failure(told="database is locked"), True),
        (failure(sqlstate="23505"), False),
        (failure(told="disk I/O error"), False),
        (IntegrityError("INSERT", {}, Raised("UNIQUE constraint failed")), False),
    ],
)
def test_is_deadlock(error, expected):
    assert is_deadlock(error) is expected


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.25), (2, 0.5), (3, 1), (4, 2)])
def test_delays_double(monkeypatch, attempt, seconds):
    monkeypatch.setattr(settings, "deadlock_delay", 0.25)
    assert delay(attempt) == seconds


@pytest.mark.parametrize("failures", [0, 1, 3])
async def test_work_is_done_again(db, failures):
    attempts = []

    @retry_on_deadlock
    async def work(db, word):
        await db.execute(text("SELECT 1"))
        attempts.append(word)
        if len(attempts) <= failures:
            raise failure(sqlstate="40P01")
        return word.upper()

    assert await work(db, "done") == "DONE"
    assert attempts == ["done"] * (failures + 1)


async def test_nobody_tries_for_ever(db):
    attempts = []

    @retry_on_deadlock
    async def work(db):
        await db.execute(text("SELECT 1"))
        attempts.append(1)
        raise failure(sqlstate="40P01")

    with pytest.raises(OperationalError):
        await work(db)
    assert len(attempts) == settings.deadlock_attempts


async def test_other_errors_are_not_tried_again(db):
    attempts = []

    @retry_on_deadlock
    async def work(db):
        attempts.append(1)
        await db.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        await work(db)
    assert attempts == [1]


async def test_a_failed_attempt_leaves_nothing_behind(db, user):
    user_id, attempts = user.id, []

    @retry_on_deadlock
    async def work(db, title):
        attempts.append(1)
        db.add(Thread(user_id=user_id, title=f"{title} {len(attempts)}", format="trade"))
        await db.flush()
        if len(attempts) < 3:
            raise failure(sqlstate="40001")
        await db.commit()

    await work(db, "attempt")
    assert [thread.title for thread in await db.scalars(
        select(Thread).filter_by(user_id=user_id)
    )] == ["attempt 3"]


async def test_a_move_survives_a_deadlock(db, user, pile, monkeypatch):
    user_id, failures = user.id, [failure(sqlstate="40P01"), failure(told="database is locked")]
    place = queue.place

    async def unlucky(db, found, position):
        await place(db, found, position)
        if failures:
            raise failures.pop()

    monkeypatch.setattr(queue, "place", unlucky)
    assert (await queue.move(db, user_id, pile[4], 1)).position == 1
    assert [thread.position for thread in await queue.active(db, user_id)] == [1, 2, 3, 4, 5]


async def test_the_lock_is_held_until_the_transaction_ends(db, user):
    await lock_queue(db, user.id)
    await lock_queue(db, user.id)  # whoever has it may ask again
    if db.get_bind().dialect.name == "postgresql":
        held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert await db.scalar(held) == 1
        await db.rollback()
        assert await db.scalar(held) == 0


async def test_the_api_answers_after_a_deadlock(client, pile, monkeypatch):
    failures = [failure(sqlstate="40P01")]
    length = queue.length

    async def unlucky(db, user_id):
        if failures:
            raise failures.pop()
        return await length(db, user_id)

    monkeypatch.setattr(queue, "length", unlucky)
    response = await client.put(f"/queue/{pile[0]}/position", json={"position": 3})
    assert (response.status_code, response.json()["position"]) == (200, 3)
