"""Tweets as X's own site gets them, caught in a browser: put into the shape of API v1.1."""

from __future__ import annotations

from typing import Any

from mmsa_tui.sources.fields.lookup import Object, as_object, as_text, dig, first_id

_NESTING = 2
"""A retweet of a quote is as deep as tweets hold each other."""


def unwrap_captured(data: object) -> Object:
    """Return the object that has `legacy`, also where limited visibility wraps it; {} without one."""
    outer = as_object(data)
    tweet = outer if "legacy" in outer else as_object(outer.get("tweet"))
    return tweet if as_object(tweet.get("legacy")) else {}


def as_v1(data: Object, nesting: int = _NESTING) -> dict[str, Any]:
    """Return a captured tweet in the shape of API v1.1."""
    legacy = as_object(data.get("legacy"))
    user = as_object(dig(data, "core", "user_results", "result")) or {"legacy": data.get("user")}
    note = as_object(dig(data, "note_tweet", "note_tweet_results", "result"))
    tweet = {
        **legacy,
        "id_str": first_id(data.get("rest_id"), legacy.get("id_str")),
        # The name has moved from `legacy` to `core` in the meantime.
        "user": as_object(user.get("core")) or as_object(user.get("legacy")),
        "ext_views": as_object(data.get("views")) or legacy.get("ext_views"),
    }
    if text := as_text(note.get("text")):
        tweet["full_text"] = text
        tweet["entities"] = {**as_object(legacy.get("entities")), "urls": dig(note, "entity_set", "urls")}
    if nesting:
        for name, holder in (("retweeted_status", legacy), ("quoted_status", data)):
            if inner := unwrap_captured(dig(holder, f"{name}_result", "result")):
                tweet[name] = as_v1(inner, nesting - 1)
    return tweet
