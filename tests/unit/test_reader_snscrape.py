"""Tweets as snscrape wrote them, in its older and its newer versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.snscrape import READER

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32
BIG_ID = 1764900000000000101


def tweet(post_id: int, text: str, /, **fields: Any) -> dict[str, Any]:
    return {
        "_type": "snscrape.modules.twitter.Tweet",
        "url": f"https://twitter.com/harbour_light/status/{post_id}",
        "date": "2024-03-05T14:02:11+00:00",
        "rawContent": text,
        "renderedContent": text,
        "id": post_id,
        "user": {
            "_type": "snscrape.modules.twitter.User",
            "username": "harbour_light",
            "id": 7,
            "displayname": "H",
        },
        "replyCount": 1,
        "retweetCount": 3,
        "likeCount": 12,
        "quoteCount": 0,
        "conversationId": post_id,
        "lang": "en",
        "links": None,
        "media": None,
        "retweetedTweet": None,
        "quotedTweet": None,
        "inReplyToTweetId": None,
        "inReplyToUser": None,
        **fields,
    }


def photo(key: str) -> dict[str, Any]:
    base = f"https://pbs.twimg.com/media/{key}?format=jpg"
    return {
        "_type": "snscrape.modules.twitter.Photo",
        "previewUrl": f"{base}&name=small",
        "fullUrl": f"{base}&name=large",
        "altText": "a boat",
    }


def write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def posts(source: Path) -> list[Post]:
    found = list(READER.read(source, ReadOptions()))
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def test_an_id_beyond_the_precision_of_a_float_keeps_its_digits(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", tweet(BIG_ID, "hello", inReplyToTweetId=BIG_ID - 1))
    assert READER.detect(source) is not None
    (post,) = posts(source)
    assert (post.post_id, post.metadata["reply_to"]) == (str(BIG_ID), str(BIG_ID - 1))


def test_a_tweet_keeps_what_it_says_of_itself(tmp_path: Path) -> None:
    reply = tweet(2, "fish &amp; chips", inReplyToTweetId=1, inReplyToUser={"username": "sam"}, viewCount=99)
    (post,) = posts(write(tmp_path / "a.jsonl", reply))
    assert (post.text, post.author, post.created_at) == (
        "fish & chips",
        "harbour_light",
        "2024-03-05T14:02:11Z",
    )
    assert post.metadata == {
        "url": "https://twitter.com/harbour_light/status/2",
        "author_name": "H",
        "conversation_id": "2",
        "reply_to": "1",
        "reply_to_author": "sam",
        "likes": "12",
        "retweets": "3",
        "replies": "1",
        "quotes": "0",
        "views": "99",
    }


def test_a_picture_is_found_by_the_key_in_its_address(tmp_path: Path) -> None:
    source = write(
        tmp_path / "a.jsonl", tweet(1, "see https://t.co/pic", media=[photo("GIyV"), photo("gone")])
    )
    (tmp_path / "media").mkdir()
    (tmp_path / "media/GIyV.jpg").write_bytes(JPEG)
    (post,) = posts(source)
    assert post.text == "see"
    assert [(picture.is_missing, picture.alt_text) for picture in post.pictures] == [
        (False, "a boat"),
        (True, "a boat"),
    ]


def test_listed_links_stay_while_that_of_the_picture_goes(tmp_path: Path) -> None:
    link = {"text": "example.org", "url": "https://example.org/a", "tcourl": "https://t.co/link"}
    newer = tweet(1, "a https://t.co/link https://t.co/pic", media=[photo("x")], links=[link])
    older = tweet(2, "", media=[photo("x")], outlinks=[link["url"]], tcooutlinks=[link["tcourl"]])
    older["content"] = newer["rawContent"]
    del older["rawContent"], older["links"]
    for post in posts(write(tmp_path / "a.jsonl", newer, older)):
        assert post.text == "a https://t.co/link"
        assert post.metadata["links"] == "https://example.org/a"


def test_a_retweet_says_what_the_original_says(tmp_path: Path) -> None:
    original = tweet(5, "All of a long sentence", media=[photo("x")])
    original["user"] = {"username": "leo"}
    (post,) = posts(write(tmp_path / "a.jsonl", tweet(6, "RT @leo: All of…", retweetedTweet=original)))
    assert (post.text, len(post.pictures)) == ("All of a long sentence", 1)
    assert (post.metadata["retweet_of"], post.metadata["retweet_author"]) == ("5", "leo")


def test_a_quote_keeps_the_words_it_answers(tmp_path: Path) -> None:
    (post,) = posts(write(tmp_path / "a.jsonl", tweet(6, "No.", quotedTweet=tweet(5, "Yes."))))
    assert (post.metadata["quote_of"], post.metadata["quote_text"]) == ("5", "Yes.")


def test_media_sorted_by_kind_are_read_too(tmp_path: Path) -> None:
    media = {"photos": [{"url": "https://pbs.twimg.com/media/GIyV.jpg"}], "videos": [], "animated": []}
    (post,) = posts(write(tmp_path / "a.jsonl", tweet(1, "see https://t.co/pic", links=[], media=media)))
    assert (post.text, [picture.name for picture in post.pictures]) == ("see", ["GIyV.jpg"])


def test_a_tweet_that_could_not_be_fetched_costs_one_row(tmp_path: Path) -> None:
    reference = {"_type": "snscrape.modules.twitter.TweetRef", "id": 3}
    found = list(READER.read(write(tmp_path / "a.jsonl", tweet(1, "one"), reference), ReadOptions()))
    assert [type(item) for item in found] == [Post, Failure]
    assert found[1].post_id == "3"
