"""Takes the records out of a JSON text of any size: one after another, in a list, or in an envelope.

What is damaged costs one record: reading goes on at the next place that begins like the others.
Knows the grammar of JSON and how services wrap their answers; nothing of what a record means.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mmsa_tui.sources.fields.lookup import Object
from mmsa_tui.sources.files.byte_stream import StreamDamagedError

MAX_RECORD_BYTES = 32 * 1024 * 1024
"""Larger than any page of results from an API; parsed, such a record takes about 300 MB."""

_MAX_DEPTH = 6
"""Envelopes within envelopes; `data.user.edge_owner_to_timeline_media.edges` is one of four."""
_ENVELOPE_CHARACTERS = 1 << 20
"""What begins like an envelope and is longer than this is read piece by piece."""
_RECOVERY_CHARACTERS = 4 << 20
"""How far behind damage the next whole record is looked for at a time."""
_RECOVERY_WORK = 50 << 20
"""Characters parsed in one such search; bounds what a hostile text costs."""
_LIKENESS = 0.4
"""Share of keys that a record has in common with the others of its list, at least."""

_SURE_LIKENESS = 0.6
_SURELY_LIKE = 3
"""Keys in common from which on a part of a record is no part of it."""

_BETWEEN = re.compile(r"[\s,\ufeff]*")
_LIST_WITHIN = re.compile(r'\s*\]\s*,\s*"')
_KEY = re.compile(r'"((?:[^"\\\x00-\x1f]|\\.){0,1000})"\s*:\s*')
_OBJECT_BEGINS = re.compile(r'\{\s*(?=")')
_LONG_NUMBER = re.compile(r"[0-9]{5,}")
_ID_LIKE = re.compile(r"(?=.*[0-9])[\w.:-]{3,200}")

_LISTS = frozenset((
    "children", "edges", "entries", "feed", "itemList", "items", "list", "messages", "orderedItems", "posts",
    "records", "results", "statuses", "toots", "tweets", "text_post_app_text_posts",
    "ig_archived_post_media", "ig_other_media",
))  # fmt: skip
"""Names under which services hand out lists of posts."""
_OWN_FIELDS = frozenset((
    "text", "full_text", "fullText", "body", "content", "message", "caption", "tweet", "tweet_text",
    "rawContent", "timestamp", "Date", "created_at", "createdAt", "date", "creation_timestamp", "taken_at",
    "created_time", "time",
    "published", "created_utc", "createTime", "timestamp_collected", "source_platform", "source_platform_url",
    "item_id", "tweet_id", "includes", "__twarc", "annotations", "predictions", "completions", "object",
    "noteTweet", "taken_at_timestamp", "shortcode", "node", "post",
))  # fmt: skip
"""Who has one of these is a record itself, or a page that has to stay in one piece."""
_PAGE_FIELDS = frozenset(("edit_history_tweet_ids", "author_id", "conversation_id", "public_metrics"))
"""Of a tweet of Twitter's API v2."""


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


def unwrap(value: Object) -> Iterator[tuple[str, Object]] | None:
    """Yield key and record for each record that an envelope holds; None if it is no envelope.

    An envelope has neither text nor date of its own, and lists of records that have, at some depth;
    or it is a map from ids to records.
    """
    if not value or not _OWN_FIELDS.isdisjoint(value) or _is_page(value):
        return None
    lists = list(_lists_in(value, 0))
    found = [items for name, items in lists if name in _LISTS] or [items for _, items in lists]
    if found:
        return ((key, item) for items in found for key, item in _records_of(items))
    if _is_map(value):
        return ((key, item) for key, item in value.items() if isinstance(item, dict))
    return None


def _is_page(value: Object) -> bool:
    """Whether it is a page of Twitter's API v2, whose tweets refer to what stands beside them."""
    meta = value.get("meta")
    if isinstance(value.get("users"), list) and isinstance(value.get("media", value.get("tweets")), list):
        return True
    return "data" in value and isinstance(meta, dict) and bool({"result_count", "newest_id"} & meta.keys())


