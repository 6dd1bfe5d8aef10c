"""The async driver of each kind of database, and the URLs that name a driver."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import Requirement

from ..analysis.library import Drivers, library
from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.test_reach import is_of_tests
from .edit import Replace
from .requirements import async_driver, listed

# Names in URLs that SQLAlchemy's asyncio extension takes as they are.
ASYNC = {name for drivers in library().drivers.values() for name in (*drivers.names, *drivers.more)}
SETTINGS = (".env*", "*.env", "*.ini", "*compose*.y*ml", "Dockerfile*")
# Files beside the code that may say where the database is.
CONFIGURED = ("*.toml", "*.yaml", "*.yml")
# The packages that show which kind of database is used.
PACKAGES = {
    "postgresql": {"asyncpg", "pg8000", "psycopg", "psycopg-binary", "psycopg2", "psycopg2-binary", "psycopg2cffi"},
    "mysql": {"pymysql", "mysqlclient", "mysql-connector-python", "aiomysql", "asyncmy"},
}
# Drivers that serve sync code too.
BOTH = {"psycopg", "oracledb"}
_NAME = r"(?P<dialect>[a-z]+)(?:\+(?P<driver>\w+))?"
_LITERAL = re.compile(rf"(?P<head>[rRuUfF]*(?:\"\"\"|'''|\"|'))(?P<name>{_NAME})(?=://|[\"']$)")
_SSLMODE = re.compile(r"[?&](sslmode)=")


def drivername(program: Program, dialect: str, driver: str = "") -> str:
    """The name of the async driver that takes the place of a driver (""): none is needed, or none is known)."""
    if driver in ASYNC or dialect not in library().drivers:
        return ""
    requirement = async_driver(dialect, packages(program), program.settings.driver)
    return f"{dialect}+{Requirement(requirement).name}"


@once
def packages(program: Program) -> dict[str, str]:
    """The packages that the project lists, with the versions that are allowed."""
    return listed(program.root, program.sources)


def named_dialect(text: str) -> str:
    """The kind of database that the URL in a literal (its source text) names; "" where it names none."""
    found = _LITERAL.match(text)
    is_known = found is not None and (found["dialect"] in library().drivers or found["driver"] is not None)
    return found["dialect"] if found is not None and is_known else ""


def is_async(text: str) -> bool:
    """Does the URL in a literal (its source text) name a driver that async engines take?"""
    found = _LITERAL.match(text)
    return found is not None and found["driver"] in ASYNC


def redriven(program: Program, source: Source, start: int, end: int) -> Iterator[Replace]:
    """The edits that give the URL in a literal its async driver."""
    text = source.content[start:end].decode()
    found = _LITERAL.match(text)
    assert found is not None
    name = drivername(program, found["dialect"], found["driver"] or "")
    if not name:
        return
    yield Replace(start + found.start("name"), start + found.end("name"), name)
    option = _SSLMODE.search(text) if name.endswith("+asyncpg") else None
    if option is not None:
        at = start + len(text[: option.start(1)].encode())
        yield Replace(at, at + len("sslmode"), "ssl")


def function_text(program: Program, name: str, url: str, make_url: str) -> str:
    """A function `name` that gives any URL its async driver; `url` and `make_url` spell SQLAlchemy's names."""
    rows = [f'        "{name}": "{drivername(program, dialect)}",\n' for dialect, name in _expected(program)]
    changed = "url.set(drivername=drivers.get(url.drivername, url.drivername))"
    lines = [
        f"def {name}(url: str | {url}) -> {url}:\n",
        '    """The URL of the same database, with its async driver."""\n',
        f"    url = {make_url}(url)\n",
        "    drivers = {\n",
        *rows,
        "    }\n",
    ]
    if drivername(program, "postgresql").endswith("+asyncpg"):
        lines += [
            f"    url = {changed}\n",
            '    if url.drivername == "postgresql+asyncpg" and "sslmode" in url.query:\n',
            "        # What libpq calls sslmode is ssl for asyncpg.\n",
            '        ssl = url.query["sslmode"]\n',
            '        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": ssl})\n',
            "    return url\n",
        ]
    else:
        lines.append(f"    return {changed}\n")
    return "".join(lines)


