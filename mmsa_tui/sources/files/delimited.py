"""Rows of a csv or tsv file of any size and dialect. Knows delimiters and quotes, not columns.

Bytes that are not UTF-8 are decoded cell by cell, so that one bad row costs one row.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from mmsa_tui.errors import SourceError
from mmsa_tui.sources.files.encodings import Decoded, UndecodableError, decode, encoding_by_mark

SAMPLE_BYTES = 256 * 1024
"""How much of a file decides on its dialect."""
MAX_LINE = 16 << 20
"""Characters of one line; 100,000 columns of 100 characters still pass."""
MAX_ROW_LINES = 1_000
"""A row over more lines than this has lost its closing quote."""

_ESCAPED = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as `surrogateescape` keeps them."""
_DELIMITERS = (",", "\t", ";", "|")
_LOOK_AT_ROWS = 50
_TEXT_BYTES = bytes([9, 10, 13, *range(32, 256)])
"""All but the control characters, which binary files are full of."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are told apart.

    `is_raw`: each line is a row and a quote may be the author's, as in most tsv files.
    `quotes_all`: yet each cell is quoted.
    """

    encoding: str
    delimiter: str
    is_raw: bool
    quotes_all: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One record; `line` is where it starts, from 1. `error` says why there are no cells."""

    line: int
    cells: tuple[str, ...] = ()
    encoding: str = "utf-8"
    error: str = ""


class _TooLongError(Exception):
    pass


def sniff(sample: bytes, encoding: str = "") -> Dialect | None:
    """Find the dialect of a table from its beginning, or None if it is no text.

    Args:
        encoding: what it is in where no mark says so, "" to take UTF-8 and see.
    """
    encoding = encoding_by_mark(sample) or encoding
    if not encoding and 20 * len(sample.translate(None, _TEXT_BYTES)) > len(sample):
        return None
    # What ends in the middle of a character or a line says nothing about the dialect.
    text = sample.decode(encoding or "utf-8", "replace")
    whole = text.rpartition("\n")[0] if len(sample) >= SAMPLE_BYTES else text
    # Not splitlines, which also splits at characters that tweets hold.
    lines = [line.removesuffix("\r") for line in (whole or text).split("\n")]
    if not any(line.strip() for line in lines):
        return None
    best = max(_DELIMITERS, key=lambda delimiter: _score(lines[: 4 * _LOOK_AT_ROWS], delimiter))
    is_raw = best == "\t" and _fits_lines(lines)
    header = lines[0].split("\t")
    quotes_all = is_raw and all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in header)
    return Dialect(encoding or "utf-8", best, is_raw, quotes_all)


def _score(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    """Rate a delimiter: the share of rows as wide as the header, then the width."""
    rows = []
    try:
        for row in csv.reader((line + "\n" for line in lines), delimiter=delimiter):
            if row:
                rows.append(len(row))
            if len(rows) == _LOOK_AT_ROWS:
                break
    except csv.Error:
        pass
    if not rows or rows[0] < 2:
        return 0.0, 0
    return sum(width == rows[0] for width in rows) / len(rows), rows[0]


def _fits_lines(lines: Sequence[str]) -> bool:
    """Whether every line of a tab-separated file is a row, so that no quoted cell spans lines.

    Tweets are full of quotes that no program doubled; taking those for quoted cells would merge
    rows without a sound. Line by line, the worst that stays is a visible quote.
    """
    width = lines[0].count("\t")
    return all(line.count("\t") == width or line.count('"') % 2 == 0 for line in lines)


def _unquote(cell: str, always: bool) -> str:
    """Undo the quoting of one cell that is quoted as a whole.

    Without `always` only where it holds doubled quotes: an author may quote a whole tweet too.
    """
    body = cell.replace('""', "")
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"' or body.count('"') not in (0, 2):
        return cell
    return cell[1:-1].replace('""', '"') if always or body != cell else cell


def read_rows(path: Path, encoding: str = "") -> Iterator[Row]:
    """Yield the rows of the file, the header first, blank lines left out.

    Args:
        encoding: as for `sniff`; a row that is in another one is an error.

    Raises:
        SourceError: it is no text.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        yield from rows_of(file, path.name, encoding)


