"""Turns the many ways in which a source writes a moment into ISO 8601 in UTC.

What can be read in two ways is not read: `05/01/2026` is May or January by the column it stands in
(`DateReader`), and a zone such as IST is of India, Israel or Ireland.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

# Written by hand because strptime reads names in the user's language, not in the source's.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio janeiro januari ene gen"
            " января январь янв stycznia ocak",
            "feb february februar février fevrier febrero febbraio fevereiro februari fév fev"
            " февраля фев lutego şubat",
            "mar march märz maerz mars marzo março maart mär mrz mrt марта март мар marca mart",
            "apr april avril abril aprile avr abr апреля апр kwietnia nisan",
            "may mai mayo maggio maio mei mag maj мая май maja mayıs",
            "jun june juni juin junio giugno junho giu июня июнь июн czerwca haziran",
            "jul july juli juillet julio luglio julho lug juil июля июль июл lipca temmuz",
            "aug august août aout agosto augustus ago augusti августа авг sierpnia ağustos",
            "sep sept september septembre septiembre settembre setembro set сентября сент сен września eylül",
            "oct october oktober octobre octubre ottobre outubro okt ott out октября окт października ekim",
            "nov november novembre noviembre novembro ноября ноя listopada kasım",
            "dec december dezember décembre decembre diciembre dicembre dezembro dez dic déc"
            " декабря дек grudnia aralık",
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
ZONE_HOURS = {
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
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_TIME = re.compile(
    r"(?<![\d.])(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(?:\s?([AaPp])\.?\s?[Mm]\.?(?![a-z]))?"
)
_ZONE = re.compile(
    r"\s*(?:(UTC|GMT)?\s?([+-]\d{1,2})(?::?(\d\d))?(?!\d)|([A-Z]{1,5})(?![A-Za-z]))?"
    r"\s*(?:\([^()]{1,40}\))?"
)
_HALF_OF_DAY = re.compile(r"(오전|오후|上午|下午|午前|午後) ?(\d{1,2}(?::\d\d){1,2})")
"""What stands before a time of twelve hours in Korean, Chinese and Japanese."""
_MORNING = ("오전", "上午", "午前")
_OCLOCK = re.compile(r"^\s*Uhr\b", re.IGNORECASE)
_MIDNIGHT = re.compile(r"[T ]0?0:00(?::00(?:\.0+)?)?$")
_WORDS_BETWEEN = re.compile(r"[\s,·]+(?:at|um|à|a las|@)?[\s,·]*$", re.IGNORECASE)

_YEAR_FIRST = re.compile(r"(\d{4})([-/.]) ?(\d{1,2})\2 ?(\d{1,2})\.?")
_EASTERN = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_COMPACT_MOMENT = re.compile(r"((?:19|20)\d\d)([01]\d)([0-3]\d)[T_-]?([0-2]\d)([0-5]\d)([0-5]\d)")
_DAY_MONTH = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.|er)?[\s-]*(?:de |of )?([^\W\d_]{3,12})\.?[\s,-]*(?:de )?(\d{4}|\d\d)"
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,12})\.?[\s-]*(\d{1,2})(?:st|nd|rd|th)?[\s,-]+(\d{4})")
_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)")
_NUMBERS_IN = re.compile(rf"(?<![\d./:-]){_NUMBERS.pattern}(?![\d./-])")

DATE_ORDERS: Mapping[str, bool] = {"day-first": True, "month-first": False}
"""What a user can say of `05/01/2026`, and whether the day then comes first."""

_JAVA = re.compile(r"1\.[0-9]{1,12}E(?:9|12|15)")
"""Unix time as Java writes it, with all its digits; what a spreadsheet rounds has a sign: `1.78E+09`."""
_SERIAL = re.compile(r"(?:3[6-9]|4\d|5[0-4])\d{3}(?:[.,]\d+)?")
"""A moment as a spreadsheet counts it: days since 1900, here from 2000 to 2050."""
_FIRST_DAY = datetime(1899, 12, 30, tzinfo=UTC)
_SECONDS_UNTIL_10000 = 253_402_300_800
"""Unix time of the year 10000: a larger number counts milliseconds, or microseconds."""
_MAX_LENGTH = 80
_OUTWEIGH_ONE = 8
"""So many dates that show one order are believed against a single one, of which a digit may be wrong."""


def to_iso_utc(value: object, day_first: bool | None = None, *, is_said: bool = False) -> str:
    """Return `value` as `2024-05-01T14:03:00Z`, or "" if it is no moment or may be two.

    Reads ISO 8601, RFC 2822, Twitter's notation, dates with names of months, and Unix time in
    seconds down to microseconds, as a number or as digits. Without a zone it is UTC.

    Args:
        day_first: how to read `05/01/2026`; None to read only what can be read in one way.
        is_said: somebody has said so: a date that contradicts it, such as `31/12/2026`, is not read.
    """
    if isinstance(value, str) and (match := _PLAIN.fullmatch(value)):
        # What most tools write, in a third of the time.
        written = f"{match[1]}T{match[2] or '00:00:00'}"
        try:
            datetime.fromisoformat(written)
        except ValueError:
            return ""
        return written + "Z"
    moment = _parse(value, day_first, is_said)
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


def without_midnight(text: str) -> str:
    """Return a date without the midnight that a spreadsheet puts behind each."""
    return _MIDNIGHT.sub("", text.strip())


def is_moment(text: str) -> bool:
    """Whether a text is a moment as `to_iso_utc` writes it."""
    if _MOMENT.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text[:-1])
    except ValueError:
        return False
    return True


class DateReader:
    """Reads the moments of one column, whose samples show whether the day or the month comes first.

    `unread` counts what was no moment to it, `example` is the first of them.

    Args:
        samples: cells of the column.
        order: what the user says of the order, a key of `DATE_ORDERS`; "" to go by the samples.
    """

    def __init__(self, samples: Iterable[str] = (), order: str = "") -> None:
        self._order = order
        self._shown: dict[bool, str] = {}
        self._counts = {True: 0, False: 0}
        self._has_numbers = False
        n_filled = n_serial = 0
        for sample in samples:
            self._look(sample)
            if text := sample.strip():
                n_filled += 1
                n_serial += _SERIAL.fullmatch(text) is not None
        self._is_serial = 0 < n_filled == n_serial
        fewest, most = sorted(self._counts.values())
        is_shown = fewest == 0 < most or (fewest == 1 and most >= _OUTWEIGH_ONE)
        shown = self._counts[True] > self._counts[False] if is_shown else None
        self.day_first = DATE_ORDERS.get(order, shown)
        self.unread, self.example = 0, ""
        self._contrary, self._contrary_example = 0, ""

    def read(self, value: str) -> str:
        """Return a cell as ISO 8601 in UTC, "" where it is no moment."""
        if self._is_serial and _SERIAL.fullmatch(text := value.strip()):
            moment = _FIRST_DAY + timedelta(seconds=round(float(text.replace(",", ".")) * 86_400))
            return moment.replace(tzinfo=None).isoformat() + "Z"
        return to_iso_utc(value, self.day_first, is_said=bool(self._order))

    def __call__(self, value: str) -> str:
        """Return a cell as `read` does, and count it where it is not empty and no moment."""
        moment = self.read(value)
        if moment and value[4:5] == "-" and value[:4].isdigit():
            # A year that comes first shows nothing of the order of day and month.
            return moment
        shown = self._look(value)
        is_contrary = shown is not None and self.day_first is (not shown)
        if is_contrary and not (self._order and moment):
            self._contrary += 1
            self._contrary_example = self._contrary_example or value.strip()[:40]
        if not moment and value.strip():
            self.unread += 1
            self.example = self.example or value.strip()[:40]
        return moment

    @property
    def depends_on_order(self) -> bool:
        """Whether a date has come that is of numbers alone, with its year last."""
        return self._has_numbers

    def why(self) -> str:
        """Say which order the dates are read in, and why; "" where no date is of numbers alone."""
        if self._is_serial:
            return "dates are numbers of days, as spreadsheets count them"
        if self._order:
            return f"{_words(self.day_first)}, as you said"
        if not self._has_numbers:
            return ""
        if len(self._shown) == 2 and self.day_first is None:
            return f"either order, {self._both()}: dates that may be both are left unread"
        if self.day_first is None:
            return (
                "no date looked at shows whether the day or the month comes first: such dates are left unread"
            )
        return f"{_words(self.day_first)}, as {self._shown[self.day_first]!r} shows"

    def note(self, column: str = "") -> str:
        """Say how many cells of the column could not be read or contradict its order, "" if none."""
        dates = f"dates in `{column}`" if column else "dates"
        notes = []
        if self.unread:
            why = self._why_unread()
            notes.append(f"{dates} that could not be read: {self.unread:,}, such as {self.example!r}{why}")
        if self._contrary and not self._order:
            notes.append(
                f"{dates} that are not {_words(self.day_first)} as the others: {self._contrary:,}, such as "
                f"{self._contrary_example!r}, read as {_words(not self.day_first)}; "
                "the date order can be chosen"
            )
        return "; ".join(notes)

    def _look(self, value: str) -> bool | None:
        """Take in what a date shows of the order: whether the day comes first, None if it shows nothing."""
        match = _NUMBERS_IN.search(value)
        if match is None:
            return None
        # With dots between, the day comes first everywhere.
        self._has_numbers = self._has_numbers or match[2] != "."
        shown = _order_of(match)
        if shown is None or (match[2] == "." and not self._order):
            return None
        self._shown.setdefault(shown, match[0])
        self._counts[shown] += 1
        return shown

    def _why_unread(self) -> str:
        if self._order:
            return f": {self._contrary:,} of them are not {_words(self.day_first)}" if self._contrary else ""
        if self.day_first is not None or not _NUMBERS_IN.search(self.example):
            return ""
        either = ": the day or the month may come first, and "
        if len(self._shown) == 2:
            return f"{either}{self._both()}; the date order can be chosen"
        if self._shown:
            day_first, example = next(iter(self._shown.items()))
            return (
                f"{either}only {example!r}, further on, is {_words(day_first)}; the date order can be chosen"
            )
        return f"{either}no date shows which; the date order can be chosen"

    def _both(self) -> str:
        return f"{self._shown[True]!r} is day first and {self._shown[False]!r} is month first"


def _words(day_first: bool | None) -> str:
    return "day first" if day_first else "month first"


def _order_of(match: re.Match[str]) -> bool | None:
    """Say whether a date of numbers begins with the day; None where it may begin with either."""
    one, other = int(match[1]), int(match[3])
    if match[2] == "." or (one > 12 and other <= 12):
        return True
    return False if one <= 12 < other else None


def _parse(value: object, day_first: bool | None, is_said: bool) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_unix(value)
    if not isinstance(value, str) or len(value) > _MAX_LENGTH:
        return None
    text = value.strip()
    try:
        if match := _COMPACT_MOMENT.fullmatch(text):
            return datetime.strptime("".join(match.groups()), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        if re.fullmatch(r"[0-9]{9,16}(?:\.0*)?", text):
            return _from_unix(int(text.partition(".")[0]))
        if re.fullmatch(r"[0-9]{9,10}\.[0-9]+", text):
            return _from_unix(float(text))
        if _JAVA.fullmatch(text):
            return _from_unix(float(text))
        if match := _ISO.fullmatch(text):
            zone = (match["zone"] or "Z").upper().replace("UTC", "Z")
            return datetime.fromisoformat(match["moment"]).replace(tzinfo=UTC) - _offset(zone)
        return _from_words(text, day_first, is_said)
    except (ValueError, OverflowError):
        return None


def _from_unix(value: float) -> datetime | None:
    try:
        # JSON of some programs says Infinity, which no division makes smaller.
        if not math.isfinite(value):
            return None
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


def _from_words(text: str, day_first: bool | None, is_said: bool) -> datetime | None:
    """Read a date and a time in any order, with the zone behind the time."""
    text = _HALF_OF_DAY.sub(lambda half: f"{half[2]} {'AM' if half[1] in _MORNING else 'PM'}", text)
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
        behind = _OCLOCK.sub("", text[zone.end() :]).strip(" ,·")
        if zone[2]:
            sign = -1 if zone[2][0] == "-" else 1
            offset = sign * timedelta(hours=int(zone[2][1:]), minutes=int(zone[3] or 0))
        elif zone[4]:
            if zone[4] not in ZONE_HOURS:
                return None
            offset = timedelta(hours=ZONE_HOURS[zone[4]])
        else:
            offset = timedelta()
        date = f"{before} {behind}".strip()
    day = _date(date, day_first, is_said)
    return day + clock - offset if day else None


def _date(text: str, day_first: bool | None, is_said: bool) -> datetime | None:
    first, _, rest = text.partition(" ")
    if first.strip(",.").lower() in _WEEKDAYS:
        text = rest.strip(" ,")
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(match[1], int(match[3]), match[4])
    if match := _EASTERN.fullmatch(text):
        return _day(match[1], int(match[2]), match[3])
    if match := _COMPACT.fullmatch(text):
        return _day(match[1], int(match[2]), match[3])
    if match := _DAY_MONTH.fullmatch(text):
        return _day(match[3], _MONTHS.get(match[2].lower(), 0), match[1])
    if match := _MONTH_DAY.fullmatch(text):
        return _day(match[3], _MONTHS.get(match[1].lower(), 0), match[2])
    if match := _NUMBERS.fullmatch(text):
        one, other = int(match[1]), int(match[3])
        if not is_said:
            shown = _order_of(match)
            day_first = day_first if shown is None else shown
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
    century = 0 if len(year) > 2 else 2000 if int(year) < 70 else 1900
    return datetime(century + int(year), month, int(day), tzinfo=UTC)
