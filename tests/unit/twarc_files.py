"""Files of Twitter's API records, as twarc writes them, and what the reader makes of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.twarc import READER

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32


LINK = "https://t.co/AbCdEf1234"


BIG_ID = 1764900000000000101
"""Beyond 2^53: a float would end in ...100."""


def v1(post_id: int, text: str, pictures: Sequence[str] = (), /, **fields: Any) -> dict[str, Any]:
    media = [
        {
            "id_str": "9",
            "indices": [len(text) - len(LINK), len(text)],
            "media_url": f"http://pbs.twimg.com/media/{name}",
            "media_url_https": f"https://pbs.twimg.com/media/{name}",
            "url": LINK,
            "display_url": f"pic.twitter.com/{LINK[-10:]}",
            "type": "photo",
            "ext_alt_text": f"alt of {name}",
        }
        for name in pictures
    ]
    return {
        "created_at": "Tue Mar 05 14:02:11 +0000 2024",
        "id": post_id,
        "id_str": str(post_id),
        "full_text": text,
        "truncated": False,
        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": [], "media": media[:1]},
        **({"extended_entities": {"media": media}} if media else {}),
        "user": {"id_str": "7", "screen_name": "harbour_light", "name": "Harbour Light"},
        "is_quote_status": False,
        "retweet_count": 3,
        "favorite_count": 12,
        "lang": "en",
        **fields,
    }


def v2(post_id: str, text: str, /, **fields: Any) -> dict[str, Any]:
    return {
        "id": post_id,
        "text": text,
        "author_id": "7",
        "conversation_id": post_id,
        "created_at": "2024-03-05T14:02:11.000Z",
        "edit_history_tweet_ids": [post_id],
        "lang": "en",
        "public_metrics": {"retweet_count": 3, "reply_count": 1, "like_count": 12, "quote_count": 0},
        **fields,
    }


USER = {"id": "7", "username": "harbour_light", "name": "Harbour Light"}


TWARC = {
    "url": "https://api.twitter.com/2/tweets/search/all",
    "version": "2.14.0",
    "retrieved_at": "2024-03-06",
}


def page(tweets: object, /, **includes: Any) -> dict[str, Any]:
    return {
        "data": tweets,
        "includes": {"users": [USER], **includes},
        "meta": {"result_count": 1, "newest_id": "1", "oldest_id": "1"},
        "__twarc": TWARC,
    }


def write(path: Path, *records: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def items(source: Path) -> list[Post | Failure]:
    return list(READER.read(source, ReadOptions()))


def posts(source: Path) -> list[Post]:
    found = items(source)
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]