def _lists_in(value: Object, depth: int) -> Iterator[tuple[str, list[Any]]]:
    for name, inner in value.items():
        if isinstance(inner, list) and _holds_records(name, inner):
            yield name, inner
        elif isinstance(inner, dict) and depth < _MAX_DEPTH and _OWN_FIELDS.isdisjoint(inner):
            yield from _lists_in(inner, depth + 1)


def _holds_records(name: str, items: list[Any]) -> bool:
    first = next((item for item in items[:20] if isinstance(item, dict)), None)
    return first is not None and (name in _LISTS or not _OWN_FIELDS.isdisjoint(first))


def _records_of(items: list[Any]) -> Iterator[tuple[str, Object]]:
    for item in items:
        if isinstance(item, dict):
            # Only a list of its own makes an envelope in a list: a chat with its messages.
            has_list = any(
                isinstance(part, list) and _holds_records(name, part) for name, part in item.items()
            )
            inner = unwrap(item) if has_list else None
            if inner is None:
                yield "", item
            else:
                yield from inner


def _is_map(value: Object) -> bool:
    """Whether it is a map from ids to records rather than a record with parts."""
    if not all(isinstance(item, dict) for item in value.values()):
        return False
    if len(value) == 1:
        return next(iter(value)).isdigit()
    if len(value) == 2 and not all(map(_ID_LIKE.fullmatch, value)):
        return False
    first, *others = list(value.values())[:20]
    return all(_are_alike(first, other) for other in others)


def _are_alike(one: Object, other: Object, least: float = _LIKENESS) -> bool:
    return len(one.keys() & other.keys()) >= least * max(1, len(one.keys() | other.keys()))


def _has_swallowed(record: Object, like: Object, key: str) -> bool:
    """Whether a record that lost its end has taken in those behind it, in a list or a map of its own.

    Replies stand in a list of their own; among the parts of another kind nothing is like a record.
    """
    return _swallows(record, like, _LONG_NUMBER.fullmatch(key) is not None, 0)


def _swallows(value: object, like: Object, is_filed: bool, depth: int) -> bool:
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        if is_filed and any(map(_LONG_NUMBER.fullmatch, value)):
            return True
        return any(_swallows(inner, like, is_filed, depth + 1) for inner in value.values())
    if not isinstance(value, list) or len(value) < 2:
        return False
    first, last = value[0], value[-1]
    return (
        isinstance(last, dict)
        and len(like.keys() & last.keys()) >= _SURELY_LIKE
        and _are_alike(like, last)
        and not (isinstance(first, dict) and _are_alike(like, first))
    )


