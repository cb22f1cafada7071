"""Files as tools and data sets really lay them out, and what the first post of each must be."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmsa_tui.records import Post
from mmsa_tui.sources import read

DAY = "2026-05-01T10:00:00Z"
UNIX = 1777629600
FINE = "A fine day at the harbour"
BIOGRAPHY = "Captain of a ferry, father of three, friend of long walks"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32


@dataclass(frozen=True)
class Shape:
    """Files of a tool with a few records, of which the first says `FINE`.

    Files without content are pictures; `found` are those that the first post must have.
    """

    files: dict[str, Any]
    post_id: str
    author: str = "sam"
    created_at: str = DAY
    found: tuple[str, ...] = ()
    text: str = FINE
    point_at: str = ""
    count: int = 2
    truth: dict[str, str] = field(default_factory=dict)


def csv(*columns: tuple[str, ...]) -> str:
    """Write columns of a name and their cells as csv."""
    rows = zip(*columns, strict=True)
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in rows)


def twice(name: str, cell: str) -> tuple[str, str, str]:
    return name, cell, cell


def captured(platform: str, *records: dict[str, Any]) -> str:
    """Write records as Zeeschuimer does."""
    about = {"source_platform": platform, "source_platform_url": "https://x/", "timestamp_collected": UNIX}
    return "".join(json.dumps({**about, "item_id": "9", "data": record}) + "\n" for record in records)


def two(record: dict[str, Any], **other: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return record, {**record, **other}


def garbled(text: str) -> str:
    return text.encode().decode("latin-1")


def lay_out(root: Path, shape: Shape) -> Path:
    """Write the files of a shape and return what a user points at."""
    for name, content in shape.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = JPEG if content is None else content
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    written = [name for name, content in shape.files.items() if content is not None]
    return root / (shape.point_at or (written[0] if len(written) == 1 and "/" not in written[0] else "."))


def check(root: Path, shape: Shape) -> None:
    """Hold that every record is a post, and the first the one that it must be."""
    items = list(read(lay_out(root, shape)))
    assert all(isinstance(item, Post) for item in items) and len(items) == shape.count, items
    post = items[0]
    assert isinstance(post, Post)
    assert (post.post_id, post.text) == (shape.post_id, shape.text)
    assert (post.author, post.created_at) == (shape.author, shape.created_at)
    assert tuple(p.path.name if p.path else "missing" for p in post.pictures) == shape.found
    assert shape.truth.items() <= post.truth.items()
