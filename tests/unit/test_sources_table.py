"""Tables: csv, tsv, xlsx, jsonl and parquet, their dialects and their columns."""

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

from mmsa_tui.errors import SourceError, UsageError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, delimited, detect, read, workbook
from mmsa_tui.sources.columns import choose_roles, unique_names

LONG_ID = "1787654321987654321"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def items(source: Path, **columns: str) -> list[Post | Failure]:
    return list(read(source, format="table", options=ReadOptions(columns)))


def posts(source: Path, **columns: str) -> list[Post]:
    found = items(source, **columns)
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def texts(source: Path) -> list[str]:
    return [post.text for post in posts(source)]


# --- the five kinds of file


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


# --- dialects


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [("id", "text", "n"), ("1", "one two", "3"), ("2", "three four", "5")]
    path = write(tmp_path / "a.csv", "\r\n".join(delimiter.join(row) for row in rows))
    assert texts(path) == ["one two", "three four"]


def test_commas_in_texts_do_not_win_over_the_real_delimiter(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id;text\n1;a, b, c\n2;d, e, f\n3;g, h, i\n")
    assert texts(path) == ["a, b, c", "d, e, f", "g, h, i"]


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


def test_a_quote_left_open_costs_one_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,"never closed\n2,two\n3,three\n')
    failure, second, third = items(path)
    assert isinstance(failure, Failure) and "line 2: a quote is left open" in failure.reason
    assert (second.post_id, third.post_id) == ("2", "3")


def test_a_quote_left_open_before_many_rows_costs_one_row(tmp_path: Path) -> None:
    rows = "".join(f"{n},text number {n}\n" for n in range(2, 5000))
    found = items(write(tmp_path / "a.csv", f'id,text\n1,"never closed\n{rows}'))
    assert [isinstance(item, Failure) for item in found].count(True) == 1
    assert [item.post_id for item in found[1:]] == [str(n) for n in range(2, 5000)]


def test_a_huge_cell_costs_one_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"id,text\n1,{'x' * 200_000}\n2,two\n")
    failure, post = items(path)
    assert isinstance(failure, Failure) and "131,072 characters" in failure.reason
    assert post.post_id == "2"


def test_a_huge_line_costs_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_LINE", 1_000)
    path = write(tmp_path / "a.csv", f"id,text\n1,{'x' * 5_000}\n2,two\n")
    failure, post = items(path)
    assert isinstance(failure, Failure) and "a line of more than 1,000 characters" in failure.reason
    assert post.post_id == "2"


def test_a_row_with_more_cells_than_the_header_fails_and_keeps_its_id(tmp_path: Path) -> None:
    failure, post = items(write(tmp_path / "a.csv", "id,text\n1,well, well\n2,two\n"))
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


# --- columns


def test_the_map_wins_over_what_columns_are_called(tmp_path: Path) -> None:
    write(tmp_path / "x.jpg", b"\xff\xd8\xff")
    path = write(tmp_path / "a.csv", "id,text,Says,shows,no\n1,wrong,right,x.jpg,77\n")
    (post,) = posts(path, text="says", image="shows", id="no")
    assert (post.post_id, post.text, post.pictures[0].path) == ("77", "right", (tmp_path / "x.jpg").resolve())


def test_a_mapped_column_that_is_absent_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,x\n")
    with pytest.raises(UsageError) as caught:
        items(path, text="tweet")
    assert ("'tweet'" in caught.value.message, caught.value.hint) == (True, "Columns: id, text")


def test_mapping_an_unknown_kind_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'label'"):
        items(write(tmp_path / "a.csv", "id,text\n1,x\n"), label="id")


def test_mapped_columns_make_a_source_a_table(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1,2\n")
    assert next(read(path, options=ReadOptions({"text": "b"}))).text == "2"


def test_a_column_of_sentences_is_found_without_a_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b,c\nx1,what a lovely day today,9\nx2,nothing works as it should,8\n")
    assert texts(path)[0] == "what a lovely day today"
    assert detect(path).reason == "a.csv is a table (csv) whose column `b` reads like text"


def test_a_promising_name_over_numbers_is_not_the_text() -> None:
    sample = [{"tweet": "12345", "body": "hello world"}]
    assert choose_roles(["tweet", "body"], sample, {}).text == "body"


def test_a_table_without_text_says_which_columns_there_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1,2\n3,4\n")
    assert "--map text=" in detect(path).reason
    with pytest.raises(SourceError) as caught:
        list(read(path))
    assert caught.value.hint == "Name it: --map text=COLUMN. Columns: a, b"


def test_author_time_language_and_label_are_recognised_and_stay_in_the_metadata(tmp_path: Path) -> None:
    header = "id,text,username,created_at,lang,sentiment"
    (post,) = posts(write(tmp_path / "a.csv", f"{header}\n1,x,ann,2024-05-01T14:03:00+02:00,EN,Positive\n"))
    assert (post.author, post.created_at, post.language) == ("ann", "2024-05-01T12:03:00Z", "en")
    assert post.truth == {"label": "positive"}
    assert list(post.metadata) == ["username", "created_at", "lang", "sentiment"]


def test_the_labels_of_our_own_export_are_no_truth(tmp_path: Path) -> None:
    header = "post_id,text,image,label,confidence,corrected_label,final_label,status,bundle"
    (post,) = posts(write(tmp_path / "a.csv", f"{header}\n1,hello,,positive,0.9,,positive,ok,mvsa\n"))
    assert post.truth == {}


def test_rows_without_an_id_are_numbered(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,id\nx,\ny,7\n")
    assert [post.post_id for post in posts(path)] == ["1", "7"]


def test_repeated_and_empty_column_names_are_told_apart() -> None:
    assert unique_names(["a", "", "a", "a", " b  c "]) == ["a", "column_2", "a_2", "a_3", "b c"]


def test_nested_json_has_dotted_columns(tmp_path: Path) -> None:
    row = {"data": {"say": "hello there my friend"}, "tags": ["a", "b"], "id": int(LONG_ID)}
    (post,) = posts(write(tmp_path / "a.jsonl", json.dumps(row)), text="data.say")
    assert (post.text, post.post_id, post.metadata["tags"]) == (
        "hello there my friend",
        LONG_ID,
        '["a", "b"]',
    )


def test_a_broken_line_of_json_costs_one_row(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl", '{"id": "1", "text": "a"}\n{"id": "2", "te\n{"id": "3", "text": "c"}\n'
    )
    first, failure, third = items(path)
    assert (first.post_id, type(failure), third.post_id) == ("1", Failure, "3")


def test_ids_that_excel_has_rounded_are_noted(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "text"])
    book.active.append([1.7876543219876543e18, "hello"])
    book.save(tmp_path / "a.xlsx")
    notes: list[str] = []
    list(read(tmp_path / "a.xlsx", options=ReadOptions(note=notes.append)))
    assert notes == ["ids were typed as numbers: a spreadsheet keeps 15 digits of them"]


# --- pictures


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
