"""Days gathered into as many columns as a chart has room for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

MAX_COLUMNS = 62
_STEPS_DAYS = (1, 7, 28, 91, 364, 3640, 36400)


def gather(by_day: Mapping[str, Counter[str]]) -> tuple[list[tuple[str, Counter[str]]], int]:
    """Gather counts by day into periods without gaps, the earliest first.

    Args:
        by_day: counts by ISO date; keys that are no dates are left out.

    Returns:
        The first day of each period with its counts, and the length of a period in days.
    """
    days = {}
    for text, counts in by_day.items():
        try:
            days[date.fromisoformat(text)] = counts
        except ValueError:
            continue
    if not days:
        return [], 1
    first, last = min(days), max(days)
    span = (last - first).days + 1
    step = next((step for step in _STEPS_DAYS if span <= step * MAX_COLUMNS), _STEPS_DAYS[-1])
    periods = [Counter[str]() for _ in range(-(-span // step))]
    for day, counts in days.items():
        periods[(day - first).days // step].update(counts)
    starts = [first + timedelta(days=step * number) for number in range(len(periods))]
    return [(start.isoformat(), counts) for start, counts in zip(starts, periods, strict=True)], step
