"""Folders and files that only their owner reads: they hold what other people wrote."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_FOLDER, _FILE = 0o700, 0o600


def make_private_folder(folder: Path) -> None:
    """Make a folder of ours, and those above it that are missing; narrow one that is there.

    Raises:
        OSError: it cannot be made. One that is another's is left as it is.
    """
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for part in {folder, *missing}:
        _narrow(part, _FOLDER)


def make_private_file(file: Path) -> None:
    """Make an empty file of ours if there is none; narrow one that is there.

    Raises:
        OSError: it cannot be made.
    """
    if not file.exists():
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE))
    _narrow(file, _FILE)


def _narrow(path: Path, mode: int) -> None:
    # Windows keeps the folders of a user from others by itself.
    with suppress(OSError):
        if os.name != "nt" and path.stat().st_mode & 0o077:
            path.chmod(mode)
