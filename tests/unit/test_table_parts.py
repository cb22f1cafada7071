"""Tables in parts, and pictures that lie in a sheet or are written as letters."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import openpyxl
import openpyxl.drawing.image
import PIL.Image
import pytest
from tool_shapes import FINE, csv, twice

from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Post
from mmsa_tui.sources import ReadOptions, read

TEXTS = [FINE, "Rain again and my bus is late", "The council meets on Tuesday", "Best waffles in town"]


def lines(*rows: str) -> str:
    return "".join(row + "\n" for row in rows)


def test_pictures_written_as_letters_are_told_and_no_text(tmp_path: Path) -> None:
    picture = base64.urlsafe_b64encode(b"\xff\xd8\xff\xe0" + b"\0" * 400).decode()
    (tmp_path / "a.tsv").write_text(lines(*(f"39190{n}\t{text}\t{picture}" for n, text in enumerate(TEXTS))))
    notes: list[str] = []
    posts = list(read(tmp_path / "a.tsv", options=ReadOptions(note=notes.append)))
    assert [post.text for post in posts] == TEXTS
    assert any("base64" in note and "not read" in note for note in notes)


def test_pictures_that_are_placed_on_rows_of_a_sheet_are_those_of_their_posts(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "text", "picture"])
    for number, text in enumerate(TEXTS[:3]):
        sheet.append([number, text, None])
    data = []
    for row, colour in ((2, "red"), (4, "blue")):
        file = io.BytesIO()
        PIL.Image.new("RGB", (8, 8), colour).save(file, "PNG")
        data.append(file.getvalue())
        sheet.add_image(openpyxl.drawing.image.Image(file), f"C{row}")
    book.save(tmp_path / "a.xlsx")
    notes: list[str] = []
    posts = [
        p for p in read(tmp_path / "a.xlsx", options=ReadOptions(note=notes.append)) if isinstance(p, Post)
    ]
    with PictureFiles() as files:
        found = [[files.read(picture) for picture in post.pictures] for post in posts]
    assert found == [[data[0]], [], [data[1]]]
    assert any("rows of the sheet, read from there: 2" in note for note in notes)


PARTS = {
    "train-00000-of-00003.csv": "train-00002-of-00003.csv",
    "part-00000-0a1b2c3d-1111-2222-3333-444455556666-c000.csv": (
        "part-00001-0a1b2c3d-1111-2222-3333-444455556666-c000.csv"
    ),
}


@pytest.mark.parametrize("first", PARTS)
def test_parts_of_a_table_are_read_as_one(tmp_path: Path, first: str) -> None:
    for name, (one, other) in ((first, TEXTS[:2]), (PARTS[first], TEXTS[2:])):
        (tmp_path / name).write_text(csv(("text", one, other), twice("label", "neutral")))
    (tmp_path / "_SUCCESS").write_text("")
    notes: list[str] = []
    posts = list(read(tmp_path, options=ReadOptions(note=notes.append)))
    assert [(post.post_id, post.text) for post in posts] == [
        (str(n), text) for n, text in enumerate(TEXTS, start=1)
    ]
    assert any("2 parts are read as one table" in note for note in notes)
    assert any("not there: 1 of 3" in note for note in notes) == ("of" in first)


def test_parts_of_two_tables_are_a_question(tmp_path: Path) -> None:
    for name in ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"):
        (tmp_path / f"{name}.csv").write_text(csv(("text", FINE, "Rain")))
    with pytest.raises(SourceError, match="several tables"):
        list(read(tmp_path))
