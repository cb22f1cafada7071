"""Files of people's labels, and columns that only look like labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsa_tui.errors import SourceError
from mmsa_tui.sources.labels import read_labels


def labels(tmp_path: Path, content: str, name: str = "labels.csv") -> dict[str, dict[str, str]]:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return read_labels(path)


def test_an_id_and_a_label_are_enough(tmp_path: Path) -> None:
    found = labels(tmp_path, "post_id;Label\n007.txt;Positive\n8;neutral\n9;\n")
    assert found == {"007": {"label": "positive"}, "8": {"label": "neutral"}}


def test_labels_of_text_and_picture_are_merged_where_the_post_has_none(tmp_path: Path) -> None:
    found = labels(tmp_path, "id,text,image\n1,neutral,positive\n2,negative,positive\n")
    assert found["1"] == {"text": "neutral", "image": "positive", "post": "positive"}
    assert found["2"] == {"text": "negative", "image": "positive"}


def test_a_column_of_tweets_or_pictures_is_no_column_of_labels(tmp_path: Path) -> None:
    found = labels(tmp_path, "id,text,image,label\n1,what a day,1.jpg,positive\n2,fine,2.jpg,neutral\n")
    assert found == {"1": {"label": "positive"}, "2": {"label": "neutral"}}


def test_tweets_without_any_label_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no usable rows") as caught:
        labels(tmp_path, "id,text\n1,what a day\n2,fine\n")
    assert "text_label" in caught.value.hint


def test_of_our_own_export_the_corrections_count_and_not_the_model(tmp_path: Path) -> None:
    header = "post_id,text,label,text_label,corrected_label,final_label,bundle"
    rows = "1,so so,positive,positive,negative,negative,m 1\n2,fine,positive,positive,,positive,m 1\n"
    assert labels(tmp_path, f"{header}\n{rows}") == {"1": {"label": "negative"}}


@pytest.mark.parametrize("annotators", [1, 3])
def test_the_label_file_of_mvsa_is_read_for_one_annotator_or_three(tmp_path: Path, annotators: int) -> None:
    header = "ID" + "\ttext,image" * annotators
    found = labels(tmp_path, f"{header}\n1" + "\tneutral,positive" * annotators + "\n", "labelResultAll.txt")
    assert found == {"1": {"text": "neutral", "image": "positive", "post": "positive"}}


def test_a_row_that_cannot_be_read_is_named_instead_of_left_out(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("id,label,remark\n1,positive,can\x92t caf\xe9s\n".encode("latin-1"))
    with pytest.raises(SourceError, match="line 2"):
        read_labels(path)
