"""How services wrap records in JSON: in lists, in envelopes of lists, in maps from ids to records.

Knows names of keys and what makes two records alike; `json_scan` knows how a text is gone through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, TypeGuard

from mmsa_tui.sources.fields.lookup import Object, as_objects
from mmsa_tui.sources.files.browser_pages import records_of_log, tweets_of_timeline
from mmsa_tui.sources.files.json_tables import captions_of_pictures, rows_of_frame, texts_by_key

MAX_DEPTH = 6
"""Envelopes within envelopes; `data.user.edge_owner_to_timeline_media.edges` is one of four."""
LIKENESS = 0.4
"""Share of keys that a record has in common with the others of its list, at least."""
SURE_LIKENESS = 0.6
"""As much as a record has in common with what may be a part of another."""
_SURELY_LIKE = 3
"""Keys in common from which on a part of a record is no part of it."""

BETWEEN = re.compile(r"(?:[\s,\ufeff\x1e]|//[^\n]*\n|/\*.{0,10000}?\*/)*", re.DOTALL)
"""What may stand between values: also comments, which JSON has no room for and people write."""
KEY = re.compile(r'"((?:[^"\\\x00-\x1f]|\\.){0,1000})"\s*:\s*')
OBJECT_BEGINS = re.compile(r'\{\s*(?=")')
_LONG_NUMBER = re.compile(r"[0-9]{5,}")
ID_LIKE = re.compile(r"(?=.*[0-9])[\w.:-]{3,200}")

_LISTS = frozenset((
    "cards", "children", "edges", "entries", "feed", "itemList", "items", "list", "messages", "orderedItems",
    "posts",
    "records", "results", "rows", "statuses", "toots", "tweets", "text_post_app_text_posts",
    "ig_archived_post_media", "ig_other_media", "zerver_message",
))  # fmt: skip
"""Names under which services hand out lists of posts."""
_FEW_WORDS = 6
"""What has more words in one field is a record, whatever lists it holds."""
ANSWERS = ("replies", "comments", "answers", "children", "responses")
"""Names under which a record holds the answers to it."""
_OWN_FIELDS = frozenset((
    "text", "full_text", "fullText", "body", "content", "message", "caption", "tweet", "tweet_text",
    "rawContent", "timestamp", "Date", "created_at", "createdAt", "date", "creation_timestamp", "taken_at",
    "created_time", "time",
    "published", "created_utc", "createTime", "create_time", "timestamp_collected", "source_platform",
    "source_platform_url",
    "item_id", "tweet_id", "includes", "__twarc", "annotations", "predictions", "completions", "object",
    "noteTweet", "taken_at_timestamp", "shortcode", "node", "post", "data_row", "rest_id", "task_id",
    "string_map_data",
    "instances", "review", "reviewText", "timestamp_created", "datetaken", "dateupload",
))  # fmt: skip
"""Who has one of these is a record itself, or a page that has to stay in one piece."""
_WORDS = frozenset((
    "text", "full_text", "fullText", "body", "message", "tweet", "tweet_text", "rawContent",
))  # fmt: skip
_SAID = _WORDS | {"selftext", "title"}
_ROLES = frozenset(("system", "user", "assistant"))
_ERRORS = frozenset(("error", "errors", "warnings"))
"""What a service could not do, which is no post."""
_INNER = ("attributes", "properties", "_source", "fields", "record", "legacy", "row")
"""What services file the fields of a record under, beside its id."""
_PAGE_FIELDS = frozenset(("edit_history_tweet_ids", "author_id", "conversation_id", "public_metrics"))
"""Of a tweet of Twitter's API v2."""


def unwrap(value: Object) -> Iterator[tuple[str, Object]] | None:
    """Yield key and record for each record that an envelope holds; None if it is no envelope.

    An envelope has neither text nor date of its own, and lists of records that have, at some depth;
    or it is a map from ids to records.
    """
    if texts := texts_by_key(value):
        return iter(texts)
    # Most records are flat, and looked at a million times.
    if not any(isinstance(part, dict | list) for part in value.values()):
        return None
    if frame := rows_of_frame(value):
        return (("", row) for row in frame)
    if captioned := captions_of_pictures(value):
        return (("", record) for record in captioned)
    if (tweets := tweets_of_timeline(value)) is not None:
        return iter(tweets)
    if (loaded := records_of_log(value, unwrap)) is not None:
        return loaded
    if page := _page_by_another_name(value):
        return iter([("", page)])
    if isinstance(stream := value.get("post_stream"), dict):
        # A topic of Discourse has a title and dates, and its words in its posts.
        return (("", post) for post in as_objects(stream.get("posts")))
    if _has_own_fields(value) or _is_page(value):
        return None
    lists = list(_lists_in(value, 0))
    named = [items for name, items in lists if name in _LISTS or _speaks(items)]
    found = named or [items for _, items in lists]
    if found:
        lone = (("", item) for item in value.values() if _is_post_above(item, found))
        return chain(lone, ((key, item) for items in found for key, item in _records_of(items)))
    if _is_map_of_lists(value):
        return (("", item) for items in value.values() for item in items if isinstance(item, dict))
    if _is_map(value):
        return ((key, item) for key, item in value.items() if isinstance(item, dict))
    maps = [inner for inner in value.values() if isinstance(inner, dict) and _is_map_of_posts(inner)]
    like = next(iter(maps[0].values())) if maps else {}
    maps = [inner for inner in value.values() if isinstance(inner, dict) and _files_such(inner, like)]
    return ((key, item) for inner in maps for key, item in inner.items()) if like else None


