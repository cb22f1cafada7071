"""Sheets of xlsx, xls and ods workbooks as rows of text. Knows cells, not what they mean.

xlsx is read row by row with openpyxl; python-calamine reads ods and the Excel of before 2007, which
openpyxl does not, and holds a sheet in memory.
"""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.safety import ignore
from mmsa_tui.errors import SourceError
from mmsa_tui.sources.files.damaged_workbook import describe, salvage
from mmsa_tui.sources.files.sheet_pictures import part_of_sheet

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

_MAX_MERGED = 10_000
"""Rows that one cell is merged over, at most."""
_MERGED = (b"<mergeCells", b"<x:mergeCells")
_OVERLAP = 20
_RANGE = re.compile(rb'<(?:x:)?mergeCell ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_MAX_LIST_BYTES = 8 << 20
"""A list of merged cells that is longer is not read to its end."""
_PIECE_BYTES = 1 << 20
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_HEAD_BYTES = 1 << 20

Cells = tuple[str, ...]


class Book(Protocol):
    """An open workbook."""

    @property
    def sheets(self) -> list[str]:
        """The names of its sheets, in their order."""
        ...

    @property
    def hidden(self) -> frozenset[str]:
        """The names of the sheets that a person does not see."""
        ...

    def rows(self, sheet: str) -> Iterator[tuple[int, Cells]]:
        """Yield the rows of a sheet that are not empty, with their number from 1.

        Raises:
            SourceError: the sheet is damaged.
        """
        ...


def is_workbook(head: bytes) -> bool:
    """Whether these first bytes may open an Excel workbook: a zip file."""
    return head.startswith(b"PK\x03\x04")


def kind_of_workbook(path: Path) -> str:
    """Name the kind of a workbook by its content: `xlsx`, `ods`, `xls` or ""."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
        if head.startswith(b"\xd0\xcf\x11\xe0"):
            return "xls"
        if not is_workbook(head):
            return ""
        with Archive(path) as archive:
            if "xl/workbook.xml" in archive.members:
                return "xlsx"
            if "content.xml" in archive.members and "mimetype" in archive.members:
                return "ods" if b"spreadsheet" in archive.read("mimetype", 200) else ""
    except (SourceError, OSError):
        pass
    return ""


@contextmanager
def open_book(path: Path) -> Iterator[Book]:
    """Open a workbook of any kind.

    Raises:
        SourceError: it is no workbook, is damaged, or would expand beyond the limits.
    """
    kind = kind_of_workbook(path)
    if not kind:
        # An archive that is damaged or a bomb says so itself.
        Archive(path).close()
        raise SourceError(f"{path.name} is not an Excel workbook", "Save it as .xlsx.")
    if kind != "xls":
        _check_size(path)
    try:
        if kind == "xlsx":
            with ExitStack() as stack:
                yield _Excel(path, stack)
        else:
            yield _open_calamine(path)
    except SourceError:
        raise
    except _BROKEN as error:
        raise _broken(path, error) from error


def read_rows(path: Path, note: Callable[[str], None] = ignore) -> Iterator[Cells]:
    """Yield the rows of the first worksheet that has any, empty rows left out.

    Raises:
        SourceError: it is no workbook, is damaged, or would expand beyond the limits.
    """
    with open_book(path) as book:
        for sheet in book.sheets:
            empty = True
            for _, cells in book.rows(sheet):
                empty = False
                yield cells
            if not empty:
                return


def _check_size(path: Path) -> None:
    with Archive(path) as archive:
        largest = max((member.size for member in archive.members.values()), default=0)
    if largest > MAX_PART_BYTES:
        raise SourceError(
            f"{path.name} would expand to {largest:,} bytes: refused", "Save the sheet as csv in UTF-8."
        )


def _broken(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path.name} cannot be read to its end: {type(error).__name__}: {error}",
        "Open it in a spreadsheet program and save it as .xlsx, or as csv in UTF-8.",
    )


class _Excel:
    """An xlsx file; of a damaged one a copy is read as far as it goes, and then that is raised."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._path, self._stack = path, stack
        self._damaged: tuple[str, ...] = ()
        try:
            self._book = self._load(stack.enter_context(path.open("rb")))
        except _BROKEN:
            if not self._salvage():
                raise
        self.sheets = [str(sheet.title) for sheet in self._book.worksheets]
        self.hidden = frozenset(
            str(sheet.title) for sheet in self._book.worksheets if sheet.sheet_state != "visible"
        )

    def _load(self, file: IO[bytes]) -> Any:
        # openpyxl costs 130 ms to import.
        import openpyxl

        with warnings.catch_warnings():
            # It warns of styles and extensions that do not concern the cells.
            warnings.simplefilter("ignore")
            # Given the open file, it does not insist on the name ending in .xlsx.
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        self._stack.callback(book.close)
        return book

    def _salvage(self) -> bool:
        """Go over to a copy of what can be read of the file, False where there is none."""
        if self._damaged or (found := salvage(self._path)) is None:
            return False
        self._damaged = found.damaged
        self._book = self._load(self._stack.enter_context(found.file))
        return True

    def rows(self, sheet: str) -> Iterator[tuple[int, Cells]]:
        done = 0
        fill = _merged_downwards(self._path, sheet)
        while True:
            try:
                for number, row in self._rows_behind(sheet, done):
                    done = number
                    yield number, fill(number, row)
                break
            except _BROKEN as error:
                if self._damaged:
                    break
                if not self._salvage():
                    raise _broken(self._path, error) from error
        if self._damaged:
            raise describe(self._path.name, self._damaged)

    def _rows_behind(self, sheet: str, done: int) -> Iterator[tuple[int, Cells]]:
        found = next(page for page in self._book.worksheets if page.title == sheet)
        # The stated size may be a lie or a million empty rows.
        found.reset_dimensions()
        for number, cells in enumerate(found.iter_rows(values_only=True), start=1):
            if number > done and any(row := tuple(cell_text(cell) for cell in cells[:MAX_COLUMNS])):
                yield number, row


class _Calamine:
    def __init__(self, book: Any, path: Path) -> None:
        self._book, self._path = book, path
        self.sheets: list[str] = list(book.sheet_names)
        about = book.sheets_metadata
        self.hidden = frozenset(sheet.name for sheet in about if "visible" not in str(sheet.visible).lower())

    def rows(self, sheet: str) -> Iterator[tuple[int, Cells]]:
        try:
            page = self._book.get_sheet_by_name(sheet)
            fill = _Merged(page.merged_cell_ranges)
            rows = page.to_python(skip_empty_area=False)
        except Exception as error:  # as in `_open_calamine`
            raise _broken(self._path, error) from error
        for number, cells in enumerate(rows, start=1):
            row = tuple(cell_text(cell) for cell in cells[:MAX_COLUMNS])
            if any(row):
                yield number, fill(number, row)


class _Merged:
    """Gives each row what a cell says that is merged downwards over it: a date over the posts of a day."""

    def __init__(self, ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]] | None) -> None:
        self._tops: dict[tuple[int, int], tuple[int, int]] = {}
        self._said: dict[tuple[int, int], str] = {}
        self._width = 0
        for (top, left), (bottom, right) in ranges or ():
            if left == right and top < bottom <= top + _MAX_MERGED:
                self._width = max(self._width, left + 1)
                self._tops.update({(row, left): (top, left) for row in range(top, bottom + 1)})

    def __call__(self, number: int, row: Cells) -> Cells:
        """Return a row, the `number`th from 1, with its cells filled; rows come in their order."""
        if not self._tops:
            return row
        padded = (*row, *[""] * (self._width - len(row)))
        return tuple(self._cell((number - 1, place), cell) for place, cell in enumerate(padded))

    def _cell(self, place: tuple[int, int], cell: str) -> str:
        top = self._tops.get(place)
        if top == place:
            self._said[place] = cell
        return self._said.get(top, cell) if top and not cell else cell


