"""What an open table is, and tables whose columns a row above names: csv, workbooks, plain lists.

What lies on disk is no matter any more: columns have names, rows are records of text, read one by one.
Columns are known, and a sample is taken, from all over the file; what they mean is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

from mmsa_tui.errors import SourceError, UsageError
from mmsa_tui.records import Picture, record
from mmsa_tui.sources.columns import is_known, is_own_export
from mmsa_tui.sources.files import delimited, workbook
from mmsa_tui.sources.files.byte_stream import read_start
from mmsa_tui.sources.files.contradictions import (
    Said,
    about_delimiter,
    about_encoding,
    about_header,
    about_sheet,
)
from mmsa_tui.sources.files.csv_rows import Row
from mmsa_tui.sources.files.dialect import NO_DELIMITER, SAMPLE_BYTES
from mmsa_tui.sources.files.encodings import suggest_encodings
from mmsa_tui.sources.files.header import Header, find_header, header_at, repeats, without_header
from mmsa_tui.sources.files.sheet_pictures import Placed, pictures_of_sheet
from mmsa_tui.sources.roles import choose_roles

SAMPLE_ROWS = 600
"""Rows by which columns are judged, taken from all over the table."""
MAX_CELL = 1 << 20
"""Characters of a cell that are kept; more are cut with a note."""
REPEATED_HEADER = "the header once more"
FIRST_ROWS = 300
"""Rows at the start among which the header is looked for."""
_SAMPLE_COLUMNS = 1_000


@record
class Record:
    """One row; `where` is for messages. `error` says why there are no values.

    `is_repaired`: its quotes break the rules, and there was one way to read it; `is_doubtful`: there may be
    another. `is_short`: a csv has fewer cells in it than its header. `pictures` lie in the table itself.
    """

    where: str
    values: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    error: str = ""
    is_repaired: bool = False
    is_doubtful: bool = False
    is_short: bool = False
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table lies in its file: what was found out or said, for people to see and overrule.

    `header_row` counts from 1 and is 0 where there is no header; None where the kind needs none.
    `sheets` are all sheets of a workbook or tables of a database.
    """

    header_row: int | None = None
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is open for reading.

    `columns` are all its columns; `is_open`: rows may bring further ones. `sample` are rows from
    all over it. `records` yields all rows with the named columns only (all columns where none is
    named); it may be called once.
    """

    kind: str
    columns: Sequence[str]
    sample: Sequence[Record]
    records: Callable[[Sequence[str]], Iterator[Record]]
    layout: Layout = field(default_factory=Layout)
    is_open: bool = False
    notes: Sequence[str] = ()


def _header(rows: Sequence[Row], path: Path, said: Said) -> tuple[Header, int | None]:
    """Find the header among the first rows, and the number of its row.

    Raises:
        UsageError: there is no row of that number.
    """
    cells = [row.cells for row in rows]
    if said.header_row:
        index = next((i for i, row in enumerate(rows) if row.line == said.header_row), None)
        if index is None:
            raise UsageError(
                f"{path.name} has no row {said.header_row:,} near its start that could name columns",
                f"Its first rows are {', '.join(str(row.line) for row in rows[:10])}.",
            )
        return header_at(cells, index), said.header_row
    if said.has_header is False:
        return without_header(cells, "you said that there is no header"), 0
    header = find_header(cells) if said.has_header is None else header_at(cells, 0)
    return header, rows[header.row].line if header.row >= 0 else 0


def open_text(path: Path, kind: str, said: Said) -> Table:
    """Open a csv or tsv; arguments and errors as for `tables.open_table`."""
    encoding, delimiter = said.encoding, said.delimiter
    notes = list(_contradictions(path, said))
    rows = delimited.without_frame(delimited.read_rows(path, encoding, delimiter))
    first = list(islice(rows, FIRST_ROWS))
    _refuse_code_page(first, path)
    if first and first[0].readable and not said.header_row:
        # One damaged byte in a name costs that name.
        first[0] = Row(first[0].line, first[0].readable)
        notes.append(
            "the header holds bytes that are not UTF-8: columns are named as far as they can be read"
        )
    usable = [row for row in first if not row.error]
    if not usable:
        error = first[0].error if first else "no rows"
        raise SourceError(
            f"{path.name} has no header: {error}", "Save it as UTF-8 csv, or name its --encoding."
        )
    if first[0].error and first[0].line == 1 and not said.header_row and said.has_header is not False:
        raise SourceError(
            f"{path.name} has no header: {first[0].error}",
            "Save it as UTF-8 csv, name its --encoding, or say which row it is with --header-row.",
        )
    header, row_number = _header(usable, path, said)
    _refuse_fixed_width(usable[max(header.row, 0)].cells, path)
    start = 0 if header.row < 0 else first.index(usable[header.first - 1]) + 1
    data = first[start:]
    further = (
        delimited.sample_rows(path, encoding, delimiter, SAMPLE_ROWS - len(data))
        if len(first) >= FIRST_ROWS
        else []
    )
    dialect = delimited.dialect_of(path, encoding, delimiter)
    shown = "" if dialect is None or dialect.delimiter == NO_DELIMITER else dialect.delimiter
    layout = Layout(row_number, encoding=dialect.encoding if dialect else "", delimiter=shown)
    notes += _about(header, usable, path, said)
    return from_rows(kind, header, data, rows, further, layout, notes)


def _contradictions(path: Path, said: Said) -> Iterator[str]:
    if said.encoding or said.delimiter:
        sample = read_start(path, SAMPLE_BYTES)
        if said.encoding and (told := about_encoding(path.name, sample, said.encoding)):
            yield told
        if said.delimiter and (told := about_delimiter(path.name, sample, said)):
            yield told


def _refuse_code_page(rows: Sequence[Row], path: Path) -> None:
    """Refuse a file of which many rows are in no encoding that is read unasked.

    Raises:
        SourceError: names the encodings that it could be in.
    """
    lost = sum(bool(row.readable) for row in rows)
    if lost < 2 or lost <= 0.3 * len(rows):
        return
    likely = suggest_encodings(read_start(path, SAMPLE_BYTES))
    could = f"; it could be {' or '.join(likely[:3])}" if likely else ""
    raise SourceError(
        f"{path.name} is neither in UTF-8 nor in GB18030, and does not say in which encoding it is{could}",
        f"Name it: --encoding {likely[0] if likely else 'cp1252'}, or save it as UTF-8.",
    )


def _refuse_fixed_width(names: Sequence[str], path: Path) -> None:
    """Refuse a table whose columns only spaces part: its rows would be one text each.

    Raises:
        SourceError: says how to save it.
    """
    words = [word for word in re.split(r"\s{2,}", names[0].strip()) if word] if len(names) == 1 else []
    if len(words) > 1 and all(map(is_known, words)):
        raise SourceError(
            f"{path.name} parts its columns with spaces: {', '.join(words[:6])}",
            "Open it in a spreadsheet, as text of fixed width, and save it as csv.",
        )


def _about(header: Header, rows: Sequence[Row], path: Path, said: Said) -> Iterator[str]:
    """Say what is worth knowing of a header, found or said."""
    if header.row < 0 and header.reason:
        yield f"{header.reason}; columns are called column_1 to column_{len(header.names)}"
    if header.skipped:
        skipped = [" ".join(" ".join(row.cells).split())[:60] for row in rows[: header.skipped]]
        more = f" and {len(skipped) - 6} more" if len(skipped) > 6 else ""
        yield f"lines above the header are left out: {'; '.join(skipped[:6])}{more}"
    if header.more:
        below = (" ".join(" ".join(row.cells).split())[:60] for row in rows[header.row + 1 : header.first])
        yield f"rows below the header that name columns once more are left out: {'; '.join(below)}"
    if told := about_header(path.name, rows, header, said):
        yield told


def open_book(path: Path, kind: str, said: Said) -> Table:
    """Open a sheet of a workbook; arguments and errors as for `tables.open_table`."""
    with workbook.open_book(path) as book:
        sheets = book.sheets
        chosen, notes = _choose_sheet(book, sheets, path, said)
        first = list(islice(_as_rows(book, chosen), FIRST_ROWS))
    if not first:
        raise SourceError(f"{path.name} has no rows", "Point at a workbook with posts in it.")
    header, row_number = _header([row for row in first if not row.error], path, said)
    start = header.first
    layout = Layout(row_number, chosen, tuple(sheets))

    def rows() -> Iterator[Row]:
        with workbook.open_book(path) as book:
            yield from islice(_as_rows(book, chosen), start, None)

    # The small pictures of an export of ours are copies of what its posts name.
    is_plain = kind == "xlsx" and not is_own_export(header.names)
    placed = pictures_of_sheet(path, chosen) if is_plain else Placed()
    notes += [*_about(header, first, path, said), *filter(None, [placed.note()])]
    return from_rows(kind, header, [], rows(), first[start:], layout, notes, placed.by_row)


def _as_rows(book: workbook.Book, sheet: str) -> Iterator[Row]:
    """Yield the rows of a sheet; where it breaks off, the last is an error that says so.

    Raises:
        SourceError: not one row can be read.
    """
    line = 0
    try:
        for line, cells in book.rows(sheet):
            yield Row(line, cells)
    except SourceError as error:
        if not line:
            raise
        yield Row(line + 1, error=error.message)


def _choose_sheet(
    book: workbook.Book, sheets: Sequence[str], path: Path, said: Said
) -> tuple[str, list[str]]:
    """Return the sheet that the user named, or the one that holds posts.

    Raises:
        UsageError: there is no such sheet.
    """
    named = ""
    if asked := said.sheet:
        named = next((name for name in sheets if name.casefold() == asked.casefold()), "")
        if not named and asked.isdigit() and 1 <= int(asked) <= len(sheets):
            named = sheets[int(asked) - 1]
        if not named:
            raise UsageError(f"{path.name} has no sheet {asked!r}", f"Its sheets: {', '.join(sheets)}.")
    scores: dict[str, tuple[int, ...]] = {}
    unread: list[SourceError] = []
    for name in sheets:
        try:
            score = _rate_sheet(book, name, path, said)
        except SourceError as error:
            unread.append(error)
            continue
        if score:
            scores[name] = score
    if unread and not scores:
        raise unread[0]
    if named:
        better = [name for name, score in scores.items() if score[0] == 2 > scores.get(named, (0,))[0]]
        return named, list(filter(None, [about_sheet(path.name, named, better)]))
    if not scores:
        return (sheets[0] if sheets else ""), []
    best = max(scores, key=lambda name: scores[name])
    others = [name for name in scores if name != best]
    notes = []
    if others:
        rivals = [name for name in others if scores[name][0] == scores[best][0] > 0]
        notes.append(
            f"sheet `{best}` is read; left out: {', '.join(others[:10])}. --sheet NAME chooses another"
        )
        if rivals:
            notes.append(f"sheets that hold texts too and are left out: {', '.join(rivals[:10])}")
    return best, notes


def _rate_sheet(book: workbook.Book, name: str, path: Path, said: Said) -> tuple[int, ...] | None:
    """Rate a sheet: whether it has a text, is shown, what else it has, and rows; None where it is empty."""
    rows = [row for row in islice(_as_rows(book, name), 60) if not row.error]
    if not rows:
        return None
    header, _ = _header(rows, path, replace(said, header_row=0))
    records = [dict(zip(header.names, row.cells, strict=False)) for row in rows[header.first :]]
    rank, n_roles, n_rows = rate(header.names, records)
    # Of sheets that are alike the first is meant, however long they are.
    return rank, name not in book.hidden, n_roles, min(n_rows, 5)


def rate(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> tuple[int, int, int]:
    """Rate a sheet or a table of a database: whether it has a text (2 by its name), what else, and rows."""
    roles = choose_roles(columns, rows, {})
    rank = 2 if roles.text and not roles.guessed else 1 if roles.text else 0
    return (rank if rows else 0), len(roles.columns()), len(rows)


def from_rows(
    kind: str,
    header: Header,
    first: Sequence[Row],
    rows: Iterator[Row],
    further: Sequence[Row],
    layout: Layout,
    notes: Sequence[str],
    pictures: Mapping[int, tuple[Picture, ...]] | None = None,
) -> Table:
    """Make a table of rows.

    Args:
        pictures: that lie on rows, by the number of the row.
    """
    names = header.names
    shown = _places(names, judged(names))
    is_text = kind in ("csv", "tsv")
    filled = (row for row in (*first, *further) if row.error or any(row.cells))
    placed = pictures or {}

    def read(row: Row, places: Mapping[str, int]) -> Record:
        record = record_of(row, places, len(names), is_text)
        return replace(record, pictures=placed[row.line]) if row.line in placed else record

    sample = [read(row, shown) for row in filled]

    def records(keep: Sequence[str]) -> Iterator[Record]:
        places = _places(names, keep or names)
        for row in chain(first, rows):
            if not (row.error or any(row.cells)):
                continue  # delimiters alone, where a spreadsheet had an empty row
            if header.row >= 0 and repeats(row.cells, names):
                yield Record(f"line {row.line:,}", error=REPEATED_HEADER)
            else:
                yield read(row, places)

    return Table(kind, names, sample, records, layout, notes=notes)


def judged(names: Sequence[str]) -> list[str]:
    """Return the columns that are judged: the first ones, and what has a known name behind them."""
    return [name for place, name in enumerate(names) if place < _SAMPLE_COLUMNS or is_known(name)]


def _places(names: Sequence[str], keep: Sequence[str]) -> dict[str, int]:
    wanted = set(keep)
    return {name: place for place, name in enumerate(names) if name in wanted}


def record_of(row: Row, places: Mapping[str, int], width: int, is_text: bool) -> Record:
    """Return a row as a record; one with more cells than the header is an error that says so.

    Args:
        places: the columns to keep, and which cell each is, in the order of the cells.
        width: of the header.
        is_text: whether fewer cells than the header are worth telling, as in a csv.
    """
    last = row.line + row.lines - 1
    where = f"line {row.line:,}" if row.lines == 1 else f"lines {row.line:,} to {last:,}"
    if row.error:
        return Record(where, error=f"{where}: {row.error}")
    cells = row.cells
    n_cells = len(cells)
    if n_cells == width == len(places):
        values = dict(zip(places, cells, strict=True))
        if max(map(len, cells)) > MAX_CELL:
            values = {name: cell[:MAX_CELL] for name, cell in values.items()}
        if not (row.is_repaired or row.is_doubtful):
            return Record(where, values, row.encoding)
    else:
        values = {name: cells[at][:MAX_CELL] if at < n_cells else "" for name, at in places.items()}
    if n_cells > width and any(cells[width:]):
        reason = f"{where} has {len(cells):,} cells and the header {width:,}: a stray delimiter?"
        return Record(where, values, row.encoding, reason)
    is_short = is_text and n_cells < width
    if row.is_repaired or row.is_doubtful or is_short:
        return Record(where, values, row.encoding, "", row.is_repaired, row.is_doubtful, is_short)
    return Record(where, values, row.encoding)
