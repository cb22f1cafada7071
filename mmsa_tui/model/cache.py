"""Encoder features on disk, so that what was encoded once is never encoded again.

Keyed by what was encoded (hash of the text or of the picture's bytes), the encoder's hash and the
transform's version: a new fusion head reads the same features, a new encoder never does. A cache
may be deleted at any time; a damaged one is replaced.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import torch
from torch import Tensor

_SCHEMA = "CREATE TABLE IF NOT EXISTS features (key TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
_CHUNK = 500


class FeatureCache:
    """A table of fp16 vectors; one writer and any number of readers, in any number of processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = self._open()
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        # A lost cache entry costs one encoding; an fsync a batch costs more.
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(_SCHEMA)
        connection.commit()
        return connection

    def get(self, keys: Sequence[str]) -> dict[str, Tensor]:
        """Fetch what is there: key -> float32 vector."""
        found: dict[str, Tensor] = {}
        unique = list(dict.fromkeys(keys))
        for start in range(0, len(unique), _CHUNK):
            part = unique[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            for key, blob in self._connection.execute(
                f"SELECT key, vector FROM features WHERE key IN ({marks})", part
            ):
                found[key] = torch.from_numpy(np.frombuffer(blob, dtype=np.float16).astype(np.float32))
        return found

    def put(self, vectors: Mapping[str, Tensor]) -> None:
        """Keep vectors; a full disk or a busy file costs the entries, not the run."""
        rows = [(key, vector.half().numpy().tobytes()) for key, vector in vectors.items()]
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO features VALUES (?, ?)", rows)
        except sqlite3.OperationalError:
            return

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> FeatureCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
