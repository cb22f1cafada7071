"""A zip file with a folder in it, read as that folder is: a table with its pictures, an archive of a network.

What may hold posts is unpacked to a temporary folder and goes when reading ends. Pictures stay in the zip
file: in the folder stands an empty file for each, and a post names the member.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.inflate import DAMAGE
from mmsa_tui.disk.safety import ignore
from mmsa_tui.disk.whole_file import scratch_folder, temporary_folder
from mmsa_tui.errors import MmsaError, SourceError
from mmsa_tui.pictures.finder import HEAD_BYTES, PICTURE_SUFFIXES, kind_of
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.base import Match, Reader, ReadOptions
from mmsa_tui.sources.files.byte_stream import OFFICE_PARTS
from mmsa_tui.sources.leftovers import count_unnamed

MAX_UNPACKED_BYTES = 4 << 30
"""What all files that are no pictures may take when unpacked."""
_NO_POSTS = (
    ".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mp3", ".m4a", ".wav", ".ogg", ".opus", ".pdf", ".ttf",
    ".woff", ".woff2", ".css", ".exe", ".dll",
)  # fmt: skip
_PIECE_BYTES = 1 << 20


def holds_folder(source: Path) -> bool:
    """Whether a file is a zip file of several files, and no document of an office program."""
    try:
        with source.open("rb") as file:
            if file.read(4) != b"PK\x03\x04":
                return False
        with Archive(source) as archive:
            return len(archive.members) > 1 and not any(name in archive.members for name in OFFICE_PARTS)
    except (OSError, SourceError):
        return False


def detect_inside(source: Path, claim: Callable[[Path], Match | None]) -> Match | None:
    """Ask for a claim on the folder in a zip file; what it says names the zip file.

    Raises:
        SourceError: the zip file is damaged, locked or a bomb.
    """
    with _unpacked(source, ignore) as folder:
        try:
            found = claim(folder.root)
        except MmsaError as error:
            raise folder.renamed(error) from error
        if found is None:
            return None
        return replace(
            found,
            reason=f"in {source.name}: {folder.rename(found.reason)}",
            problem=folder.rename(found.problem),
            advice=folder.advise(found.advice),
        )


def read_inside(source: Path, reader: Reader, options: ReadOptions) -> Iterator[Post | Failure]:
    """Yield what a reader finds in the folder in a zip file; pictures are members of it.

    Raises:
        SourceError: the zip file is damaged, locked or a bomb, or the reader finds nothing to read.
    """
    with _unpacked(source, options.note) as folder:
        inner = replace(options, note=lambda text: options.note(folder.rename(text)))
        items = count_unnamed(reader.read(folder.root, inner), folder.root, inner.note)
        while True:
            try:
                item = next(items)
            except StopIteration:
                return
            except MmsaError as error:
                raise folder.renamed(error) from error
            yield folder.restore(item)


class _Folder:
    """The temporary folder, and the way back from its files to the members they stand for."""

    def __init__(self, source: Path, base: Path) -> None:
        self._source = source
        self._base = base
        self._members: dict[Path, str] = {}
        self.root = base

    def rename(self, text: str) -> str:
        """Name the zip file where a message names the folder."""
        for path in (self.root, self._base):
            text = text.replace(str(path), str(self._source))
        return text

    def advise(self, text: str) -> str:
        """Turn advice about the folder into advice about the zip file."""
        is_inside = str(self.root) in text or str(self._base) in text
        renamed = self.rename(text)
        return f"Unpack {self._source.name}. {renamed}" if is_inside else renamed

    def renamed(self, error: MmsaError) -> MmsaError:
        """Return the same error about the zip file."""
        return type(error)(self.rename(error.message), self.advise(error.hint))

    def restore(self, item: Post | Failure) -> Post | Failure:
        """Point the pictures of a post at the members of the zip file."""
        if isinstance(item, Failure):
            return replace(item, reason=self.rename(item.reason))
        if not item.pictures:
            return item
        return replace(item, pictures=tuple(map(self._in_archive, item.pictures)))

    def _in_archive(self, picture: Picture) -> Picture:
        if picture.path is None:
            return picture
        member = self._members.get(picture.path)
        return replace(picture, path=self._source.absolute(), member=member) if member else picture

    def fill(self, archive: Archive, note: Callable[[str], None]) -> None:
        """Unpack what may hold posts, and put an empty file for each picture.

        Raises:
            SourceError: it is too much, or there is no room for it.
        """
        room, damaged = MAX_UNPACKED_BYTES, 0
        for name in archive.members:
            target = self._base / name.replace("\\", "/")
            suffix = target.suffix.lower()
            if suffix in _NO_POSTS or not target.resolve().is_relative_to(self._base):
                continue
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._members[target] = name
                if suffix in PICTURE_SUFFIXES:
                    target.touch()
                    continue
                done, is_whole = _copy(archive, name, target, room)
                room -= done
                damaged += not is_whole
            except OSError as error:
                if target.parent.is_dir() and _is_full(target.parent):
                    raise SourceError(
                        f"there is no room to unpack {self._source.name}: {error}",
                        "Free some space, or set TMPDIR to a folder that has room.",
                    ) from error
                damaged += 1
            if room < 0:
                raise SourceError(
                    f"{self._source.name} would expand to more than {MAX_UNPACKED_BYTES:,} bytes: refused",
                    "If you trust it, unpack it yourself and point at the folder.",
                )
        if damaged:
            note(f"{self._source.name}: files that are damaged, read as far as they can be: {damaged:,}")
        while (inner := _only_folder(self.root)) is not None:
            self.root = inner


@contextmanager
def as_folder(source: Path) -> Iterator[Path]:
    """Unpack the folder in a zip file for as long as the context lasts.

    Raises:
        SourceError: the zip file is damaged, locked or a bomb.
    """
    with _unpacked(source, ignore) as folder:
        yield folder.root


@contextmanager
def _unpacked(source: Path, note: Callable[[str], None]) -> Iterator[_Folder]:
    # Posts may be in what a killed run unpacked: it goes with the next one.
    with scratch_folder(temporary_folder()) as scratch:
        folder = _Folder(source, scratch.resolve())
        with Archive(source, note) as archive:
            folder.fill(archive, note)
        yield folder


def _copy(archive: Archive, name: str, target: Path, room: int) -> tuple[int, bool]:
    """Unpack a member, no more than there is room for; of a picture without a suffix only the head.

    Returns:
        How many bytes were unpacked, and whether nothing is damaged.
    """
    done = 0
    with archive.stream(name) as entry, target.open("wb") as out:
        try:
            while done <= room and (piece := entry.read(_PIECE_BYTES)):
                if not done and kind_of(piece[:HEAD_BYTES]):
                    out.write(piece[:HEAD_BYTES])
                    return HEAD_BYTES, True
                out.write(piece)
                done += len(piece)
        except DAMAGE:
            return done, False
    return done, True


def _only_folder(folder: Path) -> Path | None:
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX"))]
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else None


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < _PIECE_BYTES
