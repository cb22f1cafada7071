"""Any JSON in the shape of no tool, straight to the readers: a row for each, never an exception.

`sources.read` catches what a reader does not foresee; here nothing does.
"""

from __future__ import annotations

import copy
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import annotation, bluesky, fourcat, gallery_dl, snscrape, twarc, x_archive, zeeschuimer
from mmsa_tui.sources.base import Reader, ReadOptions

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

NAMES = ["a.jsonl", "a.csv", "tweets.js", "a.zip", "a.json"]

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


CASES: list[tuple[Reader, Write, list[dict[str, Any]]]] = [
    (twarc.READER, lines, [V1, PAGE, V2_TWEET, {"data": V2_TWEET}, {"errors": [{}]}]),
    (snscrape.READER, lines, [SNSCRAPE]),
    (zeeschuimer.READER, lines, [ZEESCHUIMER]),
    (annotation.READER, lines, [TASK, DOCCANO, MIN]),
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

leaves = st.sampled_from(
    (
        *(None, True, 0, -1, 2**63, 10**400, 1.5, 1e300, float("nan"), float("inf"), "", "x", "\0", "\ud800"),
        *("../secret.jpg", "/etc/hostname", "https://t.co/abcdefghij", "RT @a: b", "a" * 300, "https://["),
        "9" * 5000,
    )
)
anything = st.recursive(
    leaves | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Yield every container and key in a JSON value."""
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from places(value[key])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from places(item)


@st.composite
def distorted(draw: st.DrawFn, record: dict[str, Any]) -> Any:
    """A record of some tool in which a few values, at any depth, are anything else."""
    changed = copy.deepcopy(record)
    for _ in range(draw(st.integers(0, 3))):
        found = list(places(changed))
        if found:
            container, key = draw(st.sampled_from(found))
            container[key] = draw(anything)
    return changed


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        (root / "secret.jpg").write_bytes(JPEG)
        (root / "source").mkdir()
        (root / "source/A.jpg").write_bytes(JPEG)
        yield root / "source"


def check(item: Post | Failure, root: Path) -> None:
    assert isinstance(item.post_id, str) and isinstance(item.text, str)
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in item.metadata.items())
    if isinstance(item, Failure):
        assert item.reason
        return
    assert item.post_id and (item.text or item.pictures)
    assert item.created_at == "" or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", item.created_at)
    for picture in item.pictures:
        assert picture.path is None or picture.path.resolve().is_relative_to(root)


@pytest.mark.parametrize(("reader", "write", "seeds"), CASES, ids=[case[0].name for case in CASES])
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_json_gives_posts_or_failures(
    reader: Reader, write: Write, seeds: list[dict[str, Any]], data: st.DataObject
) -> None:
    seed = st.sampled_from(seeds).flatmap(distorted)
    records = data.draw(st.lists(seed | anything, min_size=1, max_size=4))
    with folder() as root:
        source = write(root, records)
        reader.detect(source)
        try:
            for item in reader.read(source, ReadOptions()):
                check(item, root)
        except SourceError:
            pass


@pytest.mark.parametrize("reader", [case[0] for case in CASES], ids=[case[0].name for case in CASES])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    content=st.binary(max_size=400),
    name=st.sampled_from(["a.jsonl", "a.csv", "tweets.js", "a.zip", "a.json"]),
)
def test_any_bytes_give_posts_or_a_clear_error(reader: Reader, content: bytes, name: str) -> None:
    with folder() as root:
        (root / name).write_bytes(content)
        for source in (root / name, root):
            reader.detect(source)
            try:
                for item in reader.read(source, ReadOptions()):
                    check(item, root)
            except SourceError as error:
                assert error.message and error.hint


@pytest.mark.parametrize(
    ("reader", "name", "content"),
    [
        (x_archive.READER, "data/tweets.js", "window.YTD.tweets.part0 = " + json.dumps([{"tweet": V1}] * 40)),
        (fourcat.READER, "a.csv", "id,thread_id,timestamp,body\n" + "1,1,2024-03-05,hi there\n" * 400),
    ],
    ids=["x-archive", "4cat"],
)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_zip_with_damaged_bytes_gives_rows_or_a_clear_error(
    reader: Reader, name: str, content: str, data: st.DataObject
) -> None:
    with folder() as root:
        source = root / "a.zip"
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        damaged = bytearray(source.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            damaged[data.draw(st.integers(4, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        source.write_bytes(damaged)
        reader.detect(source)
        try:
            for item in reader.read(source, ReadOptions()):
                check(item, root)
        except SourceError as error:
            assert error.message and error.hint
