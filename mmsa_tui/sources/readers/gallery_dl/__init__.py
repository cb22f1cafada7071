"""What gallery-dl downloads from any site with `--write-metadata`, or lists with `--dump-json`.

Every picture has a sidecar that repeats the post, `<file>.<ext>.json` or `<file>.json`; the sidecars
of one post are put together again. A post without pictures may have a sidecar alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.safety import ignore, walk
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, is_picture, natural_key, split_name
from mmsa_tui.pictures.media import Media, MediaFiles
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.lookup import Object, as_text
from mmsa_tui.sources.fields.tweet import Tweet, to_item, with_pictures
from mmsa_tui.sources.files.byte_stream import read_start
from mmsa_tui.sources.files.encodings import UndecodableError, decode
from mmsa_tui.sources.files.ndjson import JSON_SUFFIXES, sample_records
from mmsa_tui.sources.files.record_files import detect_records, read_records
from mmsa_tui.sources.readers.gallery_dl.metadata import alt_text_of, post_id_of, read_post

MAX_SIDECAR_BYTES = 4 << 20

_SIDECAR = ".json"
_DEFAULT_NAME = re.compile(r"(?:.*_)?(?P<id>[0-9]{6,20}|3[a-z2-7]{12})_(?P<num>[0-9]{1,4})")
"""Stem of a file under gallery-dl's default names: a tweet id or the key of a Bluesky post."""
_SURE_ID_LENGTH = 13

_DETECT_NAMES = 20_000
_DETECT_FILES = 5


@dataclass(slots=True)
class _Group:
    """The files of one post, by name relative to the source; pictures by their number in it."""

    sidecars: list[str] = field(default_factory=list)
    pictures: dict[int, str] = field(default_factory=dict)


class GalleryDl:
    """A folder filled by gallery-dl."""

    name = "gallery-dl"
    title = "gallery-dl (any site, with metadata, or --dump-json)"
    takes_encoding = False
    example = Example(
        "1918410713521908131",
        {
            "sam/1918410713521908131_1.jpg.json": '{"category": "twitter", "tweet_id": 1918410713521908131,'
            ' "content": "A fine day", "author": {"name": "sam"}, "date": "2026-05-01 10:00:00", "num": 1,'
            ' "extension": "jpg"}',
            "sam/1918410713521908131_1.jpg": "",
        },
    )

    def detect(self, source: Path) -> Match | None:
        if not source.is_dir():
            reason = "metadata that gallery-dl wrote, one entry for each picture"
            return detect_records(source, _is_ours, self.name, reason)
        if name := _first_sidecar(source):
            return Match(self.name, 95, f"{name} is metadata of gallery-dl with the id of a post")
        if dump := _dump_in(source):
            return Match(self.name, 95, f"{dump.name}: what gallery-dl lists with --dump-json")
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        if not source.is_dir():
            yield from _read_dump(source, options)
            return
        if not _first_sidecar(source) and _dump_in(source):
            yield from _read_dump(source, options)
            return
        names = sorted(walk(source, options.note), key=natural_key)
        groups = _group(source, names)
        if not any(group.sidecars for group in groups.values()):
            raise SourceError(
                f"{source} holds no metadata of gallery-dl", "Run gallery-dl with --write-metadata."
            )
        files = _Files(source, names)
        foreign = 0
        for post_id, group in groups.items():
            item = _read_group(files, post_id, group)
            if item is None:
                foreign += len(group.sidecars)
            else:
                yield item
        if foreign:
            options.note(f"JSON files that describe no post left out: {foreign:,}")


def _first_names(source: Path, suffixes: tuple[str, ...]) -> list[str]:
    names = [name for name in islice(walk(source, ignore), _DETECT_NAMES) if name.endswith(suffixes)]
    return sorted(names, key=lambda name: (name.count("/"), natural_key(name)))[:_DETECT_FILES]


def _first_sidecar(source: Path) -> str:
    """Return the name of a file with the metadata of a post, "" if none of the first files is one."""
    names = _first_names(source, (_SIDECAR,))
    return next((name for name in names if post_id_of(_load(source / name) or {})), "")


def _dump_in(source: Path) -> Path | None:
    """Return a file that lists posts, each in a list of its own, among the first files of a folder."""
    paths = [source / name for name in _first_names(source, JSON_SUFFIXES)]
    lists = (path for path in paths if read_start(path, 64).lstrip().startswith(b"["))
    return next((path for path in lists if any(map(_is_ours, sample_records(path, _DETECT_FILES)))), None)


def _group(source: Path, names: list[str]) -> dict[str, _Group]:
    """Put the files of each post together, posts in the order of their first sidecar.

    Only a sidecar whose name does not tell its post is opened here; every post's first one is read
    again for its content, so that texts need not be held.
    """
    groups: dict[str, _Group] = {}
    for name in names:
        if not name.endswith(_SIDECAR):
            continue
        if told := _DEFAULT_NAME.fullmatch(_stem(name.removesuffix(_SIDECAR))):
            key = told["id"]
        else:
            key = post_id_of(_load(source / name) or {}) or name
        groups.setdefault(key, _Group()).sidecars.append(name)
    for name in names:
        told = _DEFAULT_NAME.fullmatch(_stem(name))
        if not told or split_name(name)[2] not in PICTURE_SUFFIXES:
            continue
        # A picture whose sidecar was lost is still a post, if its name can only be an id.
        if told["id"] in groups or len(told["id"]) >= _SURE_ID_LENGTH:
            groups.setdefault(told["id"], _Group()).pictures.setdefault(int(told["num"]), name)
    return groups


