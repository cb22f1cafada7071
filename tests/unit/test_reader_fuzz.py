"""A damaged record costs itself alone and is told, in every format, wherever it stands.

MMSA_FUZZ sets how many files are damaged for each format, place and kind; `make fuzz` takes 200.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from car_files import car
from tool_records import V1, V2_TWEET, ZEESCHUIMER
from twarc_files import page as pages

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, detect, read

FILES = int(os.environ.get("MMSA_FUZZ", "6"))
COUNT = 12
FIRST_ID = 1918410713521908131

Span = tuple[int, int]
Written = tuple[str, bytes, list[Span]]
"""The name of a file, its content, and where each record lies in it."""


def text_of(number: int) -> str:
    return f'post {number}: "so it goes", {{x}} [y]; caffè \N{GRINNING FACE}'


def identity(number: int) -> str:
    return str(FIRST_ID + number)


def joined(name: str, parts: list[str], opening: str, between: str, closing: str) -> Written:
    data, spans = opening.encode(), []
    for number, part in enumerate(parts):
        data += between.encode() if number else b""
        spans.append((len(data), len(data) + len(part.encode())))
        data += part.encode()
    return name, data + closing.encode(), spans


def lines(name: str, record: Callable[[int], Any]) -> Written:
    return joined(name, [json.dumps(record(number)) for number in range(COUNT)], "", "\n", "\n")


def array(name: str, record: Callable[[int], Any], opening: str = "[", closing: str = "]") -> Written:
    parts = [json.dumps(record(number), ensure_ascii=False, indent=1) for number in range(COUNT)]
    return joined(name, parts, opening, ",\n", closing)


def v1(number: int) -> dict[str, Any]:
    parts = {name: value for name, value in V1.items() if name not in ("extended_tweet", "retweeted_status")}
    return {**parts, "id": FIRST_ID + number, "id_str": identity(number), "full_text": text_of(number)}


def v2(number: int) -> dict[str, Any]:
    kept = ("author_id", "conversation_id", "public_metrics", "lang", "created_at")
    parts = {name: value for name, value in V2_TWEET.items() if name in kept}
    return {"author_id": "2", **parts, "id": identity(number), "text": text_of(number)}


def snscrape(number: int) -> dict[str, Any]:
    return {
        "_type": "snscrape.modules.twitter.Tweet",
        "url": f"https://x.com/sam/status/{identity(number)}",
        "date": "2026-05-01T10:00:00+00:00",
        "rawContent": text_of(number),
        "id": FIRST_ID + number,
        "user": {"username": "sam", "id": 7},
    }


def zeeschuimer(number: int) -> dict[str, Any]:
    legacy = {"full_text": text_of(number), "created_at": "Fri May 01 10:00:00 +0000 2026", "lang": "en"}
    data = {"rest_id": identity(number), "core": ZEESCHUIMER["data"]["core"], "legacy": legacy}
    return {**ZEESCHUIMER, "item_id": identity(number), "data": data}


def mastodon(number: int) -> dict[str, Any]:
    return {
        "id": identity(number),
        "created_at": "2026-05-01T10:00:00.000Z",
        "content": f"<p>{text_of(number)}</p>",
        "account": {"id": "1", "acct": "sam@m.example", "note": "<p>a biography</p>"},
        "media_attachments": [{"id": "9", "type": "image", "url": "https://m.example/9.png"}],
        "replies_count": 0,
    }


def task(number: int) -> dict[str, Any]:
    choice = {"from_name": "sentiment", "type": "choices", "value": {"choices": ["Positive"]}}
    data = {"post_id": identity(number), "text": text_of(number)}
    return {"id": number + 1, "annotations": [{"id": 1, "result": [choice]}], "data": data}


def message(number: int) -> dict[str, Any]:
    return {
        "id": FIRST_ID + number,
        "type": "message",
        "date": "2026-05-01T12:00:00",
        "from": "Sam",
        "text": [text_of(number)[:4], {"type": "bold", "text": text_of(number)[4:]}],
        "text_entities": [],
    }


def dump(number: int) -> list[Any]:
    about = {"category": "twitter", "subcategory": "timeline", "tweet_id": FIRST_ID + number}
    return [
        2,
        {**about, "content": text_of(number), "author": {"name": "sam"}, "date": "2026-05-01 10:00:00"},
    ]


def page(number: int) -> str:
    text = text_of(number).replace('"', "&quot;")
    return (
        f'<div class="message default clearfix" id="message{identity(number)}">\n<div class="body">\n'
        '<div class="pull_right date details" title="01.05.2026 12:00:00 UTC+02:00">12:00</div>\n'
        f'<div class="from_name">\nSam\n</div>\n<div class="text">\n{text}\n</div>\n</div>\n</div>\n'
    )


def csv_row(number: int) -> str:
    text = text_of(number).replace('"', '""')
    return f'{identity(number)},{identity(number)},2026-05-01 10:00:00,"{text}",sam,en'


def row(number: int) -> dict[str, Any]:
    return {
        "id": identity(number),
        "date": "2026-05-01 10:00:00",
        "text": text_of(number),
        "author": "sam",
        "place": {"name": "Leeds", "country": "UK"},
    }


def plain_csv_row(number: int) -> str:
    cells = (identity(number), "2026-05-01 10:00:00", text_of(number), "sam", "12")
    return ",".join('"' + cell.replace('"', '""') + '"' if '"' in cell else cell for cell in cells)


def v2_page(number: int) -> dict[str, Any]:
    return pages({**v2(number), "edit_history_tweet_ids": [identity(number)]})


FORMATS: dict[str, tuple[str, Callable[[], Written]]] = {
    "twarc v1, lines": ("twarc", lambda: lines("a.jsonl", v1)),
    "twarc v1, a list": ("twarc", lambda: array("a.json", v1)),
    "twarc v1, a search": (
        "twarc",
        lambda: array("a.json", v1, '{"statuses": [', '], "search_metadata": {"count": 100}}'),
    ),
    "twarc v2, lines": ("twarc", lambda: lines("a.jsonl", v2)),
    "snscrape": ("snscrape", lambda: lines("a.jsonl", snscrape)),
    "zeeschuimer": ("zeeschuimer", lambda: lines("a.ndjson", zeeschuimer)),
    "network, lines": ("network", lambda: lines("a.jsonl", mastodon)),
    "network, a list": ("network", lambda: array("a.json", mastodon)),
    "annotation": ("annotation", lambda: array("a.json", task)),
    "telegram": (
        "telegram",
        lambda: array("result.json", message, '{\n "name": "x",\n "id": 9,\n "messages": [\n', "]\n}"),
    ),
    "telegram, a page": (
        "telegram",
        lambda: joined(
            "messages.html", [page(n) for n in range(COUNT)], "<html><body>", "", "</body></html>"
        ),
    ),
    "x-archive": (
        "x-archive",
        lambda: array("tweets.js", lambda number: {"tweet": v1(number)}, "window.YTD.tweets.part0 = ["),
    ),
    "gallery-dl, a dump": ("gallery-dl", lambda: array("dump.json", dump)),
    "twarc v2, pages": ("twarc", lambda: lines("a.jsonl", v2_page)),
    "table, lines": ("table", lambda: lines("a.jsonl", row)),
    "table, a list": ("table", lambda: array("a.json", row)),
    "table, csv": (
        "table",
        lambda: joined(
            "a.csv", [plain_csv_row(n) for n in range(COUNT)], "id,date,text,author,likes\n", "\n", "\n"
        ),
    ),
    "4cat": (
        "4cat",
        lambda: joined(
            "a.csv",
            [csv_row(n) for n in range(COUNT)],
            "id,thread_id,timestamp,body,author,lang\n",
            "\n",
            "\n",
        ),
    ),
}


def check(path: Path, format: str, damaged: int, about: object) -> None:
    """Read a damaged file and see that all but one record are right and the one is told."""
    notes: list[str] = []
    assert detect(path).format == format, about
    items = list(read(path, options=ReadOptions(note=notes.append)))
    found = [(item.post_id, item.text) for item in items if isinstance(item, Post)]
    whole = [(identity(number), text_of(number)) for number in range(COUNT) if number != damaged]
    assert [post for post in found if post in whole] == whole, about
    assert len(found) <= COUNT, about
    is_told = any(isinstance(item, Failure) for item in items) or any("left out" in note for note in notes)
    assert len(found) == COUNT or is_told, about


@pytest.mark.parametrize("damaged", [0, COUNT // 2, COUNT - 1], ids=["first", "middle", "last"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_record_that_is_cut_costs_itself_alone(tmp_path: Path, name: str, damaged: int) -> None:
    format, write = FORMATS[name]
    file, data, spans = write()
    start, end = spans[damaged]
    rng = random.Random(f"{name} {damaged}")
    for _ in range(FILES):
        at = rng.randrange(start + 1, end)
        (tmp_path / file).write_bytes(data[:at] + data[end:])
        check(tmp_path / file, format, damaged, data[max(0, at - 30) : at])


@pytest.mark.parametrize("damaged", [0, COUNT // 2, COUNT - 1], ids=["first", "middle", "last"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_byte_that_changes_costs_one_record_at_most(tmp_path: Path, name: str, damaged: int) -> None:
    format, write = FORMATS[name]
    file, data, spans = write()
    start, end = spans[damaged]
    rng = random.Random(f"{name} {damaged}")
    for _ in range(FILES):
        at, byte = rng.randrange(start, end), bytes([rng.randrange(32, 127)])
        (tmp_path / file).write_bytes(data[:at] + byte + data[at + 1 :])
        check(tmp_path / file, format, damaged, (data[max(0, at - 30) : at], byte, data[at : at + 10]))


@pytest.mark.parametrize("damaged", [0, COUNT // 2, COUNT - 1], ids=["first", "middle", "last"])
@pytest.mark.parametrize("format", ["gallery-dl", "bluesky", "instaloader"])
def test_a_file_of_one_record_that_is_damaged_costs_itself_alone(
    tmp_path: Path, format: str, damaged: int
) -> None:
    rng = random.Random(f"{format} {damaged}")
    folder = tmp_path / "app.bsky.feed.post"
    folder.mkdir()

    def record(number: int) -> tuple[Path, bytes]:
        if format == "bluesky":
            value = {
                "$type": "app.bsky.feed.post",
                "text": text_of(number),
                "createdAt": "2026-05-01T10:00:00Z",
            }
            return folder / f"{identity(number)}.json", json.dumps(value).encode()
        if format == "instaloader":
            caption = {"edges": [{"node": {"text": text_of(number)}}]}
            node = {
                "id": identity(number),
                "shortcode": f"D{number}",
                "owner": {"username": "sam"},
                "edge_media_to_caption": caption,
            }
            about = {"version": "4.14", "node_type": "Post"}
            value = {"node": {**node, "taken_at_timestamp": 1777629600}, "instaloader": about}
            return tmp_path / f"2026-05-01_10-00-{number:02}_UTC.json", json.dumps(value).encode()
        return tmp_path / f"{identity(number)}_1.jpg.json", json.dumps(dump(number)[1]).encode()

    for number in range(COUNT):
        path, content = record(number)
        path.write_bytes(content)
    path, content = record(damaged)
    for _ in range(FILES):
        at = rng.randrange(1, len(content))
        byte = bytes([rng.randrange(32, 127)])
        for changed in (content[:at], content[:at] + byte + content[at + 1 :]):
            path.write_bytes(changed)
            check(tmp_path, format, damaged, changed)


def as_workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(list(PLAIN))
    for number in range(COUNT):
        book.active.append([value(number) for value in PLAIN.values()])
    book.save(path)


def as_parquet(path: Path, compression: str = "snappy") -> None:
    rows = [{name: value(number) for name, value in PLAIN.items()} for number in range(COUNT)]
    pq.write_table(pa.Table.from_pylist(rows), path, compression=compression)


def as_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE posts ({', '.join(PLAIN)})")
        rows = [tuple(value(number) for value in PLAIN.values()) for number in range(COUNT)]
        database.executemany(f"INSERT INTO posts VALUES ({', '.join('?' * len(PLAIN))})", rows)


def as_repository(path: Path) -> None:
    record = {"$type": "app.bsky.feed.post", "createdAt": "2026-05-01T10:00:00Z"}
    posts = {f"3lk{number:02}abcdefgh": {**record, "text": text_of(number)} for number in range(COUNT)}
    path.write_bytes(car(posts)[0])


PLAIN: dict[str, Callable[[int], str]] = {
    "id": identity,
    "text": text_of,
    "date": lambda number: f"2026-05-{number + 1:02} 10:00:00",
    "author": lambda number: f"sam{number}",
}
PACKED: dict[str, Callable[[Path], None]] = {
    "a.xlsx": as_workbook,
    "snappy.parquet": as_parquet,
    "plain.parquet": partial(as_parquet, compression="none"),
    "a.db": as_database,
    "a.car": as_repository,
}


@pytest.mark.parametrize("name", PACKED)
def test_no_post_of_a_packed_file_that_is_damaged_vanishes_untold(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    PACKED[name](path)
    data = path.read_bytes()
    rng = random.Random(name)
    for number in range(3 * FILES):
        at, byte = rng.randrange(len(data)), bytes([rng.randrange(256)])
        damaged = data[:at] if number % 3 == 0 else data[:at] + byte + data[at + 1 :]
        path.write_bytes(damaged)
        notes: list[str] = []
        try:
            items = list(read(path, options=ReadOptions(note=notes.append)))
        except SourceError:
            continue
        posts = [item for item in items if isinstance(item, Post)]
        is_told = any(isinstance(item, Failure) for item in items) or any(
            "left out" in note for note in notes
        )
        has_all = len(posts) == COUNT and all(post.text for post in posts)
        undated = sum(not post.created_at for post in posts)
        # Told one by one, or of the whole column where none of its cells is a date any more.
        is_counted = not undated or any(
            ("dates" in note and "not be read" in note) or "called like a date and holds none" in note
            for note in notes
        )
        assert is_told or (has_all and is_counted), (at, byte, data[at : at + 1], notes)


def test_a_changed_byte_that_unpacks_to_another_text_is_told_where_the_file_has_checksums(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.parquet"
    rows = [{name: value(number) for name, value in PLAIN.items()} for number in range(COUNT)]
    table = pa.Table.from_pylist(rows)
    pq.write_table(table, path, compression="none", use_dictionary=False, write_page_checksum=True)
    path.write_bytes(path.read_bytes().replace(b"post 7:", b"post 9:", 1))
    with pytest.raises(SourceError, match="CRC"):
        list(read(path))


@pytest.mark.parametrize("group", [0, 1, 2])
def test_a_damaged_group_of_rows_of_a_parquet_file_costs_itself_alone(tmp_path: Path, group: int) -> None:
    path = tmp_path / "a.parquet"
    rows = [{name: value(number) for name, value in PLAIN.items()} for number in range(COUNT)]
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=4, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    column = pq.ParquetFile(path).metadata.row_group(group).column(1)
    data[column.dictionary_page_offset + column.total_compressed_size - 2] ^= 0xFF
    path.write_bytes(data)
    items = list(read(path))
    lost = range(4 * group, 4 * group + 4)
    assert [item.text for item in items if isinstance(item, Post)] == [
        text_of(number) for number in range(COUNT) if number not in lost
    ]
    (told,) = (item.reason for item in items if isinstance(item, Failure))
    assert f"rows {lost[0] + 1} to {lost[-1] + 1} cannot be read" in told


@pytest.mark.parametrize("damaged", [0, COUNT // 2, COUNT - 1], ids=["first", "middle", "last"])
@pytest.mark.parametrize("whole", [b'"data": {"rest_id', b' "data": {"rest_id'], ids=["before", "after"])
def test_a_record_within_a_damaged_one_does_not_change_the_format(
    tmp_path: Path, whole: bytes, damaged: int
) -> None:
    format, write = FORMATS["zeeschuimer"]
    file, data, spans = write()
    at = data.index(whole, spans[damaged][0])
    at += whole.index(b" ")
    (tmp_path / file).write_bytes(data[:at] + b"'" + data[at + 1 :])
    check(tmp_path / file, format, damaged, whole)
