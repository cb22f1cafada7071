"""Posts joined with predictions and corrections: counted, filtered, sorted, searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mmsa_tui.errors import StoreError, UsageError
from mmsa_tui.records import Correction, Failure, Picture, Post, Prediction
from mmsa_tui.store import Order, Row, Store, Where, matching

BUNDLE = "mvsa@1.0.0"
LABELS = ("negative", "neutral", "positive")
PICTURE = Picture("9.jpg", Path("9.jpg"))
POSTS: list[Post | Failure] = [
    Post("9", "Sunrise over the harbour #blessed", (PICTURE,), "@ann", content_hash="h0"),
    Post("10", "rt @bob: polls open until nine", author="@bob", created_at="2024-05-02", content_hash="h1"),
    Failure("x7", "no text and no picture"),
    Post("100", "Polls open until nine @bob", author="@cid", created_at="2024-05-01", content_hash="h3"),
    Post("b", "", (Picture("gone.jpg"),), content_hash="h4"),
    Post("a", "日本語のツイート 😀 naïve café 100%", content_hash="h5"),
]


def predict(content_hash: str, label: str, *probs: float, image_label: str = "") -> Prediction:
    return Prediction(
        content_hash=content_hash,
        bundle=BUNDLE,
        status="ok" if image_label else "text_only",
        label=label,
        confidence=max(probs),
        probs=probs,
        text_label=label,
        text_probs=probs,
        image_label=image_label,
        image_probs=probs if image_label else None,
    )


PREDICTIONS = [
    predict("h0", "positive", 0.1, 0.2, 0.7, image_label="negative"),
    predict("h1", "neutral", 0.3, 0.4, 0.3),
    predict("h3", "negative", 0.5, 0.45, 0.05),
    Prediction("h4", BUNDLE, "failed", error="the picture is missing"),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.index_source("here", "pairs", "Here", POSTS)
        opened.save_bundle_labels(BUNDLE, LABELS)
        opened.save_predictions(PREDICTIONS)
        yield opened


def ids(store: Store, where: Where | None = None, order: Order | None = None) -> list[str]:
    return [row.post_id for row in store.rows(1, BUNDLE, where, order)]


def row_of(store: Store, ordinal: int) -> Row:
    return next(store.rows_at(1, BUNDLE, [ordinal]))


def test_a_row_carries_post_and_prediction(store: Store) -> None:
    row = row_of(store, 0)
    assert (row.post, row.prediction, row.correction) == (POSTS[0], PREDICTIONS[0], None)


def test_a_failure_has_a_row_of_its_own(store: Store) -> None:
    row = row_of(store, 2)
    assert (row.post, row.failure, row.prediction, row.post_id) == (None, POSTS[2], None, "x7")


def test_another_bundle_has_its_own_predictions(store: Store) -> None:
    assert [row.prediction for row in store.rows(1, "other")] == [None] * len(POSTS)


def test_the_final_label_is_the_analysts_else_the_bundles(store: Store) -> None:
    store.add_corrections([Correction("", "h0", "negative"), Correction("", "h1", "", flagged=True)])
    assert [row.final_label for row in store.rows(1, BUNDLE)] == [
        "negative",
        "neutral",
        "",
        "negative",
        "",
        "",
    ]


def test_an_act_that_says_nothing_is_no_correction(store: Store) -> None:
    store.add_corrections([Correction("", "h0", "negative"), Correction("", "h0", "")])
    assert row_of(store, 0).correction is None


def test_count_counts_what_the_condition_lets_through(store: Store) -> None:
    assert (store.count(1, BUNDLE), store.count(1, BUNDLE, Where("confidence < ?", (0.6,)))) == (6, 2)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("post_id = '10'", ["10"]),
        ("author = '@cid'", ["100"]),
        ("created_at >= '2024-05-02'", ["10"]),
        ("has_image", ["9"]),
        ("n_pictures > 0", ["9", "b"]),
        ("n_duplicates > 1", ["10", "100"]),
        ("duplicate_group = ''", ["x7", "b"]),
        ("failure IS NOT NULL", ["x7"]),
        ("status = 'failed'", ["x7", "b"]),
        ("status = ''", ["a"]),
        ("status = 'text_only'", ["10", "100"]),
        ("error LIKE '%picture%'", ["x7", "b"]),
        ("label = 'negative'", ["100"]),
        ("confidence >= 0.5", ["9", "100"]),
        ("confidence IS NULL", ["x7", "b", "a"]),
        ("margin < 0.11", ["10", "100"]),
        ("conflict", ["9"]),
        ("text_label = 'positive'", ["9"]),
        ("image_label = 'negative'", ["9"]),
        ("p_neutral > 0.41", ["100"]),
        ("content_hash = 'h5'", ["a"]),
        ("corrected_label = 'neutral'", ["9"]),
        ("final_label = 'neutral'", ["9", "10"]),
        ("note <> ''", ["9"]),
        ("flagged", ["10"]),
        ("ordinal BETWEEN 1 AND 2", ["10", "x7"]),
    ],
)
def test_every_documented_column_can_be_asked_for(store: Store, sql: str, expected: list[str]) -> None:
    store.add_corrections(
        [Correction("", "h0", "neutral", note="irony"), Correction("", "h1", "", flagged=True)]
    )
    assert ids(store, Where(sql)) == expected


def test_conditions_join_with_their_values(store: Store) -> None:
    where = Where("label = ? OR label = ?", ("positive", "neutral")) & Where("confidence < ?", (0.5,))
    assert ids(store, where) == ["10"]


@pytest.mark.parametrize(
    ("column", "ascending"),
    [
        ("ordinal", ["9", "10", "x7", "100", "b", "a"]),
        ("post_id", ["9", "10", "100", "a", "b", "x7"]),
        ("author", ["9", "10", "100", "x7", "b", "a"]),
        ("created_at", ["100", "10", "9", "x7", "b", "a"]),
        ("confidence", ["10", "100", "9", "x7", "b", "a"]),
        ("p_positive", ["100", "10", "9", "x7", "b", "a"]),
    ],
)
def test_sorting_puts_unknown_values_last(store: Store, column: str, ascending: list[str]) -> None:
    assert ids(store, order=Order(column)) == ascending


def test_descending_order_also_puts_unknown_values_last(store: Store) -> None:
    assert ids(store, order=Order("confidence", descending=True)) == ["9", "100", "10", "x7", "b", "a"]


def test_a_column_that_is_not_there_is_a_usage_error_with_those_that_are(store: Store) -> None:
    with pytest.raises(UsageError) as caught:
        ids(store, order=Order("mood"))
    assert "p_negative" in caught.value.hint


def test_a_limit_takes_the_first_rows_of_an_order(store: Store) -> None:
    rows = store.rows(1, BUNDLE, None, Order("confidence"), 2)
    assert [row.post_id for row in rows] == ["10", "100"]


def ids_at(store: Store, ordinals: Sequence[int]) -> list[str]:
    return [row.post_id for row in store.rows_at(1, BUNDLE, ordinals)]


def test_ordinals_settle_an_order_to_page_from(store: Store) -> None:
    ordinals = store.ordinals(1, BUNDLE, None, Order("post_id", descending=True))
    pages = [ids_at(store, ordinals[at : at + 2]) for at in (0, 2, 4, 6)]
    assert pages == [["x7", "b"], ["a", "100"], ["10", "9"], []]


def test_a_tally_counts_by_value(store: Store) -> None:
    assert store.tally(1, BUNDLE, "label") == {"": 3, "negative": 1, "neutral": 1, "positive": 1}


def test_a_label_with_odd_characters_has_its_column(store: Store) -> None:
    store.save_bundle_labels("odd", ['a "quoted" label', "b'; DROP TABLE posts"])
    store.save_predictions([Prediction("h0", "odd", "ok", 'a "quoted" label', 0.6, (0.6, 0.4))])
    rows = list(store.rows(1, "odd", order=Order('p_a "quoted" label')))
    assert rows[0].post_id == "9"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("polls open", ["10", "100"]),
        ("OPEN POLLS", []),
        ("harb*", ["9"]),
        ("harb", []),
        ("naive cafe", ["a"]),
        ("#blessed", ["9"]),
        ("#harbour", []),
        ("@bob", ["10", "100"]),
        ("日本", ["a"]),
        ("😀", ["a"]),
        ("100%", ["a"]),
        ("%", ["a"]),
        ('"', []),
        ('") OR 1=1 --', []),
        ("AND NOT NEAR(", []),
    ],
)
def test_search_finds_whole_words_tags_emoji_and_unspaced_scripts(
    store: Store, words: str, expected: list[str]
) -> None:
    assert ids(store, matching(words)) == expected


def test_a_condition_that_is_no_sql_is_a_store_error(store: Store) -> None:
    with pytest.raises(StoreError):
        ids(store, Where("mood = 'blue'"))


def test_a_long_walk_notices_that_the_source_was_read_again(store: Store) -> None:
    store.index_source("big", "pairs", "Big", [Post(str(number), "a") for number in range(1200)])
    walk = store.rows(2, BUNDLE)
    next(walk)
    store.index_source("big", "pairs", "Big", POSTS)
    with pytest.raises(StoreError, match="read again"):
        list(walk)


def test_equal_posts_share_one_prediction(store: Store) -> None:
    store.index_source("elsewhere", "pairs", "Elsewhere", [POSTS[0], POSTS[0]])
    assert [row.prediction for row in store.rows(2, BUNDLE)] == [PREDICTIONS[0]] * 2
