"""Turns the many ways in which a source writes a moment into ISO 8601 in UTC.

What can be read in two ways is not read: `05/01/2026` is May or January by the column it stands in
(`DateReader`), and a zone such as IST is of India, Israel or Ireland.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

# Written by hand because strptime reads names in the user's language, not in the source's.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio janeiro januari ene gen",
            "feb february februar février fevrier febrero febbraio fevereiro februari fév",
            "mar march märz maerz mars marzo março maart mär mrz mrt",
            "apr april avril abril aprile avr abr",
            "may mai mayo maggio maio mei mag",
            "jun june juni juin junio giugno junho giu",
            "jul july juli juillet julio luglio julho lug juil",
            "aug august août aout agosto augustus ago",
            "sep sept september septembre septiembre settembre setembro set",
            "oct october oktober octobre octubre ottobre outubro okt ott out",
            "nov november novembre noviembre novembro",
            "dec december dezember décembre decembre diciembre dicembre dezembro dez dic déc",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = frozenset((
    "mon", "monday", "tue", "tues", "tuesday", "wed", "wednesday", "thu", "thur", "thurs", "thursday", "fri",
    "friday", "sat", "saturday", "sun", "sunday", "montag", "dienstag", "mittwoch", "donnerstag", "freitag",
    "samstag", "sonntag", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lunes",
    "martes", "miércoles", "jueves", "viernes", "sábado", "domingo",
))  # fmt: skip
_ZONE_HOURS = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
    "MSK": 3, "PKT": 5, "WIB": 7, "SGT": 8, "HKT": 8, "AWST": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13, "BRT": -3, "ART": -3, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5,
    "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
"""Zones by the names that American and European tools write."""

_ISO = re.compile(
    r"(?P<moment>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?) ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(?:Z|\+00:?00)?)?"
)
_TIME = re.compile(
    r"(?<![\d.])(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(?:\s?([AaPp])\.?\s?[Mm]\.?(?![a-z]))?"
)
_ZONE = re.compile(
    r"\s*(?:(UTC|GMT)?\s?([+-]\d{1,2})(?::?(\d\d))?(?!\d)|([A-Z]{1,5})(?![A-Za-z]))?"
    r"\s*(?:\([^()]{1,40}\))?"
)
_WORDS_BETWEEN = re.compile(r"[\s,·]+(?:at|um|à|a las)?[\s,·]*$", re.IGNORECASE)

_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_DAY_MONTH = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.|er)?[\s-]*(?:de |of )?([^\W\d_]{3,12})\.?[\s,-]*(?:de )?(\d{4}|\d\d)"
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,12})\.?[\s-]*(\d{1,2})(?:st|nd|rd|th)?[\s,-]+(\d{4})")
_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)")

_SECONDS_UNTIL_10000 = 253_402_300_800
"""Unix time of the year 10000: a larger number counts milliseconds, or microseconds."""
_MAX_LENGTH = 80


def to_iso_utc(value: object, day_first: bool | None = None) -> str:
    """Return `value` as `2024-05-01T14:03:00Z`, or "" if it is no moment or may be two.

    Reads ISO 8601, RFC 2822, Twitter's notation, dates with names of months, and Unix time in
    seconds down to microseconds, as a number or as digits. Without a zone it is UTC.

    Args:
        day_first: how to read `05/01/2026`; None to read only what can be read in one way.
    """
    if isinstance(value, str) and (match := _PLAIN.fullmatch(value)):
        # What most tools write, in a third of the time.
        written = f"{match[1]}T{match[2] or '00:00:00'}"
        try:
            datetime.fromisoformat(written)
        except ValueError:
            return ""
        return written + "Z"
    moment = _parse(value, day_first)
    if moment is None:
        return ""
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def moment_or_words(*values: object) -> str:
    """Return the first of the values that is a moment, as `to_iso_utc`; else the first as it is written.

    What is no moment is for `sources.read` to count; nothing else sees it.
    """
    for value in values:
        if moment := to_iso_utc(value):
            return moment
    written = (str(value).strip() for value in values if isinstance(value, str | int | float))
    return next(
        (words[:_MAX_LENGTH] for words in written if words not in ("", "0", "None", "False", "True")), ""
    )


def is_moment(text: str) -> bool:
    """Whether a text is a moment as `to_iso_utc` writes it."""
    return to_iso_utc(text) == text


class DateReader:
    """Reads the moments of one column, whose samples show whether the day or the month comes first.

    `unread` counts what was no moment to it, `example` is the first of them.
    """

    def __init__(self, samples: Iterable[str] = ()) -> None:
        numbers = [match for sample in samples if (match := _NUMBERS.match(sample.strip()))]
        firsts = any(int(match[1]) > 12 for match in numbers if match[2] != ".")
        seconds = any(int(match[3]) > 12 for match in numbers if match[2] != ".")
        self.day_first = firsts if firsts != seconds else None
        self.unread = 0
        self.example = ""

    def __call__(self, value: str) -> str:
        """Return a cell as ISO 8601 in UTC, "" and counted where it is not empty and no moment."""
        moment = to_iso_utc(value, self.day_first)
        if not moment and value.strip():
            self.unread += 1
            self.example = self.example or value.strip()[:40]
        return moment

    def note(self, column: str) -> str:
        """Say how many cells of the column could not be read, "" if all could."""
        if not self.unread:
            return ""
        why = ""
        if self.day_first is None and _NUMBERS.match(self.example):
            why = ": the day or the month may come first, and no date in the column shows which"
        return f"dates in `{column}` that could not be read: {self.unread:,}, such as {self.example!r}{why}"


def _parse(value: object, day_first: bool | None) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_unix(value)
    if not isinstance(value, str) or len(value) > _MAX_LENGTH:
        return None
    text = value.strip()
    try:
        if re.fullmatch(r"[0-9]{9,16}(?:\.0*)?", text):
            return _from_unix(int(text.partition(".")[0]))
        if re.fullmatch(r"[0-9]{9,10}\.[0-9]+", text):
            return _from_unix(float(text))
        if match := _ISO.fullmatch(text):
            zone = (match["zone"] or "Z").upper().replace("UTC", "Z")
            return datetime.fromisoformat(match["moment"]).replace(tzinfo=UTC) - _offset(zone)
        return _from_words(text, day_first)
    except (ValueError, OverflowError):
        return None


def _from_unix(value: float) -> datetime | None:
    try:
        while abs(value) >= _SECONDS_UNTIL_10000:
            value /= 1000
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
    except (OverflowError, ValueError):
        return None


def _offset(zone: str) -> timedelta:
    """Read `Z`, `+02:00` or `-0330`."""
    if zone == "Z":
        return timedelta()
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -size if zone[0] == "-" else size


def _from_words(text: str, day_first: bool | None) -> datetime | None:
    """Read a date and a time in any order, with the zone behind the time."""
    time = _TIME.search(text)
    if time is None:
        date, clock, offset = text, timedelta(), timedelta()
    else:
        hour, minute, second = int(time[1]), int(time[2]), int(time[3] or 0)
        if time[4]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + 12 * (time[4] in "Pp")
        if hour > 23 or minute > 59 or second > 60:
            return None
        clock = timedelta(hours=hour, minutes=minute, seconds=min(second, 59))
        before = _WORDS_BETWEEN.sub("", text[: time.start()].removesuffix("T") + " ")
        zone = _ZONE.match(text, time.end())
        if zone is None:
            return None
        behind = text[zone.end() :].strip(" ,·")
        if zone[2]:
            sign = -1 if zone[2][0] == "-" else 1
            offset = sign * timedelta(hours=int(zone[2][1:]), minutes=int(zone[3] or 0))
        elif zone[4]:
            if zone[4] not in _ZONE_HOURS:
                return None
            offset = timedelta(hours=_ZONE_HOURS[zone[4]])
        else:
            offset = timedelta()
        date = f"{before} {behind}".strip()
    day = _date(date, day_first)
    return day + clock - offset if day else None


def _date(text: str, day_first: bool | None) -> datetime | None:
    first, _, rest = text.partition(" ")
    if first.strip(",.").lower() in _WEEKDAYS:
        text = rest.strip(" ,")
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(match[1], int(match[3]), match[4])
    if match := _COMPACT.fullmatch(text):
        return _day(match[1], int(match[2]), match[3])
    if match := _DAY_MONTH.fullmatch(text):
        return _day(match[3], _MONTHS.get(match[2].lower(), 0), match[1])
    if match := _MONTH_DAY.fullmatch(text):
        return _day(match[3], _MONTHS.get(match[1].lower(), 0), match[2])
    if match := _NUMBERS.fullmatch(text):
        one, other = int(match[1]), int(match[3])
        if match[2] == "." or one > 12:
            day_first = True
        elif other > 12:
            day_first = False
        if day_first is None and one != other:
            return None
        day, month = (one, other) if day_first else (other, one)
        return _day(match[4], month, str(day))
    return None


def _day(year: str, month: int, day: str) -> datetime:
    """Return the start of a day; a year of two digits is of 1970 to 2069.

    Raises:
        ValueError: there is no such day.
    """
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < 70 else 1900
    return datetime(number, month, int(day), tzinfo=UTC)