def _is_post_above(item: object, lists: list[list[Any]]) -> bool:
    """Whether a record beside lists is a post of its own: what the comments in one of them are about."""
    if not isinstance(item, dict) or _SAID.isdisjoint(item):
        return False
    first = (next(as_objects(items), {}) for items in lists)
    return any(len(item.keys() & other.keys()) >= _SURELY_LIKE for other in first)


def _speaks(items: list[Any]) -> bool:
    """Whether the records of a list hold words, whatever it is called: comments beside posts."""
    first = next((item for item in items[:20] if isinstance(item, dict)), {})
    return not _WORDS.isdisjoint(first)


def lone_list(value: Object) -> Iterator[tuple[str, Object]] | None:
    """Yield the records of a file that holds one list of them beside words about it, whatever they say."""
    lists = [part for part in value.values() if isinstance(part, list)]
    words = [part for part in value.values() if not isinstance(part, list)]
    if len(lists) != 1 or len(lists[0]) < 2 or not all(isinstance(item, dict) for item in lists[0]):
        return None
    # A text beside a list is a post with its answers.
    if any(isinstance(part, dict) or (isinstance(part, str) and len(part.split()) > 3) for part in words):
        return None
    first, *others = lists[0][:20]
    return (("", item) for item in lists[0]) if all(are_alike(first, other) for other in others) else None


def _has_own_fields(value: Object) -> bool:
    """Whether it has a text or a date of its own; `post` may be one, or the list of all."""
    own = _OWN_FIELDS & value.keys()
    if own == {"annotations"}:
        # COCO's name for a list of all, beside facts of the set; of a task they are the labels.
        return not ("info" in value and isinstance(value["annotations"], list))
    return bool(own) and not (own == {"post"} and isinstance(value["post"], list))


def _is_page(value: Object) -> bool:
    """Whether it is a page of Twitter's API v2, whose tweets refer to what stands beside them."""
    meta = value.get("meta")
    if isinstance(value.get("users"), list) and isinstance(value.get("media", value.get("tweets")), list):
        return True
    return "data" in value and isinstance(meta, dict) and bool({"result_count", "newest_id"} & meta.keys())


def _page_by_another_name(value: Object) -> Object | None:
    """Return a page of Twitter's API v2 whose key `data` is damaged, with its tweets under it again."""
    if "data" in value or not isinstance(value.get("includes"), dict):
        return None
    for inner in value.values():
        first = inner[0] if isinstance(inner, list) and inner else None
        if isinstance(first, dict) and {"id", "text"} <= first.keys():
            return {**value, "data": inner}
    return None


def _lists_in(value: Object, depth: int) -> Iterator[tuple[str, list[Any]]]:
    for name, inner in value.items():
        if name in _ERRORS:
            continue
        if isinstance(inner, list) and _holds_records(name, inner):
            yield name, inner
        elif isinstance(inner, dict) and depth < MAX_DEPTH and not _has_own_fields(inner):
            yield from _lists_in(inner, depth + 1)


def _holds_records(name: str, items: list[Any]) -> bool:
    first = next((item for item in items[:20] if isinstance(item, dict)), None)
    if first is not None and first.get("role") in _ROLES:
        return False  # a conversation with a model, which is one record
    return first is not None and (
        name in _LISTS or _has_own_fields(first) or _has_inner_fields(first) or _holds_lists(first)
    )


def _holds_lists(value: Object) -> bool:
    """Whether it holds a list of records, with hardly a word about it: a chat and its messages."""
    if any(isinstance(part, str) and len(part.split()) > _FEW_WORDS for part in value.values()):
        return False
    return any(isinstance(part, list) and _holds_records(name, part) for name, part in value.items())


def _has_inner_fields(value: Object) -> bool:
    """Whether what a service says of a post lies one level down: `attributes.content`, `_source.text`."""
    return any(isinstance(part := value.get(name), dict) and _has_own_fields(part) for name in _INNER)


def _records_of(items: list[Any]) -> Iterator[tuple[str, Object]]:
    for item in items:
        if isinstance(item, dict) and "update_id" in item:
            # What happened in a chat with a bot of Telegram: `message`, `channel_post` or another.
            yield from (("", part) for part in item.values() if isinstance(part, dict))
        elif isinstance(item, dict):
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
    if len(value) == 2 and not all(map(ID_LIKE.fullmatch, value)):
        return False
    first, *others = list(value.values())[:20]
    return all(are_alike(first, other) for other in others)


