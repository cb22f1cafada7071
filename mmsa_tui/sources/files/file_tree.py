"""A folder or a zip archive, read the same way: list names, open a file as a stream, find pictures.

For formats that come in both shapes. Knows no format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.safety import ignore, resolve_inside
from mmsa_tui.pictures.finder import natural_key
from mmsa_tui.pictures.media import MediaFiles
from mmsa_tui.sources.files.byte_stream import open_pieces, pieces_of


class FileTree(Protocol):
    """Files by name, whatever holds them."""

    def find(self, pattern: re.Pattern[str]) -> list[str]:
        """Return the names, with `/`, that match `pattern` as a whole, in natural order."""
        ...

    def open(self, name: str) -> Iterator[bytes]:
        """Yield the text of a file as UTF-8, piece by piece.

        Raises:
            OSError: while iterating, if it cannot be opened.
            StreamDamagedError: while iterating, where it cannot be read on.
        """
        ...

    def media(self) -> MediaFiles:
        """Return the pictures of the tree."""
        ...


class FolderTree:
    """The files that lie directly in a folder, and the pictures at any depth below it."""

    def __init__(self, root: Path, note: Callable[[str], None] = ignore) -> None:
        self._root = root.resolve()
        self._note = note

    def find(self, pattern: re.Pattern[str]) -> list[str]:
        return _matching((path.name for path in self._root.iterdir()), pattern)

    def open(self, name: str) -> Iterator[bytes]:
        path = resolve_inside(self._root, name)
        if path is None:
            raise OSError(f"{name} is not a file inside the source")
        with open_pieces(path) as stream:
            yield from stream

    def media(self) -> MediaFiles:
        return MediaFiles.near(self._root, self._note)


class ArchiveTree:
    """The members of a zip archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def find(self, pattern: re.Pattern[str]) -> list[str]:
        return _matching(self._archive.members, pattern)

    def open(self, name: str) -> Iterator[bytes]:
        with self._archive.stream(name) as file:
            yield from pieces_of(file)

    def media(self) -> MediaFiles:
        return MediaFiles.inside(self._archive)


def _matching(names: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    # Sorting 200,000 names takes a second; the few that match are all a reader wants.
    return sorted(filter(pattern.fullmatch, names), key=natural_key)
