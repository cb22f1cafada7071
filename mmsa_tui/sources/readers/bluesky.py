"""A Bluesky repository unpacked to files: `app.bsky.feed.post/<key>.json`, pictures as blobs.

A blob is a file called by the hash of its content, mostly without extension.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
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

MAX_RECORD_BYTES = 1 << 20
"""The network's own limit for one record."""

_DETECT_FOLDERS = 200
"""Detection looks into this many; a source may also be a folder of 200,000 pictures."""


class Bluesky:
    """A repository as `goat repo unpack` and similar tools lay it out."""

    name = "bluesky"
    title = "Bluesky repository, unpacked"
    takes_encoding = False
    example = Example(
        {
            "sam.example/app.bsky.feed.post/3kmxq2abcde2a.json": '{"$type": "app.bsky.feed.post", "text":'
            ' "A fine day", "createdAt": "2026-05-01T10:00:00.000Z", "embed": {"images": [{"alt": "",'
            ' "image": {"ref": {"$link": "bafkre1"}}}]}}',
            "sam.example/_blob/bafkre1.jpg": "",
        },
        post_id="3kmxq2abcde2a",
        text="A fine day",
        author="sam.example",
        created_at="2026-05-01T10:00:00Z",
        picture="bafkre1.jpg",
    )

    def detect(self, source: Path) -> Match | None:
        for folder in _collections(source, _DETECT_FOLDERS):
            for path in islice(folder.glob("*.json"), 3):
                if is_post_record(_load(source, path) or {}):
                    return Match(
                        self.name, 97, f"{folder.name}/{path.name} is a record of a Bluesky repository"
                    )
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        folders = _collections(source)
        if not folders:
            raise SourceError(f"{source} holds no folder {POST_TYPE}", "Point at the unpacked repository.")
        files = MediaFiles.near(source, options.note)
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
