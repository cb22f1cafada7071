"""Rows to a file, whole or not at all, in the format that its suffix names."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import tee
from pathlib import Path
from typing import TextIO

from mmsa_tui.disk.whole_file import check_place, whole_file
from mmsa_tui.errors import OutputError
from mmsa_tui.export.columns import Row, Value, describe, fixed_columns, name_source_columns
from mmsa_tui.export.csv_file import write_csv
from mmsa_tui.export.jsonl_file import print_jsonl, write_jsonl
from mmsa_tui.export.parquet_file import write_parquet
from mmsa_tui.export.summary_sheet import Counted, Summary
from mmsa_tui.export.xlsx_file import THUMBNAIL_PX, write_xlsx
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.pictures.thumbnails import small_jpeg

SUFFIXES = (".csv", ".xlsx", ".jsonl", ".parquet")


def check_target(target: Path, *, overwrite: bool = False) -> None:
    """Refuse a target that `write` would refuse, before hours of work go into its rows.

    Raises:
        OutputError: unknown suffix, an existing file, a folder, or a place that takes no file.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise OutputError(
            f"{target} has no suffix that names a format",
            f"End the name in one of {', '.join(SUFFIXES)}.",
        )
    check_place(target, overwrite=overwrite)


def write(
    rows: Iterable[Row],
    target: Path,
    labels: Sequence[str],
    *,
    overwrite: bool = False,
    summary: Summary | None = None,
    source_columns: Sequence[str] | None = None,
    thumbnails: bool = False,
    about: str = "",
) -> int:
    """Write rows in the format that the target's suffix names.

    Until all is on disk the target is as it was, also when the process is killed.

    Args:
        labels: the label order that the rows' probabilities follow.
        summary: facts for the Summary sheet of a workbook.
        source_columns: the names of all metadata in the rows, in order; without them the rows
            pass through a temporary file first, to find out.
        thumbnails: put a small picture into each row of a workbook; needs `source_columns`.
        about: what a parquet file is to say of itself beside its rows.

    Returns:
        How many rows were written.

    Raises:
        OutputError: see `check_target`; or the disk is full or fails.
    """
    check_target(target, overwrite=overwrite)
    with whole_file(target, overwrite=overwrite) as part, PictureFiles() as files:
        suffix = target.suffix.lower()
        small = None
        if summary is not None and summary.counted is not None:
            rows = _watched(rows, summary.counted)
        if thumbnails and suffix == ".xlsx" and source_columns is not None:
            # Both copies are read in step, so that one row at most is held between them.
            rows, shown = tee(rows)
            small = (_thumbnail(row, files) for row in shown)
        return _write_as(suffix, part, rows, labels, summary, source_columns, small, about)


def stream_jsonl(rows: Iterable[Row], file: TextIO, labels: Sequence[str]) -> int:
    """Write rows to an open text file as they come, such as standard output.

    Returns:
        How many rows were written.

    Raises:
        OSError: as the file raises it; a closed pipe is BrokenPipeError.
    """
    return print_jsonl(file, to_records(rows, labels), at_once=True)


def _write_as(
    suffix: str,
    part: Path,
    rows: Iterable[Row],
    labels: Sequence[str],
    summary: Summary | None,
    source_columns: Sequence[str] | None,
    thumbnails: Iterable[bytes | None] | None,
    about: str,
) -> int:
    if suffix == ".jsonl":
        return write_jsonl(part, to_records(rows, labels))
    with _with_columns(rows, labels, source_columns, part.parent) as (names, records):
        columns = (*fixed_columns(labels), *names)
        if suffix == ".csv":
            return write_csv(part, columns, records)
        if suffix == ".parquet":
            return write_parquet(part, columns, labels, records, about)
        return write_xlsx(part, columns, labels, records, summary, thumbnails=thumbnails)


def write_records(
    records: Iterable[Mapping[str, Value]],
    target: Path,
    columns: Sequence[str],
    labels: Sequence[str],
    *,
    overwrite: bool = False,
    summary: Summary | None = None,
) -> int:
    """Write what was exported before again, in the format that the target's suffix names.

    Args:
        columns: all columns, ours first. labels: their order.

    Returns:
        How many records were written.

    Raises:
        OutputError: see `check_target`; or the disk is full or fails.
    """
    check_target(target, overwrite=overwrite)
    with whole_file(target, overwrite=overwrite) as part:
        suffix = target.suffix.lower()
        if suffix == ".jsonl":
            ours = set(fixed_columns(labels))
            return write_jsonl(part, (_without_absent(record, ours) for record in records))
        if suffix == ".csv":
            return write_csv(part, columns, records)
        if suffix == ".parquet":
            return write_parquet(part, columns, labels, records)
        return write_xlsx(part, columns, labels, records, summary)


def _without_absent(record: Mapping[str, Value], ours: Collection[str]) -> dict[str, Value]:
    """Leave out the source's columns that a row does not have, as `to_records` does."""
    return {name: value for name, value in record.items() if value is not None or name in ours}


def _watched(rows: Iterable[Row], counted: Counted) -> Iterator[Row]:
    for row in rows:
        counted.add(row)
        yield row


def _thumbnail(row: Row, files: PictureFiles) -> bytes | None:
    """Shrink the picture that decided, else the first."""
    pictures = row.post.pictures if row.post is not None else ()
    if not pictures:
        return None
    index = (row.prediction.deciding_picture if row.prediction else None) or 0
    return small_jpeg(pictures[index if index < len(pictures) else 0], THUMBNAIL_PX, files.read)


def to_records(rows: Iterable[Row], labels: Sequence[str]) -> Iterator[dict[str, Value]]:
    """Describe rows as they come: our columns, then those of the source that the row has."""
    for row in rows:
        record, own = describe(row, labels)
        names = name_source_columns(own, labels)
        yield record | {names[name]: value for name, value in own.items()}


@contextmanager
def _with_columns(
    rows: Iterable[Row], labels: Sequence[str], source_columns: Sequence[str] | None, folder: Path
) -> Iterator[tuple[Sequence[str], Iterator[dict[str, Value]]]]:
    """Give the names of the source's columns and the records, in memory that does not grow."""
    described = (describe(row, labels) for row in rows)
    if source_columns is not None:
        names = name_source_columns(source_columns, labels)
        yield list(names.values()), _renamed(described, names)
        return
    seen: dict[str, None] = {}
    with tempfile.TemporaryFile("w+", encoding="ascii", dir=folder) as spool:
        for record, own in described:
            seen.update(dict.fromkeys(own))
            spool.write(json.dumps((record, dict(own))) + "\n")
        spool.seek(0)
        names = name_source_columns(seen, labels)
        yield list(names.values()), _renamed((json.loads(line) for line in spool), names)


def _renamed(
    described: Iterable[tuple[dict[str, Value], Mapping[str, str]]], names: Mapping[str, str]
) -> Iterator[dict[str, Value]]:
    for record, own in described:
        yield record | {names[name]: value for name, value in own.items()}
