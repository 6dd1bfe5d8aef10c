"""Compares what two applications answered to the same requests.

What changes by nature (times, tokens, generated keys) is not guessed: the original answers twice, and where it differs
from itself, only the kind of value is compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Headers of the server, or of the moment.
IGNORED = frozenset({"date", "server", "content-length", "connection", "keep-alive", "transfer-encoding"})
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
# Keys of what is measured while a request runs; two runs of the original may measure the same.
MEASURED = re.compile(r"\b(?:latency|elapsed|uptime|(?:response|process(?:ing)?|query)_time)(?:_\w+)?$|_ms$")
LONGEST = 160
Response = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A request that the two answer differently: what was asked, and each point."""

    request: str
    points: tuple[str, ...]


def compare(
    requests: Sequence[Mapping[str, Any]],
    before: Sequence[Response],
    again: Sequence[Response],
    after: Sequence[Response],
) -> Iterator[Difference]:
    """The requests whose responses differ. `before` and `again` are both the original's."""
    for request, one, two, new in zip(requests, before, again, after, strict=True):
        if "path" in request:
            points = tuple(_points(one, two, new))
            if points:
                yield Difference(f"{request.get('method', 'get').upper()} {request['path']}", points)


def _points(one: Response, two: Response, new: Response) -> Iterator[str]:
    missing = sorted(set(new["missing"]) - set(one["missing"]))
    yield from (f"MissingGreenlet: {load}" for load in missing)
    if one["status"] != two["status"]:
        return
    if new["status"] != one["status"]:
        yield f"status {one['status']} → {new['status']}" + (f": {new['failure']}" if new["failure"] else "")
        return
    if new["failure"] != one["failure"] and bool(new["failure"]) != bool(one["failure"]):
        yield f"failure: {one['failure'] or 'none'} → {new['failure'] or 'none'}"
    names = (one["headers"].keys() | new["headers"].keys()) - IGNORED
    for name in sorted(names):
        values = [response["headers"].get(name) for response in (one, two, new)]
        measured = all(value and re.fullmatch(r"\d+\.\d+\w*", value[0]) for value in values)
        if values[0] == values[1] != values[2] and not measured and not _are_cookies(name, values[0], values[2]):
            yield f"header {name}: {_short(values[0])} → {_short(values[2])}"
    yield from differences(_body(one), _body(two), _body(new), "body")


def _are_cookies(name: str, old: Any, new: Any) -> bool:
    """Are both cookies of the same names? Their values are tokens."""
    names = [[cookie.partition("=")[0] for cookie in cookies or ()] for cookies in (old, new)]
    return name == "set-cookie" and names[0] == names[1]


def _body(response: Response) -> Any:
    try:
        return json.loads(response["body"])
    except ValueError:
        return response["body"]


def differences(one: Any, two: Any, new: Any, where: str) -> Iterator[str]:
    """Where a value is not what it was; what the original answers differently itself is masked."""
    if isinstance(one, dict) and isinstance(new, dict) and isinstance(two, dict):
        for key in [*one, *(k for k in new if k not in one)]:
            if key not in new and key in two:
                yield f"{where}.{key} is gone (was {_short(one[key])})"
            elif key not in one and key not in two:
                yield f"{where}.{key} is new: {_short(new[key])}"
            elif key in one and key in new:
                yield from differences(one[key], two.get(key), new[key], f"{where}.{key}")
    elif isinstance(one, list) and isinstance(new, list) and isinstance(two, list) and len(one) == len(two):
        yield from _of_lists(one, two, new, where)
    elif _outcome(one) == _outcome(two):
        if _outcome(one) != _outcome(new) and not _are_moments(one, new) and not _are_measured(where, one, new):
            yield f"{where}: {_short(one)} → {_short(new)}"
    elif type(new) not in {type(one), type(two)}:
        yield f"{where}: {_short(one)} → {_short(new)}"


def _outcome(value: Any) -> Any:
    """A value; of a traceback the error alone, since its lines lie in other places."""
    is_traceback = isinstance(value, str) and value.startswith("Traceback (most recent call last)")
    return value.strip().rpartition("\n")[2] if is_traceback else value


def _of_lists(one: list[Any], two: list[Any], new: list[Any], where: str) -> Iterator[str]:
    if len(one) != len(new):
        yield f"{where}: {len(one)} items → {len(new)}"
    elif one == two and one != new and sorted(map(_key, one)) == sorted(map(_key, new)):
        yield f"{where}: the same items in another order"
    else:
        for number, (a, b, c) in enumerate(zip(one, two, new, strict=True)):
            yield from differences(a, b, c, f"{where}[{number}]")


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _are_moments(old: Any, new: Any) -> bool:
    """Are both moments of the run? Two runs of the original may fall into the same second."""
    return isinstance(old, str) and isinstance(new, str) and bool(MOMENT.match(old)) and _near(old, new)


def _are_measured(where: str, old: Any, new: Any) -> bool:
    """Are both times that something took?"""
    return isinstance(old, float) and isinstance(new, float) and MEASURED.search(where) is not None


def _near(old: str, new: str) -> bool:
    return old[:10] == new[:10] and len(old) == len(new) and not old.startswith("2024-01-0")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
