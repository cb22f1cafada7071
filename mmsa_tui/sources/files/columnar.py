"""Tables of programs that keep types: parquet, Feather, SQLite, SPSS and Stata, row by row.

The only place that reads with pyarrow and pyreadstat.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsa_tui.disk.arrow_pictures import is_arrow, open_batches
from mmsa_tui.disk.sqlite_pictures import MARK as SQLITE_MARK
from mmsa_tui.disk.sqlite_pictures import connect, quoted, select
from mmsa_tui.errors import SourceError
from mmsa_tui.sources.files.sqlite_relations import find_relations

_BATCH_ROWS = 256
_BATCH_OF_PICTURES = 16
_CHUNK_ROWS = 5_000
_SPREAD_GROUPS = 8

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Lost:
    """Rows, one after another, that cannot be read though others behind them can."""

    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Columnar:
    """An open table: its columns, rows with some of them, and rows from all over it.

    `part` is the name of the table inside the file, `parts` are all there are, `joined` those
    whose rows are put to its own. `notes` hold for the file.
    """

    columns: list[str]
    rows: Callable[[Sequence[str]], Iterator[Values | Lost]]
    spread: Callable[[Sequence[str], int], Iterator[Values]]
    part: str = ""
    parts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()


def kind_of_columnar(head: bytes) -> str:
    """Name the kind of a typed table by its first bytes, or ""."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if is_arrow(head):
        return "feather"
    if head.startswith(SQLITE_MARK):
        return "sqlite"
    if head.startswith((b"$FL2", b"$FL3")):
        return "spss"
    if head.startswith(b"<stata_dta>") or (head[:1] in (b"\x71", b"\x72", b"\x73") and head[1:4] in _STATA):
        return "stata"
    return ""


_STATA = (b"\x01\x01\x00", b"\x02\x01\x00")


def open_columnar(path: Path, kind: str, part: str = "") -> Columnar:
    """Open a typed table.

    Args:
        part: the table in a SQLite file, "" for the largest.

    Raises:
        SourceError: it is damaged, or the library it takes is not installed; also while rows are read.
    """
    if kind == "parquet":
        return _open_parquet(path)
    if kind == "feather":
        return _open_feather(path)
    if kind == "sqlite":
        return _open_sqlite(path, part)
    return _open_statistics(path, kind)


def _broken(path: Path, kind: str, error: Exception) -> SourceError:
    return SourceError(
        f"{path.name} is not a {kind} file that can be read: {error}", "Write it again, or export csv."
    )