def _merged_downwards(path: Path, sheet: str) -> _Merged:
    """Find the merged cells of a sheet of xlsx, which stand below its rows."""
    kept = b""
    try:
        with Archive(path) as archive, archive.stream(part_of_sheet(archive, sheet)) as file:
            while (at := max(map(kept.find, _MERGED))) < 0 and (piece := file.read(_PIECE_BYTES)):
                kept = kept[-_OVERLAP:] + piece
            listed = kept[at:] + file.read(_MAX_LIST_BYTES) if at >= 0 else b""
    except (SourceError, StopIteration, *_BROKEN):  # told by who reads the rows
        return _Merged(())
    return _Merged(
        ((int(top) - 1, _place_of(left)), (int(bottom) - 1, _place_of(right)))
        for left, top, right, bottom in _RANGE.findall(listed)
    )


def _place_of(letters: bytes) -> int:
    """Return the place of a column, from 0, by the letters that Excel calls it."""
    place = 0
    for letter in letters:
        place = 26 * place + letter - ord("A") + 1
    return place - 1


def _open_calamine(path: Path) -> _Calamine:
    return _Calamine(_calamine_book(path), path)


def _calamine_book(path: Path) -> Any:
    import python_calamine

    if _is_locked(path):
        raise SourceError(
            f"{path.name} is protected by a password",
            "Open it in a spreadsheet and save it without one, or as csv.",
        )
    try:
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except Exception as error:
        # Its errors, and Rust's panics, have no class in common but this.
        raise _broken(path, error) from error


def _is_locked(path: Path) -> bool:
    """Whether a workbook is encrypted: Excel puts it whole into a container of the old kind."""
    with path.open("rb") as file:
        return file.read(8).startswith(b"\xd0\xcf\x11\xe0") and _LOCKED in file.read(_HEAD_BYTES)


def cell_text(cell: object) -> str:
    """Write a cell as text: numbers in the digits it holds, dates as ISO 8601."""
    from openpyxl.utils.escape import unescape

    if cell is None:
        return ""
    if isinstance(cell, str):
        # Control characters are kept as "_x000D_" in the file.
        return str(unescape(cell)) if "_x" in cell else cell
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) <= _EXACT_DIGITS:
            return str(int(cell))
        # Written so that it can be told: `1.9184107135219E+18` names no post any more.
        return repr(cell).replace("e", "E") if abs(cell) > _EXACT_DIGITS else str(cell)
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)
