"""Versions of bundles: which is newer, and which programs a bundle asks for."""

from __future__ import annotations

import re


def newest_last(version: str) -> tuple[object, ...]:
    """Make a key to sort versions by: 1.10 comes after 1.9, and what is no version comes first."""
    # packaging costs 30 ms to import; `mmsa --help` should not pay it.
    from packaging.version import InvalidVersion, Version

    try:
        return (1, Version(version), version)
    except InvalidVersion:
        return (0, [int(part) for part in re.findall(r"\d{1,9}", version)], version)


def allows(requirement: str, program: str) -> bool:
    """Whether a program of this version satisfies a requirement such as `>=0.2`.

    Raises:
        ValueError: it is no requirement.
    """
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    return SpecifierSet(requirement).contains(Version(program), prereleases=True)
