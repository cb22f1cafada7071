"""What `mmsa pack` writes: a folder of Parquet parts with texts and the bytes of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmsa_tui.disk.packed import (
    INDEX,
    MARK,
    VERSION,
    ContentDigest,
    Pack,
    items_of,
    read_index,
    read_part,
    write_index,
    write_part,
)
from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post, content_hash
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions

_TAIL_BYTES = 64 * 1024


def _write_example(folder: Path) -> None:
    post = Post("7", "A fine day", author="kim", created_at="", content_hash=content_hash("A fine day", ()))
    whole = ContentDigest()
    part = write_part(folder / "posts-000000.parquet", iter([(post, ())]), 1, whole)
    write_index(folder, Pack(VERSION, "posts.csv", "table", (), (), (part,), whole.hex()))


class PackedReader:
    """Reads a whole pack, or one part of it."""

    name = "packed"
    title = "posts packed by mmsa pack"
    takes_encoding = False
    example = Example("7", {"": _write_example}, author="kim", created_at="")

    def detect(self, source: Path) -> Match | None:
        if source.is_dir():
            if (source / INDEX).is_file():
                return Match(self.name, 98, f"{INDEX} lists packed parts")
            return None
        try:
            with source.open("rb") as file:
                if file.read(4) != b"PAR1":
                    return None
                file.seek(max(0, source.stat().st_size - _TAIL_BYTES))
                is_part = MARK in file.read(_TAIL_BYTES)
        except OSError:
            return None
        return Match(self.name, 98, "a Parquet file that says it is packed") if is_part else None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        if source.is_file():
            yield from read_part(source.resolve())
            return
        folder = source.resolve()
        pack = read_index(folder)
        absent = [part.name for part in pack.parts if not (folder / part.name).is_file()]
        if absent:
            raise SourceError(
                f"{len(absent):,} of {len(pack.parts):,} parts of {source} are missing, first {absent[0]}",
                "Copy the folder again, or pack the source again.",
            )
        yield from items_of(folder, pack.parts)


READER: Reader = PackedReader()
