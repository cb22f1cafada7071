"""Turns the many ways in which a source writes a moment into ISO 8601 in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

# Written by hand because strptime reads %a and %b in the user's language.
_TWITTER = re.compile(
    r"[A-Za-z]{3},? (?P<month>[A-Za-z]{3}) (?P<day>\d{1,2}) (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) "
    r"(?P<zone>[+-]\d{4}) (?P<year>\d{4})"
)
_ISO = re.compile(
    r"(?P<moment>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?) ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)

_SECONDS_UNTIL_10000 = 253_402_300_800
"""Unix time of the year 10000: a larger number counts milliseconds."""


def to_iso_utc(value: object) -> str:
    """Return `value` as `2024-05-01T14:03:00Z`, or "" if it is no moment.

    Reads Twitter's own notation, ISO 8601 with a zone or without (then UTC), and Unix time in
    seconds or milliseconds, as a number or as digits.
    """
    moment = _parse(value)
    if moment is None:
        return ""
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _parse(value: object) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_unix(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        if re.fullmatch(r"[0-9]{9,13}", text):
            return _from_unix(int(text))
        if match := _TWITTER.fullmatch(text):
            return _from_twitter(match)
        if match := _ISO.fullmatch(text):
            zone = (match["zone"] or "Z").upper().replace("UTC", "Z")
            return datetime.fromisoformat(match["moment"]).replace(tzinfo=UTC) - _offset(zone)
    except (ValueError, OverflowError):
        return None
    return None


def _from_unix(value: float) -> datetime | None:
    try:
        seconds = value / 1000 if abs(value) >= _SECONDS_UNTIL_10000 else value
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def _offset(zone: str) -> timedelta:
    """Read `Z`, `+02:00` or `-0330`."""
    if zone == "Z":
        return timedelta()
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -size if zone[0] == "-" else size


def _from_twitter(match: re.Match[str]) -> datetime:
    moment = datetime(
        int(match["year"]),
        _MONTHS.index(match["month"].lower()) + 1,
        int(match["day"]),
        int(match["hour"]),
        int(match["minute"]),
        int(match["second"]),
        tzinfo=UTC,
    )
    return moment - _offset(match["zone"])
