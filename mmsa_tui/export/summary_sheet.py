"""The Summary sheet of a workbook, and sheets beside it: what they say, as records; tables; charts of these.

Knows nothing of posts. Shares of an audit have their intervals as error bars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mmsa_tui.export.cells import fit
from mmsa_tui.export.colours import label_colour
from mmsa_tui.export.columns import Row

_MARKERS = ("diamond", "square", "triangle", "circle", "star", "x", "plus")
"""What tells the lines of a chart apart without colour."""


@dataclass(frozen=True, slots=True)
class CountTable:
    """Counts by name, as a table of the Summary sheet; `colours` are those of a chart of it, if any."""

    title: str
    counts: Sequence[tuple[str, int]]
    total: int
    colours: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of texts and numbers for the Summary sheet.

    `percent` names the columns that are shares. With `is_charted` column 1 is drawn by column 0, with
    columns 2 and 3 as the ends of its error bars. `lines` are columns to be drawn as lines over column 0,
    the labels in their order, `bars` such columns to be stacked in a bar for each row; `bounds` are the
    ends of the error bars of lines, a pair of columns for each.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | float]]
    percent: Sequence[int] = ()
    note: str = ""
    is_charted: bool = False
    lines: Sequence[int] = ()
    bars: Sequence[int] = ()
    bounds: Sequence[tuple[int, int]] = ()


class Counted(Protocol):
    """What counts the rows of a file as they pass, for its Summary sheet."""

    def add(self, row: Row) -> None: ...

    def lines(self) -> Sequence[tuple[str, int]]: ...

    def tables(self, labels: Sequence[str]) -> Sequence[CountTable]: ...


@dataclass(frozen=True, slots=True)
class Summary:
    """What the Summary sheet says: facts by name in order, what was counted, further tables.

    `counted` sees every row as it is written. `sheets` are tables that have a sheet of their own.
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    counted: Counted | None = None
    tables: Sequence[TextTable] = ()
    sheets: Sequence[TextTable] = ()


def write_summary(book: Any, labels: Sequence[str], summary: Summary) -> None:
    """Write the sheet to an open workbook: facts, counts, tables, and the charts of these beside them."""
    sheet = book.add_worksheet("Summary")
    bold = book.add_format({"bold": True})
    percent = book.add_format({"num_format": "0.0%"})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 8, 14)
    row = 0
    for name, text in summary.facts.items():
        sheet.write_string(row, 0, fit(name), bold)
        sheet.write_string(row, 1, fit(text))
        row += 1
    charted: list[tuple[CountTable, int]] = []
    if summary.counted is not None:
        for name, number in summary.counted.lines():
            sheet.write_string(row, 0, name, bold)
            sheet.write_number(row, 1, number)
            row += 1
        for counts in summary.counted.tables(labels):
            if counts.colours:
                charted.append((counts, row + 2))
            row = _write_counts(sheet, row + 1, counts, bold, percent)
    charts = [_chart(book, counts, first) for counts, first in charted]
    for table in summary.tables:
        if table.is_charted and table.rows:
            charts.append(_interval_chart(book, table, row + 3))
        if table.lines and table.rows:
            charts.append(_line_chart(book, table, row + 3))
        if table.bars and table.rows:
            charts.append(_bar_chart(book, table, row + 3))
        row = _write_text_table(sheet, row + 1, table, bold, percent)
    beside = max([9, *(len(table.header) for table in summary.tables)]) + 1
    for at, chart in enumerate(charts):
        sheet.insert_chart(1 + 16 * at, beside, chart)


def write_sheet(book: Any, table: TextTable) -> None:
    """Write a table of texts to an open workbook as a sheet of its own."""
    sheet = book.add_worksheet(table.title)
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    for column, name in enumerate(table.header):
        sheet.set_column(column, column, 16 if column != 2 else 60)
        sheet.write_string(0, column, fit(name), bold)
    for row, cells in enumerate(table.rows, start=1):
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, fit(str(cell)), wrapped)


def _write_counts(sheet: Any, row: int, table: CountTable, bold: Any, percent: Any) -> int:
    """Write a table; returns the row below it."""
    for column, name in enumerate((table.title, "posts", "share")):
        sheet.write_string(row, column, name, bold)
    for name, number in table.counts:
        row += 1
        sheet.write_string(row, 0, fit(name))
        sheet.write_number(row, 1, number)
        sheet.write_number(row, 2, number / table.total if table.total else 0.0, percent)
    return row + 1


