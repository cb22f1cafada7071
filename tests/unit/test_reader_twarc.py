"""Records of Twitter's API as twarc keeps them: v1.1, pages of v2, v2 flattened."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.twarc import READER

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


def test_an_id_beyond_the_precision_of_a_float_keeps_its_digits(tmp_path: Path) -> None:
    record = v1(BIG_ID, "hello")
    del record["id_str"]
    source = write(tmp_path / "a.jsonl", v2(str(BIG_ID), "hello"), record)
    assert [post.post_id for post in posts(source)] == [str(BIG_ID), str(BIG_ID)]


def test_a_v1_tweet_keeps_what_it_says_of_itself(tmp_path: Path) -> None:
    fields = {"in_reply_to_status_id_str": "55", "in_reply_to_screen_name": "sam", "possibly_sensitive": True}
    (post,) = posts(write(tmp_path / "a.jsonl", v1(BIG_ID, "fish &amp; chips", **fields)))
    assert (post.text, post.author, post.created_at) == (
        "fish & chips",
        "harbour_light",
        "2024-03-05T14:02:11Z",
    )
    assert post.metadata == {
        "url": f"https://x.com/harbour_light/status/{BIG_ID}",
        "author_name": "Harbour Light",
        "reply_to": "55",
        "reply_to_author": "sam",
        "likes": "12",
        "retweets": "3",
        "sensitive": "yes",
    }


def test_a_truncated_v1_tweet_is_read_whole(tmp_path: Path) -> None:
    record = v1(1, "", text="The first part of it… https://t.co/self", truncated=True)
    del record["full_text"]
    whole = v1(1, f"The first part of it and the second {LINK}", ["GIyV.jpg"])
    record["extended_tweet"] = {key: whole[key] for key in ("full_text", "entities", "extended_entities")}
    (post,) = posts(write(tmp_path / "a.jsonl", record))
    assert post.text == "The first part of it and the second"
    assert [picture.name for picture in post.pictures] == ["GIyV.jpg"]


def test_a_v1_retweet_says_what_the_original_says(tmp_path: Path) -> None:
    original = v1(5, f"A sentence so long that a retweet cuts it {LINK}", ["a.jpg"])
    original["user"] = {"screen_name": "leo"}
    retweet = v1(6, "RT @leo: A sentence so long that a…", retweeted_status=original)
    (post,) = posts(write(tmp_path / "a.jsonl", retweet))
    assert (post.post_id, post.author) == ("6", "harbour_light")
    assert post.text == "A sentence so long that a retweet cuts it"
    assert (post.metadata["retweet_of"], post.metadata["retweet_author"]) == ("5", "leo")
    assert len(post.pictures) == 1


def test_a_v1_quote_keeps_the_words_it_answers(tmp_path: Path) -> None:
    quoted = v1(5, f"Look {LINK}", ["a.jpg"])
    quote = v1(6, "No. https://t.co/quote", quoted_status_id_str="5", quoted_status=quoted)
    (post,) = posts(write(tmp_path / "a.jsonl", quote))
    assert post.text == "No. https://t.co/quote"
    assert (post.metadata["quote_of"], post.metadata["quote_text"]) == ("5", "Look")
    assert post.pictures == ()


def test_pictures_are_found_in_a_folder_beside_whatever_the_downloader_called_them(tmp_path: Path) -> None:
    source = write(tmp_path / "tweets.jsonl", v1(1, LINK, ["GIyV.jpg", "Hxx.png", "gone.jpg"]))
    (tmp_path / "media").mkdir()
    (tmp_path / "media/GIyV.jpeg").write_bytes(JPEG)
    (tmp_path / "media/Hxx.png@name=large").write_bytes(JPEG)
    (post,) = posts(source)
    assert [(picture.name, picture.is_missing) for picture in post.pictures] == [
        ("GIyV.jpg", False),
        ("Hxx.png", False),
        ("gone.jpg", True),
    ]
    assert post.pictures[0].alt_text == "alt of GIyV.jpg"


def test_the_still_of_a_video_counts_only_where_it_was_saved(tmp_path: Path) -> None:
    record = v1(1, f"moving {LINK}", ["saved.jpg", "unsaved.jpg"])
    for medium in record["extended_entities"]["media"]:
        medium["type"] = "video"
    source = write(tmp_path / "tweets.jsonl", record)
    (tmp_path / "saved.jpg").write_bytes(JPEG)
    (post,) = posts(source)
    assert [picture.name for picture in post.pictures] == ["saved.jpg"]


def test_a_picture_link_is_found_by_its_indices_where_its_address_is_left_out(tmp_path: Path) -> None:
    text = f"😀 look {LINK}"
    record = v1(1, text, ["a.jpg"])
    for medium in record["extended_entities"]["media"]:
        del medium["url"]
    (post,) = posts(write(tmp_path / "a.jsonl", record))
    assert post.text == "😀 look"


def test_other_links_stay_in_the_text_and_are_written_out_beside_it(tmp_path: Path) -> None:
    record = v1(1, f"Read https://t.co/AbCdEf12345 {LINK}", ["a.jpg"])
    record["entities"]["urls"] = [
        {"url": "https://t.co/AbCdEf12345", "expanded_url": "https://example.org/a", "indices": [5, 29]}
    ]
    (post,) = posts(write(tmp_path / "a.jsonl", record))
    assert post.text == "Read https://t.co/AbCdEf12345"
    assert post.metadata["links"] == "https://example.org/a"


def test_notices_of_the_stream_are_no_posts(tmp_path: Path) -> None:
    notes: list[str] = []
    source = write(
        tmp_path / "a.jsonl", {"delete": {"status": {"id": 1}}}, v1(2, "two"), {"limit": {"track": 3}}
    )
    read = list(READER.read(source, ReadOptions(note=notes.append)))
    assert [item.post_id for item in read] == ["2"]
    assert notes == ["records that hold no tweet, only errors or notices: 2"]


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


def test_a_compressed_file_with_bom_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    lines = "\ufeff" + "\r\n".join(json.dumps(v1(number, "café")) for number in (1, 2)) + "\r\n"
    source = tmp_path / "tweets.jsonl.gz"
    source.write_bytes(gzip.compress(lines.encode()))
    assert READER.detect(source) is not None
    assert [(post.post_id, post.text) for post in posts(source)] == [("1", "café"), ("2", "café")]


def test_a_line_in_another_encoding_is_read_and_says_so(tmp_path: Path) -> None:
    record = json.dumps(v1(1, "“天气真好，我们去海边吧”"), ensure_ascii=False)
    source = tmp_path / "a.jsonl"
    source.write_bytes(record.encode("gb18030"))
    (post,) = posts(source)
    assert (post.text, post.encoding) == ("“天气真好，我们去海边吧”", "gb18030")


def test_a_folder_of_files_is_read_in_their_order_and_leaves_out_other_json(tmp_path: Path) -> None:
    notes: list[str] = []
    write(tmp_path / "part10.jsonl", v1(10, "ten"))
    write(tmp_path / "part2.jsonl", v1(2, "two"))
    write(tmp_path / "package.json", {"name": "x"})
    read = list(READER.read(tmp_path, ReadOptions(note=notes.append)))
    assert [item.post_id for item in read] == ["2", "10"]
    assert notes == ["JSON files of another format left out: 1"]


def test_a_record_that_is_no_tweet_costs_one_row(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", v1(1, "one"), {"hello": "world"}, v1(2, ""), v1(3, "three"))
    found = items(source)
    assert [type(item) for item in found] == [Post, Failure, Failure, Post]
    reasons = [item.reason for item in found if isinstance(item, Failure)]
    assert reasons == ["a.jsonl line 2 has no id", "a.jsonl line 3 has neither text nor pictures"]


def test_a_page_longer_than_detection_reads_is_recognised(tmp_path: Path) -> None:
    tweets = [v2(str(number), "word " * 100) for number in range(1, 501)]
    source = write(tmp_path / "a.jsonl", page(tweets))
    assert source.stat().st_size > 300_000
    assert READER.detect(source) is not None


@pytest.mark.parametrize(
    "record",
    [
        {"id": 1, "text": "hello", "label": ["positive"]},
        {"data": {"text": "hello"}, "id": 3, "annotations": []},
        {"_type": "snscrape.modules.twitter.Tweet", "id": 1, "rawContent": "hello"},
        {"nav_index": "1:2:3", "item_id": "1", "data": {"rest_id": "1", "legacy": {}}},
    ],
)
def test_records_of_other_tools_are_not_claimed(tmp_path: Path, record: object) -> None:
    assert READER.detect(write(tmp_path / "a.jsonl", record)) is None


def test_a_video_without_words_says_that_there_is_nothing_to_judge(tmp_path: Path) -> None:
    record = v1(1, LINK, ["still.jpg"])
    record["extended_entities"]["media"][0]["type"] = "video"
    (item,) = items(write(tmp_path / "a.jsonl", record))
    assert isinstance(item, Failure) and item.reason.endswith("neither text nor pictures, only video")
