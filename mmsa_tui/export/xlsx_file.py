"""Excel workbooks: a Posts sheet to filter and read, a Summary sheet with a chart.

Rows go to disk as they come, so memory does not grow with them. Every text is written as text:
nothing in it can become a formula, a link or a number.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol

from mmsa_tui.disk.whole_file import scratch_folder
from mmsa_tui.errors import OutputError
from mmsa_tui.export.cells import clean, cut
from mmsa_tui.export.colours import label_colour, label_tint
from mmsa_tui.export.columns import LABELS, Row, Value

SHEET_ROWS = 1_048_575
"""Rows below the header that a sheet holds; more go on on `Posts 2` and so on."""

SHEET_COLUMNS = 16_384

THUMBNAIL_PX = 110
"""The width of the `image` column."""

MAX_THUMBNAILS = 20_000
"""Pictures stay in memory until the end, about 4 kB each; rows after so many have none."""

_WIDTHS = {"post_id": 21, "text": 70, "image": 16, "error": 30, "bundle": 14}
_WIDTH = 12


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


def describe_sheets(target: Path, n_rows: int, sheet_rows: int = SHEET_ROWS) -> str:
    """Say in which sheets the rows of a workbook are, if one was not enough; else ""."""
    n_sheets = -(-n_rows // sheet_rows)
    if target.suffix.lower() != ".xlsx" or n_sheets < 2:
        return ""
    last = "and Posts 2" if n_sheets == 2 else f"to Posts {n_sheets}"
    return f"{target.name}: a sheet holds {sheet_rows:,} rows, so they are in the sheets Posts {last}"


def write_xlsx(
    path: Path,
    columns: Sequence[str],
    labels: Sequence[str],
    records: Iterable[Mapping[str, Value]],
    summary: Summary | None = None,
    sheet_rows: int = SHEET_ROWS,
    thumbnails: Iterable[bytes | None] | None = None,
) -> int:
    """Write all records; returns how many.

    Args:
        thumbnails: a small picture for every record, to lie in its `image` cell; taken one by one
            after the record.

    Raises:
        OutputError: there are more columns than a sheet holds.
    """
    # xlsxwriter takes 60 ms to import; users of the other formats should not pay it.
    import xlsxwriter
    import xlsxwriter.exceptions

    if len(columns) > SHEET_COLUMNS:
        raise OutputError(
            f"a sheet holds {SHEET_COLUMNS:,} columns, this export has {len(columns):,}",
            "Write csv or parquet instead.",
        )
    # Its temporary files lie beside the target: a full disk then shows itself in one place.
    # After an error Windows still holds them open; a later export removes what stays.
    with scratch_folder(path.parent) as scratch:
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(scratch)})
        book.use_zip64()
        try:
            n_rows = _Posts(book, columns, labels, sheet_rows).write(records, thumbnails or repeat(None))
            _write_summary(book, labels, summary or Summary())
            for table in summary.sheets if summary is not None else ():
                write_sheet(book, table)
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise _cause(error) from error
    return n_rows


def _cause(error: Exception) -> OSError:
    inner = error.args[0] if error.args else None
    return inner if isinstance(inner, OSError) else OSError(str(error))


class _Posts:
    """The sheets that hold the records."""

    def __init__(self, book: Any, columns: Sequence[str], labels: Sequence[str], sheet_rows: int) -> None:
        self._book = book
        self._columns = columns
        self._sheet_rows = sheet_rows
        self._header = book.add_format({"bold": True, "bottom": 1, "bg_color": "#ECEFF1"})
        self._number = book.add_format({"num_format": "0.000"})
        # "@" and the quote prefix keep a cell text when someone edits it: ids stay ids, and what
        # looks like a formula stays what it is.
        self._text = book.add_format({"num_format": "@", "quote_prefix": True})
        # Excel may show a cell of format "@" as #### beyond 255 characters.
        self._long_text = book.add_format({"quote_prefix": True})
        self._by_label = {
            label: book.add_format(
                {"num_format": "@", "quote_prefix": True, "bg_color": label_tint(at, len(labels))}
            )
            for at, label in enumerate(labels)
        }

    def write(self, records: Iterable[Mapping[str, Value]], thumbnails: Iterable[bytes | None]) -> int:
        total = n_thumbnails = 0
        sheet = self._add_sheet("Posts")
        n_sheets, n_rows = 1, 0
        for record, thumbnail in zip(records, thumbnails, strict=False):
            if n_rows == self._sheet_rows:
                self._finish(sheet, n_rows)
                n_sheets, n_rows = n_sheets + 1, 0
                sheet = self._add_sheet(f"Posts {n_sheets}")
            total += 1
            n_rows += 1
            if thumbnail is not None and n_thumbnails < MAX_THUMBNAILS:
                n_thumbnails += 1
                self._place(sheet, n_rows, str(record["image"]), thumbnail)
            for index, name in enumerate(self._columns):
                self._write_cell(sheet, n_rows, index, name, record.get(name))
        self._finish(sheet, n_rows)
        return total

    def _add_sheet(self, name: str) -> Any:
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for index, column in enumerate(self._columns):
            sheet.set_column(index, index, _WIDTHS.get(column, _WIDTH))
        for index, column in enumerate(self._columns):
            sheet.write_string(0, index, _fit(column), self._header)
        return sheet

    def _finish(self, sheet: Any, n_rows: int) -> None:
        sheet.autofilter(0, 0, max(n_rows, 1), len(self._columns) - 1)

    def _place(self, sheet: Any, row: int, name: str, thumbnail: bytes) -> None:
        sheet.set_row_pixels(row, THUMBNAIL_PX + 4)
        # Position 1 moves and hides with the cell, as when the user filters the sheet.
        place = {"image_data": io.BytesIO(thumbnail), "object_position": 1, "x_offset": 2, "y_offset": 2}
        sheet.insert_image(
            row, self._columns.index("image"), "picture.jpg", place | {"description": _fit(name)[:255]}
        )

    def _write_cell(self, sheet: Any, row: int, index: int, name: str, value: Value) -> None:
        if value is None or value == "":
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, index, value)
        elif isinstance(value, float):
            sheet.write_number(row, index, value, self._number)
        else:
            style = self._by_label.get(value) if name in LABELS else None
            plain = self._text if len(value) <= 255 else self._long_text
            sheet.write_string(row, index, _fit(value), style or plain)


def _write_summary(book: Any, labels: Sequence[str], summary: Summary) -> None:
    sheet = book.add_worksheet("Summary")
    bold = book.add_format({"bold": True})
    percent = book.add_format({"num_format": "0.0%"})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 8, 14)
    row = 0
    for name, text in summary.facts.items():
        sheet.write_string(row, 0, _fit(name), bold)
        sheet.write_string(row, 1, _fit(text))
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
        sheet.write_string(0, column, _fit(name), bold)
    for row, cells in enumerate(table.rows, start=1):
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, _fit(str(cell)), wrapped)


def _write_counts(sheet: Any, row: int, table: CountTable, bold: Any, percent: Any) -> int:
    """Write a table; returns the row below it."""
    for column, name in enumerate((table.title, "posts", "share")):
        sheet.write_string(row, column, name, bold)
    for name, number in table.counts:
        row += 1
        sheet.write_string(row, 0, _fit(name))
        sheet.write_number(row, 1, number)
        sheet.write_number(row, 2, number / table.total if table.total else 0.0, percent)
    return row + 1


def _write_text_table(sheet: Any, row: int, table: TextTable, bold: Any, percent: Any) -> int:
    """Write a table; returns the row below it."""
    sheet.write_string(row, 0, _fit(table.title), bold)
    row += 1
    for column, name in enumerate(table.header):
        sheet.write_string(row, column, _fit(name), bold)
    for cells in table.rows:
        row += 1
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(row, column, _fit(cell))
            else:
                sheet.write_number(row, column, cell, percent if column in table.percent else None)
    if table.note:
        row += 1
        sheet.write_string(row, 0, _fit(table.note))
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


def _fit(text: str) -> str:
    # XML turns a carriage return into a line feed, or into a visible escape.
    return cut(clean(text.replace("\r\n", "\n").replace("\r", "\n")))
