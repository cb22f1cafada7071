"""Values to and from the few column types SQLite has, without loss."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mmsa_tui.records import Picture

# Cells are read a hundred thousand at a time: straight by the parser, which refuses NaN too.
_FLOATS = msgspec.json.Decoder(tuple[float, ...])
_ENCODER = msgspec.json.Encoder()


def to_sql(text: str) -> str | bytes:
    """Make any text storable; SQLite's driver refuses lone surrogates, which then go as a blob."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def from_sql(value: str | bytes) -> str:
    """Undo `to_sql`."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogatepass")
    return value


def pictures_to_json(pictures: Sequence[Picture]) -> str:
    """Write pictures as ASCII JSON, which also keeps file names that are not UTF-8."""
    return json.dumps(
        [
            [
                picture.name,
                None if picture.path is None else os.fspath(picture.path),
                picture.member,
                picture.alt_text,
                picture.digest,
            ]
            for picture in pictures
        ]
    )


def mapping_to_json(values: Mapping[str, str]) -> str:
    """Write columns or labels of a post as JSON; halves of surrogate pairs as escapes."""
    if not values:
        return "{}"
    try:
        # Half the time of the standard library's, a million times.
        return _ENCODER.encode(values if type(values) is dict else dict(values)).decode()
    except ValueError:
        return json.dumps(dict(values))


def pictures_from_json(text: str) -> tuple[Picture, ...]:
    """Undo `pictures_to_json`."""
    return tuple(
        Picture(name, None if path is None else Path(path), member, alt_text, digest)
        for name, path, member, alt_text, digest in json.loads(text)
    )


def floats_to_json(values: Sequence[float] | None) -> str | None:
    """Write floats so that they read back bit for bit."""
    return None if values is None else json.dumps([float(value) for value in values])


def floats_from_json(text: str | None) -> tuple[float, ...] | None:
    """Undo `floats_to_json`.

    Raises:
        ValueError, RecursionError: the cell is damaged.
    """
    return None if text is None else _FLOATS.decode(text)
