"""The columns of an export, and csv, jsonl and parquet, written and read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pyarrow.parquet
import pytest
from export_rows import (
    LABELS,
    NASTY,
    Row,
    nasty_rows,
    predicted,
    read_csv,
    read_jsonl,
    read_xlsx,
    without_controls,
)

from mmsa_tui.export import fixed_columns, stream_jsonl, write
from mmsa_tui.export.cells import restore
from mmsa_tui.records import Correction, Failure, Picture, Post

SIGNED = Correction(
    "u",
    "b2:1",
    "negative",
    analyst="ann",
    created_at="2024-05-01T10:00:00+00:00",
    note="sarcasm",
    flagged=True,
)


def test_the_columns_are_ours_in_order_then_the_sources(tmp_path: Path) -> None:
    rows = [Row(Post("1", "a", metadata={"likes": "3"})), Row(Post("2", "b", metadata={"lang": "en"}))]
    write(rows, tmp_path / "out.csv", LABELS)
    header = (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()[0]
    assert header == (
        "post_id,text,image,label,confidence,p_negative,p_neutral,p_positive,text_label,text_confidence,"
        "image_label,image_confidence,conflict,corrected_label,final_label,status,error,bundle,"
        "note,flag,analyst,labelled_at,language,image_text,likes,lang"
    )


def test_a_classified_post_fills_every_column(tmp_path: Path) -> None:
    corrected = Row(predicted().post, None, predicted().prediction, SIGNED)
    write([corrected], tmp_path / "out.jsonl", LABELS)
    assert read_jsonl(tmp_path / "out.jsonl") == [
        {
            "post_id": "1",
            "text": "a text",
            "image": "1.jpg",
            "label": "positive",
            "confidence": 0.7,
            "p_negative": 0.1,
            "p_neutral": 0.2,
            "p_positive": 0.7,
            "text_label": "positive",
            "text_confidence": 0.6,
            "image_label": "neutral",
            "image_confidence": 0.6,
            "conflict": True,
            "corrected_label": "negative",
            "final_label": "negative",
            "status": "ok",
            "error": "",
            "bundle": "mvsa@1.0.0",
            "note": "sarcasm",
            "flag": True,
            "analyst": "ann",
            "labelled_at": "2024-05-01T10:00:00+00:00",
            "language": "",
            "image_text": "",
        }
    ]


def test_labels_that_people_gave_in_the_source_come_before_its_own_columns(tmp_path: Path) -> None:
    post = Post("1", "a", language="de", metadata={"own": "x"}, truth={"text": "negative", "post": "neutral"})
    write([Row(post)], tmp_path / "out.csv", LABELS)
    record = read_csv(tmp_path / "out.csv")[0]
    assert list(record)[-4:] == ["image_text", "people_post", "people_text", "own"]
    assert list(record.values())[-5:] == ["de", "", "neutral", "negative", "x"]


def test_a_note_alone_has_an_author_and_no_time_of_a_label(tmp_path: Path) -> None:
    noted = replace(SIGNED, new_label="", flagged=False)
    write([replace(predicted(), correction=noted)], tmp_path / "out.csv", LABELS)
    record = read_csv(tmp_path / "out.csv")[0]
    assert [record[name] for name in ("note", "flag", "analyst", "labelled_at")] == [
        *("sarcasm", "false", "ann", "")
    ]


def test_a_withdrawn_correction_leaves_the_predicted_label(tmp_path: Path) -> None:
    row = Row(predicted().post, None, predicted().prediction, Correction("u", "b2:1", "", flagged=True))
    write([row], tmp_path / "out.jsonl", LABELS)
    record = read_jsonl(tmp_path / "out.jsonl")[0]
    assert (record["corrected_label"], record["final_label"]) == ("", "positive")


def test_a_failure_takes_one_row_with_its_reason(tmp_path: Path) -> None:
    write([Row(failure=Failure("9", "no text and no picture"))], tmp_path / "out.csv", LABELS)
    record = read_csv(tmp_path / "out.csv")[0]
    assert (record["post_id"], record["status"], record["error"]) == ("9", "failed", "no text and no picture")


def test_a_post_without_picture_leaves_the_picture_columns_empty(tmp_path: Path) -> None:
    row = predicted(status="text_only", image_label="", image_probs=None)
    write([row], tmp_path / "out.csv", LABELS)
    record = read_csv(tmp_path / "out.csv")[0]
    assert (record["image_label"], record["image_confidence"], record["conflict"]) == ("", "", "false")


def test_of_several_pictures_the_one_that_decided_is_named_first(tmp_path: Path) -> None:
    row = predicted(deciding_picture=1)
    assert row.post is not None
    several = replace(row.post, pictures=tuple(map(Picture, ("1.jpg", "2.jpg", "3.jpg"))))
    write([replace(row, post=several)], tmp_path / "out.csv", LABELS)
    assert read_csv(tmp_path / "out.csv")[0]["image"] == "2.jpg; 1.jpg; 3.jpg"


def test_a_source_column_with_one_of_our_names_gets_a_prefix(tmp_path: Path) -> None:
    own = {"label": "theirs", "source_label": "also theirs", "text": "their text"}
    write([Row(Post("1", "ours", metadata=own))], tmp_path / "out.csv", LABELS)
    record = read_csv(tmp_path / "out.csv")[0]
    assert record["text"] == "ours"
    assert record["source_text"] == "their text"
    assert record["source_label"] == "also theirs"
    assert record["source_source_label"] == "theirs"


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl", "parquet"])
def test_columns_named_beforehand_give_the_same_file_content(tmp_path: Path, suffix: str) -> None:
    rows = [predicted(), Row(Post("2", "b", metadata={"x": "1"})), Row(Post("3", "c", metadata={"y": "2"}))]
    found, named = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    write(rows, found, LABELS)
    write(rows, named, LABELS, source_columns=["x", "y"])
    if suffix == "xlsx":
        assert read_xlsx(found) == read_xlsx(named)
    else:
        assert found.read_bytes() == named.read_bytes()


def test_csv_gives_back_every_text_after_undoing_the_apostrophe(tmp_path: Path) -> None:
    write(nasty_rows(), tmp_path / "out.csv", LABELS)
    records = read_csv(tmp_path / "out.csv")
    assert [restore(record["text"]) for record in records] == [without_controls(text) for text in NASTY]
    assert [restore(record["own"]) for record in records] == [without_controls(text) for text in NASTY]


def test_no_csv_cell_begins_like_a_formula(tmp_path: Path) -> None:
    rows = [Row(Post("=1+1", text, metadata={"=cmd()": text})) for text in NASTY]
    write(rows, tmp_path / "out.csv", LABELS)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n＝＋－＠")] == ["-5"] * 2


def test_csv_begins_with_the_mark_that_excel_needs(tmp_path: Path) -> None:
    write([], tmp_path / "out.csv", LABELS)
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfpost_id,")


def test_csv_is_read_by_pandas_with_ids_intact(tmp_path: Path) -> None:
    ids = ["0012", "9007199254740993", "12345678901234567890"]
    write([Row(Post(number, "a")) for number in ids], tmp_path / "out.csv", LABELS)
    assert list(pandas.read_csv(tmp_path / "out.csv", dtype={"post_id": str})["post_id"]) == ids


def test_jsonl_gives_back_every_text_exactly(tmp_path: Path) -> None:
    write(nasty_rows(), tmp_path / "out.jsonl", LABELS)
    assert [record["text"] for record in read_jsonl(tmp_path / "out.jsonl")] == list(NASTY)


def test_jsonl_holds_nothing_that_steers_a_terminal(tmp_path: Path) -> None:
    write(nasty_rows(), tmp_path / "out.jsonl", LABELS)
    content = (tmp_path / "out.jsonl").read_text("utf-8")
    assert not set(content) & set("\x00\x07\x1b\x7f\x9b\u202e\u2066\u2028")
    assert "日本語" in content


def test_jsonl_streams_to_an_open_file() -> None:
    file = io.StringIO()
    assert stream_jsonl(iter(nasty_rows()), file, LABELS) == len(NASTY)
    assert [json.loads(line)["own"] for line in file.getvalue().split("\n")[:-1]] == list(NASTY)


def test_jsonl_is_ascii_on_a_stream_of_another_encoding() -> None:
    raw = io.BytesIO()
    wrapper = io.TextIOWrapper(raw, encoding="cp1252", newline="\n")
    stream_jsonl(nasty_rows(), wrapper, LABELS)
    lines = raw.getvalue().decode("ascii").splitlines()
    assert [json.loads(line)["text"] for line in lines] == list(NASTY)


def test_jsonl_streams_each_row_before_it_asks_for_the_next() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")  # type: ignore[arg-type]
    seen: list[int] = []

    def rows() -> Any:
        for number in range(3):
            seen.append(raw.getvalue().count(b"\n"))
            yield Row(Post(str(number), "a"))

    stream_jsonl(rows(), file, LABELS)
    assert seen == [0, 1, 2]


def test_parquet_gives_back_every_text_but_lone_surrogates(tmp_path: Path) -> None:
    write(nasty_rows(), tmp_path / "out.parquet", LABELS)
    table = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert table.column("text").to_pylist() == [text.replace("\ud83d", "\ufffd") for text in NASTY]


def test_parquet_has_numbers_and_truth_values_with_gaps(tmp_path: Path) -> None:
    write([predicted(), Row(Post("2", "b"))], tmp_path / "out.parquet", LABELS)
    table = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert table.column_names == list(fixed_columns(LABELS))
    assert table.column("p_positive").to_pylist() == [0.7, None]
    assert table.column("conflict").to_pylist() == [True, None]


def test_parquet_of_no_rows_still_has_its_columns(tmp_path: Path) -> None:
    assert write([], tmp_path / "out.parquet", LABELS) == 0
    assert pyarrow.parquet.read_table(tmp_path / "out.parquet").column_names == list(fixed_columns(LABELS))


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_other_formats_keep_40000_characters(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out.{suffix}"
    write([Row(Post("1", "x" * 40_000))], target, LABELS)
    readers: dict[str, Any] = {"csv": pandas.read_csv, "parquet": pandas.read_parquet}
    text = readers[suffix](target)["text"][0] if suffix in readers else read_jsonl(target)[0]["text"]
    assert text == "x" * 40_000


@pytest.mark.parametrize("labels", [("only",), ("a", "b"), ("a", "b", "c", "d", "e")])
def test_any_number_of_labels_is_written(tmp_path: Path, labels: Sequence[str]) -> None:
    row = predicted(label=labels[0], probs=tuple(1 / len(labels) for _ in labels))
    write([row], tmp_path / "out.xlsx", labels)
    assert read_xlsx(tmp_path / "out.xlsx")[0]["label"] == labels[0]
