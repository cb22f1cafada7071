"""A csv, tsv, xlsx, jsonl or parquet file as named columns and rows of text.

Knows the files, not what their columns mean. Rows are read one by one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from mmsa_tui.errors import SourceError
from mmsa_tui.sources.columns import unique_names
from mmsa_tui.sources.fields.lookup import as_text
from mmsa_tui.sources.files import delimited, workbook
from mmsa_tui.sources.files.ndjson import Entry, read_entries, sample_records

SAMPLE_ROWS = 50
MAX_CELL = 1 << 20
"""Characters of a cell that are kept."""
_MAX_FIELDS = 10_000
_SAMPLE_COLUMNS = 1_000
_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Record:
    """One row; `where` is for messages. `error` says why there are no values."""

    where: str
    values: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is open for reading.

    `columns` are all its columns (of jsonl: those of its first rows), `sample` its first rows.
    `records` yields all rows with the named columns only; it may be called once.
    """

    kind: str
    columns: Sequence[str]
    sample: Sequence[Record]
    records: Callable[[Sequence[str]], Iterator[Record]]


def kind_of_table(path: Path, encoding: str = "") -> str:
    """Name the kind of table that a file's content is, or "": nothing is parsed.

    Args:
        encoding: what text without a mark is in, "" to find out.
    """
    try:
        with path.open("rb") as file:
            head = file.read(delimited.SAMPLE_BYTES)
    except OSError:
        return ""
    if workbook.is_workbook(head):
        return "xlsx"
    if head.startswith(b"PAR1"):
        return "parquet"
    may_be_json = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") or head[:2] == b"\x1f\x8b"
    # A csv may begin with a bracket too; a table of JSON begins with a record.
    if may_be_json and sample_records(path, 1):
        return "jsonl"
    dialect = delimited.sniff(head, encoding)
    if dialect is None:
        return ""
    return "tsv" if dialect.delimiter == "\t" else "csv"


def open_table(path: Path, note: Callable[[str], None], encoding: str = "") -> Table:
    """Read the columns and the first rows of a table; `encoding` as for `kind_of_table`.

    Raises:
        SourceError: the file is no table, or is damaged at its start.
    """
    kind = kind_of_table(path, encoding)
    if encoding and kind and kind not in ("csv", "tsv"):
        note(f"{path.name} is {kind}, which states its encoding: --encoding is left aside")
    try:
        if kind == "jsonl":
            return _open_jsonl(path)
        if kind == "parquet":
            return _open_parquet(path)
        if kind == "xlsx":
            sheet = enumerate(workbook.read_rows(path, note), start=1)
            _, header = next(sheet, (1, ()))
            return _from_rows(kind, header, (_sheet_row(number, cells) for number, cells in sheet))
        if kind in ("csv", "tsv"):
            lines = delimited.read_rows(path, encoding)
            first = next(lines, delimited.Row(1, error="no rows"))
            if first.error:
                raise SourceError(f"{path.name} has no header: {first.error}", "Save it as UTF-8 csv.")
            return _from_rows(kind, first.cells, lines)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error}", "Check that you may read it.") from error
    raise SourceError(
        f"{path.name} is no table: not csv, tsv, xlsx, jsonl or parquet", "Save it as one of these."
    )


def _sheet_row(number: int, cells: tuple[str, ...]) -> delimited.Row:
    return delimited.Row(number, cells)


def _from_rows(kind: str, header: Sequence[str], rows: Iterator[delimited.Row]) -> Table:
    names = unique_names(header)
    first = list(islice(rows, SAMPLE_ROWS))
    sample = [_record(row, _places(names, names[:_SAMPLE_COLUMNS]), len(names)) for row in first]

    def records(keep: Sequence[str]) -> Iterator[Record]:
        places = _places(names, keep)
        # Opening a large workbook twice would cost as much as reading it.
        return (_record(row, places, len(names)) for row in chain(first, rows))

    return Table(kind, names, sample, records)


def _places(names: Sequence[str], keep: Sequence[str]) -> list[tuple[str, int]]:
    wanted = set(keep)
    return [(name, place) for place, name in enumerate(names) if name in wanted]


def _record(row: delimited.Row, places: Sequence[tuple[str, int]], width: int) -> Record:
    where = f"line {row.line:,}"
    if row.error:
        return Record(where, error=f"{where}: {row.error}")
    cells = row.cells
    values = {name: cells[place][:MAX_CELL] if place < len(cells) else "" for name, place in places}
    if any(cells[width:]):
        reason = f"{where} has {len(cells):,} cells and the header {width:,}: a stray delimiter?"
        return Record(where, values, row.encoding, reason)
    return Record(where, values, row.encoding)


def _open_parquet(path: Path) -> Table:
    from mmsa_tui.sources.files.parquet import open_parquet

    columns, rows = open_parquet(path)

    def records(keep: Sequence[str]) -> Iterator[Record]:
        for number, row in enumerate(rows(keep), start=1):
            yield Record(f"row {number:,}", {name: cell_text(value) for name, value in row.items()})

    return Table("parquet", columns, list(islice(records(columns[:_SAMPLE_COLUMNS]), SAMPLE_ROWS)), records)


def _open_jsonl(path: Path) -> Table:
    def records(keep: Sequence[str]) -> Iterator[Record]:
        wanted = set(keep)
        for entry in read_entries(path):
            yield _json_record(entry, wanted)

    sample = list(islice(records(()), SAMPLE_ROWS))
    columns = list(dict.fromkeys(chain.from_iterable(record.values for record in sample)))
    return Table("jsonl", columns, sample, records)


def _json_record(entry: Entry, wanted: set[str]) -> Record:
    if entry.value is None:
        return Record(entry.where, error=entry.reason)
    values: dict[str, str] = {}
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
