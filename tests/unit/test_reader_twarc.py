"""Files of Twitter's API records as twarc keeps them: recognised and read, whatever lies in them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from twarc_files import BIG_ID, LINK, items, page, posts, v1, v2, write

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.twarc import READER


def test_an_id_beyond_the_precision_of_a_float_keeps_its_digits(tmp_path: Path) -> None:
    record = v1(BIG_ID, "hello")
    del record["id_str"]
    source = write(tmp_path / "a.jsonl", v2(str(BIG_ID), "hello"), record)
    assert [post.post_id for post in posts(source)] == [str(BIG_ID), str(BIG_ID)]


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
    assert notes == ["JSON files of another format left out: 1 (package.json)"]


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
