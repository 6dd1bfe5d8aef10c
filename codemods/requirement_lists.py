"""The lists of requirements that a project keeps: lines of a file, arrays and tables of TOML.

Each list says what it holds and takes a new requirement or an extra, with everything else in it left as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from tomlkit.items import AbstractTable, AoT, Array, Table

_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_NAME = re.compile(r"^(\s*['\"]?)([A-Za-z0-9][\w.-]*)(?:\s*\[([^\]]*)\])?")
_OPTION = re.compile(r"\s+--?\w.*$")
_CARET = re.compile(r"^\s*(\^|~)\s*(\d+(?:\.\d+)*)\s*$")


@dataclass(frozen=True, slots=True)
class Listed:
    """One requirement of a list; `specifier` is in the form of PEP 440, `line` counts from 1 (0: not known)."""

    name: str
    specifier: str
    line: int = 0


class RequirementList(Protocol):
    """A place where requirements stand. `label` is its name inside its file."""

    label: str

    def listed(self) -> list[Listed]:
        """What the list holds."""

    def add_extra(self, name: str, extra: str) -> None:
        """Ask for an extra wherever a package is listed."""

    def add(self, requirements: Sequence[str], beside: str) -> None:
        """Add requirements: in their place where the list is sorted, else behind the package `beside`."""


def parse(text: str) -> Requirement | None:
    """A requirement, without the comment and the options of pip behind it; None for anything else."""
    text = _OPTION.sub("", _COMMENT.sub("", text)).strip().rstrip("\\").strip()
    try:
        return Requirement(text) if text else None
    except InvalidRequirement:
        return None


def with_extra(text: str, extra: str) -> str:
    """A requirement's text that asks for one more extra."""
    match = _NAME.match(text)
    if match is None:
        return text
    extras = [e.strip() for e in (match[3] or "").split(",") if e.strip()]
    if extra in extras:
        return text
    return f"{match[1]}{match[2]}[{','.join([*extras, extra])}]{text[match.end() :]}"


def place(names: Sequence[str], new: str, beside: str) -> int:
    """The index at which a name is added."""
    if len(names) > 2 and list(names) == sorted(names):
        return sum(name <= new for name in names)
    behind = [index for index, name in enumerate(names) if name == beside]
    return behind[-1] + 1 if behind else len(names)


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


class LineList:
    """Requirements with a line for each: a requirements file, or a value of setup.cfg (lines `first` up to `last`)."""

    def __init__(self, lines: list[str], first: int, last: int, label: str) -> None:
        self.lines = lines
        self.label = label
        self._first = first
        self._last = last

    def _entries(self) -> Iterator[tuple[int, Requirement]]:
        for index in range(self._first, self._last):
            requirement = parse(self.lines[index])
            if requirement is not None:
                yield index, requirement

    def listed(self) -> list[Listed]:
        return [Listed(canonicalize_name(r.name), str(r.specifier), index + 1) for index, r in self._entries()]

    def add_extra(self, name: str, extra: str) -> None:
        for index, requirement in list(self._entries()):
            if canonicalize_name(requirement.name) == name:
                self.lines[index] = with_extra(self.lines[index], extra)

    def add(self, requirements: Sequence[str], beside: str) -> None:
        for requirement in requirements:
            self._insert(requirement, beside)
            beside = _name(requirement)

    def _insert(self, requirement: str, beside: str) -> None:
        entries = list(self._entries())
        names = [canonicalize_name(r.name) for _, r in entries]
        index = place(names, _name(requirement), beside)
        # Behind the entry before it, and behind what pip reads as part of that line.
        at = entries[index - 1][0] if index else entries[0][0] - 1
        while index and self.lines[at].rstrip().endswith("\\") and at + 1 < self._last:
            at += 1
        like = self.lines[entries[max(index - 1, 0)][0]]
        indent = like[: len(like) - len(like.lstrip())]
        self.lines.insert(at + 1, f"{indent}{requirement}")
        self._last += 1


