"""Rows of a csv or tsv file of any size and dialect. Knows delimiters and quotes, not columns.

Bytes that are not UTF-8 are decoded cell by cell, so that one bad row costs one row. Every line
that is not blank belongs to a row or to an error that names it: none vanishes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from io import BufferedIOBase, TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, cast

from mmsa_tui.errors import SourceError
from mmsa_tui.sources.files.byte_stream import DAMAGE, open_plain, packing_of, read_start
from mmsa_tui.sources.files.csv_rows import Row, Rows
from mmsa_tui.sources.files.dialect import SAMPLE_BYTES, Dialect, sniff
from mmsa_tui.sources.files.encodings import Decoded, UndecodableError, decode

_ESCAPED = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as `surrogateescape` keeps them."""
_RULE = re.compile(r"[+|:=-]*-{2,}[+|:=-]*")
_WHOLE_BYTES = 8 << 20
_SKIP_ROWS = 300
_MOST_ROWS = 1_000_000
_SPOTS = 12
_SPOT_BYTES = 16 * 1024


def dialect_of(path: Path, encoding: str = "", delimiter: str = "") -> Dialect | None:
    """Find the dialect of a file from its beginning and places all over it, None if it is no text.

    Args:
        encoding, delimiter: what the user says of it, "" to find out.
    """
    sample = read_start(path, SAMPLE_BYTES)
    first = sniff(sample, encoding, delimiter, is_whole=len(sample) < SAMPLE_BYTES)
    if first is None or len(sample) < SAMPLE_BYTES:
        return first
    return sniff(sample, encoding, delimiter, _lines_elsewhere(path, first))


