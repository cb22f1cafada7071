"""Whether a source is as it was when it was read: told by names, sizes and times, without reading it.

Knows what readers may look at: a file and the pictures near it, or all that is in a folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import mmsa_tui
from mmsa_tui.disk.safety import walk
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES
from mmsa_tui.pictures.media import MAX_NEIGHBOURS
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.picture_folders import picture_folders_beside

_PIECE = 65_536
"""Bytes of a file that are compared at its beginning, at its end and in between."""
_BETWEEN = 14


def stamp_of(source: Path, options: ReadOptions) -> str:
    """Describe the state of a source in 32 hex characters; "" where it cannot be told.

    A file whose size and time are kept while bytes change in it is noticed only at its beginning, its end
    and a few places between. What the user says of how to read it is no part of it.
    """
    path = source.expanduser().resolve()
    digest = hashlib.blake2b(mmsa_tui.__version__.encode(), digest_size=16)
    try:
        if path.is_file():
            status = path.stat()
            digest.update(f"\0{status.st_size} {status.st_mtime_ns}".encode())
            for piece in _pieces(path, status.st_size):
                digest.update(piece)
            folders = [path.parent, *picture_folders_beside(path.parent)]
        else:
            folders = [path]
        if options.pictures:
            folders.append(Path(options.pictures).expanduser().resolve())
        for folder in folders:
            names = list(islice(walk(folder), MAX_NEIGHBOURS))
            if path.is_file():
                names = [name for name in names if Path(name).suffix.lower() in PICTURE_SUFFIXES]
            for name in sorted(names):
                status = (folder / name).stat()
                line = f"\0{name}\0{status.st_size} {status.st_mtime_ns}"
                digest.update(line.encode("utf-8", "surrogateescape"))
    except OSError:
        return ""
    return digest.hexdigest()


def changed_at(source: Path) -> float:
    """Say when a source was last changed, in seconds since 1970: of a folder, the newest of what is in it.

    Raises:
        OSError: it is not there, or cannot be looked at.
    """
    times = [source.stat().st_mtime]
    if source.is_dir():
        times += [(source / name).stat().st_mtime for name in islice(walk(source), MAX_NEIGHBOURS)]
    return max(times)


def _pieces(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        for number in range(_BETWEEN + 2):
            file.seek(max(0, size - _PIECE) * number // (_BETWEEN + 1))
            yield file.read(_PIECE)
