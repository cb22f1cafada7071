"""Tweets of Twitter's API v2, in pages and flattened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from twarc_files import LINK, TWARC, USER, items, page, posts, v2, write

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import read
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.twarc import READER


def test_a_v2_page_is_joined_with_what_it_includes(tmp_path: Path) -> None:
    text = f"Two boats &amp; a gull {LINK}"
    url = {
        "start": 21,
        "end": 44,
        "url": LINK,
        "display_url": "pic.twitter.com/AbCdEf1234",
        "media_key": "3_1",
    }
    tweet = v2(
        "10",
        text,
        attachments={"media_keys": ["3_1", "3_2"]},
        entities={"urls": [url]},
        in_reply_to_user_id="8",
        referenced_tweets=[{"type": "replied_to", "id": "9"}],
    )
    media = [
        {
            "media_key": "3_1",
            "type": "photo",
            "url": "https://pbs.twimg.com/media/A.jpg",
            "alt_text": "boats",
        },
        {"media_key": "3_2", "type": "photo", "url": "https://pbs.twimg.com/media/B.jpg"},
    ]
    record = page([tweet], media=media)
    record["includes"]["users"].append({"id": "8", "username": "sam"})
    (post,) = posts(write(tmp_path / "a.jsonl", record))
    assert (post.text, post.author) == ("Two boats & a gull", "harbour_light")
    assert [(picture.name, picture.alt_text) for picture in post.pictures] == [
        ("A.jpg", "boats"),
        ("B.jpg", ""),
    ]
    assert post.metadata == {
        "url": "https://x.com/harbour_light/status/10",
        "author_name": "Harbour Light",
        "conversation_id": "10",
        "reply_to": "9",
        "reply_to_author": "sam",
        "likes": "12",
        "retweets": "3",
        "replies": "1",
        "quotes": "0",
    }


def test_a_v2_retweet_says_what_the_included_original_says(tmp_path: Path) -> None:
    original = v2("5", "All of a long sentence", author_id="8")
    retweet = v2("6", "RT @leo: All of a…", referenced_tweets=[{"type": "retweeted", "id": "5"}])
    record = page([retweet], tweets=[original])
    record["includes"]["users"] = [USER, {"id": "8", "username": "leo"}]
    (post,) = posts(write(tmp_path / "a.jsonl", record))
    assert post.text == "All of a long sentence"
    assert (post.metadata["retweet_of"], post.metadata["retweet_author"]) == ("5", "leo")


def test_a_v2_retweet_whose_original_is_gone_keeps_its_own_words(tmp_path: Path) -> None:
    retweet = v2("6", "RT @leo: All of a…", referenced_tweets=[{"type": "retweeted", "id": "5"}])
    (post,) = posts(write(tmp_path / "a.jsonl", page([retweet])))
    assert (post.text, post.metadata["retweet_of"]) == ("RT @leo: All of a…", "5")


def test_a_long_v2_post_is_read_whole(tmp_path: Path) -> None:
    tweet = v2("1", "The first 280…", note_tweet={"text": "The first 280 and the rest"})
    (post,) = posts(write(tmp_path / "a.jsonl", page([tweet])))
    assert post.text == "The first 280 and the rest"


def test_a_flattened_tweet_reads_like_its_page(tmp_path: Path) -> None:
    media = {"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/media/A.jpg"}
    quoted = v2("5", "The quoted words", author={"username": "mia"})
    tweet = v2(
        "6",
        "Quite so",
        attachments={"media_keys": ["3_1"]},
        referenced_tweets=[{"type": "quoted", "id": "5"}],
    )
    in_page = write(
        tmp_path / "page.jsonl", page([tweet], media=[media], tweets=[{**quoted, "author_id": "8"}])
    )
    flat = {
        **tweet,
        "author": USER,
        "attachments": {"media_keys": ["3_1"], "media": [media]},
        "referenced_tweets": [{"type": "quoted", **quoted}],
        "__twarc": TWARC,
    }
    (from_page,), (from_flat,) = posts(in_page), posts(write(tmp_path / "flat.jsonl", flat))
    assert from_flat.metadata == {**from_page.metadata, "quote_author": "mia"}
    assert (from_flat.text, from_flat.pictures, from_flat.author) == (
        from_page.text,
        from_page.pictures,
        from_page.author,
    )


def test_a_picture_of_which_a_page_has_only_the_key_is_missing(tmp_path: Path) -> None:
    tweet = v2("1", "see", attachments={"media_keys": ["3_77", "7_78"]})
    (post,) = posts(write(tmp_path / "a.jsonl", page([tweet])))
    assert [(picture.name, picture.is_missing) for picture in post.pictures] == [("3_77", True)]


def test_a_page_of_nothing_but_errors_holds_no_posts(tmp_path: Path) -> None:
    gone = {"errors": [{"title": "Not Found Error", "resource_id": "1", "value": "1"}], "__twarc": TWARC}
    source = write(
        tmp_path / "a.jsonl", gone, page([v2("2", "two")]), {"meta": {"result_count": 0}, "__twarc": TWARC}
    )
    assert READER.detect(source) is not None
    assert [item.post_id for item in items(source)] == ["2"]


def test_a_single_tweet_from_the_stream_is_a_page_of_one(tmp_path: Path) -> None:
    record = {**page(v2("2", "two")), "matching_rules": [{"id": "1", "tag": "boats"}]}
    assert [post.post_id for post in posts(write(tmp_path / "a.jsonl", record))] == ["2"]


def test_users_and_media_that_lie_in_a_file_beside_are_joined(tmp_path: Path) -> None:
    data = [{"id": "1", "text": "hi", "author_id": "7", "attachments": {"media_keys": ["3_1"]}}]
    users = {
        "users": [{"id": "7", "username": "sam"}],
        "tweets": [],
        "media": [{"media_key": "3_1", "type": "photo", "url": "https://x.example/p1.jpg"}],
    }
    (tmp_path / "data_5.json").write_text(json.dumps(data), encoding="utf-8")
    notes: list[str] = []
    (post,) = READER.read(tmp_path / "data_5.json", ReadOptions(note=notes.append))
    assert isinstance(post, Post)
    assert post.author == "" and "users_5.json is not there" in notes[0]
    (tmp_path / "users_5.json").write_text(json.dumps(users), encoding="utf-8")
    (post,) = READER.read(tmp_path, ReadOptions())
    assert isinstance(post, Post)
    assert (post.author, [picture.name for picture in post.pictures]) == ("sam", ["p1.jpg"])


@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_tweet_costs_itself_and_not_its_page(tmp_path: Path, place: int, damage: str) -> None:
    def page(first: int) -> str:
        tweets = [
            {"id": str(1918410713521908131 + first + n), "text": f"words {first + n}", "author_id": "7"}
            for n in range(5)
        ]
        users = [{"id": "7", "username": "kim", "name": "Kim"}]
        return json.dumps({"data": tweets, "includes": {"users": users}, "meta": {"result_count": 5}})

    pages = [page(first) for first in (0, 10, 20)]
    mark = f'"words {10 + place}"'
    broken = mark[:4] if damage == "cut" else mark[:-1]
    pages[1] = pages[1].replace(mark, broken)
    path = tmp_path / "tweets.jsonl"
    path.write_text("\n".join(pages) + "\n")
    found = list(read(path))
    whole = [item for item in found if isinstance(item, Post)]
    expected = [f"words {first + n}" for first in (0, 10, 20) for n in range(5) if first + n != 10 + place]
    assert [post.text for post in whole if post.text in expected] == expected
    assert {post.author for post in whole} == {"kim"}
    assert sum(isinstance(item, Failure) for item in found) == 1
