"""Encoder features on disk, so that what was encoded once is never encoded again.

Keyed by what was encoded (hash of the text or of the picture's bytes), the encoder's hash and the
transform's version: a new fusion head reads the same features, a new encoder never does. A cache
only saves time: it may be deleted at any moment, a damaged one is begun anew, a damaged vector is as
good as absent, and where no file can be made nothing is kept.
"""

from __future__ import annotations

import sqlite3
import struct
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mmsa_tui.disk.closing import Closing
from mmsa_tui.disk.private import make_private_file, make_private_folder
from mmsa_tui.disk.whole_file import remove
from mmsa_tui.errors import OutputError
from mmsa_tui.model.encoded import Floats

_T = TypeVar("_T")

_SCHEMA = "CREATE TABLE IF NOT EXISTS features (key TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
_CHUNK = 500
MAX_BYTES = 4_000_000_000
"""Some 600,000 posts with a picture each. Past it a quarter of the entries, drawn by lot, makes room."""
_LOOK_EVERY = 50
"""Batches between two looks at the size."""
_CHECKSUM = struct.Struct("<I")

# What says nothing of the file itself: another process is writing, or the disk or its rights are at fault.
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_INTERRUPT,
    }
)  # fmt: skip


class FeatureCache(Closing):
    """A table of fp16 vectors; one writer and any number of readers, in any number of processes."""

    def __init__(self, path: Path, timeout_s: float = 30, max_bytes: int = MAX_BYTES) -> None:
        """Open the cache, or begin one.

        Args:
            timeout_s: how long to wait for another process that is writing.
            max_bytes: how large the file may grow, but for a few batches.
        """
        self._path, self._timeout_s, self._max_bytes = path, timeout_s, max_bytes
        self._n_puts = 0
        # One thread reads ahead while another keeps: neither may find the file being replaced.
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            make_private_folder(path.parent)
            make_private_file(path)
            self._connection = self._open()
        except sqlite3.Error as error:
            if _is_damage(error):
                self._begin_anew()
        except OSError:
            return

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._timeout_s, check_same_thread=False)
        try:
            # A vector of 2.3 KB fits into a quarter of the page, and needs no page of its own beside it.
            connection.execute("PRAGMA page_size=16384")
            connection.execute("PRAGMA journal_mode=WAL")
            # A lost cache entry costs one encoding; an fsync a batch costs more.
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_SCHEMA)
            connection.commit()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _begin_anew(self) -> None:
        """Replace a damaged file; go without where that fails."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        try:
            clear_cache(self._path)
            self._connection = self._open()
        except (OSError, OutputError, sqlite3.Error):
            return

    def get(self, keys: Sequence[str]) -> dict[str, Floats]:
        """Fetch what is there and whole: key -> float32 vector."""
        found: dict[str, Floats] = {}
        unique = list(dict.fromkeys(keys))
        for start in range(0, len(unique), _CHUNK):
            part = unique[start : start + _CHUNK]
            for key, blob in self._run(partial(_select, keys=part)) or ():
                vector = _unpack(key, blob)
                if vector is not None:
                    found[key] = vector
        return found

    def put(self, vectors: Mapping[str, Floats]) -> None:
        """Keep vectors; a full disk or a busy file costs the entries, not the run."""
        rows = [(key, _pack(key, vector)) for key, vector in vectors.items()]
        self._run(lambda connection: _insert(connection, rows))
        if self._n_puts % _LOOK_EVERY == 0:
            self._run(partial(_make_room, max_bytes=self._max_bytes))
        self._n_puts += 1

    def _run(self, action: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do something with the file, once more with a new one if it is damaged; None if it fails."""
        with self._lock:
            for _ in range(2):
                if self._connection is None:
                    return None
                try:
                    return action(self._connection)
                except sqlite3.Error as error:
                    if not _is_damage(error):
                        return None
                self._begin_anew()
            return None

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


@dataclass(frozen=True)
class CacheSize:
    """How much is kept: vectors, and bytes on disk with the logs that SQLite keeps beside them."""

    n_vectors: int
    n_bytes: int


def measure_cache(path: Path) -> CacheSize:
    """Count what a cache holds, changing nothing; a damaged one holds nothing."""
    n_bytes = sum(file.stat().st_size for file in cache_files(path) if file.is_file())
    try:
        n_vectors = _ask(path, "SELECT count(*) FROM features")
    except sqlite3.Error:
        n_vectors = 0
    return CacheSize(int(n_vectors), n_bytes)


def clear_cache(path: Path) -> None:
    """Remove a cache; whoever has it open goes on without.

    Raises:
        OutputError: a file cannot be removed.
    """
    for file in cache_files(path):
        remove(file)


def cache_files(path: Path) -> list[Path]:
    """List the files that a cache consists of; whoever has it open goes on without them."""
    # A log that outlived its file would be played back into a new one.
    return [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]


def check_cache(path: Path) -> str:
    """Say in a few words whether a cache is whole, changing nothing."""
    if not path.is_file():
        return "not made yet"
    try:
        answer = _ask(path, "PRAGMA quick_check(1)")
    except sqlite3.Error as error:
        if not _is_damage(error):
            return f"cannot be looked at ({error})"
        answer = str(error)
    return "whole" if answer == "ok" else "damaged: it is begun anew when it is next used"


def _ask(path: Path, question: str) -> Any:
    """Return the one value that answers, without a change to the file."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        (answer,) = connection.execute(question).fetchone()
    return answer


def _is_damage(error: sqlite3.Error) -> bool:
    # Extended codes keep the primary one in their lowest byte. Text that is no UTF-8 has no code.
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF not in _PASSING


def _select(connection: sqlite3.Connection, keys: Sequence[str]) -> list[tuple[str, object]]:
    marks = ",".join("?" * len(keys))
    return connection.execute(f"SELECT key, vector FROM features WHERE key IN ({marks})", keys).fetchall()


def _insert(connection: sqlite3.Connection, rows: Sequence[tuple[str, bytes]]) -> None:
    with connection:
        connection.executemany("INSERT OR REPLACE INTO features VALUES (?, ?)", rows)


def _make_room(connection: sqlite3.Connection, max_bytes: int) -> None:
    """Forget entries, a quarter at a time, until the file is small enough; pages are used again."""

    def used() -> int:
        pages, free, size = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    before = 0
    while before != (now := used()) and now > max_bytes:
        before = now
        with connection:
            connection.execute("DELETE FROM features WHERE abs(random()) % 4 = 0")


def _pack(key: str, vector: Floats) -> bytes:
    data = vector.astype(np.float16).tobytes()
    return data + _checksum(key, data)


def _unpack(key: str, blob: object) -> Floats | None:
    """Undo `_pack`; None if it is not what was kept under that key."""
    if not isinstance(blob, bytes) or len(blob) <= _CHECKSUM.size:
        return None
    data, checksum = blob[: -_CHECKSUM.size], blob[-_CHECKSUM.size :]
    # SQLite notices a damaged page, not a damaged value on it.
    if checksum != _checksum(key, data):
        return None
    return np.frombuffer(data, dtype=np.float16).astype(np.float32)


def _checksum(key: str, data: bytes) -> bytes:
    return _CHECKSUM.pack(zlib.crc32(data, zlib.crc32(key.encode())))
