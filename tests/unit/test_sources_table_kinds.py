"""Tables as tools and people write them: headers, roles, sheets, packings and pictures in odd places."""

from __future__ import annotations

import gzip
import json
import random
import zipfile
from pathlib import Path

import openpyxl
import pytest
import zstandard
from table_files import ROWS, notes_of, posts, texts, write

from mmsa_tui.errors import SourceError, UsageError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, detect, inspect, read
from mmsa_tui.sources.roles import Roles, choose_roles

JPEG = b"\xff\xd8\xff\xe0"


def roles(**columns: list[str]) -> Roles:
    names = list(columns)
    return choose_roles(
        names, [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)], {}
    )


def test_an_empty_column_and_one_about_the_author_are_never_the_text() -> None:
    found = roles(text=["", ""], user_description=["a long story of my life"] * 2, caption=["hello", "so"])
    assert found.text == "caption"


@pytest.mark.parametrize(
    ("beside", "cells", "label"),
    [
        ("hate_speech", ["0", "1", "2"], ""),
        ("stance", ["0", "1", "2"], ""),
        ("hate_speech", ["none", "racist", "none"], "class"),
        ("likes", ["0", "1", "2"], "class"),
    ],
)
def test_numbers_beside_answers_to_another_question_are_no_sentiment(
    beside: str, cells: list[str], label: str
) -> None:
    found = roles(tweet=["a fine day", "rain again", "so it is"], **{beside: ["0", "1", "0"], "class": cells})
    assert found.label == label
    assert ("class" in found.other_labels) == (not label)


def test_the_last_part_of_a_nested_name_counts_and_that_of_the_author_does_not() -> None:
    columns = ["author.description", "author.handle", "record.text", "record.createdAt", "author.createdAt"]
    row = dict(
        zip(columns, ["my life in words", "ann", "hello there", "2026-05-01", "2020-01-01"], strict=True)
    )
    found = choose_roles(columns, [row], {})
    assert (found.text, found.author, found.created_at) == (
        "record.text",
        "author.handle",
        "record.createdAt",
    )


def test_a_handle_comes_before_a_display_name() -> None:
    assert roles(text=["x y"], name=["Ann B."], screen_name=["ann"]).author == "screen_name"


def test_a_title_is_put_before_its_body_unless_it_is_the_bodys_beginning(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "title,body\nNews,All is well\nAll is w…,All is well again\nAlone,\n")
    assert texts(path) == ["News\n\nAll is well", "All is well again", "Alone"]


def test_a_header_below_lines_about_the_table_is_found(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", "Report:,Mentions\nFrom:,May\n\nid,text,lang\n7,a fine day,en\n8,so it is,en\n"
    )
    assert [(post.post_id, post.text) for post in posts(path)] == [("7", "a fine day"), ("8", "so it is")]
    assert any("Report: Mentions" in note for note in notes_of(path))


def test_a_missing_header_is_noticed_and_the_first_row_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "".join(f"{n},{text}\n" for n, text in ROWS))
    assert texts(path) == [text for _, text in ROWS]
    assert any("no header" in note for note in notes_of(path))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"header_row": 2}, ["a fine day"]),
        ({"has_header": False, "columns": {"text": "column_1"}}, ["junk", "text", "a fine day"]),
    ],
)
def test_what_is_said_of_the_header_wins(
    tmp_path: Path, said: dict[str, object], expected: list[str]
) -> None:
    path = write(tmp_path / "a.csv", "junk,id\ntext,id\na fine day,7\n")
    found = read(path, options=ReadOptions(**said))  # type: ignore[arg-type]
    assert [item.text for item in found] == expected


