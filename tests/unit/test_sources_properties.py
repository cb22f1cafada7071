"""Any bytes, under any name, in any format: posts or a clear error, and nothing from outside."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmsa_tui.disk.safety import resolve_inside
from mmsa_tui.errors import MmsaError, SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import detect, formats, inspect, read
from mmsa_tui.sources.files.delimited import read_rows
from mmsa_tui.sources.files.encodings import UndecodableError, decode
from mmsa_tui.sources.reading import clean

SECRET = "never to be read"
JPEG = b"\xff\xd8\xff\xe0 enough to be known by"

thorough = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def workbook_bytes() -> bytes:
    out = io.BytesIO()
    book = openpyxl.Workbook()
    for row in [("File Name", "Caption", "LABEL"), ("1.txt", "one two", "positive")]:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def parquet_bytes() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"id": ["1"], "text": ["one two"], "image": ["../secret.jpg"]}), out)
    return out.getvalue()


def zip_bytes(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(name, data)
        file.writestr("data/tweets_media/1-a.jpg", JPEG)
        file.writestr("../secret.jpg", JPEG)
    return out.getvalue()


TWEET = {
    "id_str": "1",
    "id": 1,
    "full_text": "hi &amp; bye https://t.co/a",
    "created_at": "Wed May 01 14:03:00 +0000 2024",
    "user": {"screen_name": "a"},
    "extended_entities": {
        "media": [{"media_url_https": "https://x/../../secret.jpg", "url": "https://t.co/a"}]
    },
}
V2 = {
    "data": [{"id": "1", "text": "hi", "attachments": {"media_keys": ["k"]}, "author_id": "2"}],
    "includes": {"media": [{"media_key": "k", "type": "photo", "url": "https://x/secret.jpg"}], "users": []},
    "meta": {},
    "__twarc": {},
}
SNSCRAPE = {
    "_type": "snscrape.modules.twitter.Tweet",
    "id": 1,
    "rawContent": "x",
    "media": [{"fullUrl": "../a"}],
}
ZEESCHUIMER = {
    "data": {"rest_id": "1", "legacy": {"full_text": "x"}},
    "source_platform_url": "https://x.com",
    "timestamp_collected": 1,
}
BLUESKY = {
    "$type": "app.bsky.feed.post",
    "text": "x",
    "embed": {"images": [{"image": {"ref": {"$link": "../../secret"}}}]},
}
TWEETS_JS = b"window.YTD.tweets.part0 = " + json.dumps([{"tweet": TWEET}]).encode()
CSV_4CAT = b"id,thread_id,timestamp,body,author,image_url\n1,1,2024-05-01 14:03:00,hi,a,../secret.jpg\n"

SEEDS = [
    b"id,text,image\n1,one two,../secret.jpg\n2,three,/etc/hostname\n",
    b"ID\ttext,image\n1\tneutral,positive\n",
    "“quoted” and…".encode("gb18030"),
    CSV_4CAT,
    *(json.dumps(record).encode() + b"\n" for record in (TWEET, V2, SNSCRAPE, ZEESCHUIMER, BLUESKY)),
    json.dumps(
        [{"id": 1, "data": {"text": "x", "image": "/data/../../secret.jpg"}, "annotations": []}]
    ).encode(),
    b'{"id": 1, "text": "x", "label": ["positive"]}\n',
    json.dumps(
        {"tweet_id": 1, "content": "x", "num": 1, "extension": "../jpg", "category": "twitter"}
    ).encode(),
    json.dumps({"https://x/1.jpg": {"filename": "../../secret.jpg", "post_ids": ["1"]}}).encode(),
    TWEETS_JS,
    workbook_bytes(),
    parquet_bytes(),
    zip_bytes("data/tweets.js", TWEETS_JS),
    gzip.compress(json.dumps(TWEET).encode()),
    JPEG,
]
NAMES = [
    "1.txt", "1.jpg", "2.JPG", "data/1.txt", "data/1.jpg", "labelResultAll.txt", "L.xlsx", "posts.csv",
    "posts.jsonl", "posts.parquet", "data/tweets.js", "data/tweets-part1.js", "data/note-tweet.js",
    "data/account.js", "tweet.js", "data/tweets_media/1-a.jpg", "1_1.jpg", "1_1.jpg.json", "info.json",
    "app.bsky.feed.post/3k.json", "repo/app.bsky.feed.post/3k.json", "blobs/bafy", ".metadata.json", "a.zip",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid file of some format in which a few places are cut out, doubled or overwritten."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 30)))
        data = (
            data[:start] + draw(st.one_of(st.binary(max_size=12), st.just(data[start:end] * 2))) + data[end:]
        )
    return data


contents = st.one_of(
    damaged(), st.binary(max_size=300), st.text(max_size=100).map(lambda t: t.encode("utf-8"))
)


@contextmanager
def source_of(files: dict[str, bytes]) -> Iterator[Path]:
    """Lay out a source beside a file that must not be reached."""
    outside = Path(tempfile.mkdtemp(prefix="mmsa-test-")).resolve()
    try:
        (outside / "secret.jpg").write_bytes(JPEG + SECRET.encode())
        (outside / "secret").write_bytes(JPEG + SECRET.encode())
        root = outside / "source"
        root.mkdir()
        for name, data in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        yield root
    finally:
        shutil.rmtree(outside)


def check(source: Path, format: str | None) -> None:
    """Read a source to its end and check each value."""
    root = (source if source.is_dir() else source.parent).resolve()
    try:
        items = list(read(source, format=format))
    except MmsaError as error:
        assert error.message and error.hint
        return
    for item in items:
        assert clean(item.post_id) == item.post_id
        assert clean(item.text) == item.text
        if isinstance(item, Failure):
            assert item.reason
            continue
        assert isinstance(item, Post)
        assert item.content_hash.startswith("b2:")
        assert SECRET not in item.text
        for picture in item.pictures:
            assert picture.path is None or picture.path.resolve().is_relative_to(root)
            assert picture.member is None or ".." not in picture.member


@pytest.mark.parametrize("format", formats())
@settings(thorough, max_examples=40)
@given(data=contents)
def test_a_file_of_any_bytes_gives_posts_or_a_clear_error(format: str, data: bytes) -> None:
    with source_of({"source.dat": data}) as root:
        check(root / "source.dat", format)


@pytest.mark.parametrize("format", formats())
@settings(thorough, max_examples=40)
@given(files=st.dictionaries(st.sampled_from(NAMES), contents, min_size=1, max_size=5))
def test_a_folder_of_any_bytes_gives_posts_or_a_clear_error(format: str, files: dict[str, bytes]) -> None:
    with source_of(files) as root:
        check(root, format)


@settings(thorough, max_examples=150)
@given(files=st.dictionaries(st.sampled_from(NAMES), contents, min_size=1, max_size=5))
def test_detecting_and_inspecting_any_bytes_gives_an_answer_or_a_clear_error(files: dict[str, bytes]) -> None:
    with source_of(files) as root:
        for source in (root, *(root / name for name in files)):
            try:
                found = detect(source)
                assert found.format in formats() and found.reason
                inspected = inspect(source)
            except SourceError as error:
                assert error.message and error.hint
            else:
                json.dumps(inspected.to_json())
                assert sum(inspected.outcomes.values()) == inspected.posts + inspected.failures.count


@settings(thorough, max_examples=300)
@given(data=st.binary(max_size=200))
def test_decoding_gives_clean_text_or_a_reason(data: bytes) -> None:
    try:
        text = decode(data).text
    except UndecodableError as error:
        assert error.reason
    else:
        assert clean(text) == text


@settings(thorough, max_examples=200)
@given(
    text=st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=200)
)
def test_utf8_always_reads_back(text: str) -> None:
    assert decode(text.encode()).text.removeprefix("\ufeff") == text.removeprefix("\ufeff")


cells = st.text(st.sampled_from('ab ,;\t"\n\r’é'), max_size=12)


@settings(thorough, max_examples=200)
@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=6))
def test_a_csv_reads_back_what_was_written(rows: list[tuple[str, str]]) -> None:
    import csv

    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("id", "text"), ("0", "a plain row"), *rows])
    with source_of({"a.csv": out.getvalue().encode()}) as root:
        read_back = [row.cells for row in read_rows(root / "a.csv")]
    assert read_back == [("id", "text"), ("0", "a plain row"), *rows]


@settings(thorough, max_examples=200)
@given(name=st.text(st.sampled_from("./\\ab~:\0C"), max_size=30))
def test_no_name_leads_out_of_a_source(name: str) -> None:
    with source_of({"a/b": b"x", "b": b"x"}) as root:
        path = resolve_inside(root, name)
        assert path is None or path.is_relative_to(root)


@pytest.mark.skipif(os.name == "nt", reason="Windows lets only administrators make links")
@pytest.mark.parametrize("format", formats())
@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.endswith((".jpg", "bafy", ".txt", ".js", ".json"))]
)
def test_no_link_leads_out_of_a_source(tmp_path: Path, format: str, name: str) -> None:
    (tmp_path / "secret").write_bytes(JPEG + SECRET.encode())
    root = tmp_path / "source"
    (root / name).parent.mkdir(parents=True)
    (root / "2.txt").write_text("a post")
    (root / name).symlink_to(tmp_path / "secret")
    check(root, format)