def _beside(value: list[Any]) -> tuple[str, Object] | None:
    """Return the record in a list such as `[3, address, {…}]`, and the address; None without one."""
    records = [item for item in value if isinstance(item, dict)]
    words = [item for item in value if isinstance(item, str)]
    return (words[0] if words else "", records[0]) if len(records) == 1 else None


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
            self.at = _past(_BETWEEN, self.text, self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended:
                return ""
            self.grow()

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
                if self._brackets:
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
        match = _KEY.match(window.text, window.at)
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
        return _is_list_of_records(key, window.text[window.at : window.at + 8192])

    def _element(self, char: str, key: str) -> Iterator[Entry]:
        """Read one value of a list, or the object behind a key of an envelope."""
        may_descend = char == "{" and len(self._brackets) < _MAX_DEPTH
        value, error = self._parse(_ENVELOPE_CHARACTERS if may_descend else MAX_RECORD_BYTES)
        if error is not None and may_descend:
            if self._begins_envelope():
                self._descend("{")
                return
            value, error = self._parse(MAX_RECORD_BYTES)
        if error is None and isinstance(value, dict) and _has_swallowed(value, self._last or value, key):
            error = ValueError("its end is missing")
            self._window.at = self._began
        if error is not None:
            yield from self._damage(_explain(error))
        elif isinstance(value, dict):
            yield from self._taken(value, key)
        elif isinstance(value, list) and any(isinstance(part, list) and _beside(part) for part in value):
            # A list that lost its end has taken in those behind it.
            yield self._failure("is not a whole JSON record: its end is missing")
            self._window.at = self._began
            self._descend("[")
        elif isinstance(value, list) and (found := _beside(value)):
            yield self._entry(found[1], found[0])
        else:
            yield self._failure("is JSON but not a record")

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
        if inner is not None:
            for inner_key, record in inner:
                yield self._entry(record, inner_key)
        elif self._brackets[-1:] != ["{"] or _ID_LIKE.fullmatch(key) or _are_alike(value, self._last):
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

    def _begins_envelope(self) -> bool:
        """Whether the object at hand, damaged or large, begins like an envelope and not like a record."""
        head = self._window.text[self._window.at : self._window.at + 100_000]
        at, n_filed = 1, 0
        while match := _KEY.match(head, _past(_BETWEEN, head, at)):
            name, at = match[1], match.end()
            if name in _OWN_FIELDS:
                return False
            opening = head[at : at + 1]
            if opening == "[" and _is_list_of_records(name, head[at : at + 8192]):
                return True
            try:
                _, at = self._decoder.raw_decode(head, at)
            except (ValueError, RecursionError):
                # What is cut or damaged here is what it holds.
                is_first = "[" not in self._brackets and not self._last
                return (opening == "{" and is_first) or (n_filed > 0 and not self._brackets)
            n_filed += opening == "{" and _ID_LIKE.fullmatch(name) is not None
        return n_filed > 0 and not self._brackets

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
            if found is not None:
                window.at, is_filed = found
                if is_filed and not in_map:
                    self._brackets.append("{")
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
    while work < _RECOVERY_WORK and (match := _OBJECT_BEGINS.search(text, at)):
        at = match.end()
        # The value of a key is a part of a record, and the other way round in a map.
        place, key = _key_before(text, match.start())
        if place is not None and not (like or _ID_LIKE.fullmatch(key)):
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
        if like and _are_alike(like, value, _SURE_LIKENESS if is_part else _LIKENESS):
            return match.start() if place is None else place, in_map
        found.append((match.start() if place is None else place, end, place is not None, value))
    if like or not found:
        return None
    *_, is_filed, longest = max(found, key=lambda candidate: candidate[1] - candidate[0])
    alike = (place for place, _, filed, value in found if filed == is_filed and _are_alike(longest, value))
    return next(alike), is_filed


def _key_before(text: str, at: int) -> tuple[int | None, str]:
    """Return where the key begins whose value stands at `at`, and the key; None if there is none."""
    before = text[max(0, at - 300) : at]
    if not before.rstrip().endswith(":"):
        return None, ""
    keys = list(_KEY.finditer(before))
    if not keys or keys[-1].end() < len(before):
        return None, ""
    return at - len(before) + keys[-1].start(), keys[-1][1]


def _is_list_of_records(name: str, head: str) -> bool:
    """Whether a list, given by its beginning, holds the records of an envelope."""
    match = _OBJECT_BEGINS.match(head, _past(_BETWEEN, head, 1))
    if match is None:
        return False
    try:
        first, _ = json.JSONDecoder().raw_decode(head, match.start())
        names = set(first)
    except (ValueError, RecursionError):
        # Damaged, or longer than this: the keys in sight are those of its beginning.
        names = set(_KEY.findall(head, match.start(), max(head.find("}", match.start()), 0)))
    # The tweets of a page of API v2 stay with what stands beside them.
    return name in _LISTS or not (names.isdisjoint(_OWN_FIELDS) or names & _PAGE_FIELDS)


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


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
