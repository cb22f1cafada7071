"""The archive that X sends: part files, strings for numbers, long posts apart, pictures by name."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import detect
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.x_archive import READER

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32
LINK = "https://t.co/AbCdEf1234"


def tweet(post_id: str, text: str, pictures: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    media = [
        {
            "url": LINK,
            "display_url": f"pic.twitter.com/{LINK[-10:]}",
            "expanded_url": f"https://twitter.com/someone/status/{post_id}/photo/1",
            "indices": [str(len(text) - len(LINK)), str(len(text))],
            "media_url": f"http://pbs.twimg.com/media/{name}",
            "media_url_https": f"https://pbs.twimg.com/media/{name}",
            "type": "photo",
            "id_str": "9",
        }
        for name in pictures
    ]
    entities = {"hashtags": [], "symbols": [], "user_mentions": [], "urls": fields.pop("urls", [])}
    return {
        "tweet": {
            "edit_info": {"initial": {"editTweetIds": [post_id], "editsRemaining": "5"}},
            "retweeted": False,
            "source": '<a href="https://mobile.twitter.com" rel="nofollow">Twitter Web App</a>',
            "entities": entities | ({"media": media[:1]} if media else {}),
            "display_text_range": ["0", str(len(text))],
            "favorite_count": "12",
            "id_str": post_id,
            "truncated": False,
            "retweet_count": "3",
            "id": post_id,
            "created_at": "Tue Mar 05 14:02:11 +0000 2024",
            "favorited": False,
            "full_text": text,
            "lang": "en",
            **({"extended_entities": {"media": media}} if media else {}),
            **fields,
        }
    }


def script(name: str, records: list[dict[str, Any]], part: int = 0) -> bytes:
    return f"window.YTD.{name}.part{part} = ".encode() + json.dumps(records, indent=2).encode()


def account() -> bytes:
    return script("account", [{"account": {"username": "harbour_light", "accountId": "7"}}])


def write(root: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def pack(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def items(source: Path) -> list[Post | Failure]:
    return list(READER.read(source, ReadOptions()))


def posts(source: Path) -> list[Post]:
    found = items(source)
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def test_a_post_keeps_what_the_archive_says_of_it(tmp_path: Path) -> None:
    reply = tweet(
        "1764900000000000101",
        "@sam fish &amp; chips &lt;3",
        in_reply_to_status_id_str="1764900000000000055",
        in_reply_to_screen_name="sam",
    )
    write(tmp_path, {"data/tweets.js": script("tweets", [reply]), "data/account.js": account()})
    (post,) = posts(tmp_path)
    assert (post.post_id, post.text) == ("1764900000000000101", "@sam fish & chips <3")
    assert (post.author, post.language, post.created_at) == ("harbour_light", "en", "2024-03-05T14:02:11Z")
    assert post.metadata == {
        "url": "https://x.com/harbour_light/status/1764900000000000101",
        "reply_to": "1764900000000000055",
        "reply_to_author": "sam",
        "likes": "12",
        "retweets": "3",
    }


def test_the_zip_as_downloaded_reads_like_the_folder(tmp_path: Path) -> None:
    files = {
        "Your archive.html": b"<html>",
        "data/account.js": account(),
        "data/tweets.js": script("tweets", [tweet("1", f"One {LINK}", ("GIyV.jpg",))]),
        "data/tweets_media/1-GIyV.jpg": JPEG,
    }
    folder, archive = write(tmp_path / "folder", files), pack(tmp_path / "twitter.zip", files)
    (from_folder,), (from_zip,) = posts(folder), posts(archive)
    assert from_folder.text == from_zip.text == "One"
    assert from_folder.pictures[0].read() == from_zip.pictures[0].read() == JPEG
    assert from_zip.pictures[0].member == "data/tweets_media/1-GIyV.jpg"


@pytest.mark.parametrize("inner", [".", "data", "twitter-2024-01-01-abc/data"])
def test_the_folder_may_be_pointed_at_above_or_at_data(tmp_path: Path, inner: str) -> None:
    write(tmp_path / inner, {"tweets.js": script("tweets", [tweet("1", "One")])})
    assert [post.post_id for post in posts(tmp_path)] == ["1"]


def test_part_files_follow_the_first_in_their_order(tmp_path: Path) -> None:
    files = {"data/tweets.js": script("tweets", [tweet("100", "First")])}
    for part in (10, 2, 1):
        files[f"data/tweets-part{part}.js"] = script("tweets", [tweet(str(part), "More")], part)
    write(tmp_path, files)
    assert [post.post_id for post in posts(tmp_path)] == ["100", "1", "2", "10"]


def test_an_old_archive_names_tweet_js_and_tweet_media(tmp_path: Path) -> None:
    old = tweet("5", f"Old days {LINK}", ("EAel.png",))["tweet"]
    files = {"tweet.js": b"window.YTD.tweet.part0 = [ " + json.dumps(old).encode() + b" ]"}
    write(tmp_path, {**files, "tweet_media/5-EAel.png": b"\x89PNG\r\n\x1a\n"})
    (post,) = posts(tmp_path)
    assert post.text == "Old days"
    assert [picture.is_missing for picture in post.pictures] == [False]


def test_several_pictures_keep_their_order_and_a_missing_one_its_place(tmp_path: Path) -> None:
    names = ("b.jpg", "a.jpg", "c.jpg")
    write(
        tmp_path,
        {
            "data/tweets.js": script("tweets", [tweet("1", f"Three {LINK}", names)]),
            "data/tweets_media/1-b.jpg": JPEG,
            "data/tweets_media/1-c.jpg": JPEG,
        },
    )
    (post,) = posts(tmp_path)
    assert [(picture.name, picture.is_missing) for picture in post.pictures] == [
        ("b.jpg", False),
        ("a.jpg", True),
        ("c.jpg", False),
    ]


def test_a_picture_without_words_is_a_post(tmp_path: Path) -> None:
    write(tmp_path, {"data/tweets.js": script("tweets", [tweet("1", LINK, ("a.jpg",))])})
    (post,) = posts(tmp_path)
    assert post.text == "" and len(post.pictures) == 1


def test_a_retweet_and_a_quote_name_whom_they_repeat(tmp_path: Path) -> None:
    url = {
        "url": "https://t.co/qqq",
        "expanded_url": "https://twitter.com/mia/status/77",
        "indices": ["5", "21"],
    }
    records = [tweet("1", "RT @leo: the long road…"), tweet("2", "This: https://t.co/qqq", urls=[url])]
    write(tmp_path, {"data/tweets.js": script("tweets", records)})
    retweet, quote = posts(tmp_path)
    assert retweet.metadata["retweet_author"] == "leo"
    assert (quote.metadata["quote_of"], quote.metadata["quote_author"]) == ("77", "mia")


@pytest.mark.parametrize("shape", ["by id", "by beginning"])
def test_a_long_post_is_read_whole(tmp_path: Path, shape: str) -> None:
    whole = "A long story of one town &amp; its harbour. " * 20
    note: dict[str, Any] = {"createdAt": "2024-03-05T14:02:11.000Z"}
    if shape == "by id":
        note |= {"tweetId": "1", "noteTweetResults": {"text": whole}}
    else:
        note |= {"noteTweetId": "900", "core": {"text": whole, "urls": []}}
    files = {
        "data/tweets.js": script(
            "tweets", [tweet("1", whole[:250] + "… https://t.co/self"), tweet("2", "Short")]
        ),
        "data/note-tweet.js": script("note_tweet", [{"noteTweet": note}]),
    }
    long, short = posts(write(tmp_path, files))
    assert long.text == whole.replace("&amp;", "&").strip()
    assert short.text == "Short"


def test_of_two_long_posts_that_begin_alike_the_one_of_that_time_is_taken(tmp_path: Path) -> None:
    beginning = "Good morning from the harbour, dear readers. " * 8
    notes = [
        {"noteTweet": {"createdAt": f"2024-03-0{day}T14:02:11Z", "core": {"text": f"{beginning} Day {day}"}}}
        for day in (4, 5, 6)
    ]
    files = {
        "data/tweets.js": script("tweets", [tweet("1", beginning[:250] + "…")]),
        "data/note-tweet.js": script("note_tweet", notes),
    }
    (post,) = posts(write(tmp_path, files))
    assert post.text.endswith("Day 5")


def test_a_damaged_tweet_costs_one_row(tmp_path: Path) -> None:
    data = script("tweets", [tweet("1", "One"), tweet("2", "Two"), tweet("3", "Three")])
    write(tmp_path, {"data/tweets.js": data.replace(b'"full_text": "Two"', b'"full_text": Two"')})
    first, broken, last = items(tmp_path)
    assert isinstance(first, Post) and isinstance(last, Post)
    assert isinstance(broken, Failure) and "tweets.js record 2" in broken.reason


def test_an_archive_cut_off_while_downloading_gives_a_clear_message(tmp_path: Path) -> None:
    whole = pack(tmp_path / "a.zip", {"data/tweets.js": script("tweets", [tweet("1", "One")])})
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-40])
    assert READER.detect(cut) is None
    with pytest.raises(SourceError, match="not a zip file that can be read"):
        items(cut)


def test_a_zip_without_tweets_says_what_to_point_at(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", {"readme.txt": b"hello"})
    with pytest.raises(SourceError, match=r"holds no tweets\.js"):
        items(archive)


def test_members_that_lead_out_of_the_zip_are_left_out(tmp_path: Path) -> None:
    files = {
        "data/tweets.js": script("tweets", [tweet("1", f"One {LINK}", ("a.jpg",))]),
        "../data/tweets_media/1-a.jpg": JPEG,
        "/data/tweets-part1.js": script("tweets", [tweet("2", "Outside")]),
    }
    (post,) = posts(pack(tmp_path / "a.zip", files))
    assert [picture.is_missing for picture in post.pictures] == [True]


def test_the_archive_is_recognised_by_its_assignment(tmp_path: Path) -> None:
    write(tmp_path / "a", {"data/tweets.js": script("tweets", [])})
    write(tmp_path / "b", {"data/tweets.js": b"export const tweets = []"})
    match = READER.detect(tmp_path / "a")
    assert match is not None and match.certainty > 90 and "window.YTD" in match.reason
    assert READER.detect(tmp_path / "b") is None


def test_a_bomb_is_named_as_one_and_nobody_is_told_to_unpack_it(tmp_path: Path) -> None:
    bomb = pack(tmp_path / "twitter.zip", {"data/tweets.js": b" " * (80 << 20)})
    with pytest.raises(SourceError, match="would expand from"):
        detect(bomb)


def test_a_zip_cut_off_while_downloading_is_named_as_damaged(tmp_path: Path) -> None:
    whole = pack(tmp_path / "a.zip", {"data/tweets.js": script("tweets", [tweet("1", "One")])})
    whole.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(SourceError, match="not a zip file that can be read"):
        detect(whole)
