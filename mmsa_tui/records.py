"""The values that pass between the parts: posts, predictions, corrections, failures.

Standard library only, frozen, and ignorant of where a value came from or where it goes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, Protocol, TypeVar, dataclass_transform

Status = Literal["ok", "text_only", "image_only", "failed"]

MAX_PICTURE_BYTES = 64 * 1024 * 1024
"""A picture file larger than this is not read: no tweet carries one, an archive bomb does."""

UNSURE = "unsure"
"""What stands in an export in place of a label that the model is less sure of than was asked for."""

SURE_ALONE = 0.6
"""How sure text alone and picture alone must be of different labels to be in conflict.

Of any confidence they differ in 58 % of the posts of MVSA, mostly because one of them has little to say; in
53 % of these people's labels of text and picture differ too (42 % of all). Of this one they differ in 18 %,
and people's labels in 63 % of these (mvsa 2.0.0, 966 posts that it was not fitted on).
"""

IMAGE_TEXT_BREAK = "\n"
"""What stands between a post's own words and those in its pictures."""
FEW_LETTERS = 30
"""Some six words. A post that says more is judged by that: on MVSA the words in pictures, mostly those of
posters, signs and products, then mislead more often than they help (docs/scores.md)."""

_UNPACKING_FAILS = (zipfile.BadZipFile, zlib.error, LookupError, RuntimeError, ValueError, EOFError)
"""What zipfile raises on a damaged, locked or absent member, besides OSError."""


_Record = TypeVar("_Record")


@dataclass_transform(frozen_default=True)
def record(cls: type[_Record]) -> type[_Record]:
    """Make a dataclass of which a program makes one a post: frozen to mypy, but not while it runs.

    A million posts are made three times over, and what checks each field takes six times as long.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


def hash_bytes(data: bytes) -> str:
    """Hash picture bytes: 40 hex characters of BLAKE2b-160."""
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def content_hash(text: str, picture_hashes: Iterable[str]) -> str:
    """Identify a post by what it says and shows, independent of any file name or model.

    Args:
        text: the post's text; NFC is applied here, nothing else.
        picture_hashes: `hash_bytes` of each readable picture, in the order of the post.

    Returns:
        `b2:` and 40 hex characters; the tag names the algorithm so that it can change.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    digest = hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=20)
    for picture in picture_hashes:
        digest.update(b"\0" + picture.encode("ascii"))
    return "b2:" + digest.hexdigest()


def is_content_hash(text: str) -> bool:
    """Whether a text looks like what `content_hash` gives."""
    return re.fullmatch(r"b2:[0-9a-f]{40}", text) is not None


def nameplate_hash(post_id: str, picture_names: Iterable[str]) -> str:
    """Identify a post of which neither words nor pictures are there, by how it is called.

    By content all such posts would be one, and a correction of one would label them all.

    Returns:
        As `content_hash`, and never equal to one.
    """
    digest = hashlib.blake2b(digest_size=20, person=b"nameplate")
    for name in (post_id, *picture_names):
        digest.update(name.encode("utf-8", "surrogatepass") + b"\0")
    return "b2:" + digest.hexdigest()


class Container(Protocol):
    """A file that holds pictures, open."""

    def open(self, name: str) -> IO[bytes]:
        """Open one by its name in there."""
        ...


@record
class Picture:
    """A picture that a post names, present or not.

    `path` is None when the source names a picture that is not there. `member` is the entry
    inside the zip archive, or the place in the packed part, at `path`.
    `digest` is `hash_bytes` of its bytes, "" until read.
    """

    name: str
    path: Path | None = None
    member: str | None = None
    alt_text: str = ""
    digest: str = ""

    @property
    def is_missing(self) -> bool:
        return self.path is None

    def read(self, open_archive: Callable[[Path], Container] | None = None) -> bytes:
        """Read the file's bytes, at most `MAX_PICTURE_BYTES`.

        Args:
            open_archive: gives the archive at a path, open and to stay so; without it the archive
                is opened for this picture alone.

        Raises:
            OSError: it is missing, unreadable, or larger than the limit.
        """
        if self.path is None:
            raise FileNotFoundError(f"picture {self.name} is not in the source")
        with ExitStack() as stack:
            if self.member is None:
                file: IO[bytes] = stack.enter_context(self.path.open("rb"))
                data = file.read(MAX_PICTURE_BYTES + 1)
            else:
                try:
                    archive: Container
                    if open_archive is not None:
                        archive = open_archive(self.path)
                    else:
                        archive = stack.enter_context(zipfile.ZipFile(self.path))
                    file = stack.enter_context(archive.open(self.member))
                    data = file.read(MAX_PICTURE_BYTES + 1)
                except _UNPACKING_FAILS as error:
                    raise OSError(f"picture {self.name} cannot be unpacked: {error}") from error
        if len(data) > MAX_PICTURE_BYTES:
            raise OSError(f"picture {self.name} is larger than {MAX_PICTURE_BYTES >> 20} MB")
        return data


