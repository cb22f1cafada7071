"""Which texts came before, for a source of any size: in bounded memory, and the rest on disk."""

from __future__ import annotations

import sqlite3

from mmsa_tui.disk.closing import Closing
from mmsa_tui.errors import SourceError

_CACHE_KB = 8192


class Seen(Closing):
    """A set of texts of several kinds that can only be added to; a context manager.

    Keeps 64-bit hashes: among 10 million texts, two are taken for one with a chance of 1 in 370,000.
    """

    def __init__(self) -> None:
        # A database without a name is SQLite's own temporary file, which goes with the connection;
        # up to the size of the cache there is no file at all.
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        self._connection.execute("PRAGMA journal_mode = OFF")
        # Without an open transaction every text would be one of its own.
        self._connection.execute("BEGIN")
        self._connection.execute("CREATE TABLE seen (hash INTEGER PRIMARY KEY)")

    def add(self, kind: str, text: str) -> bool:
        """Add a text and say whether it is the first of its kind.

        Raises:
            SourceError: there is no room for the temporary file.
        """
        try:
            cursor = self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (hash((kind, text)),))
        except sqlite3.Error as error:
            raise SourceError(
                f"a temporary file cannot be written: {error}",
                "Free some space, or set TMPDIR to a folder that has room.",
            ) from error
        return cursor.rowcount == 1

    def close(self) -> None:
        self._connection.close()
