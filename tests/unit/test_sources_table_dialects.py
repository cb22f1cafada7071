"""Delimiters, quotes and encodings of tables, and rows that are broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from table_files import items, posts, texts, write

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, read
from mmsa_tui.sources.files import lines


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "\x01"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [("id", "text", "n"), ("1", "one two", "3"), ("2", "three four", "5")]
    path = write(tmp_path / "a.csv", "\r\n".join(delimiter.join(row) for row in rows))
    assert texts(path) == ["one two", "three four"]


def test_commas_in_texts_do_not_win_over_the_real_delimiter(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id;text\n1;a, b, c\n2;d, e, f\n3;g, h, i\n")
    assert texts(path) == ["a, b, c", "d, e, f", "g, h, i"]


@pytest.mark.parametrize("header", ["id,text,author", '"id,text,author"'])
def test_rows_that_stand_in_quotes_as_a_whole_are_parted(tmp_path: Path, header: str) -> None:
    rows = ['71,"A day, a ""great"" one",sam', '73,"two\nlines",ann']
    first, last = (f'"{row.replace(chr(34), 2 * chr(34))}"' for row in rows)
    path = write(tmp_path / "a.csv", f"{header}\n{first}\n72,Rain again,leo\n{last}\n")
    assert [(post.post_id, post.text, post.author) for post in posts(path)] == [
        ("71", 'A day, a "great" one', "sam"),
        ("72", "Rain again", "leo"),
        ("73", "two\nlines", "ann"),
    ]


def test_quoted_texts_of_one_column_keep_their_commas(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", '"text"\n"Well, a day"\n"Rain, again"\n"So ""good"", this"\n')
    assert texts(path) == ["Well, a day", "Rain, again", 'So "good", this']


def test_quotes_between_marks_of_hive_are_their_authors(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", 'id\x01text\n71\x01"so, it begins\n72\x01said "no"\n')
    assert texts(path) == ['"so, it begins', 'said "no"']


def test_one_column_is_a_table(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a.csv", "text\nhello\nworld\n")) == ["hello", "world"]


def test_quoted_cells_hold_delimiters_quotes_and_lines(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a.csv", 'id,text\n1,"a, ""b""\nc"\n2,d\n')) == ['a, "b"\nc', "d"]


def test_a_tsv_keeps_the_quotes_of_its_authors(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", 'id\ttext\n1\t"so it begins\n2\tsaid "no" twice\n3\t"whole tweet"\n')
    assert texts(path) == ['"so it begins', 'said "no" twice', '"whole tweet"']


def test_a_tsv_that_a_program_quoted_is_unquoted(tmp_path: Path) -> None:
    rows = 'id\ttext\n1\t"said ""no"" twice"\n2\t"two\nlines"\n3\tplain\n'
    assert texts(write(tmp_path / "a.tsv", rows)) == ['said "no" twice', "two\nlines", "plain"]


def test_a_tsv_with_every_cell_quoted_is_unquoted(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a.tsv", '"id"\t"text"\n"1"\t"plain"\n')) == ["plain"]


def test_line_separators_inside_texts_do_not_split_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "id\ttext\n1\tone\u2028two\x85three\n2\tb\n")
    assert texts(path) == ["one\u2028two\x85three", "b"]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_the_encoding_of_a_table_is_found(tmp_path: Path, codec: str) -> None:
    (post,) = posts(write(tmp_path / "a.csv", "id,text\n1,“quoted” and…\n".encode(codec)))
    assert (post.text, post.encoding) == ("“quoted” and…", codec.removesuffix("-sig"))


def test_a_row_in_another_encoding_costs_nothing_to_its_neighbours(tmp_path: Path) -> None:
    data = "id,text\n1,naïve 😀\n".encode() + "2,“quoted”\n".encode("gb18030") + b"3,caf\xe9 bon\n4,x\n"
    first, second, third, fourth = items(write(tmp_path / "a.csv", data))
    assert isinstance(first, Post) and first.text == "naïve 😀"
    assert isinstance(second, Post) and (second.text, second.encoding) == ("“quoted”", "gb18030")
    assert isinstance(third, Failure) and third.reason.startswith("line 4: neither UTF-8")
    assert isinstance(fourth, Post) and fourth.text == "x"


def test_a_nul_in_a_table_is_dropped(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a.csv", "id,text\n1,a quiet\0 day\n")) == ["a quiet day"]


def test_a_quote_that_never_closes_is_the_authors_and_costs_no_other_row(tmp_path: Path) -> None:
    rows = "".join(f"{n},text number {n}\n" for n in range(2, 5000))
    path = write(tmp_path / "a.csv", f'id,text\n1,"never closed\n{rows}')
    notes: list[str] = []
    found = list(read(path, options=ReadOptions(note=notes.append)))
    assert isinstance(found[0], Post) and found[0].text == '"never closed'
    assert [item.post_id for item in found[1:]] == [str(n) for n in range(2, 5000)]
    assert any("does not double the quotes" in note and note.endswith(": 1") for note in notes)
    assert any("parted wrongly" in note and "line 2" in note for note in notes)


def test_a_huge_cell_is_read_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"id,text\n1,{'x' * 200_000}\n2,two\n")
    assert [len(text) for text in texts(path)] == [200_000, 3]


def test_a_huge_line_costs_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 1_000)
    path = write(tmp_path / "a.csv", f"id,text\n1,{'x' * 5_000}\n2,two\n")
    failure, post = items(path)
    assert isinstance(failure, Failure) and "a line of more than 1,000 characters" in failure.reason
    assert post.post_id == "2"


def test_a_row_with_more_cells_than_the_header_fails_and_keeps_its_id(tmp_path: Path) -> None:
    failure, post = items(write(tmp_path / "a.csv", "id,text\n1,well,well\n2,two\n"))
    assert isinstance(failure, Failure)
    assert (failure.post_id, failure.reason) == (
        "1",
        "line 2 has 3 cells and the header 2: a stray delimiter?",
    )
    assert post.post_id == "2"


def test_a_short_row_is_filled_up(tmp_path: Path) -> None:
    (post,) = posts(write(tmp_path / "a.csv", "text,likes,lang\nhello\n"))
    assert (post.text, post.metadata) == ("hello", {"likes": "", "lang": ""})


def test_a_table_of_100_000_columns_is_read_and_cut_down_with_a_note(tmp_path: Path) -> None:
    header = ",".join([*(f"c{n}" for n in range(100_000)), "text"])
    row = ",".join(["1"] * 100_000 + ["hello"])
    path = write(tmp_path / "a.csv", f"{header}\n{row}\n{row}\n")
    notes: list[str] = []
    first, _ = read(path, options=ReadOptions(note=notes.append))
    assert isinstance(first, Post) and (first.text, len(first.metadata)) == ("hello", 512)
    assert notes == ["100,001 columns: those after the first 512 are left out"]