class ArrayList:
    """Requirements in an array of TOML."""

    def __init__(self, array: Array, label: str) -> None:
        self.array = array
        self.label = label

    def _entries(self) -> Iterator[tuple[int, Requirement]]:
        for index, item in enumerate(self.array):
            requirement = parse(item) if isinstance(item, str) else None
            if requirement is not None:
                yield index, requirement

    def listed(self) -> list[Listed]:
        return [Listed(canonicalize_name(r.name), str(r.specifier)) for _, r in self._entries()]

    def add_extra(self, name: str, extra: str) -> None:
        for index, requirement in list(self._entries()):
            if canonicalize_name(requirement.name) == name:
                self._set(index, with_extra(str(self.array[index]), extra))

    def _set(self, index: int, text: str) -> None:
        if text != self.array[index]:
            is_literal = self.array[index].as_string().startswith("'")
            self.array[index] = tomlkit.string(text, literal=is_literal)

    def add(self, requirements: Sequence[str], beside: str) -> None:
        for requirement in requirements:
            self._insert(requirement, beside)
            beside = _name(requirement)

    def _insert(self, requirement: str, beside: str) -> None:
        entries = list(self._entries())
        index = place([canonicalize_name(r.name) for _, r in entries], _name(requirement), beside)
        at = entries[index - 1][0] + 1 if index else 0
        is_literal = any(isinstance(i, str) and tomlkit.item(i).as_string().startswith("'") for i in self.array)
        self.array.insert(at, tomlkit.string(requirement, literal=is_literal and "'" not in requirement))


class TableList:
    """Requirements as keys of a table of TOML: Poetry's and Pipenv's."""

    def __init__(self, table: MutableMapping[str, Any], label: str) -> None:
        self.table = table
        self.label = label

    def listed(self) -> list[Listed]:
        return [
            Listed(canonicalize_name(key), pep440(_version(value)))
            for key, value in self.table.items()
            if canonicalize_name(key) != "python"
        ]

    def add_extra(self, name: str, extra: str) -> None:
        for key in [k for k in self.table if canonicalize_name(k) == name]:
            value = self.table[key]
            if isinstance(value, str):
                detailed = tomlkit.inline_table()
                detailed.update({"extras": [extra], "version": str(value)})
                self.table[key] = detailed
            else:
                for constraint in value if isinstance(value, list) else [value]:
                    _extend(constraint, extra)

    def add(self, requirements: Sequence[str], beside: str) -> None:
        for requirement in map(Requirement, requirements):
            version = str(requirement.specifier) or "*"
            detailed = tomlkit.inline_table()
            detailed.update({"extras": sorted(requirement.extras), "version": version})
            self._insert(requirement.name, detailed if requirement.extras else version, beside)
            beside = canonicalize_name(requirement.name)

    def _insert(self, name: str, value: object, beside: str) -> None:
        keys = [key for key in self.table if canonicalize_name(key) != "python"]
        index = place([canonicalize_name(key) for key in keys], name, beside)
        if not index and "python" not in self.table and isinstance(self.table, AbstractTable):
            first = next(i for i, (key, _) in enumerate(self.table.value.body) if key is not None)
            self.table.value._insert_at(first, name, tomlkit.item(value))
        else:
            add_key(self.table, name, value, keys[index - 1] if index else "python")


def add_key(table: MutableMapping[str, Any], key: str, value: object, behind: str = "") -> None:
    """Add a key to a table of TOML: behind another, else behind its last, and before the comments below it."""
    plain = [k for k, v in table.items() if not isinstance(v, Table | AoT)]
    if not plain or not isinstance(table, AbstractTable):
        table[key] = value
        return
    # tomlkit has no public way to say where a key goes.
    table.value._insert_after(behind if behind in plain else plain[-1], key, tomlkit.item(value))


def _extend(constraint: MutableMapping[str, Any], extra: str) -> None:
    if extra not in constraint.get("extras", []):
        constraint.setdefault("extras", []).append(extra)


def _version(value: object) -> str:
    if isinstance(value, list):
        return _version(value[0]) if value else ""
    return str(value.get("version", "")) if isinstance(value, MutableMapping) else str(value)


def pep440(version: str) -> str:
    """A version constraint of Poetry or Pipenv in the form of PEP 440: `^0.23` -> `>=0.23,<0.24`."""
    caret = _CARET.match(version)
    if caret is None:
        text = version.strip()
        return f"=={text}" if text[:1].isdigit() else text.removeprefix("*")
    kind, lower = caret.groups()
    parts = [int(part) for part in lower.split(".")]
    if kind == "~":
        upper = parts[:2]
    else:
        first = next((index for index, part in enumerate(parts) if part), len(parts) - 1)
        upper = parts[: first + 1]
    upper[-1] += 1
    return f">={lower},<{'.'.join(map(str, upper))}"
