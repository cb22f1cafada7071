"""Service: a source to packed parts, for many machines or to hand it over in few files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from mmsa_tui import sources
from mmsa_tui.disk.packed import INDEX, VERSION, ContentDigest, Pack, Packable, Part, write_index, write_part
from mmsa_tui.errors import OutputError
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Failure, Post
from mmsa_tui.services.ingest import find_format
from mmsa_tui.services.work import Bar, no_bar
from mmsa_tui.sources import ReadOptions

POSTS_PER_PART = 512
"""With a picture each about 22 MB; what one worker takes at a time."""

_PATTERN = "posts-*.parquet"


@dataclass
class Packed:
    """What was packed: inputs, those among them that are no posts, pictures, and bytes on disk."""

    folder: Path
    parts: list[Part] = field(default_factory=list)
    n_posts: int = 0
    n_failed: int = 0
    n_pictures: int = 0
    n_missing: int = 0

    @property
    def n_bytes(self) -> int:
        return sum((self.folder / part.name).stat().st_size for part in self.parts)


def pack(
    source: Path,
    folder: Path,
    *,
    format: str | None = None,
    options: ReadOptions | None = None,
    posts_per_part: int = POSTS_PER_PART,
    restart: bool = False,
    bar: Bar = no_bar,
) -> Packed:
    """Write all inputs of a source into parts of at most so many posts, or 256 MB of pictures.

    Args:
        restart: replace a pack that is there.

    Raises:
        SourceError, UsageError: the source cannot be read.
        OutputError: the folder is in use or cannot be written, or the disk is full.
    """
    options = options or ReadOptions()
    source, folder = source.expanduser().resolve(), folder.expanduser().resolve()
    format = find_format(source, format, options)
    _prepare(source, folder, restart)
    done, columns, kinds = Packed(folder), dict[str, None](), dict[str, None]()
    whole = ContentDigest()
    with PictureFiles() as files, bar(f"packing {source.name}") as advance:

        def packables() -> Iterator[Packable]:
            for item in sources.read(source, format=format, options=options):
                columns.update(dict.fromkeys(item.metadata))
                pictures: Sequence[bytes | None] = ()
                if isinstance(item, Failure):
                    done.n_failed += 1
                else:
                    kinds.update(dict.fromkeys(item.truth))
                    pictures = _read_pictures(item, files)
                    done.n_pictures += len(pictures)
                    done.n_missing += sum(data is None for data in pictures)
                done.n_posts += 1
                if done.n_posts % 100 == 0:
                    advance(done.n_posts, None)
                yield item, pictures

        items = packables()
        while (first := next(items, None)) is not None:
            path = folder / f"posts-{len(done.parts):06}.parquet"
            done.parts.append(write_part(path, chain([first], items), posts_per_part, whole))
    parts = tuple(done.parts)
    write_index(folder, Pack(VERSION, str(source), format, tuple(columns), tuple(kinds), parts, whole.hex()))
    return done


def _prepare(source: Path, folder: Path, restart: bool) -> None:
    """Make the folder, or clear it of what an earlier run left."""
    if folder == source or source in folder.parents:
        raise OutputError(f"{folder} lies in the source", "Choose a folder outside of it.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / INDEX).is_file() and not restart:
            raise OutputError(f"{folder} holds a pack", "--restart replaces it; or choose another folder.")
        others = [path.name for path in folder.iterdir() if path.name != INDEX and not path.match(_PATTERN)]
        if any(not name.startswith(".mmsa-") for name in others):
            raise OutputError(f"{folder} holds other files", "Choose an empty folder.")
        # The index goes first: what is left of a pack by a crash must not pass for a whole one.
        (folder / INDEX).unlink(missing_ok=True)
        for path in folder.glob(_PATTERN):
            path.unlink()
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror or error}", "Choose another folder."
        ) from error


def _read_pictures(post: Post, files: PictureFiles) -> list[bytes | None]:
    found: list[bytes | None] = []
    for picture in post.pictures:
        data = None
        with suppress(OSError):
            data = files.read(picture)
        found.append(data)
    return found
