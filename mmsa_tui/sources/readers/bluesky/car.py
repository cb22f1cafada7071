"""A Bluesky repository as the network hands it out: a CAR file of blocks, each named by its hash.

Every block is checked against its name, so that damage costs one block and is told. Which key a
record has stands in other blocks, the nodes of a tree. Knows blocks, not what a post is.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmsa_tui.errors import SourceError
from mmsa_tui.sources.fields.lookup import Object, as_object, as_objects

MAX_BLOCK_BYTES = 4 << 20
"""The network's own limit for one record is 1 MB."""

_PREFIXES = (b"\x01\x71\x12\x20", b"\x01\x55\x12\x20")
"""How names begin: version 1, of DAG-CBOR or of raw bytes, with SHA-256."""
_NAME_BYTES = 36
_MAX_LENGTH_BYTES = 4
_RECOVERY_BYTES = 256 << 20
"""Hashed in search of the next whole block; bounds what a hostile file costs."""


@dataclass(slots=True)
class Repository:
    """What a first pass found: where the blocks lie, and the keys of records.

    `blocks` are offset and size by name; `keys` are `collection/key` by name of the record; `nodes` are the
    parts of the tree that the commit and other parts name, here or not; `damaged` counts stretches that
    are no whole block; `is_cut`: the last one is, and the file ends in it.
    """

    did: str = ""
    blocks: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    keys: dict[bytes, str] = field(default_factory=dict)
    nodes: set[bytes] = field(default_factory=set)
    damaged: int = 0
    is_cut: bool = False


def is_car(head: bytes) -> bool:
    """Whether a file begins as a CAR file does."""
    return b"eroots" in head[:200] and b"gversion" in head[:300]


def open_car(path: Path) -> mmap.mmap:
    """Map a CAR file into memory, to be closed by the caller.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path.name} cannot be read: {error}", "Download it again.") from error


def survey(data: mmap.mmap) -> Repository:
    """Find the blocks of a repository, and the keys that its tree gives to records."""
    repository = Repository()
    for name, start, size in _frames(data, repository):
        repository.blocks[name] = (start, size)
        if name[:4] != _PREFIXES[0]:
            continue
        block = _decoded(data[start : start + size])
        if isinstance(block.get("e"), list):
            _take_keys(block, repository)
        elif isinstance(block.get("did"), str) and "rev" in block:
            repository.did = block["did"]
            _take_nodes(block.get("data"), repository)
    return repository


def record_of(data: mmap.mmap, repository: Repository, name: bytes) -> Object:
    """Return the record of this name as JSON would show it, {} if it is not there."""
    start, size = repository.blocks.get(name, (0, 0))
    shown = _as_json(_decoded(data[start : start + size])) if size else {}
    return as_object(shown)


def _frames(data: mmap.mmap, repository: Repository) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and size of each block that is what its name says."""
    length, at = _varint(data, 0)
    at += length  # the header
    while at < len(data):
        length, start = _varint(data, at)
        end = start + length
        name = data[start : start + _NAME_BYTES]
        if name[:4] in _PREFIXES and _NAME_BYTES <= length <= MAX_BLOCK_BYTES and end <= len(data):
            block = data[start + _NAME_BYTES : end]
            if hashlib.sha256(block).digest() == name[4:]:
                yield name, start + _NAME_BYTES, length - _NAME_BYTES
                at = end
                continue
        repository.damaged += 1
        at = _next_frame(data, at + 1)
        repository.is_cut = at >= len(data)


def _next_frame(data: mmap.mmap, start: int) -> int:
    """Return where the next whole block begins behind a damaged one, the end if there is none."""
    at, work = start, 0
    while work < _RECOVERY_BYTES:
        found = [place for prefix in _PREFIXES if (place := data.find(prefix, at)) >= 0]
        if not found:
            return len(data)
        name_at = min(found)
        for size in range(1, _MAX_LENGTH_BYTES + 1):
            length, behind = _varint(data, name_at - size)
            end = name_at + length
            if behind == name_at and _NAME_BYTES <= length <= MAX_BLOCK_BYTES and end <= len(data):
                block = data[name_at + _NAME_BYTES : end]
                work += len(block)
                if hashlib.sha256(block).digest() == data[name_at + 4 : name_at + _NAME_BYTES]:
                    return name_at - size
        at = name_at + 1
    return len(data)


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    """Read a number in groups of seven bits; return it and where it ends."""
    value = 0
    for shift in range(0, 7 * 5, 7):
        if not 0 <= at < len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value, at


def _decoded(block: bytes) -> Object:
    # Only who reads such a file needs it.
    import libipld

    try:
        return as_object(libipld.decode_dag_cbor(block))
    except (ValueError, RecursionError):
        return {}


def _take_keys(node: Object, repository: Repository) -> None:
    """Read a node of the tree: each key leaves out what it has in common with the one before."""
    before = b""
    _take_nodes(node.get("l"), repository)
    for entry in as_objects(node.get("e")):
        shared, rest, name = entry.get("p"), entry.get("k"), entry.get("v")
        if not (isinstance(shared, int) and isinstance(rest, bytes) and isinstance(name, bytes)):
            return
        _take_nodes(entry.get("t"), repository)
        before = before[:shared] + rest
        repository.keys[name] = before.decode("utf-8", "replace")


def _take_nodes(link: object, repository: Repository) -> None:
    if isinstance(link, bytes):
        repository.nodes.add(link)


def _as_json(value: Any, depth: int = 0) -> Any:
    """Write links as the strings that JSON has for them."""
    import libipld

    if depth > 30:
        return None
    if isinstance(value, dict):
        return {key: _as_json(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner, depth + 1) for inner in value]
    if isinstance(value, bytes):
        return libipld.encode_cid(value) if value[:4] in _PREFIXES and len(value) == _NAME_BYTES else None
    return value
