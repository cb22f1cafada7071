"""Tables: csv, tsv, xlsx, jsonl and parquet, and the pictures that their cells name."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from table_files import LONG_ID, items, posts, texts, write

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import detect
from mmsa_tui.sources.files import workbook


def write_kind(folder: Path, kind: str) -> Path:
    path = folder / f"posts.{kind}"
    rows = [{"id": LONG_ID, "text": "first, “one”", "likes": "3"}, {"id": "2", "text": "two", "likes": ""}]
    if kind in ("csv", "tsv"):
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="," if kind == "csv" else "\t")
            writer.writeheader()
            writer.writerows(rows)
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        book = openpyxl.Workbook()
        book.active.append(list(rows[0]))
        for row in rows:
            book.active.append(list(row.values()))
        book.save(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx", "jsonl", "parquet"])
def test_every_kind_of_table_gives_the_same_posts(tmp_path: Path, kind: str) -> None:
    first, second = posts(write_kind(tmp_path, kind))
    assert (first.post_id, first.text, first.metadata["likes"]) == (LONG_ID, "first, “one”", "3")
    assert (second.post_id, second.text) == ("2", "two")


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx", "jsonl", "parquet"])
def test_every_kind_of_table_is_recognised_by_content(tmp_path: Path, kind: str) -> None:
    path = write_kind(tmp_path, kind).rename(tmp_path / "export.dat")
    found = detect(path)
    assert found.format == "table"
    assert f"({kind}) with a column `text`" in found.reason


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl", "parquet"])
def test_a_cut_table_gives_posts_or_a_clear_error(tmp_path: Path, kind: str) -> None:
    data = write_kind(tmp_path, kind).read_bytes()
    for cut in range(0, len(data), max(1, len(data) // 25)):
        path = write(tmp_path / "cut.dat", data[:cut])
        try:
            assert all(isinstance(item, Post | Failure) for item in items(path))
        except SourceError as error:
            assert error.hint


def test_the_only_table_of_a_folder_is_the_source(tmp_path: Path) -> None:
    write(tmp_path / "posts.csv", "id,text\n1,hello there\n")
    assert (detect(tmp_path).format, texts(tmp_path)) == ("table", ["hello there"])


def test_of_two_tables_in_a_folder_none_is_chosen(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "id,text\n1,hello there\n")
    write(tmp_path / "b.csv", "id,text\n1,hello there\n")
    with pytest.raises(SourceError) as caught:
        detect(tmp_path)
    assert "single file" in caught.value.hint


@pytest.mark.parametrize("separator", [";", "|", "\n"])
def test_a_cell_may_list_pictures(tmp_path: Path, separator: str) -> None:
    path = write(tmp_path / "a.csv", f'id,text,image\n1,x,"a.jpg{separator}b.jpg"\n')
    assert [picture.name for picture in posts(path)[0].pictures] == ["a.jpg", "b.jpg"]


def test_a_cell_may_hold_a_json_list_of_pictures(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", json.dumps({"id": "1", "text": "x", "images": ["a.jpg", "b.jpg"]}))
    assert [picture.name for picture in posts(path)[0].pictures] == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("gone.jpg", "gone.jpg"),
        ("../outside.jpg", "outside.jpg"),
        ("/etc/hostname", "hostname"),
        ("https://example.org/a/b.jpg", "b.jpg"),
    ],
)
def test_a_picture_that_is_not_in_the_source_is_missing(tmp_path: Path, name: str, shown: str) -> None:
    write(tmp_path / "outside.jpg", b"\xff\xd8\xff")
    (tmp_path / "source").mkdir()
    path = write(tmp_path / "source" / "a.csv", f"id,text,image\n1,x,{name}\n")
    (picture,) = posts(path)[0].pictures
    assert (picture.name, picture.is_missing) == (shown, True)


def test_a_picture_path_made_on_windows_is_found(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    write(tmp_path / "images" / "1.jpg", b"\xff\xd8\xff")
    path = write(tmp_path / "a.csv", "id,text,image\n1,x,images\\1.jpg\n")
    assert posts(path)[0].pictures[0].path == (tmp_path / "images" / "1.jpg").resolve()


def test_a_workbook_that_explodes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_kind(tmp_path, "xlsx")
    monkeypatch.setattr(workbook, "MAX_PART_BYTES", 100)
    with pytest.raises(SourceError, match="would expand"):
        items(path)


def test_a_workbook_that_claims_a_million_empty_rows_is_read_at_once(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "text"])
    book.active.append(["1", "hello"])
    book.save(tmp_path / "small.xlsx")
    with zipfile.ZipFile(tmp_path / "small.xlsx") as old, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/"):
                data = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', data)
            new.writestr(name, data)
    (post,) = posts(tmp_path / "a.xlsx")
    assert (post.text, post.metadata) == ("hello", {})
