"""Corrections out of another database file, damaged or not.

Corrections are the one thing that cannot be computed again. The file is opened read-only and
never changed.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction
from mmsa_tui.store.corrections import CORRECTION_COLUMNS, to_correction

_LATER = ("origin", "facts")
"""Columns that databases of before do not have, and nothing in them would fill."""


def salvage_corrections(path: Path) -> tuple[list[Correction], bool]:
    """Read whatever corrections can still be read from a database.

    Returns:
        The corrections in order of arrival, and whether these are all of them.

    Raises:
        StoreError: the file is not there, or not one correction table can be found in it.
    """
    if not path.is_file():
        raise StoreError(f"{path} is not a file", "Give the name of a database file.")
    try:
        return _read(path, "mode=ro")
    except sqlite3.Error as error:
        cause = error
    # Even a reader writes beside a database in WAL mode; on read-only media this one will do.
    with suppress(sqlite3.Error):
        return _read(path, "mode=ro&immutable=1")
    raise StoreError(f"no corrections can be read from {path}: {cause}", "Restore a backup of it.") from cause


def _read(path: Path, mode: str) -> tuple[list[Correction], bool]:
    rows: dict[int, Correction] = {}
    # as_uri also escapes what has a meaning in a URI, such as "?" in a folder's name.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection:
        # Text of one damaged row would otherwise end the walk.
        connection.text_factory = bytes
        try:
            is_whole = _scan(connection, rows, "ASC") or _scan(connection, rows, "DESC")
        except UnicodeDecodeError as error:
            # The driver raises it when SQLite's own message quotes garbage.
            raise sqlite3.DatabaseError(str(error)) from error
    return [rows[seq] for seq in sorted(rows)], is_whole


def _scan(connection: sqlite3.Connection, rows: dict[int, Correction], direction: str) -> bool:
    """Collect rows from one end until damage stops it; returns whether every row was read."""
    known = {name for _, name, *_ in connection.execute("PRAGMA table_info(corrections)")}
    columns = CORRECTION_COLUMNS
    for name in _LATER:
        if name.encode() not in known:
            columns = columns.replace(f"corrections.{name}", "''")
    # NOT INDEXED keeps to the table itself, whatever state its indexes are in.
    cursor = connection.execute(
        f"SELECT seq, {columns} FROM corrections NOT INDEXED ORDER BY seq {direction}"
    )
    is_whole = True
    while True:
        try:
            row = cursor.fetchone()
        except sqlite3.DatabaseError:
            return False
        if row is None:
            return is_whole
        try:
            rows[row[0]] = to_correction(tuple(map(_decoded, row[1:])))
        except (ValueError, TypeError, AttributeError):
            is_whole = False


def _decoded(value: object) -> object:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value
