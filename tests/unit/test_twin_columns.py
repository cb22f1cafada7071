"""Columns that differ in case, spaces and signs alone are one column, where no row fills both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from table_files import items, notes_of, posts, write

ROW = {"id": "1918410713521908131", "text": "a fine day", "author": "sam", "date": "2026-05-01T10:00:00Z"}


def lines(path: Path, names: dict[int, dict[str, str]], count: int = 8) -> Path:
    """Write records of which some call their fields otherwise."""
    rows = [
        {names.get(number, {}).get(name, name): value for name, value in ROW.items()}
        for number in range(count)
    ]
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("place", [0, 4, 7])
@pytest.mark.parametrize(
    ("name", "other"), [("date", "datE"), ("date", "da_te"), ("author", "Author"), ("text", "tExt")]
)
def test_a_damaged_name_in_one_record_costs_no_record_its_field(
    tmp_path: Path, name: str, other: str, place: int
) -> None:
    path = lines(tmp_path / "a.jsonl", {place: {name: other}})
    found = [(post.text, post.author, post.created_at) for post in posts(path)]
    assert found == [(ROW["text"], ROW["author"], ROW["date"])] * 8
    assert any(f"`{other}` is read as `{name}`" in note for note in notes_of(path))


def test_two_tables_put_together_whose_headers_differ_in_case_are_read_as_one(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        "Date,Author,Text,date,author,text\n"
        "2026-05-01,sam,a fine day,,,\n2026-05-02,kim,a bad day,,,\n"
        ",,,2026-05-03,pat,a long day\n,,,2026-05-04,lou,a short day\n",
    )
    assert [(post.text, post.author, post.created_at[:10]) for post in posts(path)] == [
        ("a fine day", "sam", "2026-05-01"),
        ("a bad day", "kim", "2026-05-02"),
        ("a long day", "pat", "2026-05-03"),
        ("a short day", "lou", "2026-05-04"),
    ]


def test_columns_that_one_row_fills_both_stay_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text,Place,place\n1,a fine day,Leeds,York\n2,a bad day,,York\n")
    assert [dict(post.metadata) for post in posts(path)] == [
        {"Place": "Leeds", "place": "York"},
        {"Place": "", "place": "York"},
    ]


def test_a_column_that_the_user_names_is_left_as_it_is(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", {2: {"author": "auth_or"}})
    assert [item.author for item in items(path, author="auth_or")] == ["", "", "sam", *[""] * 5]
