"""A record of every tool whose JSON is read, with all that readers look at, and how it lies on disk."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmsa_tui.sources.base import Reader
from mmsa_tui.sources.readers import (
    annotation,
    bluesky,
    fourcat,
    gallery_dl,
    instaloader,
    network,
    snscrape,
    telegram,
    twarc,
    x_archive,
    zeeschuimer,
)

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32

MEDIUM = {
    "media_url_https": "https://pbs.twimg.com/media/A.jpg",
    "url": "https://t.co/abcdefghij",
    "indices": [3, 26],
    "type": "photo",
}
V1: dict[str, Any] = {
    "id": 1764900000000000101,
    "id_str": "1764900000000000101",
    "created_at": "Tue Mar 05 14:02:11 +0000 2024",
    "full_text": "hi https://t.co/abcdefghij",
    "lang": "en",
    "user": {"screen_name": "sam", "name": "Sam"},
    "entities": {
        "urls": [{"url": "https://t.co/x", "expanded_url": "https://x.com/sam/status/5"}],
        "media": [MEDIUM],
    },
    "extended_entities": {"media": [MEDIUM]},
    "in_reply_to_status_id_str": "4",
    "place": {"full_name": "Delft"},
}
V1 = {**V1, "retweeted_status": copy.deepcopy(V1), "quoted_status": copy.deepcopy(V1)}
V2_TWEET = {
    "id": "1",
    "text": "hi",
    "author_id": "2",
    "created_at": "2024-03-05T14:02:11.000Z",
    "attachments": {"media_keys": ["3_1"], "media": [{"media_key": "3_1", "url": "https://x/A.jpg"}]},
    "entities": {"urls": [{"url": "https://t.co/x", "expanded_url": "https://x/", "display_url": "x"}]},
    "note_tweet": {"text": "hi there", "entities": {"urls": []}},
    "referenced_tweets": [{"type": "retweeted", "id": "5"}, {"type": "quoted", "id": "6"}],
    "public_metrics": {"like_count": 1},
}
PAGE = {
    "data": [V2_TWEET],
    "includes": {
        "users": [{"id": "2", "username": "sam"}],
        "media": [{"media_key": "3_1", "type": "photo", "url": "https://x/A.jpg", "alt_text": "a"}],
        "tweets": [{"id": "5", "text": "hello", "author_id": "2"}],
    },
    "__twarc": {},
}
SNSCRAPE = {
    "_type": "snscrape.modules.twitter.Tweet",
    "id": 1,
    "rawContent": "hi https://t.co/x",
    "date": "2024-03-05T14:02:11+00:00",
    "user": {"username": "sam", "displayname": "Sam"},
    "media": [{"fullUrl": "https://pbs.twimg.com/media/A?format=jpg&name=large", "altText": "a"}],
    "links": [{"url": "https://x/", "tcourl": "https://t.co/x"}],
    "quotedTweet": {"id": 5, "rawContent": "hello"},
}
GRAPH = {
    "rest_id": "1",
    "core": {"user_results": {"result": {"legacy": {"screen_name": "sam"}}}},
    "legacy": V1,
    "note_tweet": {"note_tweet_results": {"result": {"text": "hi", "entity_set": {"urls": []}}}},
    "quoted_status_result": {"result": {"legacy": V1, "rest_id": "5"}},
    "views": {"count": "3"},
}
ZEESCHUIMER = {"source_platform_url": "https://x.com", "timestamp_collected": 1709700000000, "data": GRAPH}
BLUESKY = {
    "$type": "app.bsky.feed.post",
    "text": "hi",
    "langs": ["en"],
    "createdAt": "2024-03-05T14:02:11.123Z",
    "reply": {"root": {"uri": "at://a/b/c"}, "parent": {"uri": "at://a/b/d"}},
    "facets": [{"features": [{"uri": "https://x/"}]}],
    "embed": {
        "media": {"images": [{"alt": "a", "image": {"ref": {"$link": "bafy"}}}]},
        "record": {"uri": "at://q/w/e"},
    },
}
GALLERY = {
    "tweet_id": 1764900000000000101,
    "content": "hi",
    "author": {"name": "sam", "nick": "Sam"},
    "user": {"name": "leo"},
    "date": "2024-03-05 14:02:11",
    "num": 1,
    "extension": "jpg",
    "description": "a",
    "retweet_id": 5,
}
TASK = {
    "id": 1,
    "data": {"text": "hi", "image": "/data/local-files/?d=A.jpg", "post_id": "9"},
    "annotations": [{"result": [{"from_name": "sentiment", "value": {"choices": ["positive"]}}]}],
}
DOCCANO = {"id": 1, "text": "hi", "label": ["positive"], "meta": {"a": 1}}
MIN = {"id": 1, "text": "hi", "sentiment": {"choices": ["positive"]}, "annotator": 1, "annotation_id": 2}
IMAGES = {
    "https://x/A.jpg": {
        "filename": "A.jpg",
        "success": True,
        "post_ids": ["1", 2],
        "files": [{"filename": "A"}],
    }
}

Write = Callable[[Path, list[Any]], Path]


def lines(root: Path, records: list[Any]) -> Path:
    path = root / "a.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def archive(root: Path, records: list[Any]) -> Path:
    for name, part in (("tweets", records), ("note-tweet", records), ("account", records)):
        path = root / f"{name}.js"
        path.write_text(f"window.YTD.{name}.part0 = {json.dumps(part)}", encoding="utf-8")
    return root


def repository(root: Path, records: list[Any]) -> Path:
    (root / "app.bsky.feed.post").mkdir()
    for number, record in enumerate(records):
        (root / f"app.bsky.feed.post/3k{number}.json").write_text(json.dumps(record), encoding="utf-8")
    (root / "_commit.json").write_text(json.dumps(records[0]), encoding="utf-8")
    return root


def sidecars(root: Path, records: list[Any]) -> Path:
    for number, record in enumerate(records):
        (root / f"176490000000000010{number}_1.jpg").write_bytes(JPEG)
        (root / f"176490000000000010{number}_1.jpg.json").write_text(json.dumps(record), encoding="utf-8")
        (root / f"named{number}.jpg.json").write_text(json.dumps(record), encoding="utf-8")
    return root


def dataset(root: Path, records: list[Any]) -> Path:
    (root / "a.csv").write_text(
        "id,thread_id,timestamp,body,images\n1,1,2024-03-05,hi,https://x/A.jpg\n", "utf-8"
    )
    (root / ".metadata.json").write_text(json.dumps(records[0]), encoding="utf-8")
    return root


MASTODON = {
    "id": "11",
    "created_at": "2026-05-01T10:00:00.000Z",
    "content": "<p>hi</p>",
    "account": {"acct": "sam"},
    "media_attachments": [{"type": "image", "url": "https://x/A.jpg"}],
    "reblog": {"id": "5", "content": "hello", "account": {"acct": "leo"}, "url": "x"},
}
REDDIT = {
    "id": "1",
    "subreddit": "f",
    "title": "hi",
    "selftext": "",
    "author": "sam",
    "media_metadata": {"A": {"e": "Image", "s": {"u": "https://x/A.jpg"}}},
    "replies": {"data": {"children": []}},
}
VIEW = {
    "uri": "at://d/c/3k",
    "author": {"handle": "sam"},
    "record": BLUESKY,
    "embed": {"images": [{"fullsize": "A"}]},
}
DOWNLOADED = {"media": [{"uri": "media/A.jpg", "creation_timestamp": 1777629600, "title": "hi"}]}
MESSAGE = {
    "id": 2,
    "type": "message",
    "date": "2026-05-01T10:00:00",
    "text": ["h", {"text": "i"}],
    "photo": "A.jpg",
}
PRODIGY = {
    "text": "hi",
    "_input_hash": 1,
    "answer": "accept",
    "accept": ["1"],
    "options": [{"id": 1, "text": "pos"}],
}
ARGILLA = {
    "id": "1",
    "fields": {"text": "hi"},
    "responses": {"label": [{"value": "pos", "status": "submitted"}]},
}
NODE = {
    "node": {
        "shortcode": "D",
        "id": "1",
        "owner": {"username": "sam"},
        "taken_at_timestamp": 1,
        "caption": {"text": "hi"},
    },
    "instaloader": {"node_type": "Post"},
}

CASES: list[tuple[Reader, Write, list[dict[str, Any]]]] = [
    (twarc.READER, lines, [V1, PAGE, V2_TWEET, {"data": V2_TWEET}, {"errors": [{}]}]),
    (snscrape.READER, lines, [SNSCRAPE]),
    (zeeschuimer.READER, lines, [ZEESCHUIMER]),
    (annotation.READER, lines, [TASK, DOCCANO, MIN, PRODIGY, ARGILLA]),
    (network.READER, lines, [MASTODON, REDDIT, VIEW, DOWNLOADED]),
    (telegram.READER, lines, [MESSAGE]),
    (instaloader.READER, sidecars, [NODE]),
    (
        x_archive.READER,
        archive,
        [
            {"tweet": V1},
            {"noteTweet": {"tweetId": "1", "core": {"text": "hi"}, "createdAt": "2024"}},
            {"account": {"username": "sam"}},
        ],
    ),
    (bluesky.READER, repository, [BLUESKY]),
    (gallery_dl.READER, sidecars, [GALLERY, {**BLUESKY, "post_id": "3kmxq2abcde2a", "extension": "jpg"}]),
    (fourcat.READER, dataset, [IMAGES]),
]
