"""The versions of packages that a project's lock file names, or its requirements allow."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ..analysis.program import Program
from .requirements import listed

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock")


def may_have(program: Program, package: str, since: str) -> bool:
    """May the project have a version of a package from `since` on?"""
    locked = locked_version(program.root, package)
    if locked is not None:
        return locked >= Version(since)
    try:
        allowed = SpecifierSet(listed(program.root, list(program.sources)).get(package, ""))
        return not any(_ends_before(s, Version(since)) for s in allowed)
    except (InvalidSpecifier, InvalidVersion):
        return True


def _ends_before(specifier: Specifier, since: Version) -> bool:
    is_bound = specifier.operator in {"<", "<=", "==", "===", "~="}
    return is_bound and Version(specifier.version.removesuffix(".*")) <= since and not specifier.contains(since)


def locked_version(root: Path, package: str) -> Version | None:
    """The version of a package that a lock file names; None where there is none, or it can't be read."""
    for name in LOCKS:
        path = root / name
        if path.is_file() and (found := _named(path, package)):
            try:
                return Version(found)
            except InvalidVersion:
                continue
    return None


def _named(path: Path, package: str) -> str:
    try:
        text = path.read_text(encoding="utf-8")
        if path.name == "Pipfile.lock":
            parts = json.loads(text)
            found = parts.get("develop", {}).get(package) or parts.get("default", {}).get(package, {})
            return str(found.get("version", "")).removeprefix("==")
        document = tomllib.loads(text)
    except ValueError:
        return ""
    packages = document.get("package", document.get("packages", []))
    return next((str(p.get("version", "")) for p in packages if p.get("name") == package), "")
