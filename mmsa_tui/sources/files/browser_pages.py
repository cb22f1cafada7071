"""What a browser keeps of pages that load as one scrolls: timelines of X, and logs of requests (HAR).

Knows how these wrap posts, not what a post is.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from typing import Any

from mmsa_tui.sources.fields.lookup import Object, as_object, as_objects, as_text, dig

_RESULTS = ("tweet_results", "tweetResult")
_MAX_DEPTH = 40

Unwrap = Callable[[Object], Iterator[tuple[str, Object]] | None]


def tweets_of_timeline(value: Object) -> list[tuple[str, Object]] | None:
    """Return id and tweet of a timeline of X's own site, or of an entry of it; None if it is none."""
    if "entryId" in value and isinstance(value.get("content"), dict):
        return list(_tweets(value["content"], 0))
    data = value.get("data")
    found = list(_tweets(data, 0)) if isinstance(data, dict) else []
    return found or None


def _tweets(value: Any, depth: int) -> Iterator[tuple[str, Object]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _tweets(item, depth + 1)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in _RESULTS:
                yield from _tweets(inner, depth + 1)
            elif tweet := _tweet(inner):
                promoted = {"promoted": True} if "promotedMetadata" in value else {}
                yield as_text(tweet.get("rest_id")), {**tweet, **promoted}


def _tweet(results: Any) -> Object:
    # A tweet with limited visibility is wrapped once more; one that is gone has no `legacy`.
    result = as_object(dig(results, "result"))
    tweet = result if "legacy" in result else as_object(result.get("tweet"))
    return tweet if "legacy" in tweet else {}


def records_of_log(value: Object, unwrap: Unwrap) -> Iterator[tuple[str, Object]] | None:
    """Yield the posts that a log of requests (HAR), or an entry of one, has loaded; None if it is none.

    Args:
        unwrap: yields the records of an envelope.
    """
    entries = dig(value, "log", "entries")
    if isinstance(entries, list) and isinstance(dig(value, "log", "creator"), dict):
        return (found for entry in as_objects(entries) for found in _posts_in(entry, unwrap))
    if isinstance(value.get("request"), dict) and isinstance(dig(value, "response", "content"), dict):
        return _posts_in(value, unwrap)
    return None


def _posts_in(entry: Object, unwrap: Unwrap) -> Iterator[tuple[str, Object]]:
    """Yield what an answer holds that has a text and a date: pages load settings and pictures, too."""
    content = as_object(dig(entry, "response", "content"))
    text = as_text(content.get("text"))
    try:
        if content.get("encoding") == "base64":
            text = base64.b64decode(text).decode("utf-8", "replace")
        value = json.loads(text)
    except (ValueError, RecursionError, binascii.Error):
        return
    values = value if isinstance(value, list) else [value]
    for record in as_objects(values):
        inner = unwrap(record)
        for key, found in inner if inner is not None else [("", record)]:
            if "legacy" in found or not (_TEXTS.isdisjoint(found) or _DATES.isdisjoint(found)):
                yield key, found


_TEXTS = frozenset(("text", "full_text", "content", "caption", "message", "body", "desc"))
_DATES = frozenset(
    ("created_at", "createdAt", "taken_at", "created_utc", "createTime", "created_time", "timestamp")
)
