"""Keeping other processes out for a while, by a lock file that the system lets go with its holder."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmsa_tui.disk.whole_file import scratch_folder
from mmsa_tui.errors import MmsaError

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
"""What network drives without a lock service answer."""


class LockError(Exception):
    """The lock cannot be made; the message says why."""


class BusyError(LockError):
    """Another process holds the lock."""


@contextmanager
def only_one(file: Path, kind: type[MmsaError], busy: str, wait_s: float = 0) -> Iterator[None]:
    """Hold a lock while the block runs, or say as an error of ours that another has it.

    Args:
        kind: what to raise.
        busy: what another process is doing then.

    Raises:
        MmsaError: of that kind, if another process holds it after `wait_s` or it cannot be made.
    """
    try:
        with exclusive_lock(file, wait_s):
            yield
    except BusyError as error:
        raise kind(busy, "Wait until it is done, and try again.") from error
    except LockError as error:
        raise kind(str(error), "Check the folder's rights, or set MMSA_HOME.") from error


@contextmanager
def exclusive_lock(file: Path, wait_s: float = 0) -> Iterator[None]:
    """Hold a lock while the block runs; whoever is killed lets go of it.

    Args:
        file: made if it is not there, and left there.

    Raises:
        BusyError: another process still holds it after `wait_s`.
        LockError: it cannot be made, or the file system has no locks.
    """
    # filelock takes 70 ms to import; who only reads should not pay it.
    import filelock

    # A lock made of a file's mere existence would outlive a killed holder: better none than that one.
    lock = filelock.FileLock(file, timeout=wait_s, mode=0o600, fallback_to_soft=False)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise BusyError(str(file)) from error
    except NotImplementedError as error:
        raise LockError(f"{file.parent} is on a drive without locks") from error
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise LockError(f"{file.parent} is on a drive without locks") from error
        raise LockError(f"{file} cannot be locked: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


def has_locks(folder: Path) -> bool:
    """Whether the drive of a folder locks files; SQLite takes one that does not for one that is locked."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        with scratch_folder(folder) as scratch, (scratch / "lock").open("wb") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _NO_LOCKS
    return True
