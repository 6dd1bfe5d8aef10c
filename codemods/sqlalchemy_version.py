"""Which SQLAlchemy the project runs on: what 2.0 brought is not written where only 1.4 may be installed."""

from __future__ import annotations

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ..analysis.once import once
from ..analysis.program import Program
from .requirements import listed

_NEW = ("2.0", "2.0.99", "2.1", "3.0")


@once
def is_before_2(program: Program) -> bool:
    """Do the project's requirements allow no SQLAlchemy from 2.0 on?"""
    try:
        allowed = SpecifierSet(listed(program.root, program.sources).get("sqlalchemy", ""), prereleases=True)
    except InvalidSpecifier:
        return False
    named = [s.version for s in allowed if s.operator in {"==", "===", "~="}]
    return not any(v.startswith("2") for v in named) and not any(map(allowed.contains, _NEW))
