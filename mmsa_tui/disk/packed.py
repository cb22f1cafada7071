"""Packed posts: a folder of Parquet parts that hold texts, facts and the very bytes of the pictures.

A million posts are a few thousand files instead of two million, and every machine that sees the folder
can read any part alone. `packed.json` is written last and lists the parts; without it the folder is
unfinished. Knows this layout, not where posts come from or go to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mmsa_tui.decoding import DecodingError, from_json
from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.errors import SourceError
from mmsa_tui.records import MAX_PICTURE_BYTES, Failure, Picture, Post, hash_bytes

INDEX = "packed.json"
MARK = b"mmsa-packed"
"""Key of a part's Parquet metadata; stands as it is in the last bytes of the file."""
VERSION = 1

GROUP_POSTS = 64
_GROUP_BYTES = 16 << 20
_PART_BYTES = 256 << 20
_MAX_GROUP_BYTES = 2 << 30
"""A row group that unpacks to more was not written here: one picture is at most 64 MB."""
_MAX_INDEX_BYTES = 1 << 30
_FACTS = ("author", "created_at", "language", "encoding")
_TEXTS = ("post_id", "text", *_FACTS, "content_hash", "metadata", "truth")

Packable = tuple[Post | Failure, Sequence[bytes | None]]
"""An input and the bytes of each of its pictures, None for one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a pack; `digest` identifies the contents in it and their order."""

    name: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Pack:
    """What `packed.json` says. `columns` and `kinds` are the names of the posts' metadata and truth."""

    version: int
    source: str
    format: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    parts: tuple[Part, ...]
    digest: str
    read_as: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        return sum(part.rows for part in self.parts)


