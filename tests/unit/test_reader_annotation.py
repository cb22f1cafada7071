"""What people labelled in Label Studio and doccano, with the votes of several annotators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import ReadOptions
from mmsa_tui.sources.readers.annotation import READER

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32


def choice(label: str, control: str = "sentiment", **fields: Any) -> dict[str, Any]:
    result = {
        "value": {"choices": [label]},
        "id": "x",
        "from_name": control,
        "to_name": "text",
        "type": "choices",
        "origin": "manual",
    }
    return {
        "id": 9,
        "completed_by": 1,
        "result": [result],
        "was_cancelled": False,
        "ground_truth": False,
        **fields,
    }


def task(task_id: int, data: dict[str, Any], *annotations: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": task_id,
        "annotations": list(annotations),
        "drafts": [],
        "predictions": [],
        "data": data,
        "meta": {},
        "created_at": "2024-03-05T14:02:11.513742Z",
        "project": 3,
    }


def write_json(path: Path, *records: object) -> Path:
    path.write_text(json.dumps(records, indent=1), encoding="utf-8")
    return path


def write_lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def posts(source: Path) -> list[Post]:
    found = list(READER.read(source, ReadOptions()))
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def test_a_label_studio_task_is_a_labelled_post(tmp_path: Path) -> None:
    data = {"text": "fish &amp; chips", "topic": "food"}
    source = write_json(tmp_path / "export.json", task(7, data, choice("Positive")))
    assert READER.detect(source) is not None
    (post,) = posts(source)
    assert (post.post_id, post.text, post.truth) == ("7", "fish &amp; chips", {"label": "positive"})
    assert post.metadata == {"topic": "food"}


def test_the_majority_of_the_annotators_decides(tmp_path: Path) -> None:
    votes = [choice("positive"), choice("neutral"), choice("positive"), choice("neutral", was_cancelled=True)]
    (post,) = posts(write_json(tmp_path / "a.json", task(1, {"text": "x"}, *votes)))
    assert post.truth == {"label": "positive"}


def test_a_tie_is_no_truth_but_its_votes_are_kept(tmp_path: Path) -> None:
    (post,) = posts(
        write_json(tmp_path / "a.json", task(1, {"text": "x"}, choice("positive"), choice("negative")))
    )
    assert post.truth == {}
    assert post.metadata["label_votes"] == "negative, positive"


def test_a_settled_annotation_overrules_the_votes(tmp_path: Path) -> None:
    votes = [choice("positive"), choice("positive"), choice("negative", ground_truth=True)]
    (post,) = posts(write_json(tmp_path / "a.json", task(1, {"text": "x"}, *votes)))
    assert post.truth == {"label": "negative"}


def test_of_several_questions_the_one_about_sentiment_is_the_label(tmp_path: Path) -> None:
    both = choice("food", "topic")
    both["result"] += choice("negative", "sentiment")["result"]
    (post,) = posts(write_json(tmp_path / "a.json", task(1, {"text": "x"}, both)))
    assert (post.truth, post.metadata) == ({"label": "negative"}, {"topic": "food"})


@pytest.mark.parametrize(
    "address",
    [
        "/data/local-files/?d=pictures/1.jpg",
        "pictures/1.jpg",
        "/data/upload/3/0a1b2c3d-1.jpg",
        "https://example.org/media/1.jpg?size=large",
        "s3://bucket/folder/1.jpg",
    ],
)
def test_a_picture_is_found_whatever_its_address_looks_like(tmp_path: Path, address: str) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/1.jpg").write_bytes(JPEG)
    (post,) = posts(write_json(tmp_path / "a.json", task(1, {"text": "x", "image": address})))
    assert [picture.is_missing for picture in post.pictures] == [False]


def test_an_address_that_leads_out_of_the_source_is_a_missing_picture(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    (tmp_path / "source").mkdir()
    data = {
        "text": "x",
        "images": ["../secret.jpg", str(tmp_path / "secret.jpg"), "/data/local-files/?d=../secret.jpg"],
    }
    (post,) = posts(write_json(tmp_path / "source/a.json", task(1, data)))
    assert post.pictures and all(picture.is_missing for picture in post.pictures)


def test_the_short_form_of_label_studio_is_read(tmp_path: Path) -> None:
    record = {
        "text": "x",
        "id": 7,
        "sentiment": "Neutral",
        "annotator": 1,
        "annotation_id": 4,
        "lead_time": 3.5,
    }
    source = write_json(tmp_path / "min.json", record)
    assert READER.detect(source) is not None
    (post,) = posts(source)
    assert (post.post_id, post.truth, post.metadata) == ("7", {"label": "neutral"}, {})


def test_tasks_that_wait_for_their_annotation_are_posts_without_truth(tmp_path: Path) -> None:
    prediction = {"model_version": "1", "score": 0.8, "result": choice("negative")["result"]}
    source = write_json(tmp_path / "tasks.json", {"data": {"text": "x"}, "predictions": [prediction]})
    assert READER.detect(source) is not None
    assert posts(source)[0].truth == {}


def test_a_doccano_example_is_a_labelled_post(tmp_path: Path) -> None:
    records = [
        {"id": 3, "text": "good", "label": ["Positive"], "Comments": [], "author": "sam", "topic": "food"},
        {"id": 4, "text": "unlabelled", "label": []},
        {"id": 5, "text": "spans", "label": [[0, 3, "NAME"]]},
        {"id": 6, "text": "both", "label": ["positive", "negative"]},
    ]
    source = write_lines(tmp_path / "all.jsonl", *records)
    assert READER.detect(source) is not None
    good, unlabelled, spans, both = posts(source)
    assert (good.post_id, good.truth, good.author) == ("3", {"label": "positive"}, "sam")
    assert good.metadata == {"topic": "food"}
    assert unlabelled.truth == spans.truth == both.truth == {}
    assert both.metadata["label_votes"] == "negative, positive"


def test_the_meta_of_older_doccano_files_is_kept(tmp_path: Path) -> None:
    record = {"id": 3, "text": "good", "labels": ["positive"], "meta": {"wikiPageID": 1, "post_id": "99"}}
    (post,) = posts(write_lines(tmp_path / "a.jsonl", record))
    assert (post.post_id, post.metadata) == ("99", {"wikiPageID": "1"})


def test_an_example_of_nothing_costs_one_row(tmp_path: Path) -> None:
    source = write_json(
        tmp_path / "a.json", task(1, {"text": "x"}), task(2, {"audio": "a.mp3"}), {"hello": 1}
    )
    assert [type(item) for item in READER.read(source, ReadOptions())] == [Post, Failure, Failure]


@pytest.mark.parametrize(
    "record",
    [
        {"text": "a table", "label": "positive"},
        {"nav_index": "1", "source_platform": "twitter.com", "data": {"rest_id": "1"}},
        {"data": [{"id": "1", "text": "x", "author_id": "2"}], "includes": {}, "meta": {}},
    ],
)
def test_records_of_other_kinds_are_not_claimed(tmp_path: Path, record: object) -> None:
    assert READER.detect(write_lines(tmp_path / "a.jsonl", record)) is None
