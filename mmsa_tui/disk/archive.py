"""A zip file as a source: read without unpacking it, and never beyond a stated size.

Knows zip directories, no format. Names that lead out, nested archives and locked members are
left out; a bomb is refused before the first byte is unpacked.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from mmsa_tui.disk.closing import Closing
from mmsa_tui.disk.inflate import Pieces, unzip
from mmsa_tui.disk.safety import DRIVE, ignore, is_hidden
from mmsa_tui.errors import SourceError

MAX_MEMBERS = 1_000_000
"""An archive with more entries is refused; its directory alone would fill the memory."""
MAX_MEMBER_BYTES = 2 << 30
"""A member larger than this when unpacked is refused."""
MAX_RATIO = 200
"""JSON packs 10 to 30 times smaller, a bomb 1,000 times; members under 1 MB are let through."""

_SMALL_BYTES = 1 << 20
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_ARCHIVE_SUFFIXES = (".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz", ".zst")


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside an archive; `size` is its unpacked size in bytes, as the archive claims."""

    name: str
    size: int


class Archive(Closing):
    """A zip file that has been checked: no bomb, no name that leads out, no nested archive.

    A context manager. `members` holds what may be read, by name, in the archive's order.

    Raises:
        SourceError: it is no zip file, is damaged, or would expand beyond the limits.
    """

    def __init__(self, path: Path, note: Callable[[str], None] = ignore) -> None:
        self.path = path
        self.nested: list[str] = []
        """Archives within it, which are not read."""
        count = _count_members(path)
        if count > MAX_MEMBERS:
            raise SourceError(
                f"{path.name} holds {count:,} entries, more than {MAX_MEMBERS:,}",
                "Unpack it and point at the folder.",
            )
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise SourceError(
                f"{path.name} is not a zip file that can be read: {error}",
                "Download it again, or unpack it and point at the folder.",
            ) from error
        try:
            self.members = self._check(note)
        except BaseException:
            self._zip.close()
            raise

    def _check(self, note: Callable[[str], None]) -> dict[str, Member]:
        members: dict[str, Member] = {}
        again = "members with the name of a later one"
        refused = {"names that lead out of it": 0, "nested archives": 0, "locked members": 0, again: 0}
        packed = sum(info.compress_size for info in self._zip.infolist())
        unpacked = sum(info.file_size for info in self._zip.infolist())
        size = self.path.stat().st_size
        # Overlapping members are how a small file claims more packed bytes than it has.
        if packed > size or unpacked > max(size * MAX_RATIO, 64 * _SMALL_BYTES):
            raise SourceError(
                f"{self.path.name} would expand from {size:,} to {unpacked:,} bytes: refused",
                "If you trust it, unpack it yourself and point at the folder.",
            )
        for info in self._zip.infolist():
            if not _is_safe_name(info.filename):
                refused["names that lead out of it"] += 1
            elif info.is_dir() or any(is_hidden(part) for part in info.filename.split("/")[:-1]):
                continue
            elif info.filename.lower().endswith(_ARCHIVE_SUFFIXES):
                refused["nested archives"] += 1
                self.nested.append(info.filename)
            elif info.flag_bits & 0x1:
                refused["locked members"] += 1
            else:
                refused[again] += info.filename in members
                members[info.filename] = Member(info.filename, info.file_size)
        if refused["locked members"] and not members:
            raise SourceError(
                f"{self.path.name} is locked with a password",
                "Unpack it with the password and point at the folder.",
            )
        for what, count in refused.items():
            if count:
                shown = f" ({', '.join(self.nested[:3])})" if what == "nested archives" else ""
                note(f"{self.path.name}: {what} left out: {count}{shown}")
        return members

    def open(self, name: str) -> IO[bytes]:
        """Open one member for streaming.

        Raises:
            OSError: it is not among `members`, too large, or in a packing this Python lacks.
        """
        if name not in self.members:
            raise FileNotFoundError(f"{name} is not in {self.path.name}")
        info = self._zip.getinfo(name)
        if info.file_size > MAX_MEMBER_BYTES or (
            info.file_size > _SMALL_BYTES and info.file_size > MAX_RATIO * max(info.compress_size, 1)
        ):
            raise OSError(f"{name} would expand to {info.file_size:,} bytes: refused")
        if info.compress_type not in _PACKINGS:
            raise OSError(f"{name} cannot be unpacked: packing {info.compress_type} is not supported")
        try:
            return self._zip.open(info)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError) as error:
            raise OSError(f"{name} cannot be unpacked: {error}") from error

    def stream(self, name: str) -> io.BufferedIOBase:
        """Open one member for reading it from its start, once; what stands before damage is handed out.

        Raises:
            OSError: as `open` does.
        """
        entry = cast(zipfile.ZipExtFile, self.open(name))
        info = self._zip.getinfo(name)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return entry
        entry.close()
        return Pieces(self._unzipped(info))

    def _unzipped(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            yield from unzip(file, info)

    def read(self, name: str, limit: int = MAX_MEMBER_BYTES) -> bytes:
        """Read one member, at most `limit` bytes.

        Raises:
            OSError: it cannot be opened, is damaged, or is larger than `limit`.
        """
        try:
            with self.open(name) as entry:
                data = entry.read(limit + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
            raise OSError(f"{name} is damaged: {error}") from error
        if len(data) > limit:
            raise OSError(f"{name} is larger than {limit:,} bytes")
        return data

    def close(self) -> None:
        self._zip.close()


def _is_safe_name(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return bool(name) and ".." not in parts and parts[0] != "" and not DRIVE.match(name)


def _count_members(path: Path) -> int:
    """Read the number of entries from the end record, before the directory itself is loaded."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 65_557 - 20))
            tail = file.read()
            at = tail.rfind(b"PK\x05\x06")
            if at < 0 or len(tail) < at + 12:
                return 0
            count = int(struct.unpack_from("<H", tail, at + 10)[0])
            locator = tail.rfind(b"PK\x06\x07", 0, at)
            if count == 0xFFFF and locator >= 0:
                file.seek(int(struct.unpack_from("<Q", tail, locator + 8)[0]))
                record = file.read(40)
                if record[:4] == b"PK\x06\x06":
                    count = int(struct.unpack_from("<Q", record, 32)[0])
            return count
    except (OSError, struct.error, OverflowError):
        return 0
