"""Scores and statistics, as plain arithmetic: the service and the program at the desk share it."""

import math
from collections import defaultdict
from datetime import timedelta
from statistics import fmean, median, pstdev

LOWEST, HIGHEST = 1, 5
LEVELS = ((80, "flourishing"), (60, "steady"), (40, "strained"), (0, "in need of care"))


def points(value, is_reversed):
    """What an answer counts; that to a reversed question counts the other way round."""
    return LOWEST + HIGHEST - value if is_reversed else value


def percent(values):
    """The mean of answers as 0 to 100; None where there are none."""
    if not values:
        return None
    return round(100 * (fmean(values) - LOWEST) / (HIGHEST - LOWEST), 1)


def by_category(answers):
    """The score of each category, from (category, points)."""
    grouped = defaultdict(list)
    for category, value in answers:
        grouped[category].append(value)
    return {category: percent(grouped[category]) for category in sorted(grouped)}


def level(score):
    """A word for a score."""
    if score is None:
        return "unknown"
    return next(name for least, name in LEVELS if score >= least)


def percentile(score, others):
    """How many of a hundred are at or below a score."""
    if not others:
        return None
    return round(100 * sum(other <= score for other in others) / len(others))


def trend(values):
    """The slope of a straight line through values at 0, 1, 2 …; 0 for less than two."""
    if len(values) < 2:
        return 0.0
    middle, mean = (len(values) - 1) / 2, fmean(values)
    above = sum((x - middle) * (y - mean) for x, y in enumerate(values))
    return round(above / sum((x - middle) ** 2 for x in range(len(values))), 3)


def describe(values):
    """Count, mean, median and spread of values."""
    if not values:
        return {"count": 0, "mean": None, "median": None, "spread": None}
    return {
        "count": len(values),
        "mean": round(fmean(values), 2),
        "median": round(median(values), 2),
        "spread": round(pstdev(values), 2),
    }


def correlation(pairs):
    """Pearson's coefficient; None where it says nothing."""
    if len(pairs) < 3:
        return None
    xs, ys = zip(*pairs, strict=True)
    mean_x, mean_y = fmean(xs), fmean(ys)
    spread = math.sqrt(sum((x - mean_x) ** 2 for x in xs) * sum((y - mean_y) ** 2 for y in ys))
    if spread == 0:
        return None
    return round(sum((x - mean_x) * (y - mean_y) for x, y in pairs) / spread, 3)


def next_length(length, last_day, day):
    """How long a streak is after a day: one longer the day after, the same on the same day, else new."""
    if last_day is None or day > last_day + timedelta(days=1):
        return 1
    return length + 1 if day == last_day + timedelta(days=1) else length