def _lines_elsewhere(path: Path, dialect: Dialect) -> list[str]:
    """Return whole lines from places all over a file that is not packed, swapped."""
    found: list[str] = []
    # In an encoding of two bytes a character a place in the middle may lie within one.
    if dialect.encoding not in ("utf-8", "utf-8-sig", "cp1252", "latin-1", "gb18030"):
        return found
    try:
        with path.open("rb") as file:
            if packing_of(file.read(8)):
                return found
            size = file.seek(0, io.SEEK_END)
            for spot in range(1, _SPOTS + 1):
                file.seek(max(0, size * spot // _SPOTS - _SPOT_BYTES))
                text = file.read(_SPOT_BYTES).decode(dialect.encoding, "replace")
                whole = text.split(dialect.line_end)[1:-1]
                found += [dialect.swap(line.removesuffix("\r")) for line in whole]
    except OSError:
        pass
    return found


def read_rows(path: Path, encoding: str = "", delimiter: str = "") -> Iterator[Row]:
    """Yield the rows of the file, the header first, blank lines left out.

    Args:
        encoding, delimiter: as for `sniff`; a row that is in another encoding is an error.

    Raises:
        SourceError: it is no text.
        OSError: it cannot be read.
    """
    dialect = dialect_of(path, encoding, delimiter)
    if dialect is None:
        raise _no_table(path.name)
    with open_plain(path) as file:
        yield from _parse(file, dialect, is_stated=bool(encoding) and dialect.encoding == encoding)


def without_frame(rows: Iterator[Row]) -> Iterator[Row]:
    """Take off the frame of a table in Markdown, or as a database shows it: `| id | text |`, `|---|---|`."""
    first = list(islice(rows, 2))
    names = next((row.cells for row in first if not _is_rule(row.cells)), ())
    if len(names) < 3 or names[0].strip() or names[-1].strip() or not all(names[1:-1]):
        yield from first
        yield from rows
        return
    for row in chain(first, rows):
        if not _is_rule(row.cells):
            yield replace(row, cells=tuple(cell.strip() for cell in row.cells[1:-1]))


def _is_rule(cells: Sequence[str]) -> bool:
    return all(map(_RULE.fullmatch, filter(None, map(str.strip, cells)))) and any(cells)


def sample_rows(path: Path, encoding: str, delimiter: str, count: int) -> list[Row]:
    """Return whole rows from all over a file, at most `count`, those of its beginning left out.

    A file of some size is looked at in places: only rows of one line, as wide as most, count there.
    """
    dialect = dialect_of(path, encoding, delimiter)
    if dialect is None or count <= 0:
        return []
    if path.stat().st_size <= _WHOLE_BYTES:
        found: list[Row] = []
        step = 1
        for number, row in enumerate(islice(read_rows(path, encoding, delimiter), _SKIP_ROWS, _MOST_ROWS)):
            if number % step == 0 and not row.error:
                found.append(row)
            if len(found) > 2 * count:
                found, step = found[::2], step * 2
        return found[:: max(1, -(-len(found) // count))]
    lines = [dialect.mask(line) + "\n" for line in _lines_elsewhere(path, dialect)]
    rows: list[Row] = []
    for line in lines[:: max(1, len(lines) // count)]:
        try:
            cells = next(csv.reader([line], delimiter=dialect.delimiter, strict=not dialect.is_raw), [])
        except csv.Error:
            continue
        if len(cells) == dialect.width and (dialect.has_shape(cells) or not any(dialect.shapes)):
            rows.append(Row(0, tuple(map(dialect.unmask, cells))))
    return rows


def rows_of(open_file: Callable[[], BufferedIOBase], name: str, encoding: str = "") -> Iterator[Row]:
    """Yield the rows of a file that can be opened twice, as `read_rows` does; `name` is for messages."""
    with open_file() as file:
        sample = file.read(SAMPLE_BYTES)
    dialect = sniff(sample, encoding, is_whole=len(sample) < SAMPLE_BYTES)
    if dialect is None:
        raise _no_table(name)
    with open_file() as file:
        yield from _parse(
            cast(BinaryIO, file), dialect, is_stated=bool(encoding) and dialect.encoding == encoding
        )


def _no_table(name: str) -> SourceError:
    return SourceError(f"{name} is not a table of text", "Save it as UTF-8 csv or as xlsx.")


def _parse(file: BinaryIO, dialect: Dialect, is_stated: bool) -> Iterator[Row]:
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    # surrogateescape keeps what is not UTF-8 for `_decode_cells`.
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    text = TextIOWrapper(file, encoding=encoding, errors=errors, newline=dialect.line_end)
    found = dialect.encoding.removesuffix("-sig")
    line = 0
    try:
        for row in Rows(text, dialect):
            line = row.line + row.lines - 1
            if row.error:
                yield row
            elif is_stated:
                yield _checked(row, found)
            else:
                yield _decode_cells(row, found)
    except DAMAGE as error:
        yield Row(line + 1, error=f"it cannot be read beyond line {line:,}: {error}")
    text.detach()


def _checked(row: Row, encoding: str) -> Row:
    """Refuse a row with bytes that the encoding the user named does not have."""
    text = "\n".join(row.cells)
    if _ESCAPED.search(text) if encoding == "utf-8" else "\ufffd" in text:
        return Row(row.line, error=f"not in {encoding}, or damaged", lines=row.lines)
    return replace(row, cells=tuple(cell.replace("\0", "") for cell in row.cells), encoding=encoding)


def _decode_cells(row: Row, encoding: str) -> Row:
    joined = "\n".join(row.cells)
    is_known = joined.isascii()
    if not is_known:
        try:
            joined.encode("utf-8")
            is_known = True
        except UnicodeEncodeError:
            pass
    if is_known:
        return row if row.encoding == encoding else replace(row, encoding=encoding)
    decoded = []
    for cell in row.cells:
        try:
            decoded.append(decode(cell.encode("utf-8", "surrogateescape")))
        except UndecodableError as error:
            shown = tuple(c.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for c in row.cells)
            return Row(row.line, error=error.reason, lines=row.lines, readable=shown)
        except UnicodeEncodeError:
            decoded.append(Decoded(cell, encoding))
    other = next((cell.encoding for cell in decoded if cell.encoding != encoding), encoding)
    return replace(row, cells=tuple(cell.text for cell in decoded), encoding=other)
