"""A file of findings that are known and do not count. It may only shrink: what has been mended must not come back.

A finding is known by its rule, file, function and code, not by its line. The file has one entry a line, so that a
version control system shows which went.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from ..checks.finding import Finding
from ..checks.outcome import Accepted, How, Outcome
from ..checks.rules import baseline_entry_gone
from .errors import Failure

Key: TypeAlias = tuple[str, str, str, str]
FIELDS = ("code", "path", "function", "source")
VERSION = 1
REASON = "in the baseline"
FIRST_LINE = 2


def applied(file: Path, outcome: Outcome, looked_at: Collection[str], codes: Collection[str], root: Path) -> Outcome:
    """The outcome, in which the findings that the file lists are accepted.

    Of the files `looked_at` and the rules `codes` an entry that is no finding any more is a finding itself.

    Raises:
        Failure: there is no such file, or it is broken.
    """
    listed = _read(file)
    left, accepted = _split(outcome.findings, listed)
    if baseline_entry_gone.CODE in codes:
        place = Path(os.path.relpath(file, root)).as_posix()
        gone = _gone(listed, accepted, looked_at, codes, root)
        left += [baseline_entry_gone.at(place, FIRST_LINE + list(listed).index(key), key) for key in gone]
    told = (Accepted(finding, How.BASELINE, REASON) for finding in accepted)
    return replace(outcome, findings=tuple(left), accepted=(*outcome.accepted, *told))


def written(file: Path, outcome: Outcome, looked_at: Collection[str], codes: Collection[str], root: Path) -> None:
    """Make the file of all findings; where there is one, take out of it what has been mended.

    Raises:
        Failure: the file is broken.
    """
    if not file.exists():
        _write(file, Counter(finding.key for finding in outcome.findings))
        return
    listed = _read(file)
    _, accepted = _split(outcome.findings, listed)
    gone = _gone(listed, accepted, looked_at, codes, root)
    if gone:
        _write(file, listed - gone)


def _split(findings: Iterable[Finding], listed: Mapping[Key, int]) -> tuple[list[Finding], list[Finding]]:
    """What is new, and what is listed."""
    rest = Counter(listed)
    new: list[Finding] = []
    known: list[Finding] = []
    for finding in findings:
        (known if rest[finding.key] > 0 else new).append(finding)
        rest[finding.key] -= 1
    return new, known


def _gone(
    listed: Counter[Key], accepted: Iterable[Finding], looked_at: Collection[str], codes: Collection[str], root: Path
) -> Counter[Key]:
    """The entries that are no findings any more."""
    left = listed - Counter(finding.key for finding in accepted)
    return Counter(
        {
            key: count
            for key, count in left.items()
            if key[0] in codes and (key[1] in looked_at or not (root / key[1]).exists())
        }
    )


def _read(file: Path) -> Counter[Key]:
    try:
        content = json.loads(file.read_bytes())
        return Counter(dict(_entries(content)))
    except OSError as error:
        raise Failure(f"--baseline: {file}: {error.strerror}; --write-baseline makes it") from None
    except json.JSONDecodeError as error:
        raise Failure(f"{file}:{error.lineno}: broken JSON: {error.msg}") from None
    except (KeyError, TypeError, ValueError):
        raise Failure(f"{file}: this is no baseline of version {VERSION}") from None


def _entries(content: Any) -> Iterator[tuple[Key, int]]:
    if content["version"] != VERSION:
        raise ValueError
    for entry in content["findings"]:
        code, path, function, source = (str(entry[field]) for field in FIELDS)
        yield (code, path, function, source), int(entry["count"])


def _write(file: Path, counts: Mapping[Key, int]) -> None:
    entries = [
        json.dumps({**dict(zip(FIELDS, key, strict=True)), "count": count}, ensure_ascii=False)
        for key, count in sorted(counts.items(), key=lambda item: (item[0][1], *item[0]))
    ]
    file.write_text(f'{{"version": {VERSION}, "findings": [\n' + ",\n".join(entries) + "\n]}\n", encoding="utf-8")