def test_a_row_that_is_not_there_cannot_name_columns(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no row 99"):
        list(read(write(tmp_path / "a.csv", "id,text\n1,x\n"), options=ReadOptions(header_row=99)))


def workbook(path: Path, **sheets: list[tuple[str, ...]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_the_sheet_with_posts_is_read_and_another_can_be_said(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        Summary=[("Prepared for", "the council of a town by the sea")],
        Mentions=[("id", "text"), *ROWS],
        Old=[("id", "text"), ("5", "last year")],
    )
    assert texts(path) == [text for _, text in ROWS]
    assert any("Mentions" in note and "Summary" in note for note in notes_of(path))
    assert [item.text for item in read(path, options=ReadOptions(sheet="Old"))] == ["last year"]
    with pytest.raises(UsageError, match="no sheet 'New'"):
        list(read(path, options=ReadOptions(sheet="New")))


@pytest.mark.parametrize("packing", ["gz", "zst", "zip"])
def test_a_packed_table_is_unpacked(tmp_path: Path, packing: str) -> None:
    path, data = tmp_path / f"a.csv.{packing}", b"id,text\n7,a fine day\n"
    if packing == "zip":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("a.csv", data)
    else:
        path.write_bytes(gzip.compress(data) if packing == "gz" else zstandard.compress(data))
    assert texts(path) == ["a fine day"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_its_mark_is_known_by_its_zeros(tmp_path: Path, encoding: str) -> None:
    assert (
        texts(write(tmp_path / "a.csv", "id;text\n7;a fine day\n8;so it is\n".encode(encoding)))[0]
        == "a fine day"
    )


@pytest.mark.parametrize(
    "encoding", ["cp1251", "cp1253", "cp1255", "shift_jis", "euc_kr", "cp1252", "cp1254", "mac_roman"]
)
def test_a_table_in_a_code_page_is_refused_with_its_name(tmp_path: Path, encoding: str) -> None:
    words = {
        "cp1251": "Прекрасный вечер в музее",
        "cp1253": "Υπέροχη βραδιά στο λιμάνι, πάμε πάλι",
        "cp1255": "ערב נפלא במוזיאון, נחזור שוב",
        "shift_jis": "とても楽しい夜でした、ありがとう",
        "euc_kr": "정말 즐거운 저녁 이었습니다 고마워요",
        "cp1252": "Ein schöner Abend für größere Füße",
        "cp1254": "Limandaki şenlik çok güzeldi, harika çaldılar",
        "mac_roman": "Ein schöner Abend für größere Füße",
    }
    end = "\r" if encoding == "mac_roman" else "\n"
    rows = "".join(f"{n},{words[encoding]}{end}" for n in range(6))
    with pytest.raises(SourceError) as caught:
        list(read(write(tmp_path / "a.csv", f"id,text{end}{rows}".encode(encoding))))
    assert f"--encoding {encoding}" in caught.value.hint


def test_html_and_written_out_escapes_are_undone_with_the_original_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,<p>so &amp; so</p>\n2,one\\ntwo\n")
    first, second = posts(path)
    assert (first.text, first.metadata["text_original"]) == ("so & so", "<p>so &amp; so</p>")
    assert second.text == "one\ntwo"
    assert any("HTML tags in 1" in note for note in notes_of(path))


def test_blanks_around_a_text_stay(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a.csv", 'id,text\n1,"  so\n"\n2,x y\n'))[0] == "  so\n"


def test_rounded_ids_give_way_to_the_address_of_the_post(tmp_path: Path) -> None:
    row = "1.91841E+18,hello,https://x.com/ann/status/1918410713521908131"
    path = write(tmp_path / "a.csv", f"id_str,text,url\n{row}\n")
    assert posts(path)[0].post_id == "1918410713521908131"
    assert any("digits" in note for note in notes_of(path))


def test_a_key_that_first_comes_late_is_used(tmp_path: Path) -> None:
    records = [{"id": str(n), "text": f"number {n}"} for n in range(80)]
    records[70] |= {"image": "7.jpg", "label": "positive", "date": "2026-05-01"}
    write(tmp_path / "7.jpg", JPEG)
    path = write(tmp_path / "a.jsonl", "".join(json.dumps(record) + "\n" for record in records))
    post = posts(path)[70]
    assert (len(post.pictures), post.truth, post.created_at[:10]) == (1, {"label": "positive"}, "2026-05-01")


def test_of_several_tables_of_texts_none_is_chosen_and_all_are_named(tmp_path: Path) -> None:
    for name in ("train.csv", "test.csv"):
        write(tmp_path / name, "id,text\n1,hello you\n")
    write(tmp_path / "1.jpg", JPEG)
    with pytest.raises(SourceError, match=r"test\.csv, train\.csv"):
        detect(tmp_path)


def test_a_table_beside_pictures_that_holds_no_text_is_named(tmp_path: Path) -> None:
    write(tmp_path / "1.jpg", JPEG)
    write(tmp_path / "scores.csv", "nr,score\n1,0.5\n2,0.7\n")
    assert any("scores.csv" in note for note in notes_of(tmp_path))


def test_lists_of_python_and_blocks_of_four_lines_are_tables(tmp_path: Path) -> None:
    lists = write(tmp_path / "a.txt", "['7', 'i love mondays so much', 1]\n['8', 'what a day it was', 0]\n")
    blocks = write(tmp_path / "b.txt", "A $T$ day\nfine\n1\n7.jpg\nSo $T$ it\nbad\n-1\n8.jpg\n")
    assert texts(lists) == ["i love mondays so much", "what a day it was"]
    assert texts(blocks) == ["A fine day", "So bad it"]


def test_an_inspection_shows_every_choice_with_posts_to_judge_it_by(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text,user\n7,a fine day,ann\n8,so it is,ben\n")
    found = inspect(path)
    assert found.reading is not None
    assert [(role.role, role.column) for role in found.reading.roles] == [
        ("text", "text"),
        ("id", "id"),
        ("author", "user"),
    ]
    assert [(post.post_id, post.text) for post in found.reading.samples] == [
        ("7", "a fine day"),
        ("8", "so it is"),
    ]
    assert (found.reading.header_row, found.reading.delimiter) == (1, ",")
    assert any("--map" in line for line in found.reading.describe())


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json"])
@pytest.mark.parametrize("place", [0, 10, 19])
@pytest.mark.parametrize("damage", ["cut", "byte"])
def test_a_damaged_record_costs_that_record_and_is_told(
    tmp_path: Path, kind: str, place: int, damage: str
) -> None:
    for seed in range(12):
        chance = random.Random(seed)
        rows = [(str(1918410713521908131 + n), f"text number {n}, so it goes", f"m{n}") for n in range(20)]
        if kind in ("csv", "tsv"):
            mark = "," if kind == "csv" else "\t"
            records = [mark.join(f'"{cell}"' for cell in row) for row in rows]
        else:
            records = [json.dumps(dict(zip(("id", "text", "author"), row, strict=True))) for row in rows]
        cut = chance.randrange(1, len(records[place]) - 1)
        if damage == "cut":
            records[place] = records[place][:cut]
        else:
            changed = chance.choice('x",{')
            records[place] = records[place][:cut] + changed + records[place][cut + 1 :]
        head = {"csv": "id,text,author\n", "tsv": "id\ttext\tauthor\n", "json": "[", "jsonl": ""}[kind]
        body = (",\n" if kind == "json" else "\n").join(records) + ("]" if kind == "json" else "\n")
        path = write(tmp_path / f"a.{kind}", head + body)
        items = list(read(path, format="table"))
        right = {(i.post_id, i.text) for i in items if isinstance(i, Post)}
        lost = [n for n, row in enumerate(rows) if n != place and row[:2] not in right]
        told = [item for item in items if isinstance(item, Failure)]
        assert not lost, (seed, lost, [item.reason for item in told])
        assert len(items) <= 22, (seed, items)


@pytest.mark.parametrize(
    ("said", "option"), [({"sheet": "Data"}, "--sheet"), ({"pictures": "/no/such/folder"}, "is no folder")]
)
def test_an_option_that_the_file_contradicts_is_told(
    tmp_path: Path, said: dict[str, str], option: str
) -> None:
    notes: list[str] = []
    options = ReadOptions(note=notes.append, sheet=said.get("sheet", ""), pictures=said.get("pictures", ""))
    found = list(read(write(tmp_path / "a.csv", "id,text\n1,a fine day\n"), options=options))
    assert [item.text for item in found] == ["a fine day"]
    assert any(option in note for note in notes)


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.tsv"])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_list_of_records_is_json_whatever_it_is_called(
    tmp_path: Path, name: str, indent: int | None
) -> None:
    records = [{"id": post_id, "text": text} for post_id, text in ROWS]
    (tmp_path / name).write_text(json.dumps(records, indent=indent))
    found = [item for item in read(tmp_path / name) if isinstance(item, Post)]
    assert [(post.post_id, post.text) for post in found] == ROWS


def test_a_row_that_names_groups_of_columns_is_not_the_header(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (
        ("Post", None, "Author"),
        ("ID", "Text", "Handle"),
        ("71", ROWS[0][1], "sam"),
        ("72", "x", "leo"),
    ):
        book.active.append(row)
    book.active.merge_cells("A1:B1")
    book.save(tmp_path / "a.xlsx")
    found = [item for item in read(tmp_path / "a.xlsx") if isinstance(item, Post)]
    assert [(post.post_id, post.text, post.author) for post in found] == [
        ("71", ROWS[0][1], "sam"), ("72", "x", "leo"),
    ]  # fmt: skip


def test_lines_above_a_table_parted_by_tabs_are_no_part_of_it(tmp_path: Path) -> None:
    body = "".join(f"{post_id}\tsam\t{text}\n" for post_id, text in ROWS)
    path = write(tmp_path / "a.tsv", f"Harbour report\nPeriod:\tMay\n\nid\tauthor\ttext\n{body}")
    assert texts(path) == [text for _, text in ROWS]


@pytest.mark.parametrize(
    "cell", ['c("p/1.jpg", "p/2.jpg")', "['p/1.jpg' 'p/2.jpg']", "['p/1.jpg'\n 'p/2.jpg']"]
)
def test_lists_as_r_and_numpy_write_them_name_each_picture(tmp_path: Path, cell: str) -> None:
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "p").mkdir(exist_ok=True)
        (tmp_path / "p" / name).write_bytes(JPEG)
    quoted = cell.replace('"', '""')
    (post,) = posts(write(tmp_path / "a.csv", f'id,text,images\n7,a fine day,"{quoted}"\n'))
    assert [p.path.name for p in post.pictures if p.path] == ["1.jpg", "2.jpg"]


def test_letters_read_in_the_wrong_encoding_are_put_right_and_kept_as_they_were(tmp_path: Path) -> None:
    garbled = "Der Hafen ist schön – ja".encode().decode("cp1252")
    path = write(tmp_path / "a.csv", f"id,text\n7,{garbled}\n8,Ça va déjà – ¿sí?\n9,fine\n")
    found = posts(path)
    assert [post.text for post in found] == ["Der Hafen ist schön – ja", "Ça va déjà – ¿sí?", "fine"]
    assert found[0].metadata["text_original"] == garbled
    assert any("wrong encoding in 1" in note for note in notes_of(path))


@pytest.mark.parametrize("ending", [".json", ".jpg.json"])
def test_json_files_beside_pictures_are_posts_with_their_pictures(tmp_path: Path, ending: str) -> None:
    for number, (post_id, text) in enumerate(ROWS, start=1):
        about = {"id": post_id, "username": "sam", "caption": text, "timestamp": "2026-05-01T10:00:00Z"}
        (tmp_path / f"p{number}{ending}").write_text(json.dumps(about))
        (tmp_path / f"p{number}.jpg").write_bytes(JPEG)
    found = posts(tmp_path)
    assert [(post.post_id, post.text, post.author) for post in found] == [(*row, "sam") for row in ROWS]
    assert [[p.path.name for p in post.pictures if p.path] for post in found] == [["p1.jpg"], ["p2.jpg"]]


def test_a_damaged_json_file_beside_a_picture_costs_one_post_and_a_name_is_an_id(tmp_path: Path) -> None:
    for number in range(1, 5):
        (tmp_path / f"p{number}.json").write_text(
            json.dumps({"caption": f"words of {number}"})[: 9 if number == 2 else None]
        )
        (tmp_path / f"p{number}.jpg").write_bytes(JPEG)
    items = list(read(tmp_path))
    assert [item.post_id for item in items if isinstance(item, Post)] == ["p1", "p3", "p4"]
    assert [item.reason for item in items if isinstance(item, Failure)] == [
        "p2.json is not a whole JSON record"
    ]


def test_texts_shown_as_the_bytes_of_python_are_read_as_their_authors_typed_them(tmp_path: Path) -> None:
    said = ["schön 😍", 'it\'s "so"\nso', "plain"]
    cells = [repr(text.encode()).replace('"', '""') for text in said]
    path = write(tmp_path / "a.csv", "id,text\n" + "".join(f'{n},"{cell}"\n' for n, cell in enumerate(cells)))
    assert [post.text for post in posts(path)] == said
    assert any("bytes of Python in 3" in note for note in notes_of(path))


def test_a_table_whose_columns_only_spaces_part_is_refused_with_what_to_do(tmp_path: Path) -> None:
    lines = [("id", "author", "text"), *((post_id, "sam", text) for post_id, text in ROWS)]
    write(tmp_path / "a.txt", "".join(f"{a:<22}{b:<8}{c}\n" for a, b, c in lines))
    with pytest.raises(SourceError, match="parts its columns with spaces") as caught:
        list(read(tmp_path / "a.txt"))
    assert "csv" in caught.value.hint