class ContentDigest:
    """Identifies a sequence of inputs by their contents, on whatever machine and in whatever files."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, content_hash: str | None, post_id: str) -> None:
        """Take in a post, or by its id an input that is none."""
        name = content_hash or f"failed:{post_id}"
        self._hash.update(name.encode("utf-8", "replace") + b"\n")

    def hex(self) -> str:
        return self._hash.hexdigest()


def write_part(path: Path, items: Iterator[Packable], max_posts: int, whole: ContentDigest) -> Part:
    """Write inputs until the part is full or they end; there must be one at least.

    Args:
        whole: is told every input that is written.

    Raises:
        OutputError: it cannot be written, or the disk is full.
    """
    import pyarrow.parquet

    own, rows, n_bytes = ContentDigest(), 0, 0
    packed = dict.fromkeys((*_TEXTS, "failure"), "zstd")
    with (
        whole_file(path, overwrite=True) as file,
        pyarrow.parquet.ParquetWriter(
            file, _schema(), compression=packed, use_dictionary=False, write_statistics=False
        ) as writer,
    ):
        while rows < max_posts and n_bytes < _PART_BYTES:
            group: list[dict[str, Any]] = []
            size = 0
            while rows + len(group) < max_posts and len(group) < GROUP_POSTS and size < _GROUP_BYTES:
                found = next(items, None)
                if found is None:
                    break
                item, pictures = found
                group.append(_to_row(item, pictures))
                size += len(item.text) + sum(len(data) for data in pictures if data is not None)
                for digest in (own, whole):
                    digest.add(item.content_hash if isinstance(item, Post) else None, item.post_id)
            if not group:
                break
            writer.write_table(pyarrow.Table.from_pylist(group, schema=_schema()))
            rows, n_bytes = rows + len(group), n_bytes + size
    return Part(path.name, rows, own.hex())


def write_index(folder: Path, pack: Pack) -> None:
    """Finish a pack.

    Raises:
        OutputError: it cannot be written.
    """
    with whole_file(folder / INDEX, overwrite=True) as file:
        file.write_text(json.dumps(asdict(pack)), encoding="utf-8")


def read_index(folder: Path) -> Pack:
    """Read what a pack holds.

    Raises:
        SourceError: it is unfinished, damaged, or of a newer version.
    """
    index = folder / INDEX
    try:
        with index.open("rb") as file:
            pack = from_json(file.read(_MAX_INDEX_BYTES), Pack)
    except FileNotFoundError as error:
        raise SourceError(
            f"{folder} holds no finished pack: there is no {INDEX}", "Run `mmsa pack` again."
        ) from error
    except (OSError, DecodingError) as error:
        raise SourceError(f"{index} cannot be read: {error}", "Run `mmsa pack` again.") from error
    if pack.version > VERSION:
        raise SourceError(f"{folder} was packed by a newer version of mmsa", "Update mmsa-tui.")
    if any(Path(part.name).name != part.name or part.name in ("", ".", "..") for part in pack.parts):
        raise SourceError(f"{index} names a part outside its folder", "Run `mmsa pack` again.")
    return pack


def read_part(path: Path) -> Iterator[Post | Failure]:
    """Yield what a part holds; the digest of each picture is reckoned from its bytes, never believed.

    Raises:
        SourceError: the part is missing, damaged, or no part.
    """
    import pyarrow
    import pyarrow.parquet

    row = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            _check(path, file)
            for batch in file.iter_batches(batch_size=GROUP_POSTS):
                for values in batch.to_pylist():
                    yield _to_item(path, row, values)
                    row += 1
    except (pyarrow.ArrowException, OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _broken(path, error) from error


def digest_of(path: Path) -> str:
    """Identify the contents that a part says it holds, without its texts and pictures.

    Raises:
        SourceError: the part is missing, damaged, or no part.
    """
    import pyarrow
    import pyarrow.parquet

    digest = ContentDigest()
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            _check(path, file)
            for batch in file.iter_batches(columns=["content_hash", "post_id", "failure"]):
                for row in batch.to_pylist():
                    digest.add(row["content_hash"] if row["failure"] is None else None, row["post_id"])
    except (pyarrow.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise SourceError(
            f"{path} is not a part that can be read: {error}", "Pack the source again."
        ) from error
    return digest.hex()


@cache
def _schema() -> Any:
    import pyarrow

    picture = pyarrow.struct(
        [("name", pyarrow.string()), ("alt_text", pyarrow.string()), ("data", pyarrow.large_binary())]
    )
    return pyarrow.schema(
        [
            *((name, pyarrow.string()) for name in (*_TEXTS, "failure")),
            ("pictures", pyarrow.list_(picture)),
        ],
        metadata={MARK: str(VERSION).encode()},
    )


def _broken(path: Path, error: Exception) -> SourceError:
    return SourceError(f"{path.name} is not a part that can be read: {error}", "Pack the source again.")


def _check(path: Path, file: Any) -> None:
    if not file.schema_arrow.equals(_schema()):
        raise SourceError(f"{path.name} is no part of a pack: it has other columns", "Pack the source again.")
    sizes = (file.metadata.row_group(n).total_byte_size for n in range(file.num_row_groups))
    if any(size > _MAX_GROUP_BYTES for size in sizes):
        raise SourceError(f"{path.name} would unpack to more than 2 GB at once", "Pack the source again.")


def _to_row(item: Post | Failure, pictures: Sequence[bytes | None]) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_TEXTS, "")
    row |= {"post_id": item.post_id, "text": item.text, "metadata": json.dumps(dict(item.metadata))}
    row |= {"failure": None, "pictures": [], "truth": "{}"}
    if isinstance(item, Failure):
        row["failure"] = item.reason
    else:
        row |= {name: getattr(item, name) for name in _FACTS}
        row |= {"content_hash": item.content_hash, "truth": json.dumps(dict(item.truth))}
        row["pictures"] = [
            {"name": _encodable(picture.name), "alt_text": _encodable(picture.alt_text), "data": data}
            for picture, data in zip(item.pictures, pictures, strict=True)
        ]
    return {name: _encodable(value) if isinstance(value, str) else value for name, value in row.items()}


def _encodable(text: str) -> str:
    return (
        text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    )


def _to_item(path: Path, row: int, values: Mapping[str, Any]) -> Post | Failure:
    texts = {name: values[name] or "" for name in _TEXTS}
    metadata = from_json(texts["metadata"] or "{}", dict[str, str])
    if values["failure"] is not None:
        return Failure(texts["post_id"], values["failure"], texts["text"], metadata)
    return Post(
        post_id=texts["post_id"],
        text=texts["text"],
        pictures=tuple(
            _to_picture(path, f"{row}/{index}", picture)
            for index, picture in enumerate(values["pictures"] or ())
        ),
        author=texts["author"],
        created_at=texts["created_at"],
        language=texts["language"],
        encoding=texts["encoding"],
        metadata=metadata,
        truth=from_json(texts["truth"] or "{}", dict[str, str]),
    )


def _to_picture(path: Path, member: str, picture: Mapping[str, Any]) -> Picture:
    name, alt_text, data = picture["name"] or "", picture["alt_text"] or "", picture["data"]
    if data is None or len(data) > MAX_PICTURE_BYTES:
        return Picture(name, alt_text=alt_text)
    return Picture(name, path, member, alt_text, hash_bytes(data))


def items_of(folder: Path, parts: Iterable[Part]) -> Iterator[Post | Failure]:
    """Yield what parts hold, one after another."""
    for part in parts:
        yield from read_part(folder / part.name)
