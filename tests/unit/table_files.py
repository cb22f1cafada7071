"""Tables on disk, and what the reader makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, read

ROWS = [("1918410713521908131", "a lovely evening out"), ("1918410713521908250", "nothing works here")]
LONG_ID = "1787654321987654321"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def items(source: Path, **columns: str) -> list[Post | Failure]:
    return list(read(source, format="table", options=ReadOptions(columns)))


def posts(source: Path, **columns: str) -> list[Post]:
    found = items(source, **columns)
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def texts(source: Path) -> list[str]:
    return [post.text for post in posts(source)]


def notes_of(source: Path, **said: Any) -> list[str]:
    notes: list[str] = []
    list(read(source, options=ReadOptions(note=notes.append, **said)))
    return notes
