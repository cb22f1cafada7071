"""What a user says of a source and the source contradicts is told: nothing is obeyed or dropped unsaid."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from source_files import write
from tool_records import V1

from mmsa_tui.errors import UsageError
from mmsa_tui.records import Post
from mmsa_tui.sources import ReadOptions, detect, read

CSV = "id,text,author\n7,a fine dáy; indeed,sam\n8,so it goes,ann\n9,they came home,kim\n"


def told(path: Path, **said: object) -> tuple[list[Post], list[str]]:
    notes: list[str] = []
    items = list(read(path, options=ReadOptions(note=notes.append, **said)))  # type: ignore[arg-type]
    return [item for item in items if isinstance(item, Post)], notes


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    for row in (["Report", "of May"], ["made by", "an office"]):
        book.active.append(row)
    page = book.create_sheet("Posts")
    for row in (["Query: May"], [], ["id", "text"], ["7", "a fine day"], ["8", "so it goes"]):
        page.append(row)
    book.save(path)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(tmp_path, {"a.csv": CSV}) / "a.csv"


def test_a_delimiter_at_which_no_cell_ends_is_refused_with_the_one_at_which_they_do(table: Path) -> None:
    for mark in ("|", "\t"):
        with pytest.raises(UsageError) as error:
            told(table, delimiter=mark)
        assert "','" in error.value.message + error.value.hint


def test_a_delimiter_that_parts_some_rows_is_obeyed_and_told(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.csv": "id,te;xt,author\n" + "7,a fine;day,sam\n" * 5}) / "a.csv"
    _, notes = told(path, delimiter=";", columns={"text": "id,te"})
    assert any("','" in note and "--delimiter" in note for note in notes)
    assert not any("--delimiter" in note for note in told(path, delimiter=",")[1])


@pytest.mark.parametrize("encoding", ["cp1252", "shift_jis"])
def test_another_encoding_than_that_of_the_file_is_told(table: Path, encoding: str) -> None:
    assert any(
        "UTF-8" in note and f"--encoding {encoding}" in note for note in told(table, encoding=encoding)[1]
    )
    assert not any("--encoding" in note for note in told(table, encoding="utf-8")[1])


def test_a_mark_wins_over_what_is_said_and_that_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, {"a.csv": CSV.encode("utf-16")}) / "a.csv"
    posts, notes = told(path, encoding="cp1252")
    assert posts[0].text == "a fine dáy; indeed" and any("marked as UTF-16" in note for note in notes)


def test_what_cannot_be_utf_16_is_refused(table: Path) -> None:
    with pytest.raises(UsageError, match="utf-16"):
        told(table, encoding="utf-16-le")


def test_texts_of_a_folder_in_another_encoding_are_told(tmp_path: Path) -> None:
    write(
        tmp_path, {f"{number}.txt": "ein schöner Tag" for number in range(3)} | {"0.jpg": b"", "1.jpg": b""}
    )
    _, notes = told(tmp_path, encoding="cp1252")
    assert any("UTF-8" in note and "2 more of 3" in note for note in notes)


def test_another_row_that_reads_like_the_header_is_told(table: Path) -> None:
    _, notes = told(table, header_row=2, columns={"text": "a fine dáy; indeed"})
    assert any("row 1" in note and "--header-row 2" in note for note in notes)
    _, notes = told(table, has_header=False, columns={"text": "column_2"})
    assert any("row 1" in note and "--no-header" in note for note in notes)
    assert not any("--header-row" in note for note in told(table, header_row=1)[1])


def test_rows_above_the_header_of_a_workbook_are_named(tmp_path: Path) -> None:
    posts, notes = told(workbook(tmp_path / "a.xlsx"))
    assert [post.text for post in posts] == ["a fine day", "so it goes"]
    assert any("above the header" in note and "Query: May" in note for note in notes)


def test_a_sheet_without_texts_beside_one_with_is_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx")
    _, notes = told(path, sheet="Cover", columns={"text": "of May"}, header_row=1)
    assert any("Posts" in note and "--sheet Cover" in note for note in notes)
    assert not any("--sheet" in note for note in told(path, sheet="Posts")[1])


def test_a_table_of_a_database_without_texts_beside_one_with_is_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute("CREATE TABLE posts (id, text)")
        database.execute("INSERT INTO posts VALUES (1, 'a fine day')")
        database.execute("CREATE TABLE sizes (height, width)")
        database.execute("INSERT INTO sizes VALUES (3, 'four of them')")
    _, notes = told(tmp_path / "a.db", sheet="sizes", columns={"text": "width"})
    assert any("posts" in note and "--sheet sizes" in note for note in notes)


def test_columns_that_hold_something_else_than_they_are_named_for_are_told(tmp_path: Path) -> None:
    rows = "".join(f"{n},a fine day {n},{n * 100},,2026-05-0{n}\n" for n in range(1, 6))
    path = write(tmp_path, {"a.csv": "id,text,likes,none,date\n" + rows}) / "a.csv"
    for role, column in (("text", "likes"), ("date", "likes"), ("author", "none")):
        assert any(f"`{column}`" in note and role in note for note in told(path, columns={role: column})[1])
    said = {"text": "text", "date": "date", "author": "id", "id": "id"}
    assert not any("named for" in note for note in told(path, columns=said)[1])


@pytest.mark.parametrize("format", ["twarc", "telegram", "network"])
def test_another_format_than_that_of_the_source_is_told(table: Path, format: str) -> None:
    notes: list[str] = []
    list(read(table, format=format, options=ReadOptions(note=notes.append)))
    assert f"a.csv does not look like {format}; without --format it is read as table" in notes


def test_options_of_tables_are_left_aside_where_there_is_none_and_change_no_format(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(V1) + "\n")
    for said in ({"delimiter": ";"}, {"sheet": "Posts"}, {"header_row": 2}, {"has_header": False}):
        assert detect(path, ReadOptions(**said)).format == "twarc"  # type: ignore[arg-type]
        posts, notes = told(path, **said)
        assert len(posts) == 1 and any("left aside" in note for note in notes), said
    assert any("--pictures left aside" in note for note in told(path, pictures=str(tmp_path))[1])


@pytest.mark.parametrize(("date", "is_told"), [("2026-05-01", True), ("05/01/2026", False)])
def test_an_order_of_dates_that_no_date_depends_on_is_told(tmp_path: Path, date: str, is_told: bool) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(f"id,text,date\n7,a fine day,{date}\n8,so it goes,{date}\n", encoding="utf-8")
    _, notes = told(path, date_order="day-first")
    assert any("--date-order day-first has no effect" in note for note in notes) == is_told
