"""Corrections out of another database file, damaged or not.

Corrections are the one thing that cannot be computed again. The file is opened read-only and
never changed. First SQLite reads what it can, row by row from both ends; if that was not all, the
pages of the file are read past it. A row that damage has touched must not pass for another act: its
two times agree, or the file holds its uid once more; and the file holds its post once more.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction
from mmsa_tui.store.corrections import CORRECTION_COLUMNS, to_correction, to_time, to_us
from mmsa_tui.store.pages import PageFile

_LATER = ("origin", "facts")
"""Columns of corrections that older schemas lack."""

_N_COLUMNS = (14, 15, 16)
"""Of a row on disk, its number included, in the schemas there have been."""


def salvage_corrections(path: Path) -> tuple[list[Correction], bool]:
    """Read whatever corrections can still be read from a database.

    Returns:
        The corrections in order of arrival, and whether these are all of them.

    Raises:
        StoreError: the file is not there, or not one correction can be found in it.
    """
    if not path.is_file():
        raise StoreError(f"{path} is not a file", "Give the name of a database file.")
    rows: dict[int, Correction] = {}
    cause: Exception | None = None
    # Even a reader writes beside a database in WAL mode; on read-only media the second will do.
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        try:
            if _read(path, mode, rows):
                return [rows[seq] for seq in sorted(rows)], True
        except (sqlite3.Error, UnicodeDecodeError) as error:
            cause = error
    try:
        wal = path.with_name(f"{path.name}-wal")
        data, log = path.read_bytes(), wal.read_bytes() if wal.is_file() else b""
        pages, stands = PageFile(data, log), _Standing(data + log)
    except (OSError, MemoryError) as error:
        raise StoreError(f"{path} cannot be read: {error}", "Copy it to this laptop.") from error
    _read_pages(pages, rows, stands)
    rows = {seq: made for seq, made in rows.items() if pages.is_cut or stands.twice(made.content_hash)}
    if not rows:
        raise StoreError(f"no corrections can be read from {path}: {cause}", "Restore a backup of it.")
    return [rows[seq] for seq in sorted(rows)], False


def _read(path: Path, mode: str, rows: dict[int, Correction]) -> bool:
    """Collect rows by SQLite; returns whether every row was read."""
    # as_uri also escapes what has a meaning in a URI, such as "?" in a folder's name.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection:
        # Text of one damaged row would otherwise end the walk.
        connection.text_factory = bytes
        columns = CORRECTION_COLUMNS
        known = {name for _, name, *_ in connection.execute("PRAGMA table_info(corrections)")}
        for name in _LATER:
            if name.encode() not in known:
                columns = columns.replace(f"corrections.{name}", "''")
        if _scan(connection, columns, rows, "ASC"):
            return True
        _scan(connection, columns, rows, "DESC")
        return False


def _scan(connection: sqlite3.Connection, columns: str, rows: dict[int, Correction], direction: str) -> bool:
    """Collect rows from one end until damage stops it; returns whether every row was read."""
    # NOT INDEXED keeps to the table itself, whatever state its indexes are in.
    cursor = connection.execute(
        f"SELECT seq, created_us, {columns} FROM corrections NOT INDEXED ORDER BY seq {direction}"
    )
    is_whole = True
    while True:
        try:
            row = cursor.fetchone()
        except sqlite3.DatabaseError:
            return False
        if row is None:
            return is_whole
        found = _built(partial(_agreeing, row[1]), tuple(map(_decoded, row[2:])))
        if found is None:
            is_whole = False
        else:
            rows[row[0]] = found


class _Standing:
    """What a file says more than once: a row is in an index too, a post in the list of posts."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._hashes = Counter(re.findall(rb"b2:[0-9a-f]{40}", data))

    def twice(self, word: str) -> bool:
        """Whether the file holds a content hash or a uid at least twice."""
        sought = word.encode("utf-8", "surrogatepass")
        return (self._hashes[sought] or self._data.count(sought)) > 1


def _read_pages(pages: PageFile, rows: dict[int, Correction], stands: _Standing) -> None:
    """Add the rows that SQLite has not found; a copy that makes sense stands before one that does not."""
    by_uid = {correction.uid for correction in rows.values()}
    doubtful: dict[int, Correction] = {}
    for seq, values in pages.rows(_N_COLUMNS):
        (_, *identity, created_us) = values[:10]
        row = (*identity, *[*values[10:], "", ""][:6])
        found = _built(partial(_agreeing, created_us), row)
        if found is not None and found.uid not in by_uid and seq not in rows:
            rows[seq] = found
            by_uid.add(found.uid)
        elif found is None and (made := _built(partial(_dated_by, created_us), row)) is not None:
            doubtful[seq] = made
    for seq, made in doubtful.items():
        if made.uid not in by_uid and seq not in rows and stands.twice(made.uid):
            rows[seq] = made
            by_uid.add(made.uid)


def _agreeing(created_us: object, row: tuple[Any, ...]) -> Correction | None:
    """Build a correction; None where the two cells that say when it was made do not agree."""
    made = to_correction(row)
    return made if to_us(made.created_at, made.uid) == created_us else None


def _dated_by(created_us: object, row: tuple[Any, ...]) -> Correction | None:
    """Build a correction by whichever of its two times still is one."""
    made = to_correction(row)
    try:
        to_us(made.created_at, made.uid)
    except StoreError:
        return replace(made, created_at=to_time(created_us)) if isinstance(created_us, int) else None
    return made


def _built(build: Callable[[tuple[Any, ...]], Correction | None], row: tuple[Any, ...]) -> Correction | None:
    """Build a correction; None where the row makes no sense."""
    with suppress(ValueError, TypeError, AttributeError, RecursionError, OverflowError, StoreError):
        made = build(row)
        if made is None:
            return None
        texts = (made.uid, made.content_hash, made.new_label, made.old_label, made.bundle, made.created_at)
        words = (made.analyst, made.note, made.post_id, made.text, made.origin)
        if not all(isinstance(text, str) for text in (*texts, *words)):
            return None
        if made.uid and made.content_hash and made.created_at:
            return made
    return None


def _decoded(value: object) -> object:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value
