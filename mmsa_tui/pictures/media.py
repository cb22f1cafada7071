"""Finds the downloaded file of a picture that a post names by URL.

Knows how downloaders name files after URLs and posts; knows no post format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.safety import ignore, walk
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, PictureIndex, natural_key, split_name
from mmsa_tui.records import Picture

MAX_NEIGHBOURS = 300_000
"""Files looked at beside a single file: it may lie in a download folder full of other things."""

_NAME_ENDS = re.compile(r"[:?@]")

Location = tuple[Path, str | None]
"""Where a picture is: a file, or an archive and the member inside it."""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, or the still of a video, as a post names it.

    `kind` is `photo`, or another word for what moves. `stems` are further file names, without
    suffix, under which a downloader may have saved it, the likeliest first.
    """

    url: str
    kind: str = "photo"
    alt_text: str = ""
    stems: tuple[str, ...] = field(default=())


def file_name(url: str) -> str:
    """Return the last part of a URL's path, as a file would be called: `GIyV.jpg`."""
    try:
        path = urlsplit(url).path or url
    except ValueError:
        path = url
    # Twitter asks for a size with a colon, Bluesky for a format with an at sign.
    return _NAME_ENDS.split(unquote(path).replace("\\", "/").rstrip("/").rpartition("/")[2])[0]


class MediaFiles:
    """The pictures that lie with a source, looked up by name; the folder is walked on first use."""

    def __init__(self, open_index: Callable[[], Callable[[str], Sequence[Location]]]) -> None:
        self._open_index = open_index
        self._find: Callable[[str], Sequence[Location]] | None = None

    @classmethod
    def near(cls, source: Path, note: Callable[[str], None] = ignore) -> MediaFiles:
        """Look below a folder, or among the files and in the folders beside a file."""

        def open_index() -> Callable[[str], Sequence[Location]]:
            if source.is_dir():
                index = PictureIndex.of_folder(source, note)
            else:
                root = source.absolute().parent.resolve()
                # What lies there is not all of the source: nobody wants to hear about it.
                names = list(islice(walk(root), MAX_NEIGHBOURS))
                if len(names) == MAX_NEIGHBOURS:
                    note(f"pictures were looked for among {MAX_NEIGHBOURS:,} files beside {source.name} only")
                index = PictureIndex(root, names)
            return lambda stem: [(path, None) for path in index.find(stem)]

        return cls(open_index)

    @classmethod
    def inside(cls, archive: Archive) -> MediaFiles:
        """Look among the members of an archive."""

        def open_index() -> Callable[[str], Sequence[Location]]:
            by_stem: dict[str, list[str]] = {}
            for name in archive.members:
                _, stem, suffix = split_name(name)
                if suffix in PICTURE_SUFFIXES or not suffix:
                    by_stem.setdefault(stem, []).append(name)
            path = archive.path
            return lambda stem: [(path, name) for name in sorted(by_stem.get(stem, ()), key=natural_key)]

        return cls(open_index)

    def pictures(self, media: Iterable[Media]) -> tuple[Picture, ...]:
        """Return a picture for each medium, in order; one without a file is missing.

        The still of a video counts only where it was saved: nobody expects it to be.
        """
        found = (self._picture(medium) for medium in media)
        return tuple(picture for picture in found if picture is not None)

    def _picture(self, medium: Media) -> Picture | None:
        if self._find is None:
            self._find = self._open_index()
        name = file_name(medium.url) or medium.url[:200]
        for stem in (*medium.stems, split_name(name)[1]):
            locations = self._find(stem) if stem else ()
            if locations:
                path, member = locations[0]
                return Picture(name, path, member, medium.alt_text)
        return Picture(name, alt_text=medium.alt_text) if medium.kind == "photo" else None
