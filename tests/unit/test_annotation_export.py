"""Posts go to annotation tools and come back as they were."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from mmsa_tui.errors import OutputError
from mmsa_tui.export.annotation import (
    FOURCAT_COLUMNS,
    write_doccano,
    write_fourcat,
    write_label_studio,
)
from mmsa_tui.records import Correction, Failure, Picture, Post, Prediction
from mmsa_tui.sources import detect, read

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 32
HASH = "b2:" + "0" * 40


@dataclass(frozen=True)
class Row:
    post: Post | None = None
    failure: Failure | None = None
    prediction: Prediction | None = None
    correction: Correction | None = None


def prediction(label: str = "negative", confidence: float = 0.75) -> Prediction:
    return Prediction(
        HASH,
        "mvsa-1.0.0",
        "ok",
        label,
        confidence,
        (confidence, 0.15, 0.1),
        text_label="negative",
        text_probs=(0.8, 0.1, 0.1),
        image_label="neutral",
        image_probs=(0.1, 0.8, 0.1),
    )


def correction(label: str) -> Correction:
    return Correction("u1", HASH, label)


@pytest.fixture
def post(tmp_path: Path) -> Post:
    (tmp_path / "pictures & more").mkdir()
    pictures = []
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "pictures & more" / name).write_bytes(JPEG + name.encode())
        pictures.append(Picture(name, tmp_path / "pictures & more" / name))
    return Post(
        "1764900000000000101",
        'Fish &amp; "chips"\n\u202e<b>😀</b>',
        tuple(pictures),
        author="harbour_light",
        created_at="2024-03-05T14:02:11Z",
        language="en",
        metadata={"retweet_of": "5", "likes": "12"},
    )


def read_back(source: Path) -> list[Post]:
    found = list(read(source))
    assert all(isinstance(item, Post) for item in found), found
    return [item for item in found if isinstance(item, Post)]


def same_post(one: Post, other: Post) -> None:
    assert (one.post_id, one.text, one.author, one.created_at, one.language) == (
        other.post_id,
        other.text,
        other.author,
        other.created_at,
        other.language,
    )
    assert one.metadata == other.metadata
    assert [picture.read() for picture in one.pictures] == [picture.read() for picture in other.pictures]


def test_label_studio_tasks_come_back_as_the_posts_they_were(tmp_path: Path, post: Post) -> None:
    target = tmp_path / "tasks.json"
    assert (
        write_label_studio([Row(post, prediction=prediction(), correction=correction("positive"))], target)
        == 1
    )
    assert detect(target).format == "annotation"
    (back,) = read_back(target)
    same_post(back, post)
    assert back.truth == {"label": "positive"}


def test_a_task_holds_the_prediction_as_label_studio_wants_it(tmp_path: Path, post: Post) -> None:
    target = tmp_path / "tasks.json"
    write_label_studio([Row(post, prediction=prediction())], target)
    (task,) = json.loads(target.read_text(encoding="utf-8"))
    assert task["data"]["image"] == "/data/local-files/?d=pictures%20%26%20more/1.jpg"
    assert task["predictions"] == [
        {
            "model_version": "mvsa-1.0.0",
            "score": 0.75,
            "result": [
                {
                    "from_name": "sentiment",
                    "to_name": "text",
                    "type": "choices",
                    "value": {"choices": ["negative"]},
                }
            ],
        }
    ]
    assert "annotations" not in task


def test_a_task_without_picture_still_has_the_field_that_the_interface_names(tmp_path: Path) -> None:
    target = tmp_path / "tasks.json"
    write_label_studio([Row(Post("1", "only words"))], target)
    assert json.loads(target.read_text(encoding="utf-8"))[0]["data"] == {
        "text": "only words",
        "image": "",
        "post_id": "1",
    }


def test_no_folder_of_this_computer_leaves_with_a_picture_from_elsewhere(tmp_path: Path, post: Post) -> None:
    (tmp_path / "out").mkdir()
    target = tmp_path / "out/tasks.json"
    write_label_studio([Row(post)], target)
    assert str(tmp_path) not in target.read_text(encoding="utf-8")


def test_nothing_to_write_is_still_a_valid_file(tmp_path: Path) -> None:
    failed = Row(failure=Failure("9", "broken"))
    assert write_label_studio([failed], tmp_path / "tasks.json") == 0
    assert json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8")) == []


def test_doccano_examples_come_back_as_the_posts_they_were(tmp_path: Path, post: Post) -> None:
    target = tmp_path / "examples.jsonl"
    rows = [Row(post, prediction=prediction()), Row(Post("2", "unlabelled"))]
    assert write_doccano(rows, target) == 2
    assert detect(target).format == "annotation"
    back, unlabelled = read_back(target)
    same_post(back, post)
    assert back.truth == {"label": "negative"}
    assert unlabelled.truth == {}


def test_a_doccano_line_begins_with_text_and_labels(tmp_path: Path) -> None:
    target = tmp_path / "examples.jsonl"
    write_doccano([Row(Post("2", "hello"), correction=correction("neutral"))], target)
    assert json.loads(target.read_text(encoding="utf-8")) == {
        "text": "hello",
        "label": ["neutral"],
        "post_id": "2",
    }


@pytest.mark.parametrize("write", [write_label_studio, write_doccano])
def test_metadata_that_bears_a_name_of_ours_hides_nothing(tmp_path: Path, write: object) -> None:
    assert callable(write)
    target = tmp_path / "out.json"
    names = ("text", "label", "image", "post_id", "id", "author")
    write([Row(Post("2", "hello", metadata=dict.fromkeys(names, "theirs")))], target)
    (back,) = read(target, format="annotation")
    assert isinstance(back, Post)
    assert (back.post_id, back.text, back.author, back.truth) == ("2", "hello", "", {})
    assert back.metadata["source_text"] == "theirs"


def test_the_4cat_file_is_one_that_4cat_takes(tmp_path: Path, post: Post) -> None:
    target = tmp_path / "annotations.csv"
    rows = [
        Row(post, prediction=prediction(), correction=correction("positive")),
        Row(Post("2", "unclassified")),
        Row(Post("3", "corrected only"), correction=correction("neutral")),
        Row(failure=Failure("4", "broken")),
    ]
    assert write_fourcat(rows, target) == 2
    # 4CAT decodes strictly as UTF-8, splits at commas, takes the first column for ids and refuses
    # empty or repeated names and more than 20 annotations.
    header, *lines = csv.reader(target.read_bytes().decode("utf-8").splitlines())
    assert tuple(header) == FOURCAT_COLUMNS
    assert len(set(header[1:])) == len(header) - 1 <= 20 and all(header)
    assert lines == [
        ["1764900000000000101", "positive", "0.7500", "negative", "neutral", "yes", "positive", "mvsa-1.0.0"],
        ["3", "neutral", "", "", "", "", "neutral", ""],
    ]


def test_no_formula_reaches_a_spreadsheet_by_way_of_4cat(tmp_path: Path) -> None:
    target = tmp_path / "annotations.csv"
    write_fourcat([Row(Post('=HYPERLINK("x")', "x"), prediction=prediction("=1+1"))], target)
    cells = list(csv.reader(target.read_text(encoding="utf-8").splitlines()))[1]
    assert not any(cell.startswith("=") for cell in cells)


@pytest.mark.parametrize("write", [write_label_studio, write_doccano, write_fourcat])
def test_an_existing_file_is_kept(tmp_path: Path, write: object) -> None:
    assert callable(write)
    target = tmp_path / "mine"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="exists"):
        write([], target)
    assert target.read_text(encoding="utf-8") == "mine"
