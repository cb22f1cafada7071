"""Records that name their own fields as rows of text: JSON, Parquet, Feather, SQLite, SPSS, Stata.

Knows how a field becomes a column, a nested one `user.name`, and how a value is written as text.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from mmsa_tui.records import Picture
from mmsa_tui.sources.fields.lookup import Object, as_text
from mmsa_tui.sources.files import workbook
from mmsa_tui.sources.files.byte_stream import packing_of
from mmsa_tui.sources.files.columnar import Columnar, Lost, open_columnar
from mmsa_tui.sources.files.contradictions import about_sheet
from mmsa_tui.sources.files.json_envelopes import ANSWERS, is_list_of_like
from mmsa_tui.sources.files.ndjson import Entry, read_entries
from mmsa_tui.sources.files.table_pictures import holds_picture, take_pictures
from mmsa_tui.sources.files.table_rows import (
    FIRST_ROWS,
    MAX_CELL,
    SAMPLE_ROWS,
    Layout,
    Record,
    Table,
    judged,
    rate,
)

KEY = "_key"
"""The column of the key under which a record of JSON is filed."""
_TYPES = frozenset(("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"))
_WHOLE_BYTES = 8 << 20
"""A file up to this size is gone through once more to judge its columns."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WITH_PICTURES = frozenset(("parquet", "feather", "sqlite"))
_MONGO = frozenset(("$oid", "$date", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$uuid"))
_MAX_FIELDS = 10_000
_MAX_DEPTH = 6
_SPOTS = 40
_SPOT_BYTES = 128 * 1024


def open_columnar_table(path: Path, kind: str, part: str) -> Table:
    """Open a file of typed columns; of a database the table `part`, or the one that holds texts."""
    found = open_columnar(path, kind, part)
    rated = {}
    if len(found.parts) > 1:
        tables = [open_columnar(path, kind, name) for name in found.parts[:50]]
        rated = {table.part: _rate(table) for table in tables}
        if not part:
            found = max(tables, key=lambda table: rated[table.part])
    shown = judged(found.columns)

    def as_records(rows: Iterable[Mapping[str, object] | Lost]) -> Iterator[Record]:
        number = -1
        for row in rows:
            number += 1
            if isinstance(row, Lost):
                where = f"rows {number + 1:,} to {number + row.count:,}"
                yield Record(where, error=f"{where} cannot be read: {row.reason}")
                number += row.count - 1
                continue
            values: dict[str, str] = {}
            pictures: tuple[Picture, ...] = ()
            if kind in _WITH_PICTURES:
                row, pictures = take_pictures(row, path, number, found.part)
            flatten(row, "", 0, values)
            yield Record(f"row {number + 1:,}", values, pictures=pictures)

    kept_inside: dict[str, None] = {}
    sample = list(as_records(_watched(found.spread(shown, SAMPLE_ROWS), kept_inside)))
    columns = _with_fields(found.columns, sample)

    def records(keep: Sequence[str]) -> Iterator[Record]:
        wanted = set(keep)
        tops = [name for name in found.columns if not wanted or wanted & columns[name].keys()]
        for record in as_records(found.rows(tops)):
            kept = {name: value for name, value in record.values.items() if not wanted or name in wanted}
            yield replace(record, values=kept)

    notes = list(found.notes)
    if kept_inside:
        where = ", ".join(f"`{name}`" for name in kept_inside)
        notes.append(
            f"pictures that lie in the table itself, in {where}, are read from there"
            if kind in _WITH_PICTURES
            else f"pictures that lie in the table itself, in {where}, are not read: "
            "save them as files beside it, called by the id of their post, or write it as parquet"
        )
    if part:
        better = [name for name, score in rated.items() if score[0] == 2 > rated[found.part][0]]
        notes += filter(None, [about_sheet(path.name, found.part, better)])
    elif len(found.parts) > 1:
        rest = [name for name in found.parts if name != found.part and name not in found.joined]
        joined = f", with authors and pictures of {', '.join(found.joined)}" if found.joined else ""
        left = f"; left out: {', '.join(rest)}. --sheet NAME chooses another" if rest else ""
        notes.append(f"table `{found.part}` is read{joined}{left}")
    return Table(
        kind,
        list(dict.fromkeys(name for fields in columns.values() for name in fields)),
        sample,
        records,
        Layout(sheet=found.part, sheets=found.parts),
        notes=notes,
    )


def _watched(rows: Iterator[Mapping[str, object]], found: dict[str, None]) -> Iterator[Mapping[str, object]]:
    """Pass rows on, and add the columns that hold pictures as bytes to `found`."""
    for row in rows:
        for name, value in row.items():
            if holds_picture(value):
                found[name] = None
        yield row


def _with_fields(columns: Sequence[str], sample: Sequence[Record]) -> dict[str, dict[str, None]]:
    """Return, for each column, the names of its fields: its own name, or `user.name` where it nests."""
    fields: dict[str, dict[str, None]] = {name: {} for name in columns}
    for record in sample:
        for name in record.values:
            top = name if name in fields else next((c for c in columns if name.startswith(f"{c}.")), "")
            if top:
                fields[top].setdefault(name)
    return {name: found or {name: None} for name, found in fields.items()}


def _rate(table: Columnar) -> tuple[int, int, int]:
    shown = judged(table.columns)
    rows = [{name: cell_text(value) for name, value in row.items()} for row in table.spread(shown, 100)]
    return rate(table.columns, rows)


def open_jsonl(path: Path) -> Table:
    """Open records of JSON: columns are the fields of all records of the sample, and later ones come."""

    def records(keep: Sequence[str]) -> Iterator[Record]:
        wanted = set(keep)
        return (json_record(entry, wanted) for entry in _with_answers(read_entries(path)))

    columns: dict[str, None] = {}
    sample: list[Record] = []
    is_whole = _plain_size(path) <= _WHOLE_BYTES
    step = 1
    for number, entry in enumerate(_with_answers(read_entries(path))):
        if not is_whole and number >= FIRST_ROWS:
            break
        record = json_record(entry, set())
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


def _with_answers(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Yield records, and behind each the answers that stand in a list of it and are like it."""
    for entry in entries:
        pending = [entry]
        while pending:
            entry = pending.pop()
            record = entry.value or {}
            lists: dict[str, list[Object]] = {}
            for name in ANSWERS:
                items: object = record.get(name)
                if is_list_of_like(items, record):
                    lists[name] = items
            if lists:
                rest = {key: value for key, value in record.items() if key not in lists}
                entry = replace(entry, value=rest)
            yield entry
            answers = enumerate(chain.from_iterable(lists.values()), start=1)
            found = [replace(entry, where=f"{entry.where}, answer {n:,}", value=item) for n, item in answers]
            pending += reversed(found)


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
                    yield json_record(Entry("", value), set())


def json_record(entry: Entry, wanted: set[str]) -> Record:
    """Make a record of JSON a row: its fields in one level, all of them where none is wanted."""
    if entry.value is None:
        return Record(entry.where, error=entry.reason)
    values: dict[str, str] = {KEY: entry.key} if entry.key else {}
    flatten(without_types(entry.value), "", 0, values)
    if wanted:
        values = {name: value for name, value in values.items() if name in wanted}
    return Record(entry.where, values, entry.encoding)


def without_types(record: Object) -> Object:
    """Return the plain values of a record in which DynamoDB has named the type of each: `{"S": "x"}`."""
    inner = record.get("Item", record)
    if not isinstance(inner, dict) or not inner or not all(map(_is_typed, inner.values())):
        return record
    return {name: _plain(value) for name, value in inner.items()}


def _is_typed(value: object) -> bool:
    return isinstance(value, dict) and len(value) == 1 and not _TYPES.isdisjoint(value)


def _plain(value: Any) -> object:
    if not _is_typed(value):
        return value
    ((kind, inner),) = value.items()
    if kind == "M" and isinstance(inner, dict):
        return {name: _plain(part) for name, part in inner.items()}
    if kind == "L" and isinstance(inner, list):
        return [_plain(part) for part in inner]
    return None if kind == "NULL" else inner


def flatten(value: Mapping[str, object], prefix: str, depth: int, into: dict[str, str]) -> None:
    """Turn `{"user": {"name": "x"}}` into `user.name`."""
    for key, inner in value.items():
        if len(into) >= _MAX_FIELDS:
            return
        if isinstance(inner, dict) and len(inner) == 1 and (plain := _of_mongo(inner)) is not None:
            into[f"{prefix}{key}"] = cell_text(plain)
        elif isinstance(inner, dict) and depth < _MAX_DEPTH:
            flatten(inner, f"{prefix}{key}.", depth + 1, into)
        else:
            into[f"{prefix}{key}"] = cell_text(inner)


def _of_mongo(value: Mapping[str, object]) -> object:
    """Return what MongoDB wraps to keep its type, `{"$numberLong": "7"}`; None for any other object."""
    ((name, inner),) = value.items()
    if name == "$date" and isinstance(inner, dict) and len(inner) == 1:
        return _of_mongo(inner)
    return inner if name in _MONGO and isinstance(inner, str | int | float) else None


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
    return _bytes_text(value) if isinstance(value, bytes) else str(value)[:MAX_CELL]


def _bytes_text(value: bytes) -> str:
    """Return the text that some programs keep as bytes, "" for bytes that are none: a thumbnail, a key."""
    try:
        text = value[: 4 * MAX_CELL].decode("utf-8")[:MAX_CELL]
    except UnicodeDecodeError:
        return ""
    return text if _CONTROL.search(text) is None else ""
