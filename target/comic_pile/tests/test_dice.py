"""The ladder of dice."""

import random

import pytest

from comic_pile.services import dice


@pytest.mark.parametrize(("die", "larger"), [(4, 6), (6, 8), (8, 10), (10, 12), (12, 20), (20, 20)])
def test_step_up(die, larger):
    assert dice.step_up(die) == larger


@pytest.mark.parametrize(("die", "smaller"), [(4, 4), (6, 4), (8, 6), (10, 8), (12, 10), (20, 12)])
def test_step_down(die, smaller):
    assert dice.step_down(die) == smaller


@pytest.mark.parametrize("die", dice.LADDER[1:-1])
def test_up_and_down_is_where_one_was(die):
    assert dice.step_down(dice.step_up(die)) == die


@pytest.mark.parametrize(("sides", "expected"), [(3, False), (4, True), (7, False), (20, True), (100, False)])
def test_is_die(sides, expected):
    assert dice.is_die(sides) is expected


@pytest.mark.parametrize(("rating", "die"), [(0.5, 10), (1.0, 10), (2.5, 10), (3.5, 10), (4.0, 6), (4.5, 6), (5.0, 6)])
def test_after_rating(rating, die):
    assert dice.after_rating(8, rating) == die


@pytest.mark.parametrize("die", dice.LADDER)
def test_a_snooze_never_makes_the_die_smaller(die):
    assert dice.after_snooze(die) >= die


@pytest.mark.parametrize("die", dice.LADDER)
def test_a_throw_stays_on_the_die(die):
    source = random.Random(die)
    assert {dice.throw(die, source.randint) for _ in range(400)} == set(range(1, die + 1))


@pytest.mark.parametrize(("length", "die", "reach"), [(0, 6, 0), (3, 6, 3), (6, 6, 6), (30, 6, 6), (30, 20, 20)])
def test_within_reach(length, die, reach):
    assert list(dice.within_reach(range(length), die)) == list(range(reach))


@pytest.mark.parametrize(("result", "title"), [(1, "a"), (2, "b"), (3, "c"), (4, "a"), (6, "c"), (20, "b")])
def test_what_a_throw_hits(result, title):
    assert dice.hit(["a", "b", "c"], result) == title
