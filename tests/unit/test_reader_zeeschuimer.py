"""Tweets captured in the browser: API v1.1 fields wrapped by the page's own objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.zeeschuimer import READER

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32
LINK = "https://t.co/AbCdEf1234"


def tweet(post_id: str, text: str, /, author: str = "harbour_light", **legacy: Any) -> dict[str, Any]:
    return {
        "__typename": "Tweet",
        "rest_id": post_id,
        "id": post_id,
        "core": {"user_results": {"result": {"legacy": {"screen_name": author, "name": author.title()}}}},
        "views": {"count": "345", "state": "EnabledWithCount"},
        "source": '<a href="https://mobile.twitter.com">Twitter Web App</a>',
        "promoted": False,
        "legacy": {
            "bookmark_count": 2,
            "created_at": "Tue Mar 05 14:02:11 +0000 2024",
            "conversation_id_str": post_id,
            "entities": {"user_mentions": [], "urls": [], "hashtags": [], "symbols": []},
            "favorite_count": 12,
            "full_text": text,
            "is_quote_status": False,
            "lang": "en",
            "quote_count": 0,
            "reply_count": 1,
            "retweet_count": 3,
            "user_id_str": "7",
            "id_str": post_id,
            **legacy,
        },
    }


def pictures(*names: str) -> dict[str, Any]:
    return {
        "media": [
            {
                "url": LINK,
                "media_url_https": f"https://pbs.twimg.com/media/{name}",
                "type": "photo",
                "indices": [0, 1],
            }
            for name in names
        ]
    }


def capture(data: dict[str, Any], platform: str = "twitter.com") -> dict[str, Any]:
    return {
        "nav_index": "1:2:3",
        "item_id": data.get("id"),
        "timestamp_collected": 1709700000000,
        "source_platform": platform,
        "source_platform_url": f"https://{platform}/search?q=harbour",
        "source_url": f"https://{platform}/i/api/graphql/x/SearchTimeline",
        "user_agent": "Mozilla/5.0",
        "data": data,
    }


def write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def posts(source: Path) -> list[Post]:
    found = list(READER.read(source, ReadOptions()))
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def test_a_captured_tweet_keeps_what_the_page_knew(tmp_path: Path) -> None:
    data = tweet(
        "1764900000000000101", f"Boats &amp; gulls {LINK}", extended_entities=pictures("A.jpg", "B.jpg")
    )
    source = write(tmp_path / "a.ndjson", capture(data))
    (tmp_path / "A.jpg").write_bytes(JPEG)
    assert READER.detect(source) is not None
    (post,) = posts(source)
    assert (post.post_id, post.text, post.author) == ("1764900000000000101", "Boats & gulls", "harbour_light")
    assert [picture.is_missing for picture in post.pictures] == [False, True]
    assert post.metadata == {
        "url": "https://x.com/harbour_light/status/1764900000000000101",
        "author_name": "Harbour_Light",
        "conversation_id": "1764900000000000101",
        "likes": "12",
        "retweets": "3",
        "replies": "1",
        "quotes": "0",
        "views": "345",
        "bookmarks": "2",
        "collected_at": "2024-03-06T04:40:00Z",
        "collected_from": "https://twitter.com/search?q=harbour",
    }


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_retweet_says_what_the_original_says(tmp_path: Path, is_wrapped: bool) -> None:
    original = tweet("5", "All of a long sentence", "leo")
    result = {"__typename": "TweetWithVisibilityResults", "tweet": original} if is_wrapped else original
    data = tweet("6", "RT @leo: All of…", retweeted_status_result={"result": result})
    (post,) = posts(write(tmp_path / "a.ndjson", capture(data)))
    assert (post.post_id, post.text) == ("6", "All of a long sentence")
    assert (post.metadata["retweet_of"], post.metadata["retweet_author"]) == ("5", "leo")


def test_a_quote_keeps_the_words_it_answers(tmp_path: Path) -> None:
    data = tweet("6", "No.", quoted_status_id_str="5", is_quote_status=True)
    data["quoted_status_result"] = {"result": tweet("5", "Yes.", "mia")}
    (post,) = posts(write(tmp_path / "a.ndjson", capture(data)))
    assert (post.metadata["quote_of"], post.metadata["quote_author"]) == ("5", "mia")
    assert post.metadata["quote_text"] == "Yes."


def test_a_quote_of_a_deleted_tweet_keeps_its_id(tmp_path: Path) -> None:
    data = tweet("6", "No.", quoted_status_id_str="5")
    data["quoted_status_result"] = {"result": {"__typename": "TweetTombstone", "tombstone": {}}}
    (post,) = posts(write(tmp_path / "a.ndjson", capture(data)))
    assert post.metadata["quote_of"] == "5"


def test_a_long_post_is_read_whole(tmp_path: Path) -> None:
    data = tweet("1", "The first 280…")
    urls = [{"url": "https://t.co/x", "expanded_url": "https://example.org"}]
    result = {"id": "n", "text": "The first 280 and the rest", "entity_set": {"urls": urls}}
    data["note_tweet"] = {"is_expandable": True, "note_tweet_results": {"result": result}}
    (post,) = posts(write(tmp_path / "a.ndjson", capture(data)))
    assert (post.text, post.metadata["links"]) == ("The first 280 and the rest", "https://example.org")


def test_a_tweet_with_limited_visibility_is_unwrapped(tmp_path: Path) -> None:
    data = {"__typename": "TweetWithVisibilityResults", "tweet": tweet("1", "one"), "id": "1"}
    assert [post.text for post in posts(write(tmp_path / "a.ndjson", capture(data)))] == ["one"]


def test_the_older_capture_has_the_user_beside_the_tweet(tmp_path: Path) -> None:
    legacy = tweet("1", "one")["legacy"]
    data = {"id": 1, "type": "adaptive", "legacy": legacy, "user": {"screen_name": "harbour_light"}}
    (post,) = posts(write(tmp_path / "a.ndjson", capture(data)))
    assert (post.post_id, post.author) == ("1", "harbour_light")


def test_the_newer_capture_has_the_name_under_core(tmp_path: Path) -> None:
    data = tweet("1", "one")
    data["core"]["user_results"]["result"] = {
        "core": {"screen_name": "harbour_light"},
        "legacy": {"followers": 1},
    }
    (post,) = posts(write(tmp_path / "a.ndjson", capture(data)))
    assert post.author == "harbour_light"


def test_a_platform_that_is_known_is_read_as_its_api_is(tmp_path: Path) -> None:
    video = {
        "id": "9",
        "desc": "dance",
        "createTime": 1777629600,
        "author": {"uniqueId": "sam"},
        "stats": {"diggCount": 3},
        "video": {"cover": "https://x.example/c.jpg"},
    }
    (post,) = posts(write(tmp_path / "a.ndjson", capture(video, "tiktok.com")))
    assert (post.post_id, post.text, post.author) == ("9", "dance", "sam")
    assert post.created_at == "2026-05-01T10:00:00Z"
    assert post.metadata["likes"] == "3"


def test_a_platform_that_is_unknown_is_read_by_usual_names_and_told(tmp_path: Path) -> None:
    note = {"key": 7, "body": "so it is", "creator": {"name": "sam"}}
    lines = write(
        tmp_path / "a.ndjson", capture(tweet("1", "one")), {**capture(note, "new.example"), "item_id": "n7"}
    )
    notes: list[str] = []
    _, post = READER.read(lines, ReadOptions(note=notes.append))
    assert isinstance(post, Post)
    assert (post.post_id, post.text, post.author) == ("n7", "so it is", "sam")
    assert "new.example: 1 posts of a kind that is not known" in notes[0]


def test_a_record_that_lost_its_data_costs_a_row(tmp_path: Path) -> None:
    broken = {name: value for name, value in capture(tweet("2", "two")).items() if name != "data"}
    _, item = READER.read(write(tmp_path / "a.ndjson", capture(tweet("1", "one")), broken), ReadOptions())
    assert isinstance(item, Failure) and "is no record that was captured" in item.reason
