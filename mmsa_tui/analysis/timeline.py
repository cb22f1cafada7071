"""Posts over time, cut into hours, days, weeks, months or years, whichever fits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from mmsa_tui.analysis.groups import Group

Unit = Literal["hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Posts by label over time; empty stretches are there too."""

    unit: Unit
    buckets: Sequence[Group]
    n_undated: int


def cut_time(pairs: Mapping[tuple[str, str], int], most: int) -> Timeline:
    """Cut time in the finest unit that gives no more than `most` buckets.

    Args:
        pairs: posts by the first 13 characters of their ISO 8601 time, and by label.
    """
    days, n_undated = _dated(pairs)
    if not days:
        return Timeline("day", (), n_undated)
    first, last = min(days), max(days)
    if ((last - first).days + 1) * 24 <= most:
        return Timeline("hour", _hours(pairs, first, last), n_undated)
    units: tuple[Unit, ...] = ("day", "week", "month", "year")
    for unit in units:
        starts = _starts(unit, first, last)
        if len(starts) <= most:
            break
    # Years that do not fit count with the first that is shown.
    starts = starts[-most:]
    return Timeline(unit, _fill(unit, starts, last, days), n_undated)


def period_of(unit: Unit, day: date) -> str:
    """Name the period that a day is in, as the chart names it; a week by its Monday."""
    return _name(unit, _start(unit, day))


def _dated(pairs: Mapping[tuple[str, str], int]) -> tuple[dict[date, Counter[str]], int]:
    days: defaultdict[date, Counter[str]] = defaultdict(Counter)
    n_undated = 0
    for (written, label), number in pairs.items():
        try:
            days[date.fromisoformat(written[:10])][label] += number
        except (ValueError, TypeError):
            n_undated += number
    return days, n_undated


def _hours(pairs: Mapping[tuple[str, str], int], first: date, last: date) -> list[Group]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (written, label), number in pairs.items():
        # A date without a time counts with the day's first hour.
        counts[written if len(written) == 13 else f"{written}T00"][label] += number
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    names = [f"{day.isoformat()}T{hour:02}" for day in days for hour in range(24)]
    return [Group(f"{name[:10]} {name[11:]}h", counts[name], f"date:{name}") for name in names]


def _starts(unit: str, first: date, last: date) -> list[date]:
    start = _start(unit, first)
    starts = []
    while start <= last:
        starts.append(start)
        following = _next(unit, start)
        if following is None:
            break
        start = following
    return starts


def _start(unit: str, day: date) -> date:
    match unit:
        case "week":
            # The week of 0001-01-01 begins on that day; earlier ones Python cannot name.
            return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def _next(unit: str, start: date) -> date | None:
    try:
        match unit:
            case "week":
                return start + timedelta(days=7 - start.weekday())
            case "month":
                return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
            case "year":
                return start.replace(year=start.year + 1)
        return start + timedelta(days=1)
    except (ValueError, OverflowError):
        # The end of the year 9999.
        return None


def _fill(unit: str, starts: Sequence[date], last: date, days: Mapping[date, Counter[str]]) -> list[Group]:
    counts: list[Counter[str]] = [Counter() for _ in starts]
    at = 0
    for day in sorted(days):
        while at + 1 < len(starts) and starts[at + 1] <= day:
            at += 1
        counts[at].update(days[day])
    ends = [*(start - timedelta(days=1) for start in starts[1:]), last]
    return [
        Group(_name(unit, start), by_label, _date_filter(unit, start, end))
        for start, end, by_label in zip(starts, ends, counts, strict=True)
    ]


def _name(unit: str, start: date) -> str:
    length = {"year": 4, "month": 7}.get(unit, 10)
    return start.isoformat()[:length]


def _date_filter(unit: str, start: date, end: date) -> str:
    if unit == "week":
        return f"date:{start.isoformat()}..{end.isoformat()}"
    return f"date:{_name(unit, start)}"