def _open_parquet(path: Path) -> Columnar:
    # pyarrow costs 200 ms to import.
    import pyarrow as pa
    import pyarrow.parquet as pq

    wrong = (pa.ArrowException, OSError, ValueError, TypeError)
    try:
        with pq.ParquetFile(path) as file:
            columns = list(dict.fromkeys(str(name) for name in file.schema_arrow.names))
            groups = file.num_row_groups
            classes = _class_names((file.schema_arrow.metadata or {}).get(b"huggingface", b""))
            parts = [file.schema.column(number) for number in range(len(file.schema))]
            holds_bytes = any(
                part.physical_type == "BYTE_ARRAY" and part.logical_type.type == "NONE" for part in parts
            )
            n_rows = _BATCH_OF_PICTURES if holds_bytes else _BATCH_ROWS
    except wrong as error:
        raise _broken(path, "parquet", error) from error

    def rows(keep: Sequence[str], chosen: Sequence[int] = range(groups)) -> Iterator[Values | Lost]:
        try:
            file = pq.ParquetFile(path, page_checksum_verification=True)
        except wrong as error:
            raise _broken(path, "parquet", error) from error
        with file:
            for group in chosen:
                # Groups are packed one by one: what is damaged in one leaves the others as they are.
                done = 0
                try:
                    for batch in file.iter_batches(n_rows, columns=list(keep), row_groups=[group]):
                        for row in batch.to_pylist():
                            yield _in_words(row, classes)
                            done += 1
                except wrong as error:
                    if groups == 1 and not done:
                        raise _broken(path, "parquet", error) from error
                    yield Lost(file.metadata.row_group(group).num_rows - done, str(error))

    def spread(keep: Sequence[str], count: int) -> Iterator[Values]:
        picked = sorted({groups * number // _SPREAD_GROUPS for number in range(_SPREAD_GROUPS)} - {groups})
        for group in picked:
            for number, row in enumerate(rows(keep, [group])):
                if number * len(picked) >= count or isinstance(row, Lost):
                    break
                yield row

    return Columnar(columns, rows, spread)


def _class_names(metadata: bytes) -> dict[str, list[str]]:
    """Return the words that the numbers of a column stand for, as Hugging Face's data sets note them."""
    try:
        features = json.loads(metadata or b"{}")["info"]["features"]
        found = {str(name): feature.get("names") for name, feature in features.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: list(map(str, words)) for name, words in found.items() if isinstance(words, list)}


def _in_words(row: dict[str, object], classes: Mapping[str, Sequence[str]]) -> Values:
    for name, words in classes.items():
        number = row.get(name)
        if type(number) is int and 0 <= number < len(words):
            row[name] = words[number]
    return row


def _open_feather(path: Path) -> Columnar:
    import pyarrow as pa

    wrong = (pa.ArrowException, OSError, ValueError, TypeError, KeyError)
    try:
        with open_batches(path) as (schema, _batches):
            columns = list(dict.fromkeys(map(str, schema.names)))
            classes = _class_names((schema.metadata or {}).get(b"huggingface", b""))
    except wrong as error:
        raise _broken(path, "feather", error) from error

    def rows(keep: Sequence[str], every: int = 1) -> Iterator[Values]:
        try:
            with open_batches(path) as (_schema, batches):
                start = 0
                for batch in batches:
                    # Rows with pictures in them are large: few are turned into values at a time.
                    picked = batch.select(list(keep) or columns)
                    for at in range(-start % every, batch.num_rows, _BATCH_OF_PICTURES * every):
                        places = list(range(at, min(at + _BATCH_OF_PICTURES * every, batch.num_rows), every))
                        yield from (
                            _in_words(row, classes) for row in picked.take(pa.array(places)).to_pylist()
                        )
                    start += batch.num_rows
        except wrong as error:
            raise _broken(path, "feather", error) from error

    def spread(keep: Sequence[str], count: int) -> Iterator[Values]:
        with open_batches(path) as (_schema, batches):
            n_rows = sum(batch.num_rows for batch in batches)
        return rows(keep, max(1, n_rows // max(count, 1)))

    return Columnar(columns, rows, spread)


def _open_sqlite(path: Path, part: str) -> Columnar:
    try:
        with connect(path) as database:
            found = database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
            names = [str(row[0]) for row in found if not str(row[0]).startswith("sqlite_")]
            sizes = {
                n: int(database.execute(f"SELECT count(*) FROM {quoted(n)}").fetchone()[0]) for n in names
            }
            if part and part not in names:
                raise SourceError(f"{path.name} has no table {part!r}", f"Its tables: {', '.join(names)}.")
            if not names:
                raise SourceError(f"{path.name} holds no tables", "Point at a database with posts in it.")
            chosen = part or max(names, key=lambda name: sizes[name])
            own = [str(row[1]) for row in database.execute(f"PRAGMA table_info({quoted(chosen)})")]
            relations = find_relations(database, chosen, sizes)
            columns = [*own, *(name for relation in relations for name in relation.names())]
    except sqlite3.Error as error:
        raise _broken(path, "SQLite", error) from error

    def rows(keep: Sequence[str], every: int = 1) -> Iterator[Values]:
        wanted = list(keep) or columns
        used = [relation for relation in relations if not set(wanted).isdisjoint(relation.names())]
        listed = list(dict.fromkeys([*wanted, *(relation.own_key for relation in used)]))
        listed = [name for name in listed if name in own] or own[:1]
        try:
            with connect(path) as database:
                database.text_factory = lambda data: data.decode("utf-8", "replace")
                others = [(relation, relation.load(database)) for relation in used]
                for number, cells in enumerate(database.execute(select(database, chosen, listed))):
                    if number % every == 0:
                        row = dict(zip(listed, cells, strict=True))
                        for relation, found in others:
                            row |= found.get(str(row[relation.own_key]), {})
                        yield {name: row.get(name) for name in wanted}
        except sqlite3.Error as error:
            raise _broken(path, "SQLite", error) from error
        if every == 1 and (missing := _missing_bytes(path)):
            # What is not there is read as if it were empty.
            raise SourceError(
                f"{path.name} is cut: {missing:,} bytes at its end are missing, and rows with them",
                "Copy the file again from where it comes from.",
            )

    def spread(keep: Sequence[str], count: int) -> Iterator[Values]:
        return rows(keep, max(1, sizes[chosen] // max(count, 1)))

    notes = []
    waiting = path.with_name(f"{path.name}-wal")
    if waiting.is_file() and waiting.stat().st_size:
        notes.append(
            f"{waiting.name} holds changes that are not in {path.name} yet and are left out: "
            "close the program that writes it, and read again"
        )
    joined = tuple(relation.table for relation in relations)
    return Columnar(columns, rows, spread, chosen, tuple(names), tuple(notes), joined)


def _missing_bytes(path: Path) -> int:
    """Return how many bytes of a database are missing by what its head says, 0 if none."""
    with path.open("rb") as file:
        head = file.read(100)
        size = file.seek(0, os.SEEK_END)
    page = int.from_bytes(head[16:18], "big")
    whole = (65_536 if page == 1 else page) * int.from_bytes(head[28:32], "big")
    # Where the counters of changes differ, an old program left the size alone.
    return max(0, whole - size) if head[24:28] == head[92:96] else 0


def _open_statistics(path: Path, kind: str) -> Columnar:
    try:
        import pyreadstat
    except ImportError as error:
        raise SourceError(
            f"{path.name} is a file of {kind.upper()}: what reads those is not installed",
            "Run pip install 'mmsa-tui[statistics]', or export csv in UTF-8.",
        ) from error
    reader: Callable[..., Any] = pyreadstat.read_sav if kind == "spss" else pyreadstat.read_dta
    try:
        _, meta = reader(str(path), metadataonly=True)
        columns = [str(name) for name in meta.column_names]
    except Exception as error:  # its errors and those of the values have no common class
        raise _broken(path, kind, error) from error

    def rows(keep: Sequence[str]) -> Iterator[Values]:
        options = {"usecols": list(keep)} if keep else {}
        try:
            read: Callable[..., Any] = pyreadstat.read_file_in_chunks
            chunks = read(reader, str(path), chunksize=_CHUNK_ROWS, apply_value_formats=True, **options)
            for frame, _ in chunks:
                for row in frame.itertuples(index=False, name=None):
                    yield {
                        name: None if value != value else value  # NaN is what it writes for nothing
                        for name, value in zip(map(str, frame.columns), row, strict=True)
                    }
        except Exception as error:  # likewise
            raise _broken(path, kind, error) from error

    def spread(keep: Sequence[str], count: int) -> Iterator[Values]:
        for number, row in enumerate(rows(keep)):
            if number >= count:
                return
            yield row

    return Columnar(columns, rows, spread)
