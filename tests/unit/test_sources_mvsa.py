"""MVSA-Single, MVSA-Multiple and the enriched spreadsheet."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, detect, read
from mmsa_tui.sources.readers.mvsa import majority, merge, read_truth

JPEG = b"\xff\xd8\xff\xe0 enough to be known by"


def write_mvsa(root: Path, ids: list[str], labels: str | None = None) -> Path:
    (root / "data").mkdir(parents=True)
    for post_id in ids:
        (root / "data" / f"{post_id}.txt").write_text(f"text of {post_id}\n")
        (root / "data" / f"{post_id}.jpg").write_bytes(JPEG + post_id.encode())
    if labels is not None:
        (root / "labelResultAll.txt").write_text(labels)
    return root


def write_workbook(path: Path, rows: list[tuple[object, ...]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def posts(source: Path, format: str | None = None) -> list[Post]:
    items = list(read(source, format=format))
    assert all(isinstance(item, Post) for item in items)
    return [item for item in items if isinstance(item, Post)]


@pytest.mark.parametrize(
    ("text", "image", "post"),
    [
        ("positive", "positive", "positive"),
        ("neutral", "negative", "negative"),
        ("positive", "neutral", "positive"),
        ("neutral", "neutral", "neutral"),
        ("positive", "negative", ""),
    ],
)
def test_the_standard_merge_makes_one_label_of_two(text: str, image: str, post: str) -> None:
    assert merge(text, image) == post


@pytest.mark.parametrize(("labels", "label"), [(("a", "b", "a"), "a"), (("a", "b", "c"), ""), ((), "")])
def test_a_majority_is_more_than_half(labels: tuple[str, ...], label: str) -> None:
    assert majority(labels) == label


def test_single_has_one_annotator(tmp_path: Path) -> None:
    source = write_mvsa(tmp_path, ["1", "2"], "ID\ttext,image\n1\tneutral,positive\n2\tpositive,negative\n")
    first, second = posts(source)
    assert first.truth == {"text": "neutral", "image": "positive", "post": "positive"}
    assert second.truth == {"text": "positive", "image": "negative"}


def test_multiple_takes_the_majority_of_three_annotators_per_modality(tmp_path: Path) -> None:
    labels = (
        "ID\ttext,image\ttext,image\ttext,image\r\n"
        "1\tpositive,neutral\tpositive,negative\tneutral,neutral\r\n"
        "2\tpositive,neutral\tneutral,neutral\tnegative,neutral\r\n"
    )
    first, second = posts(write_mvsa(tmp_path, ["1", "2"], labels))
    assert first.truth == {"text": "positive", "image": "neutral", "post": "positive"}
    assert second.truth == {"image": "neutral"}


def test_a_post_without_a_label_has_no_truth(tmp_path: Path) -> None:
    assert posts(write_mvsa(tmp_path, ["1"], "ID\ttext,image\n"))[0].truth == {}


def test_labels_of_absent_posts_are_noted(tmp_path: Path) -> None:
    source = write_mvsa(tmp_path, ["1"], "1\tneutral,neutral\n7\tneutral,neutral\n")
    notes: list[str] = []
    list(read(source, options=ReadOptions(note=notes.append)))
    assert notes == ["labelResultAll.txt labels 1 ids that have no file"]


@pytest.mark.parametrize("line", ["", "1", "1\tneutral", "1\tneutral,neutral,positive", "\t,\t,"])
def test_a_broken_line_of_labels_is_passed_over(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labelResultAll.txt"
    path.write_text(f"{line}\n2\tneutral,neutral\n")
    assert list(read_truth(path)) == ["2"]


def test_lines_of_labels_that_are_damaged_cost_themselves_and_are_told(tmp_path: Path) -> None:
    ids = [str(number) for number in range(1, 31)]
    lines = [b"ID\ttext,image\n", *(f"{key}\tpositive,neutral\n".encode() for key in ids)]
    lines[3] = b"3\tposi\n"
    lines[5] = b"5\tpositive,\n"
    lines[8] = b"8\tposit\x9ave,neutral\n"
    lines[12] = lines[12].rstrip(b"\n")
    source = write_mvsa(tmp_path, ids)
    (source / "labelResultAll.txt").write_bytes(b"".join(lines))
    notes: list[str] = []
    items = [item for item in read(source, options=ReadOptions(note=notes.append)) if isinstance(item, Post)]
    assert [item.post_id for item in items if not item.truth] == ["3", "5", "8", "12", "13"]
    assert {item.truth["post"] for item in items if item.truth} == {"positive"}
    assert any("left out: 4 (4, 6, 9, 13)" in note for note in notes), notes
    assert "posts of which labelResultAll.txt has no label: 5" in notes


def test_a_line_that_labels_an_id_once_more_is_told_and_the_first_stands(tmp_path: Path) -> None:
    source = write_mvsa(tmp_path, ["8"], "8\tneutral,neutral\n8\tneutral,neutral\n8\tpositive,neutral\n")
    notes: list[str] = []
    (post,) = read(source, options=ReadOptions(note=notes.append))
    assert isinstance(post, Post) and post.truth["post"] == "neutral"
    assert any("once more" in note and "1 (3)" in note for note in notes), notes


def test_undecodable_labels_are_a_clear_error(tmp_path: Path) -> None:
    source = write_mvsa(tmp_path, ["1"])
    (source / "labelResultAll.txt").write_bytes(b"\0" * 100)
    with pytest.raises(SourceError, match=r"labelResultAll\.txt cannot be read"):
        list(read(source))


@pytest.mark.parametrize("labels", ["1\tneutral,neutral\n", None])
def test_the_layout_is_recognised_with_and_without_labels(tmp_path: Path, labels: str | None) -> None:
    assert detect(write_mvsa(tmp_path, ["1"], labels)).format == "mvsa"


def test_a_folder_with_both_kinds_of_labels_gives_both_and_says_so(tmp_path: Path) -> None:
    source = write_mvsa(tmp_path, ["1"], "1\tneutral,positive\n")
    write_workbook(source / "L.xlsx", [("File Name", "Caption", "LABEL"), ("1.txt", "text", "Negative")])
    found = detect(source)
    (post,) = posts(source)
    assert (found.format, found.is_ambiguous, found.others[0].format) == ("mvsa", True, "enriched")
    assert post.truth == {"text": "neutral", "image": "positive", "post": "positive", "label": "negative"}


@pytest.mark.parametrize(
    ("text_column", "label_column"), [("Caption", "LABEL"), ("Tweet", "Sentiment"), ("text", "label")]
)
def test_an_enriched_spreadsheet_is_read_in_the_order_of_its_rows(
    tmp_path: Path, text_column: str, label_column: str
) -> None:
    rows = [
        ("File Name", text_column, label_column),
        ("10.txt", "ten", "Positive"),
        ("2.txt", "two", "neutral"),
    ]
    path = write_workbook(tmp_path / "LabeledText.xlsx", rows)
    found = posts(path)
    assert detect(path).format == "enriched"
    assert [(p.post_id, p.text, p.truth["label"]) for p in found] == [
        ("10", "ten", "positive"),
        ("2", "two", "neutral"),
    ]


def test_enriched_pictures_lie_in_class_folders_of_any_case(tmp_path: Path) -> None:
    (tmp_path / "Images" / "POSITIVE").mkdir(parents=True)
    (tmp_path / "Images" / "POSITIVE" / "1.JPG").write_bytes(JPEG)
    rows = [("File Name", "Caption", "LABEL"), ("1.txt", "x", "positive"), ("2.txt", "y", "neutral")]
    write_workbook(tmp_path / "LabeledText.xlsx", rows)
    first, second = posts(tmp_path)
    assert first.pictures[0].name == "1.JPG"
    assert (second.pictures[0].name, second.pictures[0].is_missing) == ("2.jpg", True)


def test_an_enriched_row_without_a_file_name_costs_one_row(tmp_path: Path) -> None:
    rows = [("File Name", "Caption", "LABEL"), (None, "x", "positive"), ("2.txt", "y", "neutral")]
    failure, post = read(write_workbook(tmp_path / "a.xlsx", rows))
    assert isinstance(failure, Failure)
    assert post.post_id == "2"


def test_control_characters_that_excel_escapes_are_undone(tmp_path: Path) -> None:
    rows = [("File Name", "Caption", "LABEL"), ("1.txt", "one_x000D_\ntwo", "neutral")]
    assert posts(write_workbook(tmp_path / "a.xlsx", rows))[0].text == "one\r\ntwo"


def test_a_garbled_caption_is_repaired_and_says_in_what_it_was_written(tmp_path: Path) -> None:
    garbled = "“so” and then…".encode("gb18030").decode("cp1252")
    rows = [("File Name", "Caption", "LABEL"), ("1.txt", garbled, "neutral")]
    (post,) = posts(write_workbook(tmp_path / "a.xlsx", rows))
    assert (post.text, post.encoding) == ("“so” and then…", "gb18030")
