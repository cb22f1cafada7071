"""Takes the records out of a JSON text of any size: one after another, in a list, or in an envelope.

What is damaged costs one record: reading goes on at the next place that begins like the others.
Knows the grammar of JSON; `json_envelopes` knows what a record is and what wraps it.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mmsa_tui.sources.columns import is_known, unique_names
from mmsa_tui.sources.fields.lookup import Object
from mmsa_tui.sources.files.byte_stream import StreamDamagedError
from mmsa_tui.sources.files.json_envelopes import (
    BETWEEN,
    ID_LIKE,
    KEY,
    LIKENESS,
    MAX_DEPTH,
    OBJECT_BEGINS,
    SURE_LIKENESS,
    are_alike,
    begins_envelope,
    beside,
    has_swallowed,
    is_list_of_records,
    lone_list,
    past,
    unwrap,
)

MAX_RECORD_BYTES = 32 * 1024 * 1024
"""Larger than any page of results from an API; parsed, such a record takes about 300 MB."""

_ENVELOPE_CHARACTERS = 1 << 20
"""What begins like an envelope and is longer than this is read piece by piece."""
_RECOVERY_CHARACTERS = 4 << 20
"""How far behind damage the next whole record is looked for at a time."""
_RECOVERY_WORK = 50 << 20
"""Characters parsed in one such search; bounds what a hostile text costs."""
_OPENS = {"]": "[", "}": "{"}
_LIST_WITHIN = re.compile(r'\s*\]\s*,\s*"')


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a file; `value` is None, and `reason` says why, where it cannot be read.

    `key` is what it is filed under: its key in a map, or the word beside it in a list of its own.
    """

    where: str
    value: Object | None = None
    reason: str = ""
    encoding: str = "utf-8"
    key: str = ""


