"""Datasets of 4CAT: rows of a CSV joined with the pictures of its image archives."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import detect, read
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.fourcat import READER

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32
COLUMNS = (
    *("id", "thread_id", "timestamp", "unix_timestamp", "link", "body", "author", "author_fullname"),
    *("author_id", "source", "language_guess", "possibly_sensitive", "retweet_count", "reply_count"),
    *("like_count", "quote_count", "impression_count", "is_retweet", "retweeted_user", "is_quote_tweet"),
    *("quoted_user", "is_reply", "replied_user", "hashtags", "urls", "images", "videos", "mentions"),
)
A, B = "https://pbs.twimg.com/media/A.jpg", "https://pbs.twimg.com/media/B.png"


def row(post_id: str, body: str, /, **fields: str) -> dict[str, str]:
    return {
        "id": post_id,
        "thread_id": post_id,
        "timestamp": "2024-03-05 14:02:11",
        "unix_timestamp": "1709647331",
        "link": f"https://x.com/harbour_light/status/{post_id}",
        "body": body,
        "author": "harbour_light",
        "author_fullname": "Harbour Light",
        "language_guess": "en",
        "retweet_count": "3",
        "like_count": "12",
        "is_retweet": "no",
        **fields,
    }


def table(*rows: Mapping[str, str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def entry(filename: str | None, *post_ids: object) -> dict[str, Any]:
    return {
        "filename": filename,
        "success": bool(filename),
        "from_dataset": "abc",
        "post_ids": list(post_ids),
    }


def pack(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def posts(source: Path) -> list[Post]:
    found = list(READER.read(source, ReadOptions()))
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def test_known_columns_get_shared_names_and_the_others_keep_theirs(tmp_path: Path) -> None:
    source = tmp_path / "dataset.csv"
    source.write_bytes(
        table(row("1764900000000000101", "fish &amp; chips", hashtags="food", replied_user="sam"))
    )
    match = READER.detect(source)
    assert match is not None and match.certainty > 90
    (post,) = posts(source)
    assert (post.post_id, post.text, post.author) == ("1764900000000000101", "fish & chips", "harbour_light")
    assert (post.created_at, post.language) == ("2024-03-05T14:02:11Z", "en")
    assert post.metadata == {
        "conversation_id": "1764900000000000101",
        "url": "https://x.com/harbour_light/status/1764900000000000101",
        "author_name": "Harbour Light",
        "retweets": "3",
        "likes": "12",
        "is_retweet": "no",
        "reply_to_author": "sam",
        "hashtags": "food",
    }


def test_pictures_come_from_the_image_archive_beside_the_table(tmp_path: Path) -> None:
    source = tmp_path / "dataset.csv"
    source.write_bytes(table(row("1", "two https://t.co/pic", images=f"{B},{A}"), row("2", "none")))
    metadata = {A: entry("A.jpg", "1"), B: entry("B-0.png", 1)}
    pack(
        tmp_path / "images.zip",
        {".metadata.json": json.dumps(metadata).encode(), "A.jpg": JPEG, "B-0.png": JPEG},
    )
    first, second = posts(source)
    assert first.text == "two"
    assert [(picture.name, picture.member) for picture in first.pictures] == [
        ("B-0.png", "B-0.png"),
        ("A.jpg", "A.jpg"),
    ]
    assert first.pictures[0].read() == JPEG
    assert second.pictures == ()


def test_an_unpacked_image_archive_in_the_folder_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "dataset.csv").write_bytes(table(row("1", "one", images=A)))
    (tmp_path / "images").mkdir()
    (tmp_path / "images/A.jpg").write_bytes(JPEG)
    (tmp_path / "images/.metadata.json").write_text(json.dumps({A: entry("A.jpg", "1")}), encoding="utf-8")
    assert READER.detect(tmp_path) is not None
    (post,) = posts(tmp_path)
    assert [picture.is_missing for picture in post.pictures] == [False]


def test_a_zip_with_table_and_pictures_is_a_source(tmp_path: Path) -> None:
    files = {
        "dataset.csv": table(row("1", "one")),
        "images/.metadata.json": json.dumps({A: entry("A.jpg", "1")}).encode(),
        "images/A.jpg": JPEG,
    }
    source = pack(tmp_path / "export.zip", files)
    assert READER.detect(source) is not None
    (post,) = posts(source)
    assert [picture.member for picture in post.pictures] == ["images/A.jpg"]


def test_a_picture_whose_download_failed_is_missing(tmp_path: Path) -> None:
    (tmp_path / "dataset.csv").write_bytes(table(row("1", "one", images=A)))
    pack(tmp_path / "images.zip", {".metadata.json": json.dumps({A: entry(None, "1")}).encode()})
    (post,) = posts(tmp_path)
    assert [(picture.name, picture.is_missing) for picture in post.pictures] == [("A.jpg", True)]


def test_without_an_archive_pictures_are_looked_for_by_the_name_in_their_address(tmp_path: Path) -> None:
    source = tmp_path / "dataset.csv"
    source.write_bytes(table(row("1", "one", images=f"{A},{B}")))
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads/A.jpg").write_bytes(JPEG)
    (post,) = posts(source)
    assert [picture.is_missing for picture in post.pictures] == [False, True]


def test_metadata_that_names_a_file_outside_the_archive_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    source = tmp_path / "source"
    (source / "images").mkdir(parents=True)
    (source / "dataset.csv").write_bytes(table(row("1", "one"), row("2", "two")))
    names = {A: entry("../../secret.jpg", "1"), B: entry(str(tmp_path / "secret.jpg"), "2")}
    (source / "images/.metadata.json").write_text(json.dumps(names), encoding="utf-8")
    assert all(picture.is_missing for post in posts(source) for picture in post.pictures)


def test_a_broken_image_archive_is_named_and_the_table_still_read(tmp_path: Path) -> None:
    notes: list[str] = []
    (tmp_path / "dataset.csv").write_bytes(table(row("1", "one")))
    (tmp_path / "images.zip").write_bytes(b"PK\x03\x04 not really")
    assert len(list(READER.read(tmp_path, ReadOptions(note=notes.append)))) == 1
    assert any("images.zip is left out" in note for note in notes)


def test_a_table_with_bom_and_line_ends_inside_a_body_is_read(tmp_path: Path) -> None:
    source = tmp_path / "dataset.csv"
    source.write_bytes(b"\xef\xbb\xbf" + table(row("1", 'first\r\nsecond, "third"')))
    assert READER.detect(source) is not None
    assert posts(source)[0].text == 'first\r\nsecond, "third"'


def test_a_row_without_an_id_costs_one_row(tmp_path: Path) -> None:
    source = tmp_path / "dataset.csv"
    source.write_bytes(table(row("1", "one"), row("", "nobody"), row("3", "three")))
    assert [type(item) for item in READER.read(source, ReadOptions())] == [Post, Failure, Post]


def test_rows_that_lost_cells_or_have_too_many_are_told(tmp_path: Path) -> None:
    source = tmp_path / "dataset.csv"
    lines = ["id,thread_id,timestamp,body,author\n"]
    lines += [f"{n},{n},2026-05-01 10:00:00,words of {n},sam\n" for n in range(10, 18)]
    lines[3] = lines[3].replace(",sam", "")
    lines[5] = lines[5].replace(",sam", ",sam,so,many")
    source.write_bytes("".join(lines).encode())
    notes: list[str] = []
    items = list(READER.read(source, ReadOptions(note=notes.append)))
    assert [type(item) for item in items] == [*[Post] * 4, Failure, *[Post] * 3]
    assert "7 cells" in items[4].reason and "line 6" in items[4].reason
    assert any("fewer cells" in note and "(line 4)" in note for note in notes)


def test_another_table_is_not_claimed(tmp_path: Path) -> None:
    source = tmp_path / "other.csv"
    source.write_bytes(b"id,text\n1,hello\n")
    assert READER.detect(source) is None
    with pytest.raises(SourceError, match="no CSV with 4CAT's columns"):
        list(READER.read(source, ReadOptions()))


def test_the_data_sets_of_other_platforms_are_known_by_what_all_have(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(
        "id,created_at,body,url,account_username,media_url,thread_id,timestamp\n"
        "11,2026-05-01,<p>A fine day</p>,https://t.example/11,sam,https://x.example/p1.jpg,11,2026-05-01\n",
        encoding="utf-8",
    )
    (tmp_path / "p1.jpg").touch()
    assert detect(path).format == "4cat"
    (post,) = read(path)
    assert isinstance(post, Post)
    assert (post.text, post.author, len(post.pictures)) == ("A fine day", "sam", 1)


def test_an_attachment_that_the_archive_has_under_another_name_is_not_missing(tmp_path: Path) -> None:
    header = "id,thread_id,timestamp,unix_timestamp,body,author,attachment_filename\n"
    (tmp_path / "a.csv").write_text(f"{header}town-7,town,2024-03-05 14:02:11,1709647331,x,sam,photo_1.jpg\n")
    about = {"town-7": entry("town-7.jpeg", "town-7")}
    pack(tmp_path / "a.zip", {".metadata.json": json.dumps(about).encode(), "town-7.jpeg": JPEG})
    (post,) = posts(tmp_path / "a.csv")
    assert [(picture.name, picture.is_missing) for picture in post.pictures] == [("town-7.jpeg", False)]
