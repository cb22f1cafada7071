"""Which pictures of a folder no post names: they are counted and told, for what is left out is said.

Knows posts and files, no format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from mmsa_tui.disk.safety import walk
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, split_name
from mmsa_tui.records import Failure, Post


def count_unnamed(
    items: Iterator[Post | Failure], folder: Path, note: Callable[[str], None]
) -> Iterator[Post | Failure]:
    """Pass on what a reader yields from a folder; at the end say how many pictures there no post names."""
    root = folder.resolve()
    # Hashes, so that a million pictures take little memory.
    named: set[int] = set()
    for item in items:
        if isinstance(item, Post):
            named.update(hash(str(picture.path)) for picture in item.pictures if picture.path is not None)
        yield item
    total = unnamed = 0
    example = ""
    for name in walk(root):
        _, stem, suffix = split_name(name)
        # Beside its pictures a chat has small ones to show while they load.
        if suffix not in PICTURE_SUFFIXES or stem.endswith("_thumb"):
            continue
        total += 1
        path = root / name
        # A reader names files as the folder was named, which may be from where one stands.
        if named.isdisjoint(map(hash, map(str, (folder / name, path, path.resolve())))):
            unnamed += 1
            example = example or name
    if unnamed:
        note(f"picture files that no post names: {unnamed:,} of {total:,}, such as {example}")
