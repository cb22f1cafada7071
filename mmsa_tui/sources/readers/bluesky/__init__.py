"""A Bluesky repository, packed as a CAR file or unpacked: `app.bsky.feed.post/<key>.json`.

Pictures are blobs: files called by the hash of their content, mostly without extension.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.safety import resolve_inside
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.media import MediaFiles
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.bluesky import (
    POST_TYPE,
    context_of,
    created_at,
    images_of,
    is_post_record,
    language_of,
    post_url,
)
from mmsa_tui.sources.fields.lookup import Object, as_object, as_text
from mmsa_tui.sources.fields.tweet import Tweet, metadata, to_item
from mmsa_tui.sources.readers.bluesky.car import is_car, open_car, record_of, survey

MAX_RECORD_BYTES = 1 << 20
"""The network's own limit for one record."""

_DETECT_NAMES = 20_000
_DETECT_FOLDERS = 200
"""Detection looks into this many; a source may also be a folder of 200,000 pictures."""


class Bluesky:
    """A repository as `goat repo unpack` and similar tools lay it out."""

    name = "bluesky"
    title = "Bluesky repository (CAR file or unpacked)"
    takes_encoding = False
    example = Example(
        "3kmxq2abcde2a",
        {
            "sam.example/app.bsky.feed.post/3kmxq2abcde2a.json": '{"$type": "app.bsky.feed.post", "text":'
            ' "A fine day", "createdAt": "2026-05-01T10:00:00.000Z", "embed": {"images": [{"alt": "",'
            ' "image": {"ref": {"$link": "bafkre1"}}}]}}',
            "sam.example/_blob/bafkre1.jpg": "",
        },
        author="sam.example",
    )

    def detect(self, source: Path) -> Match | None:
        if car := _car_of(source):
            return Match(self.name, 96, f"{car.name} is a CAR file of a repository")
        for folder in _collections(source, _DETECT_FOLDERS):
            for path in islice(folder.glob("*.json"), 3):
                if is_post_record(_load(source, path) or {}):
                    return Match(
                        self.name, 97, f"{folder.name}/{path.name} is a record of a Bluesky repository"
                    )
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        files = MediaFiles.near(source, options.note)
        if car := _car_of(source):
            yield from _read_car(car, files, options)
            return
        folders = _collections(source)
        if not folders:
            raise SourceError(
                f"{source} holds no folder {POST_TYPE} and no CAR file",
                "Point at the .car file or at the unpacked repository.",
            )
        for folder in folders:
            owner = _owner(source, folder.parent)
            # Keys are ordered by time as plain strings.
            for name in sorted(path.name for path in folder.iterdir() if path.suffix.lower() == ".json"):
                path = folder / name
                record = _load(source, path)
                if record is None:
                    yield Failure(path.stem, f"{name} is not a whole JSON record inside the source")
                elif not is_post_record(record):
                    yield Failure(
                        path.stem, f"{name} is a record of another kind: {as_text(record.get('$type'))}"
                    )
                else:
                    yield to_item(_read(record, path.stem, owner), files, name)


def _car_of(source: Path) -> Path | None:
    """Return the CAR file that a source is or, alone of its kind, holds."""
    paths = [source]
    if source.is_dir():
        try:
            paths = [
                path for path in islice(source.iterdir(), _DETECT_NAMES) if path.suffix.lower() == ".car"
            ]
        except OSError:
            return None
    for path in paths if len(paths) == 1 else ():
        try:
            if path.is_file() and not (source.is_dir() and path.is_symlink()):
                with path.open("rb") as file:
                    return path if is_car(file.read(300)) else None
        except OSError:
            return None
    return None


def _read_car(path: Path, files: MediaFiles, options: ReadOptions) -> Iterator[Post | Failure]:
    with closing(open_car(path)) as data:
        repository = survey(data)
        posts = {
            name: key.rpartition("/")[2]
            for name, key in repository.keys.items()
            if key.startswith(f"{POST_TYPE}/")
        }
        without_key = 0
        for name in sorted(repository.blocks, key=lambda name: (posts.get(name, "~"), name)):
            if name in repository.keys and name not in posts:
                continue
            record = record_of(data, repository, name)
            if record.get("$type") != POST_TYPE:
                continue
            without_key += name not in posts
            key = posts.get(name) or name.hex()
            yield to_item(_read(record, key, repository.did), files, f"{path.name} {key}")
        lost = sorted(key for name, key in posts.items() if name not in repository.blocks)
        for key in lost:
            yield Failure(key, f"{path.name}: the record {key} is damaged or not in the file")
        if repository.is_cut and not lost:
            yield Failure("", f"{path.name} is cut or damaged at its end: what stood there cannot be read")
        if missing := len(repository.nodes - repository.blocks.keys()):
            parts = f"parts of its tree that are not in the file: {missing:,}"
            options.note(f"records of {path.name} may be left out: {parts}")
        elif not repository.did:
            options.note(f"records of {path.name} may be left out: what names them is not in the file")
        if repository.damaged:
            options.note(f"stretches of {path.name} that are damaged: {repository.damaged:,}")
        if without_key:
            options.note(f"posts whose key is lost or that were deleted later: {without_key:,}")


def _collections(source: Path, limit: int | None = None) -> list[Path]:
    """Return the folders of posts: in the source, or in the repositories it consists of."""
    if not source.is_dir():
        return []
    if source.name == POST_TYPE:
        return [source]
    try:
        below = sorted(path for path in islice(source.iterdir(), limit) if _is_folder(path))
        candidates = [source, *below]
        return [folder / POST_TYPE for folder in candidates if _is_folder(folder / POST_TYPE)]
    except OSError:
        return []


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _load(source: Path, path: Path) -> Object | None:
    """Return a record, or None if it is no file inside the source, too large, or no JSON object."""
    inside = resolve_inside(source, path.relative_to(source).as_posix())
    if inside is None:
        return None
    try:
        with inside.open("rb") as file:
            data = file.read(MAX_RECORD_BYTES + 1)
        if len(data) > MAX_RECORD_BYTES:
            return None
        value = json.loads(data.decode("utf-8-sig", "replace"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _owner(source: Path, repository: Path) -> str:
    """Return whose repository it is: from its commit, or from the folder's name."""
    if repository.is_relative_to(source):
        commit = as_object(_load(source, repository / "_commit.json"))
        if did := as_text(commit.get("did")):
            return did
    name = repository.name
    return name if name.startswith("did:") or "." in name else ""


def _read(record: Object, key: str, owner: str) -> Tweet:
    return Tweet(
        post_id=key,
        text=as_text(record.get("text")).strip(),
        author=owner,
        created_at=created_at(record),
        language=language_of(record),
        media=images_of(record),
        metadata={
            **metadata(url=post_url(owner, key), uri=f"at://{owner}/{POST_TYPE}/{key}" if owner else ""),
            **context_of(record),
        },
    )


READER: Reader = Bluesky()
