"""The pictures that lie in a table of SQLite as blobs. Knows places and bytes, not what a picture is.

A place is `row/index/["table","column"]`: the row from 0 in the order of the table.
"""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

MARK = b"SQLite format 3\0"
"""How a file of SQLite begins."""


def connect(path: Path) -> closing[sqlite3.Connection]:
    """Open a database of another program: it is neither locked nor written to."""
    return closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True))


def quoted(name: str) -> str:
    """Write the name of a table or a column as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def select(database: sqlite3.Connection, table: str, columns: list[str]) -> str:
    """Return the statement that reads rows in the order of the table, whichever columns are asked for."""
    kind = database.execute("SELECT type FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    # An index that holds all the columns would give them in its own order; a view has none.
    order = " NOT INDEXED" if kind == ("table",) else ""
    return f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(table)}{order}"


def column_of(table: str, column: str) -> str:
    """Name the column of a table as a place does."""
    return json.dumps([table, column], ensure_ascii=False)


class SqlitePictures:
    """The pictures of one file, by place; for one thread at a time. Forward is cheap, backward begins anew.

    Raises:
        OSError: it is no file of SQLite, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._column = ""
        self._next = 0
        self._rest: Iterator[object] = iter(())

    def open(self, name: str) -> IO[bytes]:
        """Open a picture by its place.

        Raises:
            OSError: there is none at this place, or the file is damaged.
        """
        row_text, _index, column = name.split("/", 2)
        row = int(row_text)
        try:
            if column != self._column or row < self._next:
                self._column, self._next, self._rest = column, 0, self._cells(*json.loads(column))
            cell: object = None
            while self._next <= row:
                cell = next(self._rest)
                self._next += 1
        except (sqlite3.Error, ValueError, StopIteration) as error:
            raise OSError(f"there is no row {row}: {error}") from error
        if not isinstance(cell, bytes):
            raise OSError("it was not there when the file was written")
        return io.BytesIO(cell)

    def close(self) -> None:
        self._column, self._rest = "", iter(())

    def _cells(self, table: str, column: str) -> Iterator[object]:
        with connect(self._path) as database:
            for (cell,) in database.execute(select(database, table, [column])):
                yield cell
