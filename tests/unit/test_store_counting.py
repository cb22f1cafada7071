"""Counts over the joined rows, and the labels that people have given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsa_tui.errors import UsageError
from mmsa_tui.records import Correction, Post, Prediction
from mmsa_tui.store import Order, Store, Where

BUNDLE = "mvsa@1.0.0"
LABELS = ("bad", "it's fine")
POSTS = [
    Post("1", "one", author="@ann", content_hash="h1", truth={"post": "bad", "text": "it's fine"}),
    Post("2", "two", author="@bob", content_hash="h2", truth={"label": "it's fine"}),
    Post("3", "three", author="@ann", content_hash="h3", truth={"text": "bad"}),
    Post("4", "four", author="@ann", content_hash="h4", truth={"post": "bad"}),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.index_source("here", "pairs", "Here", POSTS)
        opened.save_bundle_labels(BUNDLE, LABELS)
        for number, prob in (("1", 0.9), ("2", 0.8), ("3", 0.7)):
            opened.save_predictions(
                [Prediction(f"h{number}", BUNDLE, "text_only", "bad", prob, (prob, 1 - prob))]
            )
        opened.add_corrections([Correction("", "h1", "it's fine")])
        yield opened


def test_the_sources_own_label_of_the_whole_post_is_its_truth(store: Store) -> None:
    assert store.tally(1, BUNDLE, "truth_label") == {"": 1, "bad": 2, "it's fine": 1}


def test_the_analysts_label_comes_before_the_sources(store: Store) -> None:
    assert store.tally(1, BUNDLE, "given_label") == {"": 1, "bad": 1, "it's fine": 2}


def test_the_given_label_has_the_probability_that_the_bundle_gives_it(store: Store) -> None:
    ranked = store.ordinals(1, BUNDLE, Where("given_prob IS NOT NULL"), Order("given_prob"))
    assert list(ranked) == [0, 1]


def test_a_given_label_has_no_probability_for_an_unknown_bundle(store: Store) -> None:
    assert store.count(1, "other", Where("given_prob IS NOT NULL")) == 0


def test_several_conditions_are_counted_at_once(store: Store) -> None:
    wheres = [Where("author = ?", ("@ann",)), Where("TRUE"), Where("confidence > ?", (0.85,))]
    assert store.counts(1, BUNDLE, wheres) == [3, 4, 1]
    assert store.counts(1, BUNDLE, wheres, Where("post_id <> ?", ("1",))) == [2, 3, 0]


def test_rows_are_counted_by_several_values_at_once(store: Store) -> None:
    assert store.cross_tally(1, BUNDLE, ["author", "final_label"]) == [
        ("@ann", "", 1),
        ("@ann", "bad", 1),
        ("@ann", "it's fine", 1),
        ("@bob", "bad", 1),
    ]


def test_claims_are_counted_beside_the_rows(store: Store) -> None:
    found = store.cross_tally(1, BUNDLE, ["author"], also=["label <> ''", "corrected_label <> ''"])
    assert found == [("@ann", 3, 2, 1), ("@bob", 1, 1, 0)]


def test_columns_come_without_the_rest_of_the_rows(store: Store) -> None:
    found = list(store.values(1, BUNDLE, ["author", "final_label"], Where("author = ?", ("@ann",))))
    assert found == [("@ann", "it's fine"), ("@ann", "bad"), ("@ann", "")]


def test_a_column_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(UsageError):
        list(store.values(1, BUNDLE, ["author", "1); DROP TABLE posts; --"]))
