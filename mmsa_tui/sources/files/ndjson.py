"""Reads JSON records one by one from a file of any size: one a line, or the elements of an array.

A record that cannot be read becomes an `Entry` with a reason, and reading goes on. Knows nothing of
what the records mean.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mmsa_tui.sources.fields.lookup import Object
from mmsa_tui.sources.files.byte_stream import StreamDamagedError, open_pieces
from mmsa_tui.sources.files.encodings import UndecodableError, decode

MAX_RECORD_BYTES = 32 * 1024 * 1024
"""Larger than any page of results from an API; parsed, such a record takes about 300 MB."""

HEAD_BYTES = 64 * 1024
"""As much of a file as detection looks at."""

_BETWEEN = re.compile(r"[\s,\[\]]*")
_OPENS_ARRAY_OR_SPREADS = re.compile(rb"\s*(\[|\{\s*\n)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a file; `value` is None, and `reason` says why, where it cannot be read."""

    where: str
    value: Object | None = None
    reason: str = ""
    encoding: str = "utf-8"


def read_entries(path: Path, resume_at: re.Pattern[str] | None = None) -> Iterator[Entry]:
    """Yield the records of one file in its order, in memory bounded by the largest record.

    Args:
        path: UTF-8 or UTF-16, plain or compressed.
        resume_at: see `parse_entries`.

    Raises:
        OSError: the file cannot be opened.
    """
    with open_pieces(path) as pieces:
        yield from parse_entries(pieces, path.name, resume_at)


def parse_entries(
    pieces: Iterator[bytes], name: str, resume_at: re.Pattern[str] | None = None
) -> Iterator[Entry]:
    """Yield the records of a stream of UTF-8.

    Args:
        pieces: as `byte_stream.pieces` yields them.
        name: of the file, for messages.
        resume_at: how a record begins, to find the next one behind a broken element of an array;
            without it an array is read up to its first broken element. Lines need no help.
    """
    first = b""
    try:
        # Enough to see whether the first line is a whole record.
        for first in pieces:
            if first.strip():
                break
    except StreamDamagedError as error:
        yield Entry(name, reason=f"{name} cannot be read: {error}")
        return
    rest = _chain(first, pieces)
    if _OPENS_ARRAY_OR_SPREADS.match(first):
        yield from _elements(rest, name, resume_at)
    else:
        yield from _lines(rest, name)


def read_head(path: Path) -> str:
    """Return the beginning of a file as text, "" if it cannot be read; never raises on content."""
    try:
        with open_pieces(path) as pieces:
            return next(pieces, b"")[:HEAD_BYTES].decode("utf-8", "replace")
    except (OSError, StreamDamagedError):
        return ""


def records_in(head: str) -> Iterator[Object]:
    """Yield the whole records at the start of a head, up to the first that is cut or broken."""
    decoder = json.JSONDecoder()
    at = _skip_separators(head, 0)
    while at < len(head):
        try:
            value, at = decoder.raw_decode(head, at)
        except (ValueError, RecursionError):
            return
        if isinstance(value, dict):
            yield value
        at = _skip_separators(head, at)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _lines(pieces: Iterator[bytes], name: str) -> Iterator[Entry]:
    number = 0
    try:
        for number, line in enumerate(_split_lines(pieces), start=1):
            where = f"{name} line {number:,}"
            if line is None:
                yield Entry(where, reason=_too_long(where))
            elif text := line.strip():
                yield _parse_line(text, where)
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


def _parse_line(line: bytes, where: str) -> Entry:
    try:
        decoded = decode(line)
        text, encoding = decoded.text, decoded.encoding
    except UndecodableError:
        # One damaged character costs that character, not the post.
        text, encoding = line.decode("utf-8", "replace"), "utf-8"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Entry(where, reason=_explain(where, error))
    return _checked(value, where, encoding)


def _checked(value: object, where: str, encoding: str = "utf-8") -> Entry:
    if isinstance(value, dict):
        return Entry(where, value, encoding=encoding)
    return Entry(where, reason=f"{where} is JSON but not a record")


def _too_long(where: str) -> str:
    return f"{where} is longer than {MAX_RECORD_BYTES >> 20} MB"


def _explain(where: str, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return f"{where} is nested too deeply to be a post"
    return f"{where} is not a whole JSON record: {str(error)[:120]}"


class _Window:
    """The part of a text stream that is being parsed; grows on demand, forgets what is behind."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text = ""
        self.at = 0
        self.ended = False

    def grow(self) -> None:
        """Add as much as is held already, so that a long record is parsed a few times only."""
        kept = [self.text[self.at :]]
        wanted = len(kept[0]) + 1
        while wanted > 0 and not self.ended:
            piece = next(self._pieces, None)
            self.ended = piece is None
            kept.append(self._decoder.decode(piece or b"", final=self.ended))
            wanted -= len(kept[-1])
        self.text = "".join(kept)
        self.at = 0

    @property
    def held(self) -> int:
        return len(self.text) - self.at


def _elements(pieces: Iterator[bytes], name: str, resume_at: re.Pattern[str] | None) -> Iterator[Entry]:
    window = _Window(pieces)
    decoder = json.JSONDecoder()
    number = 0
    try:
        while True:
            window.at = _skip_separators(window.text, window.at)
            if not window.held:
                if window.ended:
                    return
                window.grow()
                continue
            where = f"{name} record {number + 1:,}"
            try:
                value, end = decoder.raw_decode(window.text, window.at)
            except (ValueError, RecursionError) as error:
                if _may_be_cut(window, error):
                    window.grow()
                    continue
                number += 1
                too_long = window.held > MAX_RECORD_BYTES
                yield Entry(where, reason=_too_long(where) if too_long else _explain(where, error))
                if resume_at is None or not _resume(window, resume_at):
                    return
                continue
            if end == len(window.text) and not window.ended and not isinstance(value, dict | list):
                window.grow()  # a number or a word may go on in the next piece
                continue
            window.at = end
            number += 1
            yield _checked(value, where)
    except StreamDamagedError as error:
        reason = f"{name} cannot be read beyond record {number:,}: {error}"
        yield Entry(f"{name} record {number + 1:,}", reason=reason)


def _skip_separators(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


def _may_be_cut(window: _Window, error: Exception) -> bool:
    """Whether more text may heal a parse error: the text ends in the middle of a record."""
    if window.ended or window.held > MAX_RECORD_BYTES or isinstance(error, RecursionError):
        return False
    if isinstance(error, json.JSONDecodeError) and not error.msg.startswith("Unterminated string"):
        # A word or an escape that is cut is noticed a few characters before the end.
        return error.pos >= len(window.text) - 16
    return isinstance(error, json.JSONDecodeError)


def _resume(window: _Window, resume_at: re.Pattern[str]) -> bool:
    """Move to where the next record begins; False if there is none."""
    window.at += 1
    while True:
        if match := resume_at.search(window.text, window.at):
            window.at = match.start()
            return True
        if window.ended:
            return False
        # What is behind cannot hold a whole beginning any more, but for a few characters.
        window.at = max(window.at, len(window.text) - 256)
        window.grow()
