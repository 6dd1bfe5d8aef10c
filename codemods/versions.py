"""Which versions of a library the project may run on: what only newer ones have is not written for older ones."""

from __future__ import annotations

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ..analysis.once import once
from ..analysis.program import Program
from .requirements import listed

# Versions far enough apart to fall into any range that has no upper end.
_LATER = [Version(f"{major}.{minor}") for major in range(4) for minor in (0, 1, 50, 99, 999)]


def is_before_2(program: Program) -> bool:
    """Do the project's requirements allow no SQLAlchemy from 2.0 on?"""
    return allows_none(program, "sqlalchemy", "2.0")


def allows_none(program: Program, package: str, since: str) -> bool:
    """Do the project's requirements allow no version of a package from `since` on?"""
    try:
        allowed = SpecifierSet(_specifiers(program).get(package, ""), prereleases=True)
        named = [Version(s.version.removesuffix(".*")) for s in allowed]
    except (InvalidSpecifier, InvalidVersion):
        return False
    first = Version(since)
    return not any(v >= first and allowed.contains(v) for v in (first, *named, *_LATER))


@once
def _specifiers(program: Program) -> dict[str, str]:
    return listed(program.root, program.sources)
