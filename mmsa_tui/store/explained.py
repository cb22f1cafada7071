"""What errors of SQLite mean to a user: which file, what happened to it, and what to do next."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmsa_tui.disk.locks import has_locks
from mmsa_tui.errors import DamagedStoreError, MmsaError, StoreError, UsageError

_ROOM = 64 * 1024
BUSY_TIMEOUT_S = 15.0
"""How long a write waits for another process; our own transactions take well under a second."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a store into an error that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(error, path) from error
    except UnicodeDecodeError as error:
        # The driver raises it when SQLite's own message quotes garbage.
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception | str) -> DamagedStoreError:
    return DamagedStoreError(
        f"{path} is damaged: {error}",
        "Keep the file, it holds your corrections: `mmsa store restore` puts a store in its place with all "
        "that it, the journal and the backups hold.",
    )


def is_full(folder: Path) -> bool:
    """Whether a disk has no room for another page of a database."""
    try:
        return shutil.disk_usage(folder).free < _ROOM
    except OSError:
        return False


def unwritable(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"{path} cannot be opened for writing: {reason}",
        "Give yourself write access to the file and its folder, or set MMSA_HOME to a folder you can write.",
    )


def without_locks(path: Path) -> StoreError:
    """Say that nobody can be kept out of a store: two programs that write at once would destroy it."""
    return StoreError(
        f"{path.parent} is on a drive without locks", "Set MMSA_HOME to a folder on a disk of this computer."
    )


def _explain(error: sqlite3.Error, path: Path) -> MmsaError:
    # The low byte is the class of the error, the rest a detail of it.
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if str(error).startswith("user-defined function"):
        # Of ours only a regular expression can fail, by taking too long.
        return UsageError(
            "the regular expression takes too long", "Make it simpler: no repetition within a repetition."
        )
    undecodable = str(error).startswith("Could not decode")
    if undecodable or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, error)
    if code == sqlite3.SQLITE_BUSY and not has_locks(path.parent):
        return without_locks(path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(
            f"another program has kept {path} locked for {BUSY_TIMEOUT_S:.0f} s",
            "Close other mmsa windows or wait for their run to end, then try again.",
        )
    # With the disk full SQLite may find out at its shared memory, and call that an error of the disk.
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and is_full(path.parent)):
        return StoreError(
            f"the disk is full: {path} cannot grow",
            "Free some space and run the same command again; what was saved is kept.",
        )
    if code in (
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
    ):
        return unwritable(path, str(error))
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"{path} cannot be read or written: {error}",
            "Check the disk and its free space, then try again.",
        )
    return StoreError(f"{path}: {error}", "This is a defect of mmsa; please report it.")
