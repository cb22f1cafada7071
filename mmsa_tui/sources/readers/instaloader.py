"""What instaloader downloads from Instagram: a picture or several, a `.txt`, and a `.json` or `.json.xz`.

All files of a post share a stem, `2026-05-01_10-00-00_UTC`; several pictures are numbered behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.safety import ignore, walk
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, natural_key, split_name
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.lookup import Object, as_object
from mmsa_tui.sources.fields.networks import recognise
from mmsa_tui.sources.fields.tweet import with_pictures
from mmsa_tui.sources.files.ndjson import Entry, read_entries

_SIDECARS = (".json", ".json.xz")
_DETECT_NAMES = 20_000
_DETECT_FILES = 5


class Instaloader:
    """A folder that instaloader filled, with its metadata."""

    name = "instaloader"
    title = "instaloader (Instagram, with metadata)"
    takes_encoding = False
    example = Example(
        "11",
        {
            "sam/2026-05-01_10-00-00_UTC.json": '{"node": {"id": "11", "shortcode": "DxA0", "owner":'
            ' {"username": "sam"}, "taken_at_timestamp": 1777629600, "edge_media_to_caption": {"edges":'
            ' [{"node": {"text": "A fine day"}}]}}, "instaloader": {"node_type": "Post"}}',
            "sam/2026-05-01_10-00-00_UTC.txt": "A fine day",
            "sam/2026-05-01_10-00-00_UTC.jpg": "",
        },
    )

    def detect(self, source: Path) -> Match | None:
        if not source.is_dir():
            return None
        names = [name for name in islice(walk(source, ignore), _DETECT_NAMES) if _stem_of(name)]
        names.sort(key=lambda name: (name.count("/"), natural_key(name)))
        for name in names[:_DETECT_FILES]:
            if "instaloader" in (_load(source / name).value or {}):
                return Match(self.name, 96, f"{name} is metadata that instaloader wrote")
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        if not source.is_dir():
            raise SourceError(f"{source} is not a folder", "Point at the folder that instaloader filled.")
        root = source.resolve()
        names = sorted(walk(root, options.note), key=natural_key)
        pictures = _pictures(root, names)
        foreign = 0
        for name in filter(_stem_of, names):
            stem = _stem_of(name)
            entry = _load(root / name)
            found = recognise(as_object((entry.value or {}).get("node")))
            if entry.value is None:
                yield Failure(name, entry.reason)
            elif found is None or not _is_post(entry.value):
                foreign += 1
            else:
                post = replace(found.read(found.record), media=())
                yield with_pictures(post, tuple(pictures.get(stem, ())), name)
        if foreign:
            options.note(f"metadata of profiles, stories and comments left out: {foreign:,}")


def _is_post(record: Object) -> bool:
    return as_object(record.get("instaloader")).get("node_type") in (None, "Post", "StoryItem")


def _stem_of(name: str) -> str:
    """Return folder and stem of a file of metadata, "" for another file."""
    return next((name.removesuffix(suffix) for suffix in _SIDECARS if name.endswith(suffix)), "")


def _pictures(root: Path, names: list[str]) -> dict[str, list[Picture]]:
    """Return the pictures of each post, by folder and stem, in their order."""
    found: dict[str, list[Picture]] = {}
    for name in names:
        folder, stem, suffix = split_name(name)
        if suffix in PICTURE_SUFFIXES:
            post, _, number = stem.rpartition("_")
            key = post if number.isdigit() else stem
            found.setdefault(folder + key, []).append(Picture(name.rpartition("/")[2], root / name))
    return found


def _load(path: Path) -> Entry:
    try:
        return next(read_entries(path), Entry(path.name, reason=f"{path.name} is empty"))
    except OSError as error:
        return Entry(path.name, reason=f"{path.name} cannot be read: {error}")


READER: Reader = Instaloader()
