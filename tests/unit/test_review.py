"""Queues hold the posts that are worth a look, the most worthwhile first."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsa_tui.analysis.queues import QUEUES, QueueCount, count_queues, listed_rows, queue_rows, queues_of
from mmsa_tui.records import Correction, Failure, Post, Prediction
from mmsa_tui.store import Audit, Order, SampledPost, Store, Stratum, Where

BUNDLE = "mvsa 1.0.0"
LABELS = ("negative", "neutral", "positive")


SURE = (0.1, 0.1, 0.8)


def predict(digest: str, *probs: float, text: str = "", image: str = "") -> Prediction:
    label = LABELS[probs.index(max(probs))]
    return Prediction(digest, BUNDLE, "ok", label, max(probs), probs, text, SURE, image, SURE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.save_bundle_labels(BUNDLE, LABELS)
        yield opened


def fill(store: Store, posts: list[Post | Failure], predictions: list[Prediction]) -> None:
    store.index_source("here", "pairs", "Here", posts)
    store.save_predictions(predictions)


def ids(store: Store, name: str, *, listed: bool = False) -> list[str]:
    where, order = listed_rows(name) if listed else queue_rows(name)
    return [row.post_id for row in store.rows(1, BUNDLE, where, order)]


def test_the_uncertain_queue_begins_with_the_closest_call(store: Store) -> None:
    fill(
        store,
        [Post(name, name, content_hash=name) for name in ("sure", "close", "closer", "unseen")],
        [predict("sure", 0.9, 0.1, 0), predict("close", 0.5, 0.4, 0.1), predict("closer", 0.45, 0.42, 0.13)],
    )
    assert ids(store, "uncertain") == ["closer", "close"]


def test_the_conflict_queue_holds_posts_whose_text_and_picture_disagree(store: Store) -> None:
    fill(
        store,
        [Post(name, name, content_hash=name) for name in ("at odds", "agreed")],
        [
            predict("at odds", 0.9, 0.1, 0, text="negative", image="positive"),
            predict("agreed", 0.9, 0.1, 0, text="negative", image="negative"),
        ],
    )
    assert ids(store, "conflict") == ["at odds"]


def test_a_correction_that_a_sure_model_contradicts_is_suspected(store: Store) -> None:
    fill(
        store,
        [Post(name, name, content_hash=name) for name in ("slip", "worse slip", "fair", "equal", "open")],
        [
            predict("slip", 0.8, 0.15, 0.05),
            predict("worse slip", 0.95, 0.01, 0.04),
            predict("fair", 0.5, 0.3, 0.2),
            predict("equal", 0.9, 0.1, 0),
            predict("open", 0.9, 0.1, 0),
        ],
    )
    store.add_corrections(
        [Correction("", name, "neutral") for name in ("slip", "worse slip", "fair")]
        + [Correction("", "equal", "negative")]
    )
    assert ids(store, "errors") == ["worse slip", "slip"]


def test_a_label_of_the_source_that_a_sure_model_contradicts_is_suspected_until_settled(store: Store) -> None:
    fill(
        store,
        [Post(name, name, content_hash=name, truth={"post": "positive"}) for name in ("a", "b")],
        [predict("a", 0.8, 0.1, 0.1), predict("b", 0.9, 0.1, 0.0)],
    )
    store.add_corrections([Correction("", "b", "positive")])
    assert ids(store, "errors") == ["b", "a"]
    assert ids(store, "errors", listed=True) == ["a"]
    assert count_queues(store, 1, BUNDLE)["errors"] == QueueCount(total=2, done=1)


def test_a_label_that_the_bundle_does_not_know_is_no_suspect(store: Store) -> None:
    fill(store, [Post("a", "a", content_hash="a", truth={"post": "mixed"})], [predict("a", 0.9, 0.1, 0)])
    assert ids(store, "errors") == []


def test_posts_with_a_flag_or_a_label_have_queues_of_their_own(store: Store) -> None:
    fill(store, [Post(name, name, content_hash=name) for name in ("flag", "label", "none")], [])
    store.add_corrections([Correction("", "flag", "", flagged=True), Correction("", "label", "neutral")])
    assert (ids(store, "flagged"), ids(store, "corrected")) == (["flag"], ["label"])


def test_near_duplicates_stand_together(store: Store) -> None:
    texts = ["same words", "other words", "RT @x: same words", "alone", "Other words!", "other  WORDS"]
    fill(store, [Post(str(n), text, content_hash=str(n)) for n, text in enumerate(texts)], [])
    assert set(ids(store, "duplicates")[:2]) in ({"0", "2"}, {"1", "4"}, {"1", "5"})
    assert sorted(ids(store, "duplicates")) == ["0", "1", "2", "4", "5"]


def test_a_queue_lists_what_is_left_to_do_and_all_posts_list_what_is_done_too(store: Store) -> None:
    fill(
        store,
        [Post(name, name, content_hash=name) for name in ("a", "b")],
        [predict("a", 0.5, 0.4, 0.1), predict("b", 0.45, 0.42, 0.13)],
    )
    store.add_corrections([Correction("", "b", "negative")])
    assert ids(store, "uncertain", listed=True) == ["a"]
    assert ids(store, "all", listed=True) == ["a", "b"]


def test_every_queue_is_counted_at_once(store: Store) -> None:
    fill(
        store,
        [Post("a", "a", content_hash="a"), Post("b", "b", content_hash="b"), Failure("c", "broken")],
        [predict("a", 0.5, 0.4, 0.1)],
    )
    store.add_corrections([Correction("", "a", "neutral", flagged=True)])
    counts = count_queues(store, 1, BUNDLE)
    assert list(counts) == [queue.name for queue in QUEUES]
    assert counts["all"] == QueueCount(3, 1)
    assert counts["uncertain"] == counts["flagged"] == counts["corrected"] == QueueCount(1, 1)
    assert counts["conflict"] == QueueCount(0, 0)


def test_counts_can_be_narrowed_by_a_filter(store: Store) -> None:
    fill(store, [Post("a", "a", content_hash="a"), Post("b", "b", content_hash="b")], [])
    assert count_queues(store, 1, BUNDLE, within=Where("post_id = ?", ("a",)))["all"].total == 1


def test_the_audited_are_those_labelled_inside_an_audit(store: Store) -> None:
    posts = [Post(name, name, content_hash=name) for name in "abc"]
    fill(store, list(posts), [])
    store.add_corrections(
        [
            Correction("", "a", "negative", origin="audit:1"),
            Correction("", "b", "negative"),
            Correction("", "c", "", origin="audit:1"),
        ]
    )
    where, order = queue_rows("audit")
    assert [row.post_id for row in store.rows(1, BUNDLE, where, order)] == ["a"]


def test_flipped_labels_come_to_the_top_of_the_ranking(store: Store) -> None:
    rng = random.Random(5)
    posts: list[Post | Failure] = []
    predictions = []
    flipped = set()
    for number in range(200):
        right = rng.randrange(3)
        given = right
        if number % 10 == 0:
            given = (right + 1) % 3
            flipped.add(number)
        weights = [rng.random() + (1.5 if index == right else 0) for index in range(3)]
        posts.append(Post(str(number), str(number), content_hash=str(number), truth={"post": LABELS[given]}))
        predictions.append(predict(str(number), *(weight / sum(weights) for weight in weights)))
    fill(store, posts, predictions)
    found = flipped & set(
        store.ordinals(1, BUNDLE, Where("given_prob IS NOT NULL"), Order("given_prob"))[:20]
    )
    assert len(found) / len(flipped) >= 3 * 0.1


def test_the_teaching_queue_draws_lots_whatever_the_model_says(store: Store) -> None:
    store.save_codebook("stance", "{}")
    posts: list[Post | Failure] = [
        Failure("x", "broken"), *(Post(str(n), f"post {n}", content_hash=f"b2:{n}") for n in range(400))
    ]  # fmt: skip
    fill(store, posts, [])
    before = [int(name) for name in ids(store, "teach")]
    assert sorted(before) == list(range(400))
    # Each tenth of the source has its share of the first fifty.
    first = [sum(n // 40 == tenth for n in before[:50]) for tenth in range(10)]
    assert min(first) >= 3 and before[:50] != sorted(before[:50])
    # Doubtful posts alone would shift the shares of the labels, and with them what the model expects.
    store.save_predictions(
        [predict(f"b2:{n}", *((0.98, 0.02, 0) if n % 2 else (0.5, 0.48, 0.02))) for n in range(400)]
    )
    assert [int(name) for name in ids(store, "teach")] == before


def test_what_is_drawn_into_an_audit_is_not_offered_to_teach(store: Store) -> None:
    store.save_codebook("stance", "{}")
    fill(store, [Post(name, name, content_hash=name) for name in ("b2:drawn", "b2:open")], [])
    audit = Audit("u", "here", BUNDLE, LABELS, "", "s", 0.05, "2025-01-01")
    store.audits.start(audit, [Stratum("s", 2, 0.5)], [SampledPost("b2:drawn", "s", 0.5, 0.1)])
    assert ids(store, "teach") == ["b2:open"]
    assert count_queues(store, 1, BUNDLE)["teach"] == QueueCount(1, 0)


def test_only_under_a_codebook_is_there_a_queue_to_teach(store: Store) -> None:
    fill(store, [Post("a", "a", content_hash="a")], [])
    assert "teach" not in count_queues(store, 1, BUNDLE)
    assert [queue.name for queue in queues_of("stance")][:2] == ["all", "teach"]
    assert queues_of("") == QUEUES
