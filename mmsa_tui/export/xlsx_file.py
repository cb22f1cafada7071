"""Excel workbooks: a Posts sheet to filter and read, a Summary sheet with a chart.

Rows go to disk as they come, so memory does not grow with them. Every text is written as text:
nothing in it can become a formula, a link or a number.
"""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any

from mmsa_tui.errors import OutputError
from mmsa_tui.export.cells import clean, cut
from mmsa_tui.export.columns import LABELS, Value

SHEET_ROWS = 1_048_575
"""Rows below the header that a sheet holds; more go on on `Posts 2` and so on."""

SHEET_COLUMNS = 16_384

THUMBNAIL_PX = 110
"""The width of the `image` column."""

MAX_THUMBNAILS = 20_000
"""Pictures stay in memory until the end, about 4 kB each; rows after so many have none."""

_WIDTHS = {"post_id": 21, "text": 70, "image": 16, "error": 30, "bundle": 14}
_WIDTH = 12
_RED, _GREY, _GREEN = (244, 199, 195), (236, 239, 241), (200, 230, 201)


@dataclass(frozen=True, slots=True)
class Summary:
    """What the Summary sheet says besides the counts: name and value, in order."""

    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Counts:
    n_rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    n_conflicts: int = 0
    n_corrected: int = 0

    def add(self, record: Mapping[str, Value]) -> None:
        self.n_rows += 1
        self.labels[str(record["final_label"])] += 1
        self.statuses[str(record["status"])] += 1
        self.n_conflicts += record["conflict"] is True
        self.n_corrected += record["corrected_label"] != ""


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
    folder = tempfile.TemporaryDirectory(dir=path.parent, prefix=".mmsa-", ignore_cleanup_errors=True)
    with folder as scratch:
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": scratch})
        book.use_zip64()
        try:
            counts = _Posts(book, columns, labels, sheet_rows).write(records, thumbnails or repeat(None))
            _write_summary(book, labels, counts, summary or Summary())
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise _cause(error) from error
    return counts.n_rows


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
            label: book.add_format({"num_format": "@", "quote_prefix": True, "bg_color": colour})
            for label, colour in zip(labels, colours(len(labels)), strict=True)
        }

    def write(self, records: Iterable[Mapping[str, Value]], thumbnails: Iterable[bytes | None]) -> _Counts:
        counts = _Counts()
        n_thumbnails = 0
        sheet = self._add_sheet("Posts")
        n_sheets, n_rows = 1, 0
        for record, thumbnail in zip(records, thumbnails, strict=False):
            if n_rows == self._sheet_rows:
                self._finish(sheet, n_rows)
                n_sheets, n_rows = n_sheets + 1, 0
                sheet = self._add_sheet(f"Posts {n_sheets}")
            counts.add(record)
            n_rows += 1
            if thumbnail is not None and n_thumbnails < MAX_THUMBNAILS:
                n_thumbnails += 1
                self._place(sheet, n_rows, str(record["image"]), thumbnail)
            for index, name in enumerate(self._columns):
                self._write_cell(sheet, n_rows, index, name, record.get(name))
        self._finish(sheet, n_rows)
        return counts

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


def _write_summary(book: Any, labels: Sequence[str], counts: _Counts, summary: Summary) -> None:
    sheet = book.add_worksheet("Summary")
    bold = book.add_format({"bold": True})
    percent = book.add_format({"num_format": "0.0%"})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 2, 14)
    row = 0
    for name, text in summary.facts.items():
        sheet.write_string(row, 0, _fit(name), bold)
        sheet.write_string(row, 1, _fit(text))
        row += 1
    for name, number in (
        ("posts", counts.n_rows),
        ("text and picture disagree", counts.n_conflicts),
        ("corrected by people", counts.n_corrected),
    ):
        sheet.write_string(row, 0, name, bold)
        sheet.write_number(row, 1, number)
        row += 1
    shares = _with_rest(labels, counts.labels, "no label")
    first = row + 2
    row = _write_table(sheet, row + 1, "label", shares, counts.n_rows, bold, percent)
    statuses = _with_rest(("ok", "text_only", "image_only", "failed"), counts.statuses, "not classified")
    _write_table(sheet, row + 1, "status", statuses, counts.n_rows, bold, percent)
    chart = book.add_chart({"type": "column"})
    fills = [*(colours(len(labels), dark=True)), *["#90A4AE"] * (len(shares) - len(labels))]
    chart.add_series(
        {
            "name": "share of posts",
            "categories": ["Summary", first, 0, first + len(shares) - 1, 0],
            "values": ["Summary", first, 2, first + len(shares) - 1, 2],
            "points": [{"fill": {"color": colour}} for colour in fills],
            "data_labels": {"value": True},
            "gap": 60,
        }
    )
    chart.set_title({"name": "Share of posts by label"})
    chart.set_legend({"none": True})
    chart.set_y_axis({"num_format": "0%", "min": 0, "major_gridlines": {"visible": False}})
    sheet.insert_chart(1, 4, chart)


def _with_rest(known: Sequence[str], counts: Counter[str], unknown: str) -> list[tuple[str, int]]:
    """Order counts by the known names; others follow, and "" under the name for it."""
    table = [(name, counts[name]) for name in known]
    table += [(name, number) for name, number in sorted(counts.items()) if name and name not in known]
    return [*table, (unknown, counts[""])] if counts[""] else table


def _write_table(
    sheet: Any, row: int, title: str, table: list[tuple[str, int]], total: int, bold: Any, percent: Any
) -> int:
    for column, name in enumerate((title, "posts", "share")):
        sheet.write_string(row, column, name, bold)
    for name, number in table:
        row += 1
        sheet.write_string(row, 0, _fit(name))
        sheet.write_number(row, 1, number)
        sheet.write_number(row, 2, number / total if total else 0.0, percent)
    return row + 1


def colours(n_labels: int, dark: bool = False) -> list[str]:
    """Choose a colour for each label of an ordered list: red first, grey between, green last."""
    ends = ((198, 40, 40), (144, 164, 174), (46, 125, 50)) if dark else (_RED, _GREY, _GREEN)
    middle = [ends[1]] * max(n_labels - 2, 0)
    chosen = [ends[0], *middle, ends[2]] if n_labels > 1 else [ends[1]] * n_labels
    return ["#{:02X}{:02X}{:02X}".format(*colour) for colour in chosen]


def _fit(text: str) -> str:
    # XML turns a carriage return into a line feed, or into a visible escape.
    return cut(clean(text.replace("\r\n", "\n").replace("\r", "\n")))
