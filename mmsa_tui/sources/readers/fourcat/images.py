"""The pictures that 4CAT downloads for a dataset: an archive with a hidden `.metadata.json`.

The metadata says for each address which file it became and which posts show it. Zip or unpacked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.safety import resolve_inside
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, is_picture, natural_key, split_name
from mmsa_tui.pictures.media import Location, file_name
from mmsa_tui.records import Picture
from mmsa_tui.sources.fields.lookup import as_object, as_objects, as_text, first_id

METADATA = ".metadata.json"
MAX_METADATA_BYTES = 256 << 20

_MAX_FOLDERS = 500
_MAX_ARCHIVES = 50

Find = Callable[[str], Location | None]
"""From a file name of the metadata to where the file is."""


class FourcatImages:
    """Pictures by post and by address, from all the image archives of a source."""

    def __init__(self) -> None:
        self._by_url: dict[str, Picture] = {}
        self._urls_of: dict[str, list[str]] = {}

    @classmethod
    def beside(cls, root: Path, note: Callable[[str], None]) -> FourcatImages:
        """Read the archives, zipped or not, in a folder and in the folders directly in it."""
        images = cls()
        folders = [root]
        with suppress(OSError):
            folders += sorted(path for path in islice(root.iterdir(), _MAX_FOLDERS) if _is_folder(path))
        for path in islice(_zips(folders), _MAX_ARCHIVES):
            try:
                with Archive(path, note) as archive:
                    images.add_archive(archive)
            except SourceError as error:
                note(f"{path.name} is left out: {error.message}")
        for folder in folders:
            if (file := resolve_inside(folder, METADATA)) is not None:
                images._add_folder(folder, file, note)
        return images

    def add_archive(self, archive: Archive) -> None:
        """Read every `.metadata.json` in a zip archive."""
        for name in archive.members:
            folder, slash, base = name.rpartition("/")
            if base == METADATA:
                with suppress(OSError):
                    data = archive.read(name, MAX_METADATA_BYTES)
                    self._add(data, partial(_find_member, archive, folder + slash))

    def _add_folder(self, folder: Path, metadata: Path, note: Callable[[str], None]) -> None:
        try:
            with metadata.open("rb") as file:
                data = file.read(MAX_METADATA_BYTES + 1)
        except OSError as error:
            note(f"{metadata} cannot be read: {error}")
            return

        self._add(data[:MAX_METADATA_BYTES], partial(_find_file, folder))

    def _add(self, data: bytes, find: Find) -> None:
        try:
            urls = as_object(json.loads(data.decode("utf-8-sig", "replace")))
        except (ValueError, RecursionError):
            return
        for url, value in urls.items():
            entry = as_object(value)
            name = _file_name(entry, url)
            location = find(name)
            # A video that is not there is no missing picture.
            if location is not None or split_name(name)[2] in PICTURE_SUFFIXES:
                known = self._by_url.get(url)
                if known is None or known.is_missing:
                    self._by_url[url] = Picture(name, *(location or (None, None)))
            posts = entry.get("post_ids")
            for post in posts if isinstance(posts, list) else []:
                if url in self._by_url and (post_id := first_id(post)):
                    self._urls_of.setdefault(post_id, []).append(url)

    def by_url(self, url: str) -> Picture | None:
        return self._by_url.get(url)

    def urls_of(self, post_id: str) -> list[str]:
        """Return the addresses of the pictures that a post shows, in the archive's order."""
        return self._urls_of.get(post_id, [])


def _file_name(entry: Mapping[str, object], url: str) -> str:
    """Return the file an address became or, where the download failed, would have become."""
    files = (as_text(item.get("filename")) for item in as_objects(entry.get("files")))
    return as_text(entry.get("filename")) or next(filter(None, files), "") or file_name(url)


def _find_file(folder: Path, name: str) -> Location | None:
    path = resolve_inside(folder, name)
    return (path, None) if path is not None and is_picture(path) else None


def _find_member(archive: Archive, prefix: str, name: str) -> Location | None:
    member = prefix + name
    return (archive.path, member) if member in archive.members else None


def _zips(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        with suppress(OSError):
            yield from sorted(folder.glob("*.zip"), key=lambda path: natural_key(path.name))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
