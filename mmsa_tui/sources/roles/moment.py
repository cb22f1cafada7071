"""Which column holds the moment a post was written: a date, and the time of day where that is apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mmsa_tui.sources.columns import Name
from mmsa_tui.sources.files.cells import Column
from mmsa_tui.sources.roles.candidates import Candidates
from mmsa_tui.sources.roles.fits import is_all_dates, is_epoch, is_moment, is_of_post, readable_dates
from mmsa_tui.sources.timestamps import ZONE_HOURS, to_iso_utc, without_midnight

_TIME = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?")
_AGO = re.compile(
    r"\s*(?:about |vor )?\d+\s?(?:s|m|h|d|w|y|mo|yr|sec|min|hr|(?:second|minute|hour|day|week|month|year)s?)"
    r"(?: ago)?(?: ?[(•·].*)?\s*|yesterday|just now|now",
    re.IGNORECASE,
)
UNKNOWN_ZONES = frozenset(("ET", "CT", "MT", "PT"))
"""Zones that are an hour further from UTC in winter than in summer."""
_IN_NAME = re.compile(r"\(((?:GMT|UTC)? ?[+-]\d{1,2}(?::?\d\d)?|[A-Z]{1,5})\)")
_UTC = frozenset(("gmt", "utc"))
_LENGTHS = frozenset(("duration", "length", "dauer", "duree", "duracion", "durata"))
_NOT_DATES = ("data", "time")
"""Names of dates in some language or tool that mean something else in others."""


def take_date(table: Candidates) -> str:
    """Return the column of the date: by its name, by its place without a header, by its cells."""
    if "created_at" not in table.said and (ago := next(_told_from_now(table), "")):
        return table.take("created_at", ago, "it tells how long before the collection a post was written")
    called = table.take_called("created_at", lambda name, cells: _is_date(table, name, cells))
    if called and "created_at" not in table.said and (universal := _in_utc(table, called)):
        return table.take("created_at", universal, f"it tells in UTC what `{called}` tells")
    if called := called or table.take_unnamed("created_at", is_moment):
        return called
    # An id of old may look like seconds since 1970, so that must be known.
    return ("id" in table.why and table.take_unnamed("created_at", is_epoch)) or _take_dated(table)


def _in_utc(table: Candidates, date: str) -> str:
    """Return the column that has the name of a date with `gmt` or `utc` behind it, "" if there is none."""
    words = table.names[date].words
    found = (c for c, name in table.names.items() if name.words[:-1] == words and name.words[-1] in _UTC)
    return next((column for column in found if is_moment(table.cells(column))), "")


def _told_from_now(table: Candidates) -> Iterator[str]:
    """Yield the columns called dates that tell `3d` or `2 hours ago`: another holds when that was."""
    for column in table.called("created_at"):
        cells = table.cells(column).filled
        if table.fits(lambda name, _: is_of_post(name), column) and cells and all(map(_AGO.fullmatch, cells)):
            yield column


def take_time(table: Candidates, date: str) -> str:
    """Return the column that holds the time of day to a date without one."""
    if "time" in table.said:
        return table.said["time"][0]
    if not date or any(":" in without_midnight(cell) for cell in table.cells(date).filled[:50]):
        return ""
    times = [c for c in table.called("time") if table.cells(c).shape == "moment"]
    if times:
        # Where a tool writes the time in two zones, UTC is the one of all other tools.
        best = next((c for c in times if _UTC & set(table.names[c].words)), times[0])
        return table.take("time", best, "by its name")
    beside = next((c for c in table.beside(date) if table.fits(_is_time_of_day, c)), "")
    return table.take("time", beside, "it stands beside the date, and its cells are times") if beside else ""


def _is_time_of_day(name: Name, cells: Column) -> bool:
    is_length = not _LENGTHS.isdisjoint(name.words)
    return cells.fill >= 0.9 and not is_length and all(map(_TIME.fullmatch, map(str.strip, cells.filled)))


def zone_in(column: str) -> str:
    """Return the zone that the name of a column tells in brackets: `Date (EST)`, "" if none."""
    match = _IN_NAME.search(column)
    zone = match[1].strip() if match else ""
    return zone if zone[-1:].isdigit() or zone in ZONE_HOURS or zone in UNKNOWN_ZONES else ""


def _is_date(table: Candidates, name: Name, cells: Column) -> bool:
    if not is_of_post(name) or table.is_annotated or not cells.filled:
        return False
    read = readable_dates(cells)
    if read >= 0.5:
        return True
    # One that cannot be read is still the date, and counted, where there is no better one.
    rest = [c for c in table.called("created_at") if table.names[c] is not name]
    is_last = not any(
        to_iso_utc(cell)
        for c in rest
        for cell in table.cells(c).filled[:5]
        if not table.names[c].is_about_author
    )
    looks = cells.shapes.get("moment", 0) + cells.shapes.get("number", 0)
    return is_last and (looks >= 0.5 or read > 0) and name.full not in _NOT_DATES


def _take_dated(table: Candidates) -> str:
    """Take a column whose cells are dates, where none is called so; that another may be it is told."""
    if "created_at" in table.said or table.is_annotated:
        return ""
    found = list(table.free(is_all_dates))
    called = [c for c in table.called("created_at") if _may_be_called_date(table, c)]
    if not found and called:
        example = table.cells(called[0]).filled[0][:40]
        table.notes.append(
            f"column `{called[0]}` is called like a date and holds none, such as {example!r}: it is kept "
            f"as a column; --map date={called[0]} takes it"
        )
    if not found:
        return ""
    if len(found) > 1:
        rest = ", ".join(f"`{column}`" for column in found[1:4])
        table.notes.append(
            f"no column is called like a date: `{found[0]}` is taken, and {rest} could be it too; "
            f"--map date={found[1]} chooses another"
        )
    return table.take("created_at", found[0], "no column is called like a date, and its cells are dates")


def _may_be_called_date(table: Candidates, column: str) -> bool:
    name = table.names[column]
    return bool(table.cells(column).filled) and is_of_post(name) and name.full not in _NOT_DATES
