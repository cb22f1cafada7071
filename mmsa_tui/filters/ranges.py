"""Numbers and dates with an order: `<0.6`, `>=2024-05-01`, `0.5..0.7`, or one of them alone."""

from __future__ import annotations

import re
from datetime import date

from mmsa_tui.filters.errors import FilterError
from mmsa_tui.filters.tokens import Value
from mmsa_tui.store import Where

_ORDERED = re.compile(r"(<=|>=|<|>|=)?\s*(.*)", re.S)
_NUMBER = re.compile(r"(-?\d{0,9})(?:\.(\d{0,9}))?(%?)", re.A)
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2})(?:[T ](\d{1,2})(?::(\d{2}))?)?)?)?", re.A)
_AFTER = "~"
"""Sorts behind everything that a time holds: `2024-05~` is the end of May."""


def number_condition(column: str, value: Value, field: str, most: float | None = None) -> Where:
    """Compare a number.

    Args:
        column: as SQL writes it.
        most: the largest number that makes sense.

    A number alone means what is shown as that number: 0.54 goes from 0.535 to 0.545.

    Raises:
        FilterError: it is no number, or too large.
    """
    low, high = _bounds(value)
    if low is not None or high is not None:
        ends = [
            (f"{column} {operator} ?", _number(end, value, field, most)[0])
            for operator, end in ((">=", low), ("<=", high))
            if end
        ]
        return Where(" AND ".join(sql for sql, _ in ends), tuple(number for _, number in ends))
    operator, typed = _split(value.text)
    number, half = _number(typed, value, field, most)
    if operator in ("", "="):
        return Where(f"abs({column} - ?) <= ?", (number, half))
    return Where(f"{column} {operator} ?", (number,))


def date_condition(column: str, value: Value) -> Where:
    """Compare a time kept as ISO 8601 text; a year or month stands for all of it.

    Raises:
        FilterError: it is no date.
    """
    low, high = _bounds(value)
    if low is not None or high is not None:
        parts = [f"{column} <> ''"]
        params = []
        if low:
            parts.append(f"{column} >= ?")
            params.append(_date(low, value))
        if high:
            parts.append(f"{column} < ?")
            params.append(_date(high, value) + _AFTER)
        return Where(" AND ".join(parts), tuple(params))
    operator, typed = _split(value.text)
    if not operator and typed == "*":
        return Where(f"{column} <> ''")
    day = _date(typed, value)
    if operator in ("", "="):
        return Where(f"{column} >= ? AND {column} < ?", (day, day + _AFTER))
    edge = day if operator in ("<", ">=") else day + _AFTER
    direction = "<" if operator in ("<", "<=") else ">="
    return Where(f"{column} <> '' AND {column} {direction} ?", (edge,))


def _split(typed: str) -> tuple[str, str]:
    found = _ORDERED.fullmatch(typed.strip())
    assert found is not None
    return found[1] or "", found[2].strip()


def _bounds(value: Value) -> tuple[str | None, str | None]:
    """Take `a..b` apart; both None where it is no range."""
    low, dots, high = value.text.partition("..")
    if not dots or not (low.strip() or high.strip()):
        return None, None
    return low.strip(), high.strip()


def _number(typed: str, value: Value, field: str, most: float | None) -> tuple[float, float]:
    """Read a number and half of its last place."""
    found = _NUMBER.fullmatch(typed)
    if found is None or not (found[1].strip("-") or found[2]) or (most is not None and typed[:1] == "-"):
        raise FilterError(
            f"{field} takes a number, not {value.text}",
            f"For example {field}<0.6, {field}>=60% or {field}0.5..0.7",
            at=value,
        )
    number = float(f"{found[1] or ''}{'' if found[1].strip('-') else '0'}.{found[2] or '0'}")
    half = 0.5 * 10.0 ** -len(found[2] or "")
    # Sums of halves are not exact in binary.
    half += 1e-9
    if found[3]:
        number, half = number / 100, half / 100
    if most is not None and number > most:
        raise FilterError(
            f"{field} goes from 0 to {most:g}, not to {typed}",
            "Write 0.6 with a point, or 60% for percent.",
            at=value,
            suggestion=f"{value.text}%" if number <= 100 * most and not found[3] else "",
        )
    return number, half


def _date(typed: str, value: Value) -> str:
    found = _DATE.fullmatch(typed.strip())
    if found is None:
        raise _not_a_date(value)
    year, month, day, hour, minute = found.groups()
    written = year
    try:
        date(int(year), int(month or 1), int(day or 1))
        if month:
            written += f"-{int(month):02}"
        if day:
            written += f"-{int(day):02}"
        if hour:
            written += f"T{_checked(hour, 23)}"
        if minute:
            written += f":{_checked(minute, 59)}"
    except ValueError as error:
        raise _not_a_date(value) from error
    return written


def _checked(digits: str, highest: int) -> str:
    if int(digits) > highest:
        raise ValueError(digits)
    return f"{int(digits):02}"


def _not_a_date(value: Value) -> FilterError:
    return FilterError(
        f"date: takes a date, not {value.text}",
        "For example date:2024, date:2024-05, date:>=2024-05-01 or date:2024-05-01..2024-05-31",
        at=value,
    )
