"""The bytes of many pictures, one after another, with the archives they lie in kept open.

Knows files, not what a picture is. Every part that reads pictures in number comes in here: the
directory of an archive is as costly to read as hundreds of its pictures.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Lock
from typing import Protocol

from mmsa_tui.disk import parquet_pictures, sqlite_pictures
from mmsa_tui.disk.arrow_pictures import ArrowPictures, is_arrow
from mmsa_tui.disk.closing import Closing
from mmsa_tui.records import Container, Picture

_OPEN_ARCHIVES = 8
_HEAD_BYTES = 16


class _Container(Container, Protocol):
    def close(self) -> None: ...


class PictureFiles(Closing):
    """Reads pictures; a context manager that can be entered again, for any number of threads.

    Another process may have a copy, pickled or forked: it opens the archives anew.
    """

    def __init__(self) -> None:
        # By process as well: forked ones share one position in a file that was open before.
        self._archives: dict[tuple[int, Path], Container] = {}
        self._stack = ExitStack()
        self._lock = Lock()

    def read(self, picture: Picture) -> bytes:
        """Read a picture's bytes, as `Picture.read` does.

        Raises:
            OSError: it is missing, unreadable or too large.
        """
        if picture.path is None or picture.member is None:
            return picture.read()
        # Pictures hardly pack, so that little is done under the lock but copying.
        with self._lock:
            return picture.read(self._open)

    def _open(self, path: Path) -> Container:
        key = (os.getpid(), path)
        if key not in self._archives:
            if len(self._archives) >= _OPEN_ARCHIVES:
                self._close()
            self._archives[key] = self._stack.enter_context(closing(_open_container(path)))
        return self._archives[key]

    def _close(self) -> None:
        self._stack.close()
        self._archives.clear()

    def close(self) -> None:
        with self._lock:
            self._close()

    def __reduce__(self) -> tuple[Callable[[], PictureFiles], tuple[()]]:
        return PictureFiles, ()


def _open_container(path: Path) -> _Container:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(parquet_pictures.MARK):
        return parquet_pictures.ParquetPictures(path)
    if head.startswith(sqlite_pictures.MARK):
        return sqlite_pictures.SqlitePictures(path)
    return ArrowPictures(path) if is_arrow(head) else zipfile.ZipFile(path)