@record
class Post:
    """One tweet as its author wrote it.

    `post_id` is for people (tweet id, file stem) and always a string; `content_hash` is the
    identity. `created_at` is ISO 8601 in UTC or "". `metadata` holds the source's own columns
    (strings) in the source's order; they follow ours in an export. `truth` holds people's labels
    that the source itself carries, by kind: `text`, `image`, `post`, `label`. `image_text` is what was
    read in its pictures, "" where that is nothing or nobody has looked; it is no part of the identity.
    """

    post_id: str
    text: str
    pictures: tuple[Picture, ...] = ()
    author: str = ""
    created_at: str = ""
    language: str = ""
    encoding: str = "utf-8"
    content_hash: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    truth: Mapping[str, str] = field(default_factory=dict)
    image_text: str = ""

    @property
    def judged_text(self) -> str:
        """What a model reads: its own words and, where they are few, below them those in its pictures."""
        if not self.image_text or _n_letters(self.text) > FEW_LETTERS:
            return self.text
        return f"{self.text}{IMAGE_TEXT_BREAK}{self.image_text}"


def _n_letters(text: str) -> int:
    """Count letters outside of links, names and hashtags; in words they could not be counted in Thai."""
    own = (part for part in text.split() if part[0] not in "@#" and "://" not in part)
    return sum(char.isalpha() for part in own for char in part)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfTable:
    """What a user has said of how a table lies in its file; what is empty is found out.

    `header_row` is the row that names the columns, from 1, 0 to find out; `has_header` is False where
    no row does. `sheet` is that of a workbook, by name or number; `delimiter` stands between the cells
    of a csv; `pictures` is a folder to look for pictures in. `date_order` says how `05/01/2026` is read:
    `day-first`, `month-first` or, where "", by what the other dates show.
    """

    header_row: int = 0
    sheet: str = ""
    has_header: bool | None = None
    pictures: str = ""
    delimiter: str = ""
    date_order: str = ""


@dataclass(frozen=True, slots=True)
class ReadAs(SaidOfTable):
    """What a user has said of how a source is to be read; what is empty is found out.

    `columns` maps `text`, `image`, `id` and the other roles to the column of a table that holds it.
    """

    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that was measured on posts, with its 95 % interval; None where it cannot be told."""

    value: float | None
    low: float | None
    high: float | None


@record
class Failure:
    """An input that should have been a post and is not; it still takes one row of the export."""

    post_id: str
    reason: str
    text: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a bundle believes of one post.

    `probs`, `text_probs`, `image_probs` are calibrated, sum to 1 and follow the bundle's label
    order; the latter two are None where the modality is missing. `probs` is empty and `label` ""
    when `status` is `failed`. `deciding_picture` indexes the post's pictures. `runtime` says where and in
    which numbers it was reckoned, `cpu int8`; "" in records of before that was kept. `model` is the hash of
    what judged: two models can carry one bundle's id; "" where it is not known.
    """

    content_hash: str
    bundle: str
    status: Status
    label: str = ""
    confidence: float = 0.0
    probs: tuple[float, ...] = ()
    text_label: str = ""
    text_probs: tuple[float, ...] | None = None
    image_label: str = ""
    image_probs: tuple[float, ...] | None = None
    deciding_picture: int | None = None
    error: str = ""
    runtime: str = ""
    model: str = ""

    @property
    def conflict(self) -> bool:
        """Whether text alone and picture alone say different things, each of them sure of it."""
        return (
            bool(self.text_label and self.image_label and self.text_label != self.image_label)
            and max(self.text_probs or (0.0,)) >= SURE_ALONE
            and max(self.image_probs or (0.0,)) >= SURE_ALONE
        )


Fact = Literal["label", "note", "flag"]
FACTS: tuple[Fact, ...] = ("label", "note", "flag")
"""What analysts say of a post; each has its own history and its own author."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One act of an analyst on one post; never changed, only followed by a later one.

    `facts` names what the act decides: the others it only repeats as they stood. It is empty in records
    of before facts were told apart. `new_label` "" withdraws an earlier correction (undo). `old_label`,
    `probs` and `bundle` are what was shown when it was made. `created_at` is ISO 8601 UTC. `uid` is unique
    over laptops. `origin` is `audit:` and the audit's uid for a single label given blind inside an audit;
    "" for every other act, which never counts as a sample.
    """

    uid: str
    content_hash: str
    new_label: str
    old_label: str = ""
    probs: tuple[float, ...] = ()
    bundle: str = ""
    analyst: str = ""
    created_at: str = ""
    note: str = ""
    flagged: bool = False
    post_id: str = ""
    text: str = ""
    origin: str = ""
    facts: tuple[Fact, ...] = ()

    def says(self, fact: Fact) -> bool:
        """Whether the act decides a fact; a record that does not tell may decide each."""
        return not self.facts or fact in self.facts
