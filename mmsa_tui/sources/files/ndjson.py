"""Reads JSON records one by one from a file of any size: one a line, a list, or an envelope of either.

A record that cannot be read becomes an `Entry` with a reason, and reading goes on. Knows nothing of
what the records mean.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from mmsa_tui.sources.fields.lookup import Object
from mmsa_tui.sources.files.byte_stream import PIECE_BYTES, StreamDamagedError, open_pieces
from mmsa_tui.sources.files.encodings import UndecodableError, decode
from mmsa_tui.sources.files.json_envelopes import beside, lone_list, unwrap
from mmsa_tui.sources.files.json_scan import MAX_RECORD_BYTES, Entry, Scan

__all__ = [
    "JSON_SUFFIXES",
    "MAX_RECORD_BYTES",
    "Entry",
    "head_records",
    "parse_entries",
    "read_entries",
    "sample_records",
]

HEAD_BYTES = 4 << 20
"""As much of a file as detection looks at: fifty records of 80 kB, or one page of an API."""
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson", ".jl")
"""How files of JSON are called; also with the ending of a packing behind."""
_HEAD_LINES = 200
_HEAD_ENTRIES = 100
"""Records at the start that are looked at, whole or not: damage may cost several."""
_RECORD = re.compile(rb'\{\s*"[^"]{1,100}"\s*:')
_PRINTED = re.compile(r"\s*\{\s*'[^']{1,100}'\s*:.{1,200000}\}\s*\Z", re.DOTALL)
_LISTED = re.compile(rb"\[\s*\d+\s*,.*\{.*\]\Z", re.DOTALL)
"""A line of what gallery-dl lists: `[3, address, {…}]`."""
_DATA = re.compile(r'"data"\s*:\s*\[')
_INCLUDES = re.compile(r'"includes"\s*:\s*\{')
_INCLUDED = re.compile(r'"(users|media|tweets)"\s*:\s*(?=\[)')


def read_entries(path: Path) -> Iterator[Entry]:
    """Yield the records of one file in its order, in memory bounded by the largest record.

    Args:
        path: UTF-8, UTF-16 or UTF-32, plain or compressed.

    Raises:
        OSError: the file cannot be opened.
    """
    with open_pieces(path) as pieces:
        yield from parse_entries(pieces, path.name)


def parse_entries(pieces: Iterator[bytes], name: str) -> Iterator[Entry]:
    """Yield the records of a stream of UTF-8.

    Args:
        pieces: as `byte_stream.pieces` yields them.
        name: of the file, for messages.
    """
    head: list[bytes] = []
    try:
        # Enough to see whether lines are whole records.
        for piece in pieces:
            head.append(piece)
            if sum(map(len, head)) >= PIECE_BYTES:
                break
    except StreamDamagedError as error:
        if not any(piece.strip() for piece in head):
            yield Entry(name, reason=f"{name} cannot be read: {error}")
            return
        pieces = _raise(error)
    start = b"".join(head)
    like = _first_line_record(start)
    if like is not None:
        is_alone = b"\n" not in start.strip()
        yield from _lines(chain((start,), pieces), name, like, is_alone)
    else:
        yield from Scan(chain((start,), pieces), name)


def _raise(error: Exception) -> Iterator[bytes]:
    """Fail where the stream did, behind what came before it."""
    raise error
    yield b""  # pragma: no cover


def sample_records(path: Path, limit: int = 50) -> list[Object]:
    """Return the first whole records of a file, none where it is no JSON; never raises on content.

    What is damaged or cut among them is passed over.
    """
    try:
        with open_pieces(path) as pieces:
            return head_records(_bounded(pieces), limit, path.name.lower().endswith(JSON_SUFFIXES))
    except OSError:
        return []


def head_records(pieces: Iterator[bytes], limit: int = 50, is_json: bool = False) -> list[Object]:
    """Return the first whole records of a stream that begins like JSON, or lost its start and `is_json`."""
    start = next(pieces, b"")
    if (
        start.lstrip(b" \t\r\n")[:1] not in (b"{", b"[")
        and _first_line_record(start) is None
        and not (is_json and _RECORD.search(start))
    ):
        return []
    entries = parse_entries(chain((start,), pieces), "")
    whole = (entry.value for entry in islice(entries, _HEAD_ENTRIES) if entry.value is not None)
    return list(islice(whole, limit))


def _bounded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    total = 0
    try:
        for piece in pieces:
            yield piece[: HEAD_BYTES - total]
            total += len(piece)
            if total >= HEAD_BYTES:
                return
    except StreamDamagedError:
        return


def _first_line_record(head: bytes) -> Object | None:
    """Return the first line that is a whole record, None where records are not one a line.

    A line of its own may also be the last element of a list, or an object within one: most lines
    have to be whole.
    """
    lines = [line for line in map(bytes.strip, head.split(b"\n")[:_HEAD_LINES]) if line]
    whole = 0
    first: Object | None = None
    for line in lines:
        if (line[:1] == b"{" and line[-1:] == b"}") or _LISTED.match(line):
            try:
                value = _line_value(_line_text(line)[0])
            except (ValueError, RecursionError):
                continue
            value = _within(value)
            if isinstance(value, dict):
                whole += 1
                first = value if first is None else first
    foreign = sum(line[:1] != b"{" and not _LISTED.match(line) for line in lines)
    # The last line of a head may be cut, and one more may be damaged.
    return first if 2 * whole >= max(len(lines) - 2, 2 * foreign, 1) else None


def _within(value: object) -> object:
    """Return the one record in a list of a line of its own, what else stands there as it is."""
    found = beside(value) if isinstance(value, list) else None
    return found[1] if found else value


def _lines(pieces: Iterator[bytes], name: str, like: Object, is_alone: bool) -> Iterator[Entry]:
    number = 0
    try:
        for number, line in enumerate(_split_lines(pieces), start=1):
            where = f"{name} line {number:,}"
            if line is None:
                yield Entry(where, reason=_too_long(where))
            elif text := line.strip():
                yield from _parse_line(text, where, like, is_alone)
    except StreamDamagedError as error:
        where = f"{name} line {number + 1:,}"
        yield Entry(where, reason=f"{name} cannot be read beyond line {number:,}: {error}")


def _split_lines(pieces: Iterator[bytes]) -> Iterator[bytes | None]:
    """Yield lines without their ends; None for one that is too long, its bytes dropped."""
    held: list[bytes] = []
    held_bytes = 0
    too_long = False
    for piece in pieces:
        start = 0
        while (end := piece.find(b"\n", start)) >= 0:
            if too_long or held_bytes + end - start > MAX_RECORD_BYTES:
                yield None
            else:
                yield b"".join((*held, piece[start:end]))
            held, held_bytes, too_long = [], 0, False
            start = end + 1
        if not too_long and start < len(piece):
            held.append(piece[start:])
            held_bytes += len(piece) - start
            if held_bytes > MAX_RECORD_BYTES:
                held, held_bytes, too_long = [], 0, True
    if too_long or held:
        yield None if too_long else b"".join(held)


def _line_text(line: bytes) -> tuple[str, str]:
    """Return a line as text, and its encoding."""
    try:
        decoded = decode(line)
    except UndecodableError:
        # One damaged character costs that character, not the post.
        return line.decode("utf-8", "replace"), "utf-8"
    return decoded.text, decoded.encoding


def _line_value(text: str) -> object:
    """Return the value of a line of JSON, or of one that a script printed as Python shows a dict.

    Raises:
        ValueError: it is neither.
        RecursionError: it is nested too deeply.
    """
    try:
        return json.loads(text)
    except ValueError:
        if not _PRINTED.match(text):
            raise
        try:
            return ast.literal_eval(text.strip())
        except (SyntaxError, MemoryError, TypeError) as error:
            raise ValueError(f"it is no dict of Python either: {error}") from error


def _parse_line(line: bytes, where: str, like: Object, is_alone: bool = False) -> Iterator[Entry]:
    text, encoding = _line_text(line)
    try:
        value = _line_value(text)
    except RecursionError:
        yield Entry(where, reason=f"{where} is nested too deeply to be a post")
        return
    except ValueError as error:
        yield Entry(where, reason=f"{where} is not a whole JSON record: {str(error)[:120]}")
        if page := _rest_of_page(text, where, like):
            yield Entry(where, page, encoding=encoding)
            return
        # Where the end of a line was lost, the next record stands on the same.
        rest = Scan(iter([text.encode("utf-8", "replace")]), where, like)
        yield from (entry for entry in rest if entry.value is not None)
        return
    key = ""
    if isinstance(value, list) and (found := beside(value)):
        key, value = found
    if not isinstance(value, dict):
        yield Entry(where, reason=f"{where} is JSON but not a record")
        return
    inner = unwrap(value)
    if inner is None and is_alone:
        inner = lone_list(value)
    if inner is None:
        yield Entry(where, value, encoding=encoding, key=key)
        return
    for number, (key, record) in enumerate(inner, start=1):
        yield Entry(f"{where}, record {number:,}", record, encoding=encoding, key=key)


def _rest_of_page(text: str, where: str, like: Object) -> Object | None:
    """Return what is whole of a damaged page of Twitter's API v2: its tweets, and what they refer to.

    Args:
        like: a page of the same file that is whole.
    """
    tweets = like.get("data")
    listed = tweets if isinstance(tweets, list) else ()
    first = next((item for item in listed if isinstance(item, dict)), None)
    begin = _DATA.search(text)
    if first is None or "includes" not in like or begin is None:
        return None
    refer = _INCLUDES.search(text, begin.end())
    part = text[begin.end() : refer.start() if refer else len(text)].encode("utf-8", "replace")
    whole = [entry.value for entry in Scan(iter([part]), where, first) if entry.value is not None]
    if not whole:
        return None
    includes: dict[str, object] = {}
    for kind in _INCLUDED.finditer(text, refer.start()) if refer else ():
        with suppress(ValueError, RecursionError):
            includes.setdefault(kind[1], json.JSONDecoder().raw_decode(text, kind.end())[0])
    return {"data": whole, "includes": includes}


def _too_long(where: str) -> str:
    return f"{where} is longer than {MAX_RECORD_BYTES >> 20} MB"
