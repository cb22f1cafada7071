"""Tweets of Twitter's API v1.1."""

from __future__ import annotations

from pathlib import Path

from twarc_files import BIG_ID, JPEG, LINK, posts, v1, write

from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.twarc import READER


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