def _write_text_table(sheet: Any, row: int, table: TextTable, bold: Any, percent: Any) -> int:
    """Write a table; returns the row below it."""
    sheet.write_string(row, 0, fit(table.title), bold)
    row += 1
    for column, name in enumerate(table.header):
        sheet.write_string(row, column, fit(name), bold)
    for cells in table.rows:
        row += 1
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(row, column, fit(cell))
            else:
                sheet.write_number(row, column, cell, percent if column in table.percent else None)
    if table.note:
        row += 1
        sheet.write_string(row, 0, fit(table.note))
    return row + 1


def _chart(book: Any, table: CountTable, first: int) -> Any:
    """Draw the shares of a table whose first line is row `first` of the Summary sheet."""
    last = first + len(table.counts) - 1
    chart = book.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": "share of posts",
            "categories": ["Summary", first, 0, last, 0],
            "values": ["Summary", first, 2, last, 2],
            "points": [{"fill": {"color": colour}} for colour in table.colours],
            "data_labels": {"value": True},
            "gap": 60,
        }
    )
    return _finished(chart, f"Share of posts by {table.title}")


def _interval_chart(book: Any, table: TextTable, first: int) -> Any:
    """Draw the shares of a table whose first line is row `first`, with their intervals."""
    last = first + len(table.rows) - 1
    shares = [[float(cell) for cell in row[1:4]] for row in table.rows]
    chart = book.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": "share of posts",
            "categories": ["Summary", first, 0, last, 0],
            "values": ["Summary", first, 1, last, 1],
            "points": [
                {"fill": {"color": label_colour(at, len(shares), dark=False)}} for at in range(len(shares))
            ],
            "y_error_bars": {
                "type": "custom",
                "plus_values": [high - share for share, _, high in shares],
                "minus_values": [share - low for share, low, _ in shares],
            },
            "gap": 60,
        }
    )
    return _finished(chart, "Share of posts, 95 % intervals")


def _bar_chart(book: Any, table: TextTable, first: int) -> Any:
    """Draw a bar for every line of a table that begins in row `first`, cut by the columns `bars`."""
    last = first + len(table.rows) - 1
    chart = book.add_chart({"type": "bar", "subtype": "percent_stacked"})
    for at, column in enumerate(table.bars):
        chart.add_series(
            {
                "name": ["Summary", first - 1, column],
                "categories": ["Summary", first, 0, last, 0],
                "values": ["Summary", first, column, last, column],
                "fill": {"color": label_colour(at, len(table.bars), dark=False)},
                "gap": 40,
            }
        )
    _finished(chart, f"Share of posts by {table.header[0]}")
    chart.set_legend({"position": "bottom"})
    # The largest group on top, as in the table.
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "0%", "min": 0, "max": 1, "major_gridlines": {"visible": True}})
    return chart


def _line_chart(book: Any, table: TextTable, first: int) -> Any:
    """Draw the columns `lines` of a table whose first line is row `first`, with their intervals if any."""
    last = first + len(table.rows) - 1
    chart = book.add_chart({"type": "line"})
    for at, column in enumerate(table.lines):
        colour = label_colour(at, len(table.lines), dark=False)
        series = {
            "name": ["Summary", first - 1, column],
            "categories": ["Summary", first, 0, last, 0],
            "values": ["Summary", first, column, last, column],
            "line": {"color": colour, "width": 2},
            "marker": {"type": _MARKERS[at % len(_MARKERS)], "fill": {"color": colour}, "size": 5},
        }
        if table.bounds:
            low, high = table.bounds[at]
            ends = [_ends(row, column, low, high) for row in table.rows]
            series["y_error_bars"] = {
                "type": "custom",
                "plus_values": [plus for plus, _ in ends],
                "minus_values": [minus for _, minus in ends],
                "line": {"color": colour},
            }
        chart.add_series(series)
    _finished(chart, f"Share of posts by {table.header[0]}" + (", 95 % intervals" if table.bounds else ""))
    chart.set_legend({"position": "bottom"})
    return chart


def _ends(row: Sequence[str | float], share: int, low: int, high: int) -> tuple[float, float]:
    """How far an error bar reaches up and down; nowhere where there is no interval."""
    if row[low] == "" or row[high] == "":
        return 0.0, 0.0
    return float(row[high]) - float(row[share]), float(row[share]) - float(row[low])


def _finished(chart: Any, title: str) -> Any:
    """Give a chart of shares its title and axis."""
    chart.set_title({"name": title})
    chart.set_legend({"none": True})
    chart.set_y_axis({"num_format": "0%", "min": 0, "major_gridlines": {"visible": False}})
    return chart
