"""Pictures that lie in a table of Parquet, Arrow or SQLite itself, as Hugging Face's data sets keep them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from mmsa_tui.disk import parquet_pictures
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Post, hash_bytes
from mmsa_tui.sources import ReadOptions, read

TEXTS = ["A fine day at the harbour", "Rain again, and wind", "My bus is late", "The soup was cold"]


def picture(number: int) -> bytes:
    return b"\xff\xd8\xff\xe0" + bytes([number]) * 40


def write(path: Path, metadata: dict[bytes, bytes] | None = None, **columns: list[Any]) -> Path:
    table = pa.table({"text": TEXTS, "id": [f"100{n}" for n in range(4)], **columns})
    pq.write_table(table.replace_schema_metadata(metadata), path, row_group_size=3)
    return path


def posts_of(path: Path, notes: list[str] | None = None) -> list[Post]:
    found = list(read(path, options=ReadOptions(note=(notes if notes is not None else []).append)))
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def bytes_of(posts: list[Post]) -> list[list[bytes]]:
    with PictureFiles() as files:
        return [[files.read(picture) for picture in post.pictures] for post in posts]


SHAPES: dict[str, list[Any]] = {
    "bytes and a path": [{"bytes": picture(n), "path": f"{n}.jpg"} for n in range(4)],
    "bytes without a path": [{"bytes": picture(n), "path": None} for n in range(4)],
    "bytes alone": [picture(n) for n in range(4)],
    "a list": [[{"bytes": picture(n), "path": f"{n}.jpg"}] for n in range(4)],
    "a path that leads out": [{"bytes": picture(n), "path": "../../etc/passwd"} for n in range(4)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_post_has_the_picture_of_its_row(tmp_path: Path, shape: str) -> None:
    notes: list[str] = []
    posts = posts_of(write(tmp_path / "a.parquet", image=SHAPES[shape]), notes)
    assert [post.text for post in posts] == TEXTS
    assert bytes_of(posts) == [[picture(n)] for n in range(4)]
    assert [post.pictures[0].digest for post in posts] == [hash_bytes(picture(n)) for n in range(4)]
    assert all("/" not in post.pictures[0].name for post in posts)
    assert any("`image`, are read from there" in note for note in notes)
    assert not any(b"\\xff" in value.encode() for post in posts for value in post.metadata.values())


def test_pictures_are_read_in_any_order_also_from_a_group_too_large_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_pictures, "_WHOLE_BYTES", 0)
    monkeypatch.setattr(parquet_pictures, "_BATCH_ROWS", 1)
    posts = posts_of(write(tmp_path / "a.parquet", image=SHAPES["bytes and a path"]))
    order = [3, 0, 2, 1, 1]
    assert bytes_of([posts[n] for n in order]) == [[picture(n)] for n in order]


def write_stream(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table, max_chunksize=3)


def write_database(path: Path, table: pa.Table) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE posts (id TEXT, text TEXT, image BLOB)")
        rows = zip(*(table.column(name).to_pylist() for name in ("id", "text", "image")), strict=True)
        database.executemany("INSERT INTO posts VALUES (?, ?, ?)", list(rows)[::-1])
        # An index of all that is asked for would give the rows in another order.
        database.execute("CREATE INDEX by_id ON posts (id, text, image)")


WRITERS: dict[str, Callable[[Path, pa.Table], None]] = {
    "a.feather": lambda path, table: feather.write_feather(table, str(path), chunksize=3),
    "a.arrow": write_stream,
    "a.db": write_database,
}


@pytest.mark.parametrize("name", WRITERS)
def test_pictures_in_feather_arrow_and_sqlite_are_read_in_any_order(tmp_path: Path, name: str) -> None:
    columns = {"text": TEXTS, "id": [f"100{n}" for n in range(4)], "image": [picture(n) for n in range(4)]}
    WRITERS[name](tmp_path / name, pa.table(columns))
    notes: list[str] = []
    posts = posts_of(tmp_path / name, notes)
    assert any("`image`, are read from there" in note for note in notes)
    by_id = {post.post_id: post for post in posts}
    assert [by_id[f"100{n}"].text for n in range(4)] == TEXTS
    order = [3, 0, 2, 1, 1]
    assert bytes_of([by_id[f"100{n}"] for n in order]) == [[picture(n)] for n in order]


def test_a_data_set_that_was_saved_to_a_folder_is_read_with_its_words_for_labels(tmp_path: Path) -> None:
    features = {"label": {"names": ["negative", "neutral", "positive"], "_type": "ClassLabel"}}
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    table = pa.table({"text": TEXTS, "image": SHAPES["bytes and a path"], "label": [0, 1, 2, 0]})
    write_stream(tmp_path / "data-00000-of-00001.arrow", table.replace_schema_metadata(about))
    (tmp_path / "state.json").write_text('{"_fingerprint": "a1", "_split": null}')
    (tmp_path / "dataset_info.json").write_text('{"description": "", "features": {}}')
    posts = posts_of(tmp_path)
    assert bytes_of(posts) == [[picture(n)] for n in range(4)]
    assert [post.truth["label"] for post in posts] == ["negative", "neutral", "positive", "negative"]


def test_several_pictures_of_a_row_keep_their_order(tmp_path: Path) -> None:
    two = [
        [{"bytes": picture(n), "path": "a.jpg"}, {"bytes": picture(n + 9), "path": "b.jpg"}] for n in range(4)
    ]
    posts = posts_of(write(tmp_path / "a.parquet", images=two))
    assert bytes_of(posts) == [[picture(n), picture(n + 9)] for n in range(4)]
    assert [p.name for p in posts[0].pictures] == ["a.jpg", "b.jpg"]


def test_a_path_without_bytes_is_looked_for_beside_the_table(tmp_path: Path) -> None:
    (tmp_path / "p.jpg").write_bytes(picture(7))
    image = [
        {"bytes": None, "path": "p.jpg"},
        *({"bytes": picture(n), "path": f"{n}.jpg"} for n in range(1, 4)),
    ]
    posts = posts_of(write(tmp_path / "a.parquet", image=image))
    assert bytes_of(posts)[:2] == [[picture(7)], [picture(1)]]


def test_a_damaged_picture_belongs_to_its_post_and_a_sound_does_not(tmp_path: Path) -> None:
    image = [{"bytes": b"no picture", "path": f"{n}.jpg"} for n in range(4)]
    audio = [{"bytes": b"RIFF....WAVE", "path": f"{n}.wav"} for n in range(4)]
    posts = posts_of(write(tmp_path / "a.parquet", image=image, audio=audio))
    assert bytes_of(posts) == [[b"no picture"]] * 4


def test_numbers_of_a_label_are_read_as_the_words_that_the_file_says_they_stand_for(tmp_path: Path) -> None:
    features = {"label": {"names": ["positive", "neutral", "negative"], "_type": "ClassLabel"}}
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    posts = posts_of(write(tmp_path / "a.parquet", about, label=[0, 1, 2, -1]))
    assert [post.truth.get("label") for post in posts] == ["positive", "neutral", "negative", "-1"]
