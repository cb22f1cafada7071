"""Excel workbooks: a Posts sheet to filter and read, and what `summary_sheet` adds to it.

Rows go to disk as they come, so memory does not grow with them. Every text is written as text:
nothing in it can become a formula, a link or a number.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

from mmsa_tui.disk.whole_file import scratch_folder
from mmsa_tui.errors import OutputError
from mmsa_tui.export.cells import fit
from mmsa_tui.export.colours import label_tint
from mmsa_tui.export.columns import LABELS, Value
from mmsa_tui.export.summary_sheet import Summary, write_sheet, write_summary

SHEET_ROWS = 1_048_575
"""Rows below the header that a sheet holds; more go on on `Posts 2` and so on."""

SHEET_COLUMNS = 16_384

THUMBNAIL_PX = 110
"""The width of the `image` column."""

MAX_THUMBNAILS = 20_000
"""Pictures stay in memory until the end, about 4 kB each; rows after so many have none."""

_WIDTHS = {"post_id": 21, "text": 70, "image": 16, "error": 30, "bundle": 14}
_WIDTH = 12


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
            write_summary(book, labels, summary or Summary())
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
            sheet.write_string(0, index, fit(column), self._header)
        return sheet

    def _finish(self, sheet: Any, n_rows: int) -> None:
        sheet.autofilter(0, 0, max(n_rows, 1), len(self._columns) - 1)

    def _place(self, sheet: Any, row: int, name: str, thumbnail: bytes) -> None:
        sheet.set_row_pixels(row, THUMBNAIL_PX + 4)
        # Position 1 moves and hides with the cell, as when the user filters the sheet.
        place = {"image_data": io.BytesIO(thumbnail), "object_position": 1, "x_offset": 2, "y_offset": 2}
        sheet.insert_image(
            row, self._columns.index("image"), "picture.jpg", place | {"description": fit(name)[:255]}
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
            sheet.write_string(row, index, fit(value), style or plain)
