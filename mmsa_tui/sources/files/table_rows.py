"""A table of any kind as named columns and rows of text: what lies on disk is no matter any more.

Knows the files, not what their columns mean. Rows are read one by one; columns are known, and a
sample is taken, from all over the file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from mmsa_tui.errors import SourceError, UsageError
from mmsa_tui.sources.columns import is_known
from mmsa_tui.sources.fields.lookup import as_text
from mmsa_tui.sources.files import delimited, workbook
from mmsa_tui.sources.files.byte_stream import is_tape, packing_of, read_start
from mmsa_tui.sources.files.columnar import Columnar, kind_of_columnar, open_columnar
from mmsa_tui.sources.files.csv_rows import Row
from mmsa_tui.sources.files.dialect import NO_DELIMITER, SAMPLE_BYTES, sniff
from mmsa_tui.sources.files.encodings import suggest_encodings
from mmsa_tui.sources.files.header import Header, find_header, header_at, without_header
from mmsa_tui.sources.files.ndjson import JSON_SUFFIXES, Entry, read_entries, sample_records
from mmsa_tui.sources.files.plain_rows import BLOCK_NAMES, kind_of_plain, plain_rows
from mmsa_tui.sources.roles import choose_roles

SAMPLE_ROWS = 600
"""Rows by which columns are judged, taken from all over the table."""
MAX_CELL = 1 << 20
"""Characters of a cell that are kept; more are cut with a note."""
REPEATED_HEADER = "the header once more"
KEY = "_key"
"""The column of the key under which a record of JSON is filed."""
_FIRST_ROWS = 300
_WHOLE_BYTES = 8 << 20
"""A file up to this size is gone through once more to judge its columns."""
_MAX_FIELDS = 10_000
_SAMPLE_COLUMNS = 1_000
_MAX_DEPTH = 6
_SPOTS = 40
_SPOT_BYTES = 128 * 1024
_TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")


@dataclass(frozen=True, slots=True)
class Record:
    """One row; `where` is for messages. `error` says why there are no values.

    `is_repaired`: its quotes break the rules, and there was one way to read it; `is_doubtful`: there may be
    another. `is_short`: a csv has fewer cells in it than its header.
    """

    where: str
    values: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    error: str = ""
    is_repaired: bool = False
    is_doubtful: bool = False
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table lies in its file: what was found out or said, for people to see and overrule.

    `header_row` counts from 1 and is 0 where there is no header; None where the kind needs none.
    `sheets` are all sheets of a workbook or tables of a database.
    """

    header_row: int | None = None
    header_reason: str = ""
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


def kind_of_table(path: Path, encoding: str = "", delimiter: str = "") -> str:
    """Name the kind of table that a file's content is, or "": nothing is parsed to its end.

    By the first bytes, the ending of the name, and many lines; the first may be damaged.

    Args:
        encoding: what text without a mark is in, "" to find out.
        delimiter: what the user says stands between cells.
    """
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return ""
    if kind := kind_of_columnar(head):
        return kind
    if kind := workbook.kind_of_workbook(path):
        return kind
    sample = read_start(path, SAMPLE_BYTES)
    if not sample or packing_of(sample) or is_tape(sample):
        return ""
    suffix = _suffix(path)
    is_text = not delimiter and suffix in JSON_SUFFIXES
    start = sample.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")[:1]
    if is_text or (start in (b"{", b"[") and suffix not in _TEXT_SUFFIXES) or _may_be_lines(sample):
        # A csv may begin with a bracket too; a table of JSON holds a record.
        if sample_records(path, 1):
            return "jsonl"
        if suffix in JSON_SUFFIXES:
            return ""
    if looks_like_markup(sample):
        return ""
    if not delimiter and (kind := kind_of_plain(sample)):
        return kind
    dialect = sniff(sample, encoding, delimiter, is_whole=len(sample) < SAMPLE_BYTES)
    if dialect is None:
        return ""
    return "tsv" if dialect.delimiter == "\t" else "csv"


