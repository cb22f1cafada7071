"""Unpacks gzip and members of zip files as far as they are whole: what stands before damage comes first.

The readers of the standard library drop what they have in hand where they meet damage, in a small file all
of it. Knows bytes, no format of posts.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import IO
from zipfile import ZIP_STORED, BadZipFile, ZipInfo

DAMAGE = (EOFError, ValueError, zlib.error, BadZipFile)
"""What reading raises where the data is damaged, besides OSError."""
WRONG_SUM = "its checksum does not fit: something in it is not what was packed"
_GZIP_MARK = b"\x1f\x8b"
_GZIP, _BARE = 31, -15
"""What zlib calls a stream with the frame of gzip, and one without any."""
_PACKED_BYTES = 32 * 1024
"""So much is unpacked at once, and byte by byte where that fails: a copy of the state costs as much."""
_PIECE_BYTES = 256 * 1024
_LOCAL_HEADER_BYTES = 30


class Pieces(io.BufferedIOBase):
    """A stream of pieces; what was read before an error is handed out before the error is raised."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self._error: Exception | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return `size` bytes, all there are where it is negative; fewer at the end or before damage."""
        kept: list[bytes] = []
        left = -1 if size is None else size
        while left and (piece := self._take(left, is_first=not kept)):
            kept.append(piece)
            left -= len(piece) if left > 0 else 0
        return b"".join(kept)

    def read1(self, size: int = -1, /) -> bytes:
        return self._take(size, is_first=True) if size else b""

    def _take(self, size: int, is_first: bool) -> bytes:
        if not self._rest and self._error is None:
            try:
                self._rest = next(self._pieces, b"")
            except Exception as error:
                self._error = error
        if not self._rest:
            if self._error is not None and is_first:
                raise self._error
            return b""
        taken, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return taken


def gunzip(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what a gzip file holds, several that were put together included.

    Raises:
        EOFError, zlib.error: it is damaged from here on.
    """
    packed = file.read(_PACKED_BYTES)
    while packed:
        packed = yield from _inflate(_GZIP, packed, partial(file.read, _PACKED_BYTES))
        # Tapes fill up with zeros.
        while not (packed := packed.lstrip(b"\0")) and (packed := file.read(_PACKED_BYTES)):
            pass
        if len(packed) < len(_GZIP_MARK):
            packed += file.read(_PACKED_BYTES)
        if packed and not packed.startswith(_GZIP_MARK):
            raise zlib.error("what stands behind its end is not packed")


def unzip(file: IO[bytes], member: ZipInfo) -> Iterator[bytes]:
    """Yield what a member of a zip file holds that is stored or deflated, no more than the archive says.

    Raises:
        EOFError, zlib.error, BadZipFile: it is damaged from here on, or was before: its checksum is of all.
    """
    file.seek(member.header_offset)
    head = file.read(_LOCAL_HEADER_BYTES)
    if not head.startswith(b"PK\x03\x04") or len(head) < _LOCAL_HEADER_BYTES:
        raise BadZipFile("it does not begin where the directory says")
    file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), io.SEEK_CUR)
    left = member.compress_size

    def take() -> bytes:
        nonlocal left
        packed = file.read(min(_PACKED_BYTES, left))
        left -= len(packed)
        return packed

    is_stored = member.compress_type == ZIP_STORED
    checksum = size = 0
    for piece in iter(take, b"") if is_stored else _inflate(_BARE, take(), take):
        within = piece[: member.file_size - size]
        checksum = zlib.crc32(within, checksum)
        if within:
            yield within
        size += len(piece)
        if size > member.file_size:
            raise BadZipFile("it holds more than the directory says")
    if checksum != member.CRC or size != member.file_size:
        raise BadZipFile(WRONG_SUM)


def _inflate(kind: int, packed: bytes, take: Callable[[], bytes]) -> Generator[bytes, None, bytes]:
    """Yield what a stream holds, and return what stands behind it."""
    unpacker = zlib.decompressobj(kind)
    while not unpacker.eof:
        if not packed:
            raise EOFError("it was cut off")
        before = unpacker.copy()
        try:
            piece = unpacker.decompress(packed, _PIECE_BYTES)
        except zlib.error as error:
            yield from _before_damage(before, packed)
            is_whole = "incorrect" in str(error)  # all of it could be unpacked
            raise zlib.error(WRONG_SUM if is_whole else "it is damaged from here on") from error
        if piece:
            yield piece
        packed = unpacker.unconsumed_tail or (b"" if unpacker.eof else take())
    return unpacker.unused_data


def _before_damage(unpacker: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    kept: list[bytes] = []
    try:
        for at in range(len(packed)):
            kept.append(unpacker.decompress(packed[at : at + 1]))
    except zlib.error:
        pass
    if whole := b"".join(kept):
        yield whole
