"""Records to JSON lines and workbooks, whole or not at all.

JSON lines keep every character. In a workbook every cell is text: no formula can be in it, and an
id keeps all its digits; characters that a workbook cannot hold are shown as U+FFFD.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from mmsa_tui.codebook import Codebook
from mmsa_tui.corrections.codebooks import codebook_sheet, definition_line
from mmsa_tui.corrections.record import COLUMNS, cell, describe
from mmsa_tui.disk.whole_file import check_place, scratch_folder, whole_file
from mmsa_tui.errors import OutputError
from mmsa_tui.export.jsonl_file import print_jsonl, write_jsonl
from mmsa_tui.export.summary_sheet import write_sheet
from mmsa_tui.records import Correction

SUFFIXES = (".jsonl", ".xlsx")

_SHEET_ROWS = 1_048_575
_WIDTHS = {"post_id": 21, "text": 60, "note": 40, "created_at": 27, "uid": 34, "content_hash": 44}
_WIDTH = 14


def export_corrections(
    made: Iterable[Correction],
    target: Path,
    labels_of: Callable[[str], Sequence[str]],
    *,
    codebook: Codebook | None = None,
    overwrite: bool = False,
) -> int:
    """Write corrections to a `.jsonl` or `.xlsx` file; returns how many.

    Args:
        labels_of: gives the labels of a bundle, empty if they are not known.
        codebook: the one they were given under, which goes with them; None for the default one.

    Raises:
        OutputError: see `write_table`.
    """
    records = _described(made, labels_of, codebook)
    columns = (*COLUMNS, "codebook") if codebook else COLUMNS
    return write_table(target, columns, records, codebook=codebook, overwrite=overwrite)


def print_corrections(
    made: Iterable[Correction],
    file: TextIO,
    labels_of: Callable[[str], Sequence[str]],
    codebook: Codebook | None = None,
) -> int:
    """Write corrections as JSON lines to an open file, such as standard output; returns how many."""
    return print_jsonl(file, _headed(_described(made, labels_of, codebook), codebook)) - bool(codebook)


def check_table_target(target: Path, *, overwrite: bool = False) -> None:
    """Refuse a target that `write_table` would refuse, before any work goes into it.

    Raises:
        OutputError: another suffix; an existing file; a place that takes no file.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise OutputError(
            f"{target} has no suffix that names a format", f"End the name in one of {', '.join(SUFFIXES)}."
        )
    check_place(target, overwrite=overwrite)


def write_table(
    target: Path,
    columns: Sequence[str],
    records: Iterable[Mapping[str, object]],
    *,
    codebook: Codebook | None = None,
    overwrite: bool = False,
) -> int:
    """Write records in the format that the suffix names; returns how many.

    Args:
        codebook: goes with them, as the first line or as a sheet of its own.

    Raises:
        OutputError: see `check_table_target`; more rows than a sheet holds; the disk is full or
            fails.
    """
    check_table_target(target, overwrite=overwrite)
    with whole_file(target, overwrite=overwrite) as part:
        if target.suffix.lower() == ".jsonl":
            return write_jsonl(part, _headed(records, codebook)) - bool(codebook)
        return _write_sheet(part, columns, records, codebook)


def _headed(
    records: Iterable[Mapping[str, object]], codebook: Codebook | None
) -> Iterator[Mapping[str, object]]:
    if codebook is not None:
        yield definition_line(codebook)
    yield from records


def _described(
    made: Iterable[Correction], labels_of: Callable[[str], Sequence[str]], codebook: Codebook | None
) -> Iterator[dict[str, object]]:
    known: dict[str, Sequence[str]] = {}
    for correction in made:
        if correction.bundle not in known:
            known[correction.bundle] = labels_of(correction.bundle) if correction.bundle else ()
        yield describe(correction, known[correction.bundle], codebook.name if codebook else "")


def _write_sheet(
    path: Path,
    columns: Sequence[str],
    records: Iterable[Mapping[str, object]],
    codebook: Codebook | None = None,
) -> int:
    # xlsxwriter takes 60 ms to import; users of JSON lines should not pay it.
    import xlsxwriter
    import xlsxwriter.exceptions

    n_rows = 0
    with scratch_folder(path.parent) as scratch:
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(scratch)})
        book.use_zip64()
        sheet = book.add_worksheet("Corrections")
        sheet.freeze_panes(1, 1)
        header = book.add_format({"bold": True, "bottom": 1, "bg_color": "#ECEFF1"})
        # "@" and the quote prefix keep a cell text when someone edits it; Excel may show "@" as
        # #### beyond 255 characters.
        short = book.add_format({"num_format": "@", "quote_prefix": True})
        long = book.add_format({"quote_prefix": True})
        for index, name in enumerate(columns):
            sheet.set_column(index, index, _WIDTHS.get(name, _WIDTH))
        for index, name in enumerate(columns):
            sheet.write_string(0, index, name, header)
        for n_rows, record in enumerate(records, start=1):
            if n_rows > _SHEET_ROWS:
                raise OutputError(f"a sheet holds {_SHEET_ROWS:,} rows", "Write .jsonl instead.")
            for index, name in enumerate(columns):
                text = _as_text(record.get(name))
                if text:
                    sheet.write_string(n_rows, index, cell(text), short if len(text) <= 255 else long)
        sheet.autofilter(0, 0, max(n_rows, 1), len(columns) - 1)
        if codebook is not None:
            write_sheet(book, codebook_sheet(codebook))
        try:
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            inner = error.args[0] if error.args else None
            raise (inner if isinstance(inner, OSError) else OSError(str(error))) from error
    return n_rows


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return json.dumps(list(value), ensure_ascii=False) if value else ""
    return str(value)