class _Files:
    """The files of the source by name, and its pictures by name without suffix."""

    def __init__(self, source: Path, names: list[str]) -> None:
        self.source = source
        self._names = frozenset(names)
        self._pictures: dict[str, list[str]] = {}
        self._elsewhere: dict[str, list[str]] = {}
        """By name without folder: sidecars may lie in a folder of their own."""
        for name in names:
            folder, stem, suffix = split_name(name)
            if suffix in PICTURE_SUFFIXES:
                self._pictures.setdefault(folder + stem, []).append(name)
                self._elsewhere.setdefault(_base(name), []).append(name)

    def of_sidecar(self, sidecar: str, extension: str) -> tuple[str, bool]:
        """Return the file that a sidecar describes, and whether it is there; "" if it is no picture."""
        name = sidecar.removesuffix(_SIDECAR)
        if name in self._names:
            return (name, True) if is_picture(self.source / name) else ("", False)
        if found := self._pictures.get(name):
            return found[0], True
        if len(found := self._elsewhere.get(_base(name), [])) == 1:
            return found[0], True
        if split_name(name)[2] in PICTURE_SUFFIXES:
            return name, False
        return (f"{name}.{extension}", False) if f".{extension.lower()}" in PICTURE_SUFFIXES else ("", False)


def _read_group(files: _Files, post_id: str, group: _Group) -> Post | Failure | None:
    """Return the post of a group; None if its files are whole and describe no post."""
    source = files.source
    first: Object | None = None
    unread = ""
    pictures = {num: Picture(_base(name), source / name) for num, name in group.pictures.items()}
    for position, name in enumerate(group.sidecars, start=1):
        record = _load(source / name)
        if record is None:
            unread = unread or name
        if record is None or not post_id_of(record):
            continue
        first = first or record
        file, is_there = files.of_sidecar(name, as_text(record.get("extension")))
        if not as_text(record.get("extension")) or not file:
            continue
        # Its name may have been taken to tell another number.
        pictures = {place: picture for place, picture in pictures.items() if picture.name != _base(file)}
        num = record.get("num")
        place = num if isinstance(num, int) and num > 0 else position
        while place in pictures and pictures[place].name != _base(file):
            place += 1
        pictures[place] = Picture(_base(file), source / file if is_there else None, None, alt_text_of(record))
    in_order = tuple(pictures[num] for num in sorted(pictures))
    if first is not None:
        return with_pictures(read_post(first), in_order, group.sidecars[0])
    if unread:
        return Failure(_base(unread), f"{unread} is not a whole JSON record")
    return None if group.sidecars else Post(post_id, "", in_order)


def _is_ours(record: Object) -> bool:
    return isinstance(record.get("category"), str) and bool(post_id_of(record))


def _read_dump(source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
    """Read what `--dump-json` lists: an entry for the post, then one for each file with its address."""
    files = MediaFiles.near(source, options.note)
    post, post_id, where = Tweet("", ""), "", ""
    media: list[Media] = []
    foreign = 0
    for entry in read_records(source, options, _is_ours):
        if entry.value is None:
            yield Failure(entry.where, entry.reason)
            continue
        found = post_id_of(entry.value)
        if found != post_id and post_id:
            yield to_item(replace(post, media=tuple(media)), files, where)
        if found != post_id:
            post_id, where, media = found, entry.where, []
            post = read_post(entry.value) if found else post
        if not found:
            foreign += 1
        elif extension := as_text(entry.value.get("extension")):
            media.append(_medium(entry.value, entry.key, extension, found))
    if post_id:
        yield to_item(replace(post, media=tuple(media)), files, where)
    if foreign:
        options.note(f"entries that describe no post left out: {foreign:,}")


def _medium(record: Object, url: str, extension: str, post_id: str) -> Media:
    kind = "photo" if f".{extension.lower()}" in PICTURE_SUFFIXES else "video"
    name = as_text(record.get("filename"))
    stems = (f"{post_id}_{as_text(record.get('num'))}", name, as_text(record.get("media_id")))
    return Media(url or name, kind, alt_text_of(record), tuple(filter(None, stems)))


def _stem(name: str) -> str:
    return split_name(name)[1]


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _load(path: Path) -> Object | None:
    """Return a sidecar's record, or None if it is too large or no JSON object."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIDECAR_BYTES + 1)
        if len(data) > MAX_SIDECAR_BYTES:
            return None
        value = json.loads(decode(data).text.lstrip("\ufeff"))
    except (OSError, UndecodableError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


READER: Reader = GalleryDl()