_LAST_COMMA = re.compile(r",\s*[}\]]")


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

    def skip_separators(self) -> str:
        """Go to the next value or bracket and return its first character, "" at the end."""
        while True:
            self.at = past(BETWEEN, self.text, self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended:
                return ""
            self.grow()

    def drop_comma(self, error: Exception) -> bool:
        """Take away the comma before a closing bracket that a parse stopped at, as people leave it there."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        match = _LAST_COMMA.match(self.text, max(self.text.rfind(",", 0, error.pos + 1), 0))
        if match is None or not match.start() <= error.pos <= match.end():
            return False
        self.text = f"{self.text[: match.start()]} {self.text[match.start() + 1 :]}"
        return True

    @property
    def held(self) -> int:
        return len(self.text) - self.at


class Scan:
    """One pass over a JSON text, to be iterated once.

    Args:
        pieces: UTF-8.
        name: of the file, for messages.
        like: a record of the same file, if one is known: by it the next one is found behind damage.
    """

    def __init__(self, pieces: Iterator[bytes], name: str, like: Object | None = None) -> None:
        self._window = _Window(pieces)
        self._name = name
        self._decoder = json.JSONDecoder()
        self._brackets: list[str] = []
        """The brackets that are open around us; an object is open only where it is an envelope."""
        self._began = 0
        """Where, in the window, the value begins that was parsed last."""
        self._number = 0
        self._last: Object = like or {}
        self._is_told = False
        self._width = 0
        """Cells of a row, where records are lists of cells."""
        self._names: list[str] = []
        """Whether the last entry was a failure."""

    def __iter__(self) -> Iterator[Entry]:
        try:
            yield from self._values()
        except StreamDamagedError as error:
            reason = f"{self._name} cannot be read beyond record {self._number:,}: {error}"
            yield Entry(f"{self._name} record {self._number + 1:,}", reason=reason)

    def _values(self) -> Iterator[Entry]:
        window = self._window
        while char := window.skip_separators():
            if char in "]}":
                if self._brackets and self._brackets[-1] != _OPENS[char]:
                    yield self._failure(f"is cut, or there is a {char} where none belongs")
                elif self._brackets:
                    self._brackets.pop()
                window.at += 1
            elif self._brackets and self._brackets[-1] == "{":
                yield from self._member()
            elif char == "[" and not self._brackets:
                self._descend("[")
            else:
                yield from self._element(char, "")
        if self._brackets and not self._is_told:
            yield self._failure("is cut off: the file ends in the middle of its list")

    def _descend(self, bracket: str) -> None:
        self._brackets.append(bracket)
        self._window.at += 1

    def _member(self) -> Iterator[Entry]:
        """Read one `"key": value` of an envelope that is read piece by piece."""
        window = self._window
        while window.held < 4096 and not window.ended:
            window.grow()
        match = KEY.match(window.text, window.at)
        if match is None or match.end() == len(window.text):
            yield from self._damage("has a key that cannot be read")
            return
        window.at = match.end()
        key, char = match[1], window.text[match.end()]
        if char == "[" and self._holds_records(key):
            self._descend("[")
        elif char == "{":
            yield from self._element(char, key)
        else:
            _, error = self._parse(MAX_RECORD_BYTES)
            if error is not None:
                yield from self._damage(_explain(error))

    def _holds_records(self, key: str) -> bool:
        window = self._window
        return is_list_of_records(key, window.text[window.at : window.at + 8192])

    def _element(self, char: str, key: str) -> Iterator[Entry]:
        """Read one value of a list, or the object behind a key of an envelope."""
        may_descend = char == "{" and len(self._brackets) < MAX_DEPTH
        value, error = self._parse(_ENVELOPE_CHARACTERS if may_descend else MAX_RECORD_BYTES)
        if error is not None and may_descend:
            head = self._window.text[self._window.at : self._window.at + 100_000]
            is_first = "[" not in self._brackets and not self._last
            if begins_envelope(head, bool(self._brackets), is_first):
                self._descend("{")
                return
            value, error = self._parse(MAX_RECORD_BYTES)
        if error is None and isinstance(value, dict) and has_swallowed(value, self._last or value, key):
            error = ValueError("its end is missing")
            self._window.at = self._began
        if error is not None:
            yield from self._damage(_explain(error))
        elif isinstance(value, dict):
            yield from self._taken(value, key)
        elif isinstance(value, list) and any(isinstance(part, list) and beside(part) for part in value):
            # A list that lost its end has taken in those behind it.
            yield self._failure("is not a whole JSON record: its end is missing")
            self._window.at = self._began
            self._descend("[")
        elif isinstance(value, list) and (found := beside(value)):
            yield self._entry(found[1], found[0])
        elif isinstance(value, list) and len(value) > 1 and all(isinstance(item, dict) for item in value):
            # A page is a list of its own.
            for item in value:
                yield from self._taken(item, "")
        elif isinstance(value, list) and self._is_row(value):
            yield from self._row(value)
        elif isinstance(value, str) and "{" in value:
            # A quote too many has taken the beginning of a record in.
            self._window.at = self._began
            yield from self._damage("is JSON but not a record")
        else:
            yield self._failure("is JSON but not a record")

    def _is_row(self, value: list[Any]) -> bool:
        """Whether a list is a row of a table whose columns have no names, from the first of a file on."""
        is_plain = len(value) > 1 and not any(isinstance(cell, dict | list) for cell in value)
        return is_plain and (len(value) == self._width or not (self._width or self._number))

    def _row(self, cells: list[Any]) -> Iterator[Entry]:
        if not self._width:
            self._width = len(cells)
            self._names = [f"column_{place}" for place in range(1, self._width + 1)]
            words = [cell for cell in cells if isinstance(cell, str) and is_known(cell)]
            if len(words) > 1:
                self._names = unique_names(map(str, cells))
                return
        yield self._entry(dict(zip(self._names, cells, strict=True)), "")

    def _parse(self, limit: int) -> tuple[Any, Exception | None]:
        """Parse the value at hand and go behind it, or return why not.

        Args:
            limit: characters to wait for where the text may only not be there yet.
        """
        window = self._window
        while True:
            try:
                value, end = self._decoder.raw_decode(window.text, window.at)
            except (ValueError, RecursionError) as error:
                if not _may_be_cut(window, error):
                    if window.drop_comma(error):
                        continue
                    return None, error
                if window.held > limit:
                    return None, ValueError(f"is longer than {MAX_RECORD_BYTES >> 20} MB")
                window.grow()
                continue
            if end == len(window.text) and not window.ended and not isinstance(value, dict | list):
                window.grow()  # a number or a word may go on in the next piece
                continue
            self._began, window.at = window.at, end
            return value, None

    def _taken(self, value: Object, key: str) -> Iterator[Entry]:
        inner = unwrap(value)
        if inner is None and not (self._brackets or self._number):
            inner = lone_list(value)
        if inner is not None:
            for inner_key, record in inner:
                yield self._entry(record, inner_key)
        elif self._brackets[-1:] != ["{"] or ID_LIKE.fullmatch(key) or are_alike(value, self._last):
            yield self._entry(value, key)

    def _entry(self, record: Object, key: str) -> Entry:
        self._number += 1
        self._last, self._is_told = record, False
        return Entry(f"{self._name} record {self._number:,}", record, key=key)

    def _failure(self, reason: str) -> Entry:
        self._number += 1
        self._is_told = True
        where = f"{self._name} record {self._number:,}"
        return Entry(where, reason=f"{where} {reason}")

    def _damage(self, reason: str) -> Iterator[Entry]:
        """Tell of a record that cannot be read and go to where the next one begins."""
        yield self._failure(reason)
        window = self._window
        window.at += 1
        in_map = self._brackets[-1:] == ["{"]
        while True:
            while not window.ended and window.held < _RECOVERY_CHARACTERS:
                window.grow()
            found = next_record(window.text, window.at, self._last, in_map)
            if found is None and window.ended and self._last:
                # The last one may be what damage left of a record: then the longest are the rule.
                found = next_record(window.text, window.at, {}, in_map)
            if found is None and in_map and not self._last:
                # What was damaged is the beginning of an envelope: its list stands further on.
                found = next_record(window.text, window.at, {})
            if found is not None:
                window.at, is_filed = found
                if is_filed != in_map:
                    self._brackets.append("{" if is_filed else "[")
                return
            if window.ended:
                window.at = len(window.text)
                return
            # A record that begins before the end of the window may not be whole in it.
            window.at += window.held // 2


def next_record(text: str, start: int, like: Object, in_map: bool = False) -> tuple[int, bool] | None:
    """Find where the next whole record begins behind a damaged one.

    Args:
        like: another record of the list; without one, those that are longest are the rule.
        in_map: records are the values of an object; what is found is where their key begins.

    Returns:
        The place, and whether it is the key of a record in a map; None if there is no record.
    """
    decoder = json.JSONDecoder()
    found: list[tuple[int, int, bool, Object]] = []
    at, work = start, 0
    while work < _RECOVERY_WORK and (match := OBJECT_BEGINS.search(text, at)):
        at = match.end()
        # The value of a key is a part of a record, and the other way round in a map.
        place, key = _key_before(text, match.start())
        if place is not None and not (like or ID_LIKE.fullmatch(key)):
            continue
        if (place is not None) != in_map and (like or place is None):
            continue
        try:
            value, end = decoder.raw_decode(text, match.start())
        except json.JSONDecodeError as error:
            work += error.pos - match.start()
            continue
        except (ValueError, RecursionError):
            work += 1000
            continue
        work += end - match.start()
        # Where a list ends within an object, its elements are parts, unless the object is an envelope.
        is_part = _LIST_WITHIN.match(text, end) is not None
        if like and are_alike(like, value, SURE_LIKENESS if is_part else LIKENESS):
            return match.start() if place is None else place, in_map
        found.append((match.start() if place is None else place, end, place is not None, value))
    if like or not found:
        return None
    *_, is_filed, longest = max(found, key=lambda candidate: candidate[1] - candidate[0])
    alike = (place for place, _, filed, value in found if filed == is_filed and are_alike(longest, value))
    return next(alike), is_filed


def _key_before(text: str, at: int) -> tuple[int | None, str]:
    """Return where the key begins whose value stands at `at`, and the key; None if there is none."""
    before = text[max(0, at - 300) : at]
    if not before.rstrip().endswith(":"):
        return None, ""
    keys = list(KEY.finditer(before))
    if not keys or keys[-1].end() < len(before):
        return None, ""
    return at - len(before) + keys[-1].start(), keys[-1][1]


def _explain(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply to be a post"
    if str(error).startswith("is longer than"):
        return str(error)
    return f"is not a whole JSON record: {str(error)[:120]}"


def _may_be_cut(window: _Window, error: Exception) -> bool:
    """Whether more text may heal a parse error: the text ends in the middle of a record."""
    if window.ended or window.held > MAX_RECORD_BYTES or isinstance(error, RecursionError):
        return False
    if isinstance(error, json.JSONDecodeError) and not error.msg.startswith("Unterminated string"):
        # A word or an escape that is cut is noticed a few characters before the end.
        return error.pos >= len(window.text) - 16
    return isinstance(error, json.JSONDecodeError)
