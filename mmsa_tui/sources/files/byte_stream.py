"""Opens a text file of any size as a stream of UTF-8 pieces.

Undoes gzip and bzip2, by content rather than by name, and UTF-16 as PowerShell writes it. Bounds
what a compressed file may grow to. Knows nothing of what the text means.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile

PIECE_BYTES = 256 * 1024

MAX_EXPANSION = 200
"""Tweets as JSON compress 8 to 20 times; a file that grows this much is an archive bomb."""

_FREE_BYTES = 64 * 1024 * 1024
"""Growth up to this size is never questioned: it is little, and short files repeat themselves."""

DAMAGE = (EOFError, ValueError, zlib.error, BadZipFile)
"""What unpacking damaged data raises, besides OSError."""

_UTF16_BOMS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class StreamDamagedError(Exception):
    """The stream cannot be read any further; what came before it is good."""


@contextmanager
def open_pieces(path: Path) -> Iterator[Iterator[bytes]]:
    """Open `path` and hand over its `pieces`.

    Raises:
        OSError: it cannot be opened or is not a regular file.
    """
    # A pipe or a device may never answer, or never end.
    if not path.is_file():
        raise OSError(f"{path.name} is not a regular file")
    with path.open("rb") as file:
        yield pieces(file, path.stat().st_size)


def pieces(file: BinaryIO, packed_bytes: int) -> Iterator[bytes]:
    """Yield the text of an open file as UTF-8, without a byte order mark, piece by piece.

    Args:
        file: positioned at its start; not closed here.
        packed_bytes: what it takes on disk, against which its growth is measured.

    Raises:
        StreamDamagedError: at the point where the data ends early or makes no sense.
    """
    try:
        start = _peek(file)
        limit = max(_FREE_BYTES, packed_bytes * MAX_EXPANSION)
        if start.startswith(b"\x1f\x8b"):
            yield from _as_utf8(_bounded(cast(BinaryIO, gzip.GzipFile(fileobj=file)), limit))
        elif start.startswith(b"BZh"):
            yield from _as_utf8(_bounded(cast(BinaryIO, bz2.BZ2File(file)), limit))
        else:
            yield from _as_utf8(_bounded(file, limit))
    except (*DAMAGE, OSError, RuntimeError) as error:
        raise StreamDamagedError(str(error) or type(error).__name__) from error


def _peek(file: BinaryIO) -> bytes:
    start = file.read(3)
    file.seek(0)
    return start


def _bounded(file: BinaryIO, limit: int) -> Iterator[bytes]:
    total = 0
    while piece := file.read(PIECE_BYTES):
        total += len(piece)
        if total > limit:
            raise StreamDamagedError(f"it expands to more than {limit >> 20} MB, as no file of posts does")
        yield piece


def _as_utf8(raw: Iterator[bytes]) -> Iterator[bytes]:
    first = next(raw, b"")
    for mark, encoding in _UTF16_BOMS.items():
        if first.startswith(mark):
            decoder = codecs.getincrementaldecoder(encoding)("replace")
            yield decoder.decode(first[len(mark) :]).encode("utf-8")
            for piece in raw:
                yield decoder.decode(piece).encode("utf-8")
            yield decoder.decode(b"", final=True).encode("utf-8")
            return
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from raw