def looks_like_markup(sample: bytes) -> bool:
    """Whether a text begins as a web page or XML does."""
    start = sample.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    return start.startswith((b"<!doctype", b"<html", b"<?xml", b"<rss", b"<feed", b"<head", b"<body"))


def _suffix(path: Path) -> str:
    name = path.name.lower()
    for packed in (".gz", ".bz2", ".zst", ".xz", ".zip"):
        name = name.removesuffix(packed)
    return "." + name.rpartition(".")[2]


def _may_be_lines(sample: bytes) -> bool:
    """Whether most lines of a text are records of JSON, whatever its name."""
    lines = [line for line in sample.split(b"\n")[:20] if line.strip()]
    if len(sample) >= SAMPLE_BYTES and len(lines) > 1:
        lines = lines[:-1]
    return 2 * sum(line.lstrip()[:1] == b"{" and line.rstrip()[-1:] == b"}" for line in lines) > len(lines)


def open_table(
    path: Path,
    note: Callable[[str], None],
    encoding: str = "",
    *,
    delimiter: str = "",
    sheet: str = "",
    header_row: int = 0,
    has_header: bool | None = None,
) -> Table:
    """Find the columns of a table, and take a sample of its rows.

    Args:
        encoding: as for `kind_of_table`.
        delimiter: what stands between cells, "" to find out.
        sheet: of a workbook or a database, by name or number from 1; "" to find out.
        header_row: the row that names the columns, from 1; 0 to find out.
        has_header: False if no row does; None to find out.

    Raises:
        SourceError: the file is no table, or is damaged at its start.
        UsageError: there is no such sheet or row.
    """
    kind = kind_of_table(path, encoding, delimiter)
    if encoding and kind and kind not in ("csv", "tsv"):
        note(f"{path.name} is {kind}, which states its encoding: --encoding is left aside")
    said = {
        "--delimiter": bool(delimiter) and kind not in ("csv", "tsv"),
        "--sheet": bool(sheet) and kind not in ("xlsx", "ods", "xls", "sqlite"),
        "--header-row": bool(header_row) and kind not in ("csv", "tsv", "xlsx", "ods", "xls"),
    }
    for option, is_idle in said.items():
        if kind and is_idle:
            note(f"{path.name} is {kind}, which has none: {option} is left aside")
    asked = _Asked(header_row, has_header)
    try:
        if kind == "jsonl":
            return _open_jsonl(path)
        if kind in ("parquet", "feather", "sqlite", "spss", "stata"):
            return _open_columnar(path, kind, sheet)
        if kind in ("xlsx", "ods", "xls"):
            return _open_book(path, kind, sheet, asked)
        if kind in ("lists", "blocks"):
            return _open_plain(path, kind)
        if kind in ("csv", "tsv"):
            return _open_text(path, kind, encoding, delimiter, asked)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error}", "Check that you may read it.") from error
    raise SourceError(
        f"{path.name} is no table: not csv, tsv, xlsx, ods, jsonl, parquet, Feather or SQLite",
        "Save it as one of these.",
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the user says of the header."""

    row: int = 0
    is_there: bool | None = None

    def header(self, rows: Sequence[Row], path: Path) -> tuple[Header, int | None]:
        """Find the header among the first rows, and the number of its row.

        Raises:
            UsageError: there is no row of that number.
        """
        cells = [row.cells for row in rows]
        if self.row:
            index = next((i for i, row in enumerate(rows) if row.line == self.row), None)
            if index is None:
                raise UsageError(
                    f"{path.name} has no row {self.row:,} near its start that could name columns",
                    f"Its first rows are {', '.join(str(row.line) for row in rows[:10])}.",
                )
            return header_at(cells, index), self.row
        if self.is_there is False:
            return without_header(cells, "you said that there is no header"), 0
        header = find_header(cells) if self.is_there is None else header_at(cells, 0)
        return header, rows[header.row].line if header.row >= 0 else 0


def _open_text(path: Path, kind: str, encoding: str, delimiter: str, asked: _Asked) -> Table:
    rows = delimited.read_rows(path, encoding, delimiter)
    first = list(islice(rows, _FIRST_ROWS))
    _refuse_code_page(first, path)
    notes = []
    if first and first[0].readable and not asked.row:
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
    if first[0].error and first[0].line == 1 and not asked.row and asked.is_there is not False:
        raise SourceError(
            f"{path.name} has no header: {first[0].error}",
            "Save it as UTF-8 csv, name its --encoding, or say which row it is with --header-row.",
        )
    header, row_number = asked.header(usable, path)
    start = 0 if header.row < 0 else first.index(usable[header.row]) + 1
    data = first[start:]
    further = (
        delimited.sample_rows(path, encoding, delimiter, SAMPLE_ROWS - len(data))
        if len(first) >= _FIRST_ROWS
        else []
    )
    dialect = delimited.dialect_of(path, encoding, delimiter)
    shown = "" if dialect is None or dialect.delimiter == NO_DELIMITER else dialect.delimiter
    layout = Layout(row_number, header.reason, encoding=dialect.encoding if dialect else "", delimiter=shown)
    notes += _about(header)
    if header.skipped:
        skipped = [" ".join(" ".join(row.cells).split())[:60] for row in usable[: header.skipped]]
        notes.append(f"lines above the header are left out: {'; '.join(skipped[:6])}")
    return _from_rows(kind, header, data, rows, further, layout, notes)


def _open_plain(path: Path, kind: str) -> Table:
    rows = plain_rows(path, kind)
    first = list(islice(rows, _FIRST_ROWS))
    header = without_header([row.cells for row in first if not row.error], "")
    if kind == "blocks":
        header = Header(-1, list(BLOCK_NAMES))
    return _from_rows(kind, header, first, rows, [], Layout(0, encoding="utf-8"), [])


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


def _about(header: Header) -> list[str]:
    if header.row < 0 and header.reason:
        return [f"{header.reason}; columns are called column_1 to column_{len(header.names)}"]
    return []


def _open_book(path: Path, kind: str, asked_sheet: str, asked: _Asked) -> Table:
    with workbook.open_book(path) as book:
        sheets = book.sheets
        chosen, notes = _choose_sheet(book, sheets, path, asked_sheet, asked)
        first = [Row(number, cells) for number, cells in islice(book.rows(chosen), _FIRST_ROWS)]
    if not first:
        raise SourceError(f"{path.name} has no rows", "Point at a workbook with posts in it.")
    header, row_number = asked.header(first, path)
    start = header.first
    layout = Layout(row_number, header.reason, chosen, tuple(sheets))

    def rows() -> Iterator[Row]:
        with workbook.open_book(path) as book:
            for number, cells in islice(book.rows(chosen), start, None):
                yield Row(number, cells)

    return _from_rows(kind, header, [], rows(), first[start:], layout, [*notes, *_about(header)])


def _choose_sheet(
    book: workbook.Book, sheets: Sequence[str], path: Path, asked_sheet: str, asked: _Asked
) -> tuple[str, list[str]]:
    """Return the sheet that the user named, or the one that holds posts.

    Raises:
        UsageError: there is no such sheet.
    """
    if asked_sheet:
        named = next((name for name in sheets if name.casefold() == asked_sheet.casefold()), "")
        if not named and asked_sheet.isdigit() and 1 <= int(asked_sheet) <= len(sheets):
            named = sheets[int(asked_sheet) - 1]
        if not named:
            raise UsageError(f"{path.name} has no sheet {asked_sheet!r}", f"Its sheets: {', '.join(sheets)}.")
        return named, []
    scores: dict[str, tuple[int, int, int]] = {}
    for name in sheets:
        rows = [Row(number, cells) for number, cells in islice(book.rows(name), 60)]
        if rows:
            header, _ = _Asked(0, asked.is_there).header(rows, path)
            records = [dict(zip(header.names, row.cells, strict=False)) for row in rows[header.first :]]
            roles = choose_roles(header.names, records, {})
            rank = 2 if roles.text and not roles.guessed else 1 if roles.text else 0
            scores[name] = (rank if records else 0, len(roles.columns()), min(len(records), 5))
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


def _from_rows(
    kind: str,
    header: Header,
    first: Sequence[Row],
    rows: Iterator[Row],
    further: Sequence[Row],
    layout: Layout,
    notes: Sequence[str],
) -> Table:
    names = header.names
    shown = _places(names, _shown(names))
    is_text = kind in ("csv", "tsv")
    sample = [_record(row, shown, len(names), is_text) for row in (*first, *further)]

    def records(keep: Sequence[str]) -> Iterator[Record]:
        places = _places(names, keep or names)
        for row in chain(first, rows):
            if header.row >= 0 and _repeats(row.cells, names):
                yield Record(f"line {row.line:,}", error=REPEATED_HEADER)
            else:
                yield _record(row, places, len(names), is_text)

    return Table(kind, names, sample, records, layout, notes=notes)


def _shown(names: Sequence[str]) -> list[str]:
    """Return the columns that are judged: the first ones, and what has a known name behind them."""
    return [name for place, name in enumerate(names) if place < _SAMPLE_COLUMNS or is_known(name)]


def _repeats(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row is the header once more, where files were put together."""
    # Nearly every row is told from the header by its last cell.
    return (
        len(cells) == len(names) > 1
        and " ".join(cells[-1].split()) == names[-1]
        and all(" ".join(cell.split()) == name for cell, name in zip(cells, names, strict=True))
    )


def _places(names: Sequence[str], keep: Sequence[str]) -> list[tuple[str, int]]:
    wanted = set(keep)
    return [(name, place) for place, name in enumerate(names) if name in wanted]


def _record(row: Row, places: Sequence[tuple[str, int]], width: int, is_text: bool) -> Record:
    last = row.line + row.lines - 1
    where = f"line {row.line:,}" if row.lines == 1 else f"lines {row.line:,} to {last:,}"
    if row.error:
        return Record(where, error=f"{where}: {row.error}")
    cells = row.cells
    n_cells = len(cells)
    values = {name: cells[place][:MAX_CELL] if place < n_cells else "" for name, place in places}
    if n_cells > width and any(cells[width:]):
        reason = f"{where} has {len(cells):,} cells and the header {width:,}: a stray delimiter?"
        return Record(where, values, row.encoding, reason)
    is_short = is_text and n_cells < width
    if row.is_repaired or row.is_doubtful or is_short:
        return Record(where, values, row.encoding, "", row.is_repaired, row.is_doubtful, is_short)
    return Record(where, values, row.encoding)


def _open_columnar(path: Path, kind: str, part: str) -> Table:
    found = open_columnar(path, kind, part)
    if len(found.parts) > 1 and not part:
        found = max((open_columnar(path, kind, name) for name in found.parts[:50]), key=_rate)
    shown = _shown(found.columns)

    def as_records(rows: Iterator[Mapping[str, object]]) -> Iterator[Record]:
        for number, row in enumerate(rows, start=1):
            yield Record(f"row {number:,}", {name: cell_text(value) for name, value in row.items()})

    notes = []
    if len(found.parts) > 1:
        rest = ", ".join(name for name in found.parts if name != found.part)
        notes.append(f"table `{found.part}` is read; left out: {rest}. --sheet NAME chooses another")
    return Table(
        kind,
        found.columns,
        list(as_records(found.spread(shown, SAMPLE_ROWS))),
        lambda keep: as_records(found.rows(list(keep) or found.columns)),
        Layout(sheet=found.part, sheets=found.parts),
        notes=notes,
    )


def _rate(table: Columnar) -> tuple[int, int, int]:
    """Rate a table of a database: whether it has a text, what else it has, and how many rows."""
    shown = _shown(table.columns)
    rows = [{name: cell_text(value) for name, value in row.items()} for row in table.spread(shown, 100)]
    roles = choose_roles(table.columns, rows, {})
    rank = 2 if roles.text and not roles.guessed else 1 if roles.text else 0
    return (rank if rows else 0), len(roles.columns()), len(rows)


def _open_jsonl(path: Path) -> Table:
    def records(keep: Sequence[str]) -> Iterator[Record]:
        wanted = set(keep)
        return (_json_record(entry, wanted) for entry in read_entries(path))

    columns: dict[str, None] = {}
    sample: list[Record] = []
    is_whole = _plain_size(path) <= _WHOLE_BYTES
    step = 1
    for number, entry in enumerate(read_entries(path)):
        if not is_whole and number >= _FIRST_ROWS:
            break
        record = _json_record(entry, set())
        columns.update(dict.fromkeys(record.values))
        if number % step == 0:
            sample.append(record)
        if len(sample) > 2 * SAMPLE_ROWS:
            sample, step = sample[::2], step * 2
    if not is_whole:
        for record in _records_elsewhere(path):
            columns.update(dict.fromkeys(record.values))
            sample.append(record)
    return Table("jsonl", list(columns), sample, records, Layout(encoding="utf-8"), is_open=True)


def _plain_size(path: Path) -> int:
    """Return the size of a file, guessed high where it is packed."""
    size = path.stat().st_size
    with path.open("rb") as file:
        return size * 20 if packing_of(file.read(8)) else size


def _records_elsewhere(path: Path) -> Iterator[Record]:
    """Yield records, one a line, from places all over a large file that is not packed."""
    with path.open("rb") as file:
        if packing_of(file.read(8)):
            return
        size = file.seek(0, io.SEEK_END)
        for spot in range(1, _SPOTS + 1):
            file.seek(max(0, size * spot // _SPOTS - _SPOT_BYTES))
            for line in file.read(_SPOT_BYTES).split(b"\n")[1:-1][:20]:
                try:
                    value = json.loads(line.strip(b" ,\r\t"))
                except (ValueError, RecursionError):
                    continue
                if isinstance(value, dict):
                    yield _json_record(Entry("", value), set())


def _json_record(entry: Entry, wanted: set[str]) -> Record:
    if entry.value is None:
        return Record(entry.where, error=entry.reason)
    values: dict[str, str] = {KEY: entry.key} if entry.key else {}
    _flatten(entry.value, "", 0, values)
    if wanted:
        values = {name: value for name, value in values.items() if name in wanted}
    return Record(entry.where, values, entry.encoding)


def _flatten(value: Mapping[str, object], prefix: str, depth: int, into: dict[str, str]) -> None:
    """Turn `{"user": {"name": "x"}}` into `user.name`."""
    for key, inner in value.items():
        if len(into) >= _MAX_FIELDS:
            return
        if isinstance(inner, dict) and depth < _MAX_DEPTH:
            _flatten(inner, f"{prefix}{key}.", depth + 1, into)
        else:
            into[f"{prefix}{key}"] = cell_text(inner)


def cell_text(value: object) -> str:
    """Write a cell as text: ids in all their digits, dates as ISO 8601, the rest as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and abs(value) > 1e15:
        # A number that is not exact any more is written so that it can be told.
        return workbook.cell_text(value)
    if value is None or isinstance(value, str | int | float):
        return as_text(value)[:MAX_CELL]
    if isinstance(value, list | dict):
        try:
            return json.dumps(value, ensure_ascii=False, default=str)[:MAX_CELL]
        except (ValueError, RecursionError):
            return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    # Raw bytes are nothing to show.
    return "" if isinstance(value, bytes) else str(value)[:MAX_CELL]