def _expected(program: Program) -> Iterator[tuple[str, str]]:
    """The dialects, each with the names under which its sync drivers are to be expected in the project's URLs."""
    for dialect, drivers in library().drivers.items():
        listed_ones = _listed_drivers(program, drivers)
        if dialect in {"sqlite", "postgresql"} or listed_ones or mentions(program, dialect):
            yield dialect, dialect
            for position, driver in enumerate(drivers.sync):
                if position == 0 or driver in listed_ones or mentions(program, driver):
                    yield dialect, f"{dialect}+{driver}"


def _listed_drivers(program: Program, drivers: Drivers) -> list[str]:
    """The sync drivers whose packages the project lists."""
    return [
        driver
        for driver, package in zip(drivers.sync, drivers.packages, strict=False)
        if any(name == package or name.startswith(f"{package}-") for name in packages(program))
    ]


def sync_drivernames(program: Program) -> dict[str, str]:
    """The names that URLs have now for the async drivers, each with that of a sync one that the project has."""
    found: dict[str, str] = {}
    for dialect, _ in _expected(program):
        drivers, name = library().drivers[dialect], drivername(program, dialect)
        if name.partition("+")[2] not in BOTH:
            driver = next(iter(_listed_drivers(program, drivers)), drivers.sync[0])
            found[name] = dialect if driver == drivers.sync[0] else f"{dialect}+{driver}"
    return found


def mentions(program: Program, word: str) -> bool:
    """Does any file of the project speak of something, its settings among them?"""
    contents = (*(source.content for source in program.sources.values()), *_settings(program))
    return any(re.search(rf"\b{word}\b".encode(), content) for content in contents)


@once
def _settings(program: Program) -> list[bytes]:
    """The files at the project's root in which the URLs of databases are given to it."""
    files = {path for pattern in SETTINGS for path in program.root.glob(pattern) if path.is_file()}
    return [path.read_bytes() for path in sorted(files)]


def dialects(program: Program) -> set[str]:
    """The kinds of database that the project uses: it lists a driver, or its code has a URL and lists say nothing.

    Where neither says anything, what its settings name.
    """
    known = packages(program).keys()
    by_url = named(program, in_tests=False)
    used = {dialect for dialect, drivers in PACKAGES.items() if drivers & known} | (by_url - unlisted(program))
    return used or set(_configured(program))


@once
def _configured(program: Program) -> frozenset[str]:
    """The kinds of database whose URLs stand in settings files, at the project's root or beside its code."""
    folders = {".", *(path.rpartition("/")[0] or "." for path in program.sources if not is_of_tests(path))}
    paths = {p for folder in folders for pattern in CONFIGURED for p in (program.root / folder).glob(pattern)}
    contents = [*_settings(program), *(path.read_bytes() for path in paths if path.is_file())]
    pattern = re.compile(rb"[\s\"'=](" + "|".join(library().drivers).encode() + rb")(\+\w+)?://")
    return frozenset(found[1].decode() for content in contents for found in pattern.finditer(content))


def unlisted(program: Program) -> set[str]:
    """The kinds of database of which the code has a URL, though no engine's own, but no list a driver."""
    known = packages(program).keys()
    by_url = named(program, in_tests=False) & PACKAGES.keys() - named(program, in_tests=False, before=r"engine\(\s*f?")
    return {dialect for dialect in by_url if known and not PACKAGES[dialect] & known}


def named(program: Program, *, in_tests: bool, before: str = "") -> set[str]:
    """The kinds of database whose URLs stand in the code, or in the tests, behind what a pattern matches."""
    sources = [s for path, s in program.sources.items() if is_of_tests(path) == in_tests]
    patterns = {dialect: re.compile(rf"{before}[\"']{dialect}(\+\w+)?://".encode()) for dialect in library().drivers}
    return {d for d, pattern in patterns.items() if any(pattern.search(s.content) for s in sources)}


def moves_to_asyncpg(program: Program) -> bool:
    """Will asyncpg be the driver: is PostgreSQL used, or, where no packages are listed, spoken of?"""
    is_used = "postgresql" in dialects(program) or (not packages(program) and mentions(program, "postgresql"))
    return is_used and drivername(program, "postgresql").endswith("+asyncpg")
