"""The collections of every tool are told apart, the smallest one of each included."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mmsa_tui.sources import detect

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32
V1 = {"id_str": "1", "full_text": "hi", "user": {"screen_name": "a"}}
V2 = {"id": "1", "text": "hi", "author_id": "2", "edit_history_tweet_ids": ["1"]}
TWEETS_JS = "window.YTD.tweets.part0 = " + json.dumps([{"tweet": V1}])
GALLERY = {
    "category": "twitter",
    "tweet_id": 1764900000000000101,
    "content": "hi",
    "num": 1,
    "extension": "jpg",
}
CSV = "id,thread_id,timestamp,body,author,images\n1,1,2024-03-05 14:02:11,hi,a,\n"


def text(name: str, content: str) -> Callable[[Path], Path]:
    def write(root: Path) -> Path:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    return write


def record(name: str, value: object) -> Callable[[Path], Path]:
    return text(name, json.dumps(value) + "\n")


def folder(*files: Callable[[Path], Path]) -> Callable[[Path], Path]:
    def write(root: Path) -> Path:
        for file in files:
            file(root)
        (root / "media").mkdir(exist_ok=True)
        (root / "media/A.jpg").write_bytes(JPEG)
        return root

    return write


def packed(member: str, content: str) -> Callable[[Path], Path]:
    def write(root: Path) -> Path:
        with zipfile.ZipFile(root / "a.zip", "w") as archive:
            archive.writestr(member, content)
        return root / "a.zip"

    return write


@pytest.mark.parametrize(
    ("format", "write"),
    [
        ("x-archive", folder(text("data/tweets.js", TWEETS_JS))),
        ("x-archive", packed("data/tweets.js", TWEETS_JS)),
        ("x-archive", text("tweets.js", TWEETS_JS)),
        ("gallery-dl", folder(record("1764900000000000101_1.jpg.json", GALLERY))),
        ("twarc", record("a.jsonl", V1)),
        ("twarc", record("a.json", [V1, V1])),
        ("twarc", record("a.jsonl", V2)),
        ("twarc", record("a.jsonl", {"data": [V2], "includes": {}, "meta": {}, "__twarc": {}})),
        ("twarc", folder(record("a.jsonl", V1))),
        (
            "snscrape",
            record("a.jsonl", {"_type": "snscrape.modules.twitter.Tweet", "id": 1, "content": "hi"}),
        ),
        ("4cat", text("a.csv", CSV)),
        ("4cat", folder(text("a.csv", CSV), text("media/.metadata.json", "{}"))),
        ("4cat", packed("a.csv", CSV)),
        ("zeeschuimer", record("a.ndjson", {"source_platform_url": "https://x.com", "data": {"legacy": V1}})),
        (
            "bluesky",
            folder(record("app.bsky.feed.post/3k.json", {"$type": "app.bsky.feed.post", "text": "hi"})),
        ),
        ("annotation", record("a.json", [{"id": 1, "data": {"text": "hi"}, "annotations": []}])),
        ("annotation", record("a.jsonl", {"id": 1, "text": "hi", "label": ["positive"]})),
    ],
)
def test_a_collection_is_recognised_without_doubt(
    tmp_path: Path, format: str, write: Callable[[Path], Path]
) -> None:
    found = detect(write(tmp_path))
    assert (found.format, found.is_ambiguous) == (format, False)