def rows_of(file: IO[bytes], name: str, encoding: str = "") -> Iterator[Row]:
    """Yield the rows of an open file, as `read_rows` does; `name` is for messages."""
    sample = file.read(SAMPLE_BYTES)
    dialect = sniff(sample, encoding)
    if dialect is None:
        raise SourceError(f"{name} is not a table of text", "Save it as UTF-8 csv or as xlsx.")
    file.seek(0)
    yield from _parse(file, dialect, is_stated=bool(encoding) and dialect.encoding == encoding)


def _parse(file: IO[bytes], dialect: Dialect, is_stated: bool) -> Iterator[Row]:
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    # surrogateescape keeps what is not UTF-8 for `_decode_cells`.
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    text = TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
    lines = _Lines(text)
    if dialect.is_raw:
        reader = csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(lines, delimiter=dialect.delimiter)
    found = dialect.encoding.removesuffix("-sig")
    while True:
        start = lines.begin_row()
        try:
            cells = next(reader)
            if lines.ended_inside_row:
                raise csv.Error("a quote is left open")
        except StopIteration:
            break
        except _TooLongError:
            lines.retry_after_first()
            yield Row(start, error=f"a line of more than {MAX_LINE:,} characters, or a quote left open")
        except csv.Error as error:
            # An open quote swallows the rows behind it: they get their own chance.
            lines.retry_after_first()
            yield Row(start, error=_explain(str(error)))
        else:
            if dialect.is_raw:
                cells = [_unquote(cell, dialect.quotes_all) for cell in cells]
            if cells and is_stated:
                yield _checked(start, cells, found)
            elif cells:
                yield _decode_cells(start, cells, found)
    text.detach()


def _explain(error: str) -> str:
    if "field larger" in error:
        return f"a cell of more than {csv.field_size_limit():,} characters, or a quote left open"
    return error


def _checked(line: int, cells: list[str], encoding: str) -> Row:
    """Refuse a row with bytes that the encoding the user named does not have."""
    text = "\n".join(cells)
    if _ESCAPED.search(text) if encoding == "utf-8" else "\ufffd" in text:
        return Row(line, error=f"not in {encoding}, or damaged")
    return Row(line, tuple(cell.replace("\0", "") for cell in cells), encoding)


def _decode_cells(line: int, cells: list[str], encoding: str) -> Row:
    joined = "\n".join(cells)
    if joined.isascii():
        return Row(line, tuple(cells), encoding)
    try:
        joined.encode("utf-8")
    except UnicodeEncodeError:
        pass
    else:
        return Row(line, tuple(cells), encoding)
    decoded = []
    for cell in cells:
        try:
            decoded.append(decode(cell.encode("utf-8", "surrogateescape")))
        except UndecodableError as error:
            return Row(line, error=error.reason)
        except UnicodeEncodeError:
            decoded.append(Decoded(cell, encoding))
    other = next((cell.encoding for cell in decoded if cell.encoding != encoding), encoding)
    return Row(line, tuple(cell.text for cell in decoded), other)


class _Lines:
    """Lines of bounded length, which the reader of csv takes one by one and can be given again.

    Not a generator: that one would be over after its first exception.
    """

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self._taken: list[str] = []
        self._again: list[str] = []
        self._number = 0
        self.ended_inside_row = False
        """Whether the reader asked for more lines to complete a row and there were none."""

    def begin_row(self) -> int:
        """Start a row and return the number of its first line, from 1."""
        self._number += len(self._taken)
        self._taken.clear()
        self.ended_inside_row = False
        return self._number + 1

    def retry_after_first(self) -> None:
        """Offer the lines of this row again, all but the first."""
        self._again.extend(reversed(self._taken[1:]))
        del self._taken[1:]

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= MAX_ROW_LINES:
            raise _TooLongError
        line = self._again.pop() if self._again else self._text.readline(MAX_LINE)
        if not line:
            self.ended_inside_row = bool(self._taken)
            raise StopIteration
        if len(line) >= MAX_LINE and not line.endswith("\n"):
            # Kept as a line so that the count goes on, but not its content.
            self._taken.append("")
            self._skip_rest()
            raise _TooLongError
        self._taken.append(line)
        return line

    def _skip_rest(self) -> None:
        while rest := self._text.readline(MAX_LINE):
            if rest.endswith("\n"):
                return
