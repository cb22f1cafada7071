"""Rows to a file, whole or not at all: a temporary file beside the target, then one rename."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from mmsa_tui.errors import OutputError
from mmsa_tui.export.columns import Row, Value, describe, fixed_columns, name_source_columns
from mmsa_tui.export.csv_file import write_csv
from mmsa_tui.export.jsonl_file import print_jsonl, write_jsonl
from mmsa_tui.export.parquet_file import write_parquet
from mmsa_tui.export.xlsx_file import Summary, write_xlsx

SUFFIXES = (".csv", ".xlsx", ".jsonl", ".parquet")

_STALE_S = 24 * 3600.0


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
    with _explained(target):
        if target.is_dir():
            raise OutputError(f"{target} is a folder", "Give the name of a file in it.")
        if target.exists() and not target.is_file():
            raise OutputError(f"{target} is not a regular file", "Choose another name.")
        if target.exists() and not overwrite:
            raise OutputError(f"{target} exists", "Choose another name, or allow overwriting.")
        folder = _real(target).parent
        if not folder.is_dir():
            raise OutputError(f"the folder {folder} does not exist", "Make it first.")
        part = _part(folder)
        part.touch(exist_ok=False)
        part.unlink()


def write(
    rows: Iterable[Row],
    target: Path,
    labels: Sequence[str],
    *,
    overwrite: bool = False,
    summary: Summary | None = None,
    source_columns: Sequence[str] | None = None,
) -> int:
    """Write rows in the format that the target's suffix names.

    Until all is on disk the target is as it was, also when the process is killed.

    Args:
        labels: the label order that the rows' probabilities follow.
        summary: facts for the Summary sheet of a workbook.
        source_columns: the names of all metadata in the rows, in order; without them the rows
            pass through a temporary file first, to find out.

    Returns:
        How many rows were written.

    Raises:
        OutputError: see `check_target`; or the disk is full or fails.
    """
    check_target(target, overwrite=overwrite)
    real = _real(target)
    _remove_stale(real.parent)
    part = _part(real.parent)
    try:
        with _explained(target):
            # Exclusive creation: nobody's link is followed.
            part.touch(exist_ok=False)
            n_rows = _write_as(target.suffix.lower(), part, rows, labels, summary, source_columns)
            _flush(part)
            if target.exists():
                if not overwrite:
                    raise OutputError(f"{target} has appeared in the meantime", "Choose another name.")
                shutil.copymode(real, part)
            part.replace(real)
            _flush_folder(real.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return n_rows


def stream_jsonl(rows: Iterable[Row], file: TextIO, labels: Sequence[str]) -> int:
    """Write rows to an open text file as they come, such as standard output.

    Returns:
        How many rows were written.

    Raises:
        OSError: as the file raises it; a closed pipe is BrokenPipeError.
    """
    return print_jsonl(file, _as_they_come(rows, labels))


def _write_as(
    suffix: str,
    part: Path,
    rows: Iterable[Row],
    labels: Sequence[str],
    summary: Summary | None,
    source_columns: Sequence[str] | None,
) -> int:
    if suffix == ".jsonl":
        return write_jsonl(part, _as_they_come(rows, labels))
    with _with_columns(rows, labels, source_columns, part.parent) as (names, records):
        columns = (*fixed_columns(labels), *names)
        if suffix == ".csv":
            return write_csv(part, columns, records)
        if suffix == ".parquet":
            return write_parquet(part, columns, labels, records)
        return write_xlsx(part, columns, labels, records, summary)


def _as_they_come(rows: Iterable[Row], labels: Sequence[str]) -> Iterator[dict[str, Value]]:
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


def _real(target: Path) -> Path:
    # Replacing a link would leave what it points to as it was.
    return Path(os.path.realpath(target)) if target.is_symlink() else target.absolute()


def _part(folder: Path) -> Path:
    return folder / f".mmsa-{uuid.uuid4().hex}.part"


def _remove_stale(folder: Path) -> None:
    """Remove what killed runs left in the folder, a day later: they may yet be running."""
    with suppress(OSError):
        for part in folder.glob(".mmsa-*"):
            if time.time() - part.lstat().st_mtime < _STALE_S:
                continue
            remove: Callable[[Path], object] = shutil.rmtree if part.is_dir() else os.unlink
            remove(part)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    # Windows has no such call, and some network drives refuse it; the rename is done either way.
    with suppress(OSError, AttributeError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputError(
                f"the disk is full: {target} was not written",
                "Free some space, or write to another disk; an earlier file is as it was.",
            ) from error
        if isinstance(error, PermissionError):
            raise OutputError(
                f"{target} cannot be written: {error.strerror or error}",
                "Close it if another program has it open, or choose a folder you can write.",
            ) from error
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}",
            "Choose another name or folder; an earlier file is as it was.",
        ) from error
