"""Which column of a table is the text, the picture, the id, and what becomes of the others."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from table_files import LONG_ID, items, posts, texts, write

from mmsa_tui.errors import SourceError, UsageError
from mmsa_tui.records import Failure
from mmsa_tui.sources import ReadOptions, detect, read
from mmsa_tui.sources.columns import unique_names
from mmsa_tui.sources.roles import choose_roles


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
    with pytest.raises(UsageError, match="'mood'"):
        items(write(tmp_path / "a.csv", "id,text\n1,x\n"), mood="id")


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


def test_ids_that_excel_has_rounded_give_way_to_row_numbers_with_a_note(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "text"])
    book.active.append([1.7876543219876543e18, "hello"])
    book.save(tmp_path / "a.xlsx")
    notes: list[str] = []
    (post,) = read(tmp_path / "a.xlsx", options=ReadOptions(note=notes.append))
    assert post.post_id == "1"
    assert len(notes) == 1 and "keeps 15 digits" in notes[0] and "number of the row" in notes[0]


def test_a_column_of_dates_is_taken_though_its_name_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,ad_creation,updated\n" + "a fine day,2026-05-01,2026-06-01\n" * 3)
    assert [item.created_at for item in read(path)] == ["2026-05-01T00:00:00Z"] * 3


@pytest.mark.parametrize(
    ("name", "dates", "read_as"),
    [
        ("Date", ("2026-05-01", "2026-05-02", "2026-05-03"), "2026-05-01T00:00:00Z"),
        ("day", ("2026-05-01", "2026-05-02", "2026-05-03"), "2026-05-01T00:00:00Z"),
        ("timestamp", ("1777629610", "1777629620", "1777629630"), "2026-05-01T10:00:10Z"),
    ],
)
def test_a_first_column_of_dates_that_all_differ_is_no_id(
    tmp_path: Path, name: str, dates: tuple[str, ...], read_as: str
) -> None:
    rows = "".join(f"{date},sam,a fine day\n" for date in dates)
    first = posts(write(tmp_path / "a.csv", f"{name},author,text\n{rows}"))[0]
    assert (first.post_id, first.created_at) == ("1", read_as)


def test_a_column_that_is_called_date_and_holds_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,date\na fine day,one fine day\na bad day,another\n")
    notes: list[str] = []
    list(read(path, options=ReadOptions(note=notes.append)))
    assert any("`date` is called like a date and holds none" in note for note in notes)


def test_texts_one_a_line_in_a_folder_are_no_posts_of_whole_files(tmp_path: Path) -> None:
    (tmp_path / "train_text.txt").write_text("".join(f"line {number} of many\n" for number in range(40)))
    (tmp_path / "train_labels.txt").write_text("".join(f"{number % 3}\n" for number in range(40)))
    (tmp_path / "mapping.txt").write_text("0\tnegative\n1\tneutral\n2\tpositive\n")
    with pytest.raises(SourceError, match="many lines each") as refused:
        detect(tmp_path)
    assert f"Point at the one whose lines are texts, as {tmp_path / 'train_text.txt'}" in str(
        refused.value.hint
    )
