"""Rows of an Excel workbook as text, one at a time. Knows cells, not what they mean."""

from __future__ import annotations

import datetime
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.safety import ignore
from mmsa_tui.errors import SourceError

MAX_COLUMNS = 16_384
"""What Excel itself allows."""
MAX_PART_BYTES = 512 << 20
"""Unpacked size of one part. A full sheet of tweets is 400 MB, and its texts are held in memory."""
_EXACT_DIGITS = 10**15
"""Excel keeps 15 digits of a number: a tweet id typed as one has lost its end."""

# What openpyxl lets through when the XML or the zip inside is not as it should be. A ParseError is
# a SyntaxError, and so is lxml's.
_BROKEN = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    SyntaxError,
    EOFError,
    RuntimeError,
    AssertionError,
    zipfile.BadZipFile,
    zlib.error,
)


def is_workbook(head: bytes) -> bool:
    """Whether these first bytes may open an Excel workbook: a zip file."""
    return head.startswith(b"PK\x03\x04")


def read_rows(path: Path, note: Callable[[str], None] = ignore) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the first worksheet that has any, empty rows left out.

    Raises:
        SourceError: it is no workbook, is damaged, or would expand beyond the limits.
    """
    with Archive(path) as archive:
        if "[Content_Types].xml" not in archive.members or "xl/workbook.xml" not in archive.members:
            raise SourceError(f"{path.name} is not an Excel workbook", "Save it as .xlsx.")
        largest = max(member.size for member in archive.members.values())
        if largest > MAX_PART_BYTES:
            raise SourceError(
                f"{path.name} would expand to {largest:,} bytes: refused", "Save the sheet as csv in UTF-8."
            )
    try:
        with path.open("rb") as file:
            yield from _read_rows(file, note)
    except _BROKEN as error:
        raise SourceError(
            f"{path.name} cannot be read to its end: {type(error).__name__}: {error}",
            "Open it in a spreadsheet program and save it again as .xlsx.",
        ) from error


def _read_rows(file: IO[bytes], note: Callable[[str], None]) -> Iterator[tuple[str, ...]]:
    # openpyxl costs 130 ms to import.
    import openpyxl

    noted = False
    with warnings.catch_warnings():
        # It warns of styles and extensions that do not concern the cells.
        warnings.simplefilter("ignore")
        # Given the open file, it does not insist on the name ending in .xlsx.
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            # The stated size may be a lie or a million empty rows.
            sheet.reset_dimensions()
            empty = True
            for cells in sheet.iter_rows(values_only=True):
                row = tuple(_as_text(cell) for cell in cells[:MAX_COLUMNS])
                if not any(row):
                    continue
                empty = False
                if not noted and any(_lost_digits(cell) for cell in cells):
                    note("ids were typed as numbers: a spreadsheet keeps 15 digits of them")
                    noted = True
                yield row
            if not empty:
                return
    finally:
        book.close()


def _lost_digits(cell: object) -> bool:
    # openpyxl reads a number that is spelled out as int; Excel writes large ones as 1.23E+18.
    return isinstance(cell, float) and abs(cell) > _EXACT_DIGITS


def _as_text(cell: object) -> str:
    from openpyxl.utils.escape import unescape

    if cell is None:
        return ""
    if isinstance(cell, str):
        # Control characters are kept as "_x000D_" in the file.
        return str(unescape(cell)) if "_x" in cell else cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e30:
        return str(int(cell))
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)
