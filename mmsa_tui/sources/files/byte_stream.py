"""Opens a text file of any size as a stream of UTF-8 pieces, or as the plain bytes below its packing.

Undoes gzip, bzip2, xz, zstd and a zip of a single file, by content rather than by name, and UTF-16
and UTF-32. Bounds what a compressed file may grow to. Knows nothing of what the text means.
"""

from __future__ import annotations

import bz2
import codecs
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, cast
from zipfile import BadZipFile

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.inflate import Pieces, gunzip
from mmsa_tui.errors import SourceError
from mmsa_tui.sources.files.encodings import encoding_by_mark, encoding_by_nuls

PIECE_BYTES = 256 * 1024

MAX_EXPANSION = 200
"""Tweets as JSON compress 8 to 20 times; a file that grows this much is an archive bomb."""

_FREE_BYTES = 64 * 1024 * 1024
"""Growth up to this size is never questioned: it is little, and short files repeat themselves."""

_ZSTD_WINDOW = 1 << 31
"""Collections of Reddit are packed with a window of 2 GB; other programs take 8 MB."""

_PACKINGS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"PK\x03\x04", "zip"),
)
OFFICE_PARTS = ("[Content_Types].xml", "mimetype", "Index/Document.iwa")
"""A zip file with one of these is a document of an office program, not a packed file."""


class StreamDamagedError(Exception):
    """The stream cannot be read any further; what came before it is good."""


DAMAGE = (EOFError, ValueError, zlib.error, lzma.LZMAError, BadZipFile, StreamDamagedError)
"""What unpacking damaged data raises, besides OSError."""


def packing_of(head: bytes) -> str:
    """Name the packing that these first bytes announce, or ""."""
    return next((name for mark, name in _PACKINGS if head.startswith(mark)), "")


def is_tape(head: bytes) -> bool:
    """Whether unpacked bytes begin a tar archive: a folder in one file."""
    return head[257:262] == b"ustar"


@contextmanager
def open_pieces(path: Path) -> Iterator[Iterator[bytes]]:
    """Open `path` and hand over its text as `pieces_of` does, unpacked where it is packed.

    Raises:
        OSError: it cannot be opened or is not a regular file.
    """
    # A pipe or a device may never answer, or never end.
    if not path.is_file():
        raise OSError(f"{path.name} is not a regular file")
    with path.open("rb") as file:
        yield _pieces(file, path)


@contextmanager
def open_plain(path: Path) -> Iterator[BinaryIO]:
    """Open `path` for reading its plain bytes, unpacked where it is packed; it cannot be sought.

    Reading raises one of `DAMAGE` or OSError where the packing is damaged, or grows beyond bounds.

    Raises:
        OSError: it cannot be opened or is not a regular file.
    """
    if not path.is_file():
        raise OSError(f"{path.name} is not a regular file")
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        yield _unpack(file, path.stat().st_size, path, stack)


def read_start(path: Path, size: int) -> bytes:
    """Return the first plain bytes of a file, b"" if it cannot be read; never raises on content."""
    kept: list[bytes] = []
    try:
        with open_plain(path) as file:
            while size > 0 and (piece := file.read(min(size, PIECE_BYTES))):
                kept.append(piece)
                size -= len(piece)
    except (*DAMAGE, OSError, RuntimeError, SourceError):
        pass
    return b"".join(kept)


def _pieces(file: BinaryIO, path: Path) -> Iterator[bytes]:
    with ExitStack() as stack:
        try:
            plain = _unpack(file, path.stat().st_size, path, stack)
        except (*DAMAGE, OSError, RuntimeError, SourceError) as error:
            raise StreamDamagedError(str(error) or type(error).__name__) from error
        yield from pieces_of(plain)


def damage_of(path: Path) -> str:
    """Say what is wrong with the packing of a file near its start, "" if nothing is, or it is not packed."""
    try:
        with open_plain(path) as file:
            file.read(PIECE_BYTES)
            file.read(1)
    except (*DAMAGE, SourceError) as error:
        return str(error) or type(error).__name__
    except (OSError, RuntimeError):
        pass
    return ""


def pieces_of(plain: io.BufferedIOBase | BinaryIO) -> Iterator[bytes]:
    """Yield the text of an open file that is not packed as UTF-8, without a byte order mark, piece by piece.

    Raises:
        StreamDamagedError: at the point where the data ends early or makes no sense.
    """
    try:
        yield from _as_utf8(iter(partial(plain.read, PIECE_BYTES), b""))
    except StreamDamagedError:
        raise
    except (*DAMAGE, OSError, RuntimeError, SourceError) as error:
        raise StreamDamagedError(str(error) or type(error).__name__) from error


def _unpack(file: BinaryIO, packed_bytes: int, path: Path, stack: ExitStack) -> BinaryIO:
    packing = packing_of(file.read(8))
    file.seek(0)
    limit = max(_FREE_BYTES, packed_bytes * MAX_EXPANSION)
    if packing == "gzip":
        return _within(gunzip(file), limit)
    if packing == "bzip2":
        return _bounded(bz2.BZ2File(file), limit)
    if packing == "xz":
        return _bounded(lzma.LZMAFile(file), limit)
    if packing == "zstd":
        import zstandard

        unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        return _bounded(unpacker.stream_reader(file, read_across_frames=True), limit)
    if packing == "zip" and (member := only_member(path)):
        archive = stack.enter_context(Archive(path))
        entry = stack.enter_context(archive.stream(member))
        return _within(iter(partial(entry.read1, PIECE_BYTES), b""), limit)
    return file


def only_member(path: Path) -> str:
    """Name the single file that is packed in a zip file, "" if there is another number of them.

    Never raises on content.
    """
    try:
        with Archive(path) as archive:
            if any(name in archive.members for name in OFFICE_PARTS):
                return ""
            return next(iter(archive.members)) if len(archive.members) == 1 else ""
    except (SourceError, OSError):
        return ""


def _within(pieces: Iterator[bytes], limit: int) -> BinaryIO:
    """Return a stream of pieces, up to a limit."""
    return cast(BinaryIO, Pieces(_up_to(pieces, limit)))


def _up_to(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    left = limit
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise _too_large(limit)
        yield piece


def _too_large(limit: int) -> StreamDamagedError:
    return StreamDamagedError(f"it expands to more than {limit >> 20} MB, as no file of posts does")


def _bounded(raw: object, limit: int) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Bounded(cast(IO[bytes], raw), limit), PIECE_BYTES))


class _Bounded(io.RawIOBase):
    """What a packed file unpacks to, up to a limit."""

    def __init__(self, raw: IO[bytes], limit: int) -> None:
        self._raw = raw
        self._left = limit
        self._limit = limit

    def readable(self) -> bool:
        return True

    # typeshed names the buffer by a protocol that no runtime has.
    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            piece = self._raw.read(len(buffer))
        except (OSError, *DAMAGE):
            raise
        except Exception as error:  # zstandard has an error of its own
            raise StreamDamagedError(str(error)) from error
        self._left -= len(piece)
        if self._left < 0:
            raise _too_large(self._limit)
        buffer[: len(piece)] = piece
        return len(piece)


def _as_utf8(raw: Iterator[bytes]) -> Iterator[bytes]:
    first = next(raw, b"")
    encoding = encoding_by_mark(first) or encoding_by_nuls(first)
    if encoding in ("", "utf-8-sig"):
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from raw
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first).removeprefix("\ufeff").encode("utf-8", "replace")
    for piece in raw:
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")
