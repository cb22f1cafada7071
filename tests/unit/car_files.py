"""Writes repositories as CAR files, block by block."""

from __future__ import annotations

import hashlib
from typing import Any

import libipld

DID = "did:plc:abc"


class Link(bytes):
    """The name of a block, where DAG-CBOR has a link."""


def _cbor(value: Any) -> bytes:
    """Encode as DAG-CBOR; the library cannot be asked to write a link."""
    if isinstance(value, Link):
        return b"\xd8\x2a\x58\x25\x00" + value
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key), key))
        return _head(5, len(value)) + b"".join(_cbor(key) + _cbor(value[key]) for key in keys)
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(_cbor, value))
    return libipld.encode_dag_cbor(value)


def _head(kind: int, length: int) -> bytes:
    if length < 24:
        return bytes([kind << 5 | length])
    return bytes([kind << 5 | 25, length >> 8, length & 255])


def name_of(block: bytes) -> Link:
    return Link(b"\x01\x71\x12\x20" + hashlib.sha256(block).digest())


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def car(records: dict[str, dict[str, Any]]) -> tuple[bytes, list[tuple[int, int]]]:
    """Return a repository of records by key, and where each of their blocks lies in it."""
    blocks = {key: _cbor(record) for key, record in records.items()}
    entries, before = [], b""
    for key in sorted(blocks):
        path = f"app.bsky.feed.post/{key}".encode()
        pairs = zip(before, path, strict=False)
        shared = next((n for n, (one, other) in enumerate(pairs) if one != other), len(before))
        entries.append({"p": shared, "k": path[shared:], "v": name_of(blocks[key]), "t": None})
        before = path
    node = _cbor({"l": None, "e": entries})
    commit = _cbor({"did": DID, "rev": "1", "version": 3, "data": name_of(node), "prev": None, "sig": b"x"})
    header = _cbor({"version": 1, "roots": [name_of(commit)]})
    data = _varint(len(header)) + header
    spans = []
    for block in (commit, node, *blocks.values()):
        frame = name_of(block) + block
        framed = _varint(len(frame)) + frame
        spans.append((len(data), len(data) + len(framed)))
        data += framed
    return data, spans[2:]