def _is_map_of_lists(value: Object) -> bool:
    """Whether it is a map from names, of chats or of days, to lists of records that are alike."""
    lists = list(value.values())
    if len(lists) < 2 or not all(isinstance(items, list) and items for items in lists):
        return False
    first = [items[0] for items in lists[:20]]
    return all(isinstance(item, dict) and len(item) > 1 and are_alike(first[0], item) for item in first)


def _is_map_of_posts(value: Object) -> bool:
    """Whether it is a map from ids to posts below a key of an envelope."""
    return (
        len(value) > 1
        and all(map(ID_LIKE.fullmatch, value))
        and _is_map(value)
        and _has_own_fields(next(iter(value.values())))
    )


def _files_such(value: Object, like: Object) -> bool:
    """Whether it is a map from ids to posts like this one: `train`, `val` or `test` of a set."""
    return bool(value) and all(
        isinstance(item, dict) and ID_LIKE.fullmatch(key) and are_alike(like, item)
        for key, item in value.items()
    )


def are_alike(one: Object, other: Object, least: float = LIKENESS) -> bool:
    """Whether two records have a share of their keys in common."""
    return len(one.keys() & other.keys()) >= least * max(1, len(one.keys() | other.keys()))


def is_list_of_like(items: object, record: Object) -> TypeGuard[list[Object]]:
    """Whether a list holds nothing but records that are like one with words of its own."""
    if not isinstance(items, list) or not items or _WORDS.isdisjoint(record):
        return False
    return all(
        isinstance(item, dict) and not _WORDS.isdisjoint(item) and are_alike(record, item) for item in items
    )


def has_swallowed(record: Object, like: Object, key: str) -> bool:
    """Whether a record that lost its end has taken in those behind it, in a list or a map of its own.

    Replies stand in a list of their own; among the parts of another kind nothing is like a record.
    """
    return _swallows(record, like, _LONG_NUMBER.fullmatch(key) is not None, 0)


def _swallows(value: object, like: Object, is_filed: bool, depth: int) -> bool:
    if isinstance(value, dict) and depth < MAX_DEPTH:
        if is_filed and any(map(_LONG_NUMBER.fullmatch, value)):
            return True
        return any(_swallows(inner, like, is_filed, depth + 1) for inner in value.values())
    if not isinstance(value, list) or len(value) < 2:
        return False
    first, last = value[0], value[-1]
    return (
        isinstance(last, dict)
        and len(like.keys() & last.keys()) >= _SURELY_LIKE
        and are_alike(like, last)
        and not (isinstance(first, dict) and are_alike(like, first))
    )


def beside(value: list[Any]) -> tuple[str, Object] | None:
    """Return the record in a list such as `[3, address, {…}]`, and the address; None without one."""
    records = [item for item in value if isinstance(item, dict)]
    words = [item for item in value if isinstance(item, str)]
    return (words[0] if words else "", records[0]) if len(records) == 1 else None


def begins_envelope(head: str, is_listed: bool, is_first: bool) -> bool:
    """Whether a text, damaged or cut, begins like an envelope and not like a record.

    Args:
        is_listed: it stands in a list or in another envelope.
        is_first: no record has been read before it, and it stands in no list.
    """
    decoder = json.JSONDecoder()
    at, n_filed = 1, 0
    while match := KEY.match(head, past(BETWEEN, head, at)):
        name, at = match[1], match.end()
        opening = head[at : at + 1]
        if name in _OWN_FIELDS and not (name == "post" and opening == "["):
            return False
        if opening == "[" and is_list_of_records(name, head[at : at + 8192]):
            return True
        try:
            _, at = decoder.raw_decode(head, at)
        except (ValueError, RecursionError):
            # What is cut or damaged here is what it holds.
            return (opening == "{" and is_first) or (n_filed > 0 and not is_listed)
        n_filed += opening == "{" and ID_LIKE.fullmatch(name) is not None
    return n_filed > 0 and not is_listed


def is_list_of_records(name: str, head: str) -> bool:
    """Whether a list, given by its beginning, holds the records of an envelope."""
    match = OBJECT_BEGINS.match(head, past(BETWEEN, head, 1))
    if match is None:
        return False
    try:
        first, _ = json.JSONDecoder().raw_decode(head, match.start())
        names = set(first)
    except (ValueError, RecursionError):
        # Damaged, or longer than this: the keys in sight are those of its beginning.
        names = set(KEY.findall(head, match.start(), max(head.find("}", match.start()), 0)))
    # The tweets of a page of API v2 stay with what stands beside them.
    return name in _LISTS or not (names.isdisjoint(_OWN_FIELDS) or names & _PAGE_FIELDS)


def past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return the place behind what stands at `at` and matches, `at` where nothing does."""
    match = pattern.match(text, at)
    return match.end() if match else at
