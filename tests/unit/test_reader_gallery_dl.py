"""Folders that gallery-dl filled: sidecars put together again, pictures in the post's order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import read
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.gallery_dl import READER

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32
TWEET = 1764900000000000101


def tweet(tweet_id: int, content: str, /, **fields: Any) -> dict[str, Any]:
    return {
        "author": {"id": 7, "name": "harbour_light", "nick": "Harbour Light", "followers_count": 10},
        "user": {"id": 7, "name": "harbour_light", "nick": "Harbour Light"},
        "category": "twitter",
        "subcategory": "timeline",
        "content": content,
        "conversation_id": tweet_id,
        "count": 2,
        "date": "2024-03-05 14:02:11",
        "extension": "jpg",
        "favorite_count": 12,
        "filename": "GIyV",
        "lang": "en",
        "num": 1,
        "quote_count": 0,
        "quote_id": 0,
        "reply_count": 1,
        "reply_id": 0,
        "retweet_count": 3,
        "retweet_id": 0,
        "sensitive": False,
        "tweet_id": tweet_id,
        "type": "photo",
        **fields,
    }


def save(folder: Path, name: str, record: object, data: bytes | None = JPEG) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if data is not None:
        (folder / name).write_bytes(data)
    (folder / f"{name}.json").write_text(json.dumps(record), encoding="utf-8")


def items(source: Path) -> list[Post | Failure]:
    return list(READER.read(source, ReadOptions()))


def posts(source: Path) -> list[Post]:
    found = items(source)
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def test_a_post_keeps_what_its_sidecar_says(tmp_path: Path) -> None:
    record = tweet(TWEET, "fish &amp; chips", reply_id=55, reply_to="sam", view_count=99)
    save(tmp_path / "twitter/harbour_light", f"{TWEET}_1.jpg", record)
    match = READER.detect(tmp_path)
    assert match is not None and match.certainty > 90
    (post,) = posts(tmp_path)
    assert (post.post_id, post.text, post.author) == (str(TWEET), "fish & chips", "harbour_light")
    assert (post.created_at, post.language) == ("2024-03-05T14:02:11Z", "en")
    assert post.metadata == {
        "url": f"https://x.com/harbour_light/status/{TWEET}",
        "author_name": "Harbour Light",
        "conversation_id": str(TWEET),
        "reply_to": "55",
        "reply_to_author": "sam",
        "likes": "12",
        "retweets": "3",
        "replies": "1",
        "quotes": "0",
        "views": "99",
    }


def test_the_pictures_of_a_post_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for num in (10, 2, 1):
        save(tmp_path, f"{TWEET}_{num}.jpg", tweet(TWEET, "many", num=num, description=f"alt {num}"))
    (post,) = posts(tmp_path)
    assert [picture.alt_text for picture in post.pictures] == ["alt 1", "alt 2", "alt 10"]
    assert [picture.name for picture in post.pictures] == [f"{TWEET}_{num}.jpg" for num in (1, 2, 10)]


def test_the_sidecars_of_a_post_are_joined_under_names_of_the_users_own(tmp_path: Path) -> None:
    for num, name in ((2, "a.jpg"), (1, "z.jpg")):
        save(tmp_path, name, tweet(TWEET, "one post", num=num))
    save(tmp_path, "m.jpg", tweet(TWEET + 1, "another"))
    joined, other = posts(tmp_path)
    assert [picture.name for picture in joined.pictures] == ["z.jpg", "a.jpg"]
    assert other.text == "another"


def test_a_sidecar_without_its_picture_leaves_the_picture_missing(tmp_path: Path) -> None:
    save(tmp_path, f"{TWEET}_1.jpg", tweet(TWEET, "gone"), data=None)
    (post,) = posts(tmp_path)
    assert [picture.is_missing for picture in post.pictures] == [True]


def test_a_video_is_no_picture(tmp_path: Path) -> None:
    save(
        tmp_path,
        f"{TWEET}_1.mp4",
        tweet(TWEET, "moving", extension="mp4", type="video"),
        data=b"\0\0\0 ftypmp42",
    )
    (post,) = posts(tmp_path)
    assert (post.text, post.pictures) == ("moving", ())


def test_one_sidecar_for_a_post_finds_the_pictures_that_bear_its_id(tmp_path: Path) -> None:
    record = tweet(TWEET, "two pictures")
    del record["num"], record["extension"]
    save(tmp_path, f"{TWEET}", record, data=None)
    for num in (1, 2):
        (tmp_path / f"{TWEET}_{num}.jpg").write_bytes(JPEG)
    (post,) = posts(tmp_path)
    assert [picture.name for picture in post.pictures] == [f"{TWEET}_1.jpg", f"{TWEET}_2.jpg"]


def test_a_picture_whose_sidecar_is_lost_is_a_post_without_words(tmp_path: Path) -> None:
    save(tmp_path, f"{TWEET}_1.jpg", tweet(TWEET, "with words"))
    (tmp_path / f"{TWEET + 1}_1.jpg").write_bytes(JPEG)
    assert [(post.post_id, post.text) for post in posts(tmp_path)] == [
        (str(TWEET), "with words"),
        (str(TWEET + 1), ""),
    ]


def test_a_retweet_names_the_original_and_who_repeated_it(tmp_path: Path) -> None:
    record = tweet(TWEET, "the words of leo", retweet_id=5, author={"name": "leo", "nick": "Leo"})
    save(tmp_path, f"{TWEET}_1.jpg", record)
    (post,) = posts(tmp_path)
    assert (post.author, post.text) == ("harbour_light", "the words of leo")
    assert (post.metadata["retweet_of"], post.metadata["retweet_author"]) == ("5", "leo")


def test_quoting_and_being_quoted_are_told_apart(tmp_path: Path) -> None:
    save(tmp_path, f"{TWEET}_1.jpg", tweet(TWEET, "quoting", quoted_id=5))
    save(tmp_path, f"{TWEET + 1}_1.jpg", tweet(TWEET + 1, "quoted", quote_id=TWEET))
    quoting, quoted = posts(tmp_path)
    assert quoting.metadata["quote_of"] == "5" and "quoted_by" not in quoting.metadata
    assert quoted.metadata["quoted_by"] == str(TWEET) and "quote_of" not in quoted.metadata


def test_the_link_of_the_picture_is_dropped(tmp_path: Path) -> None:
    save(tmp_path, f"{TWEET}_1.jpg", tweet(TWEET, "see https://example.org https://t.co/pic"))
    assert posts(tmp_path)[0].text == "see https://example.org"


def test_a_bluesky_sidecar_is_read(tmp_path: Path) -> None:
    did = "did:plc:abcdefghijklmnopqrstuvwx"
    record = {
        "category": "bluesky",
        "author": {"did": did, "handle": "light.bsky.social", "displayName": "Light"},
        "cid": "bafyrei",
        "uri": f"at://{did}/app.bsky.feed.post/3kmxq2abcde2a",
        "post_id": "3kmxq2abcde2a",
        "text": "Boats & gulls",
        "createdAt": "2024-03-05T14:02:11.123Z",
        "date": "2024-03-05 14:02:12",
        "langs": ["de", "en"],
        "likeCount": 4,
        "repostCount": 1,
        "replyCount": 0,
        "quoteCount": 0,
        "num": 1,
        "count": 1,
        "extension": "jpeg",
        "filename": "bafkrei",
        "description": "a boat",
        "reply": {
            "root": {"uri": f"at://{did}/app.bsky.feed.post/3root"},
            "parent": {"uri": "at://did:plc:b/x/3parent"},
        },
    }
    save(tmp_path, "2024-03-05T14_02_11_3kmxq2abcde2a_1.jpeg", record)
    assert READER.detect(tmp_path) is not None
    (post,) = posts(tmp_path)
    assert (post.post_id, post.text, post.author) == ("3kmxq2abcde2a", "Boats & gulls", "light.bsky.social")
    assert (post.language, post.created_at) == ("de", "2024-03-05T14:02:11Z")
    assert [picture.alt_text for picture in post.pictures] == ["a boat"]
    assert post.metadata["conversation_id"] == "3root"
    assert (post.metadata["reply_to"], post.metadata["reply_to_author"]) == ("3parent", "did:plc:b")
    assert (post.metadata["likes"], post.metadata["retweets"]) == ("4", "1")


def test_a_sidecar_cut_short_costs_one_row(tmp_path: Path) -> None:
    save(tmp_path, f"{TWEET}_1.jpg", tweet(TWEET, "whole"))
    (tmp_path / f"{TWEET + 1}_1.jpg.json").write_text('{"tweet_id": 17649', encoding="utf-8")
    whole, cut = items(tmp_path)
    assert isinstance(whole, Post)
    assert isinstance(cut, Failure) and "is not a whole JSON record" in cut.reason


def test_metadata_of_other_sites_is_left_out_with_a_note(tmp_path: Path) -> None:
    notes: list[str] = []
    save(tmp_path / "twitter", f"{TWEET}_1.jpg", tweet(TWEET, "ours"))
    save(tmp_path / "pixiv", "1234567_1.jpg", {"category": "pixiv", "id": 1234567, "title": "x"})
    save(tmp_path / "flickr", "harbour.jpg", {"category": "flickr", "id": 3})
    read = list(READER.read(tmp_path, ReadOptions(note=notes.append)))
    assert [item.post_id for item in read] == [str(TWEET)]
    assert notes == ["JSON files that describe no post left out: 2"]


def test_a_folder_without_metadata_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / f"{TWEET}_1.jpg").write_bytes(JPEG)
    assert READER.detect(tmp_path) is None
    with pytest.raises(SourceError, match="holds no metadata of gallery-dl"):
        items(tmp_path)


INSTAGRAM = {
    "category": "instagram",
    "subcategory": "posts",
    "post_id": "3300",
    "description": "A fine day",
    "username": "sam",
    "post_date": "2026-05-01 10:00:00",
    "date": "2026-05-01 10:00:00",
    "extension": "jpg",
}


def test_a_sidecar_may_be_called_as_the_picture_without_its_suffix(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"sam - {number}.webp").touch()
        (tmp_path / f"sam - {number}.json").write_text(json.dumps({**INSTAGRAM, "num": number}), "utf-8")
    (post,) = read(tmp_path)
    assert isinstance(post, Post)
    assert (post.post_id, post.text, post.author) == ("3300", "A fine day", "sam")
    assert [picture.path and picture.path.name for picture in post.pictures] == [
        "sam - 1.webp",
        "sam - 2.webp",
    ]


@pytest.mark.parametrize(
    ("record", "text", "author"),
    [
        (
            {"category": "tumblr", "id": 5, "blog_name": "sam", "body": "<p>A fine day</p>"},
            "A fine day",
            "sam",
        ),
        ({"category": "flickr", "id": 5, "title": "A day", "owner": {"username": "sam"}}, "A day", "sam"),
        (
            {"category": "patreon", "id": 5, "content": "<p>Fine</p>", "creator": {"vanity": "sam"}},
            "Fine",
            "sam",
        ),
        (
            {"category": "pixiv", "id": 5, "title": "A day", "caption": "Fine", "user": {"name": "sam"}},
            "A day\n\nFine",
            "sam",
        ),
        (
            {
                "category": "reddit",
                "id": "5",
                "title": "A day",
                "selftext": "",
                "author": "sam",
                "subreddit": "f",
            },
            "A day",
            "sam",
        ),
        (
            {"category": "facebook", "id": "5", "caption": "A fine day", "username": "sam"},
            "A fine day",
            "sam",
        ),
    ],
)
def test_the_metadata_of_other_sites_is_read(
    tmp_path: Path, record: dict[str, object], text: str, author: str
) -> None:
    (tmp_path / "5.jpg").touch()
    more = {"subcategory": "x", "extension": "jpg", "date": "2026-05-01 10:00:00"}
    (tmp_path / "5.jpg.json").write_text(json.dumps({**more, **record}), "utf-8")
    (post,) = read(tmp_path)
    assert isinstance(post, Post)
    assert (post.post_id, post.text, post.author) == ("5", text, author)
    assert post.created_at == "2026-05-01T10:00:00Z"


def test_a_dump_is_one_post_for_its_entries_and_finds_the_files_beside(tmp_path: Path) -> None:
    post = {name: value for name, value in INSTAGRAM.items() if name != "extension"}
    dump = [[2, post]] + [
        [3, f"https://x.example/{n}.jpg", {**INSTAGRAM, "num": n, "filename": f"f{n}"}] for n in (1, 2)
    ]
    (tmp_path / "dump.json").write_text(json.dumps([*dump, [6, "https://x.example/other", {}]]), "utf-8")
    (tmp_path / "f1.jpg").touch()
    (item,) = read(tmp_path / "dump.json")
    assert isinstance(item, Post)
    assert (item.post_id, item.text) == ("3300", "A fine day")
    assert [picture.is_missing for picture in item.pictures] == [False, True]


@pytest.mark.parametrize("name", ["dump.json", "dump.jsonl"])
def test_a_dump_is_read_also_one_entry_a_line_and_from_its_folder(tmp_path: Path, name: str) -> None:
    record = {**INSTAGRAM, "num": 1, "filename": "f1"}
    about = {name: value for name, value in INSTAGRAM.items() if name != "extension"}
    dump = [[2, about], [3, "https://x.example/f1.jpg", record], [2, {**about, "post_id": "3301"}]]
    text = "".join(json.dumps(entry) + "\n" for entry in dump) if name.endswith("l") else json.dumps(dump)
    (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "f1.jpg").write_bytes(JPEG)
    posts = [item for item in read(tmp_path) if isinstance(item, Post)]
    assert [(post.post_id, len(post.pictures)) for post in posts] == [("3300", 1), ("3301", 0)]
    assert posts[0].pictures[0].path is not None


def test_sidecars_in_a_folder_of_their_own_find_their_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sam" / "metadata").mkdir(parents=True)
    (tmp_path / "sam" / "f1.jpg").write_bytes(JPEG)
    (tmp_path / "sam" / "metadata" / "f1.jpg.json").write_text(json.dumps(INSTAGRAM), "utf-8")
    monkeypatch.chdir(tmp_path)
    notes: list[str] = []
    (post,) = read(Path("sam"), options=ReadOptions(note=notes.append))
    assert isinstance(post, Post)
    assert [picture.path is not None for picture in post.pictures] == [True]
    # A folder that is named from where one stands holds the same pictures.
    assert not any("no post names" in note for note in notes)
