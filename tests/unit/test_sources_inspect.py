"""A dry run: what a source holds and what classifying will make of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from source_files import picture_bytes, write

from mmsa_tui.sources import inspect


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    jpeg = picture_bytes()
    rows = [
        "id,text,image,lang,created_at,label",
        "1,both of them,ok.jpg,en,2024-05-01,positive",
        "2,picture is gone,gone.jpg,en,2024-05-03,neutral",
        "3,picture is cut,cut.jpg,de,2024-05-02,",
        "4,only words,,,,",
        "5,,ok.jpg,,,",
        "6,,,,,",
        "7,Only words http://t.co/x,,,,",
        "1,both of them,ok.jpg,,,",
        "a,one case here,,,,",
        "A,other case here,,,,",
        "8,far,too,many,cells,in,this",
    ]
    files: dict[str, bytes | str] = {
        "posts.csv": "\n".join(rows),
        "ok.jpg": jpeg,
        "cut.jpg": jpeg[: len(jpeg) // 2],
    }
    return write(tmp_path, files)


def test_inspect_counts_posts_by_what_they_name(folder: Path) -> None:
    found = inspect(folder / "posts.csv")
    assert (found.posts, found.failures.count) == (10, 1)
    assert (found.with_both, found.text_only, found.image_only, found.empty) == (4, 4, 1, 1)


def test_inspect_says_what_classifying_will_do(folder: Path) -> None:
    outcomes = inspect(folder / "posts.csv").outcomes
    assert outcomes == {"ok": 2, "text_only": 6, "image_only": 1, "failed": 2}


def test_inspect_tells_found_missing_and_corrupt_pictures_apart(folder: Path) -> None:
    pictures = inspect(folder / "posts.csv").pictures
    assert (pictures.named, pictures.found) == (5, 3)
    assert pictures.missing.examples == ["2: gone.jpg"]
    assert pictures.corrupt.count == 1 and pictures.corrupt.examples[0].startswith("3: cut.jpg: cannot be")


def test_inspect_finds_repeated_posts_texts_and_ids(folder: Path) -> None:
    found = inspect(folder / "posts.csv")
    assert (found.duplicates, found.similar_texts) == (1, 2)
    assert (found.repeated_ids.examples, found.ids_differing_by_case.examples) == (["1"], ["A"])


def test_inspect_tells_languages_time_span_and_labels(folder: Path) -> None:
    found = inspect(folder / "posts.csv")
    assert found.languages == {"en": 2, "de": 1}
    assert (found.dated, found.earliest, found.latest) == (3, "2024-05-01T00:00:00Z", "2024-05-03T00:00:00Z")
    assert found.truth == {"label": {"positive": 1, "neutral": 1}}


def test_inspect_is_json(folder: Path) -> None:
    found = inspect(folder)
    assert json.loads(json.dumps(found.to_json()))["pictures"]["missing"] == {
        "count": 1,
        "examples": ["2: gone.jpg"],
    }


def test_inspect_writes_nothing(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    inspect(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_inspect_reports_its_progress(folder: Path) -> None:
    counts: list[int] = []
    inspect(folder, on_count=counts.append)
    assert counts == list(range(1, 12))


def test_inspect_of_a_forced_format_still_lists_what_else_it_may_be(folder: Path) -> None:
    found = inspect(folder, format="pairs")
    assert found.reason == "read as pairs because you asked for it"
    assert [match.format for match in found.candidates] == ["table"]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets only administrators make links")
def test_inspect_passes_on_what_holds_for_the_whole_source(tmp_path: Path) -> None:
    write(tmp_path, {"1.txt": "x"})
    (tmp_path / "2.txt").symlink_to("/etc/hostname")
    assert inspect(tmp_path).notes == ["links or devices left out: 1"]
