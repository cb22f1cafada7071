"""Words in pictures: kept by picture and by post, joined, searched, and gone when their source is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmsa_tui.filters import parse
from mmsa_tui.records import Picture, Post, Prediction
from mmsa_tui.store import Store

BUNDLE = "mvsa 2.3.0"


def post(number: int, text: str, digest: str) -> Post:
    picture = Picture(f"{number}.jpg", Path(f"{number}.jpg"), digest=digest)
    return Post(str(number), text, (picture,), content_hash=f"h{number}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.save_bundle_labels(BUNDLE, ("negative", "positive"))
        posts = [post(0, "look", "d0"), post(1, "seen today", "d1"), Post("2", "words", content_hash="h2")]
        opened.index_source("a", "table", "a", posts)
        opened.save_predictions(
            [Prediction(f"h{n}", BUNDLE, "ok", label="positive", probs=(0.2, 0.8)) for n in range(3)]
        )
        yield opened


def source_id(store: Store) -> int:
    return store.recent_sources()[0].id


def found(store: Store, filter_text: str) -> list[str]:
    where = parse(filter_text, ("negative", "positive"))
    return [row.post_id for row in store.rows(source_id(store), BUNDLE, where)]


def test_only_posts_with_a_picture_that_nobody_read_are_offered(store: Store) -> None:
    assert [one.post_id for one in store.image_texts.unread(source_id(store), BUNDLE)] == ["0", "1"]
    store.image_texts.save({"d0": ""}, {"h0": ""})
    assert [one.post_id for one in store.image_texts.unread(source_id(store), BUNDLE)] == ["1"]
    assert store.image_texts.count_unread(source_id(store), BUNDLE) == 1
    assert store.image_texts.is_read("h0") and not store.image_texts.is_read("h1")


def test_what_was_read_is_part_of_the_post_and_of_what_a_model_reads(store: Store) -> None:
    store.image_texts.save({"d0": "Never again"}, {"h0": "Never again"})
    row = next(store.rows(source_id(store), BUNDLE))
    assert row.post is not None
    assert row.post.image_text == "Never again"
    assert row.post.judged_text == "look\nNever again"
    assert store.image_texts.of_pictures(["d0", "d1"]) == {"d0": "Never again"}


@pytest.mark.parametrize(
    "filter_text",
    [
        "again",
        '"never again"',
        "agai*",
        "image_text:never",
        "image_text:*",
        "has:ocr",
        "/nev.r/",
        "#again OR again",
    ],
)
def test_words_in_pictures_are_found(store: Store, filter_text: str) -> None:
    assert found(store, filter_text) == []
    store.image_texts.save({"d0": "Never again"}, {"h0": "Never again", "h1": ""})
    assert found(store, filter_text) == ["0"]


def test_a_prediction_made_without_the_words_is_dropped(store: Store) -> None:
    store.image_texts.save({}, {"h0": "Never again", "h1": ""})
    assert [row.prediction is None for row in store.rows(source_id(store), BUNDLE)] == [True, False, False]


def test_what_was_read_outlives_a_new_reading_of_the_source_and_goes_when_it_is_forgotten(
    store: Store,
) -> None:
    store.image_texts.save({"d0": "Never again"}, {"h0": "Never again"})
    store.index_source("a", "table", "a", [replace(post(0, "look", "d0"), author="x")])
    assert found(store, "again") == ["0"]
    store.erase("a", store.own_contents("a"))
    store.index_source("b", "table", "b", [post(0, "look", "d0")])
    assert found(store, "again") == []
    assert store.image_texts.of_pictures(["d0"]) == {}
