"""Scores and statistics, without a database."""

from datetime import date

import pytest

from soul_sense import scoring


@pytest.mark.parametrize(("value", "turned", "expected"), [(1, False, 1), (5, False, 5), (1, True, 5), (4, True, 2)])
def test_points(value, turned, expected):
    assert scoring.points(value, turned) == expected


@pytest.mark.parametrize(
    ("values", "expected"), [([], None), ([1], 0), ([5, 5], 100), ([3], 50), ([1, 2], 12.5), ([4, 5, 5], 91.7)]
)
def test_percent(values, expected):
    assert scoring.percent(values) == expected


def test_by_category():
    assert scoring.by_category([("b", 5), ("a", 1), ("b", 3)]) == {"a": 0, "b": 75}
    assert scoring.by_category([]) == {}


@pytest.mark.parametrize(
    ("score", "word"),
    [
        (100, "flourishing"),
        (80, "flourishing"),
        (79.9, "steady"),
        (60, "steady"),
        (40, "strained"),
        (39.9, "in need of care"),
        (0, "in need of care"),
        (None, "unknown"),
    ],
)
def test_level(score, word):
    assert scoring.level(score) == word


@pytest.mark.parametrize(
    ("score", "others", "expected"), [(50, [], None), (50, [40, 60], 50), (50, [50], 100), (10, [40, 60, 80], 0)]
)
def test_percentile(score, others, expected):
    assert scoring.percentile(score, others) == expected


@pytest.mark.parametrize(
    ("values", "expected"), [([], 0), ([5], 0), ([1, 2, 3], 1), ([6, 4, 2], -2), ([5, 5, 5], 0), ([1, 3, 2], 0.5)]
)
def test_trend(values, expected):
    assert scoring.trend(values) == expected


def test_describe():
    assert scoring.describe([]) == {"count": 0, "mean": None, "median": None, "spread": None}
    assert scoring.describe([2, 4, 9]) == {"count": 3, "mean": 5, "median": 4, "spread": 2.94}


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], None),
        ([(1, 1), (2, 2)], None),
        ([(1, 2), (2, 4), (3, 6)], 1),
        ([(1, 6), (2, 4), (3, 2)], -1),
        ([(1, 5), (2, 5), (3, 5)], None),
    ],
)
def test_correlation(pairs, expected):
    assert scoring.correlation(pairs) == expected


@pytest.mark.parametrize(
    ("length", "last", "expected"),
    [(0, None, 1), (3, date(2024, 2, 28), 4), (3, date(2024, 2, 29), 3), (3, date(2024, 2, 27), 1)],
)
def test_next_length(length, last, expected):
    assert scoring.next_length(length, last, date(2024, 2, 29)) == expected
