"""What a source says as a whole is counted right, and every group's filter finds its posts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsa_tui.analysis import count, occurring, survey
from mmsa_tui.filters import parse
from mmsa_tui.records import Correction, Failure, Post, Prediction, content_hash
from mmsa_tui.store import Store, Where

BUNDLE = "mvsa 1.0.0"
LABELS = ("negative", "neutral", "positive")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.save_bundle_labels(BUNDLE, LABELS)
        yield opened


def post(number: int, text: str = "", author: str = "", created_at: str = "") -> Post:
    text = text or f"post {number}"
    return Post(str(number), text, (), author, created_at, content_hash=content_hash(f"{number} {text}", []))


def fill(store: Store, posts: list[Post | Failure], labels: str = "") -> None:
    """Read posts in and predict the first of them, `-`, `0` or `+`, with confidence .62."""
    store.index_source("here", "pairs", "Here", posts)
    for item, sign in zip(posts, labels, strict=False):
        index = "-0+".index(sign)
        probs = tuple(0.62 if at == index else 0.19 for at in range(3))
        assert isinstance(item, Post)
        store.save_predictions([Prediction(item.content_hash, BUNDLE, "ok", LABELS[index], 0.62, probs)])


def test_posts_are_counted_by_kind_and_final_label(store: Store) -> None:
    posts = [post(1), post(2), post(3), post(4)]
    fill(store, [*posts, Failure("x", "broken")], "-+0")
    store.add_corrections(
        [
            Correction("", posts[0].content_hash, "positive", flagged=True),
            Correction("", posts[1].content_hash, "positive"),
        ]
    )
    found = count(store, 1, BUNDLE)
    assert (found.n_posts, found.n_labelled, found.n_failed, found.n_flagged) == (5, 3, 1, 1)
    assert found.labels == {"positive": 2, "neutral": 1, "": 2}
    assert found.corrections == {("negative", "positive"): 1, ("positive", "positive"): 1}
    assert (found.n_corrected, found.n_changed) == (2, 1)


def test_confidence_falls_into_bins_of_five_points_by_the_models_label(store: Store) -> None:
    fill(store, [post(1), post(2), post(3)], "-+")
    found = count(store, 1, BUNDLE)
    assert [dict(counts) for counts in found.bins if counts] == [{"negative": 1, "positive": 1}]
    assert found.bins[12]


def test_an_empty_source_has_an_overview(store: Store) -> None:
    fill(store, [])
    assert count(store, 1, BUNDLE).n_posts == 0
    assert survey(store, 1, BUNDLE).timeline.buckets == ()


def test_a_filter_narrows_everything(store: Store) -> None:
    fill(store, [post(1, "#a", "ann"), post(2, "#b", "bob")], "-+")
    where = Where("author = ?", ("ann",))
    assert count(store, 1, BUNDLE, where).n_posts == 1
    found = survey(store, 1, BUNDLE, where)
    assert [group.name for group in (*found.authors, *found.hashtags)] == ["ann", "#a"]


def test_authors_and_hashtags_are_ranked_by_posts(store: Store) -> None:
    posts = [
        post(1, "#Vote now #vote", "@ann"),
        post(2, "#vote #debate", "@bob"),
        post(3, "#Vote", "@ann"),
        post(4, "nothing #1 here", ""),
    ]
    fill(store, list(posts), "-+0")
    found = survey(store, 1, BUNDLE)
    assert [(group.name, group.total) for group in found.authors] == [("@ann", 2), ("@bob", 1)]
    assert [(group.name.casefold(), group.total) for group in found.hashtags] == [
        ("#vote", 3),
        ("#debate", 1),
    ]
    assert found.hashtags[0].counts == {"negative": 1, "positive": 1, "neutral": 1}


def test_only_as_many_groups_come_as_were_asked_for(store: Store) -> None:
    fill(store, [post(number, author=f"user{number}") for number in range(9)])
    assert len(survey(store, 1, BUNDLE, most_groups=4).authors) == 4


@pytest.mark.parametrize(
    ("times", "most", "unit", "names"),
    [
        (["2024-05-01T09:10:00+00:00", "2024-05-01T11:00:00+00:00"], 60, "hour", 24),
        (["2024-05-01T09:10:00+00:00", "2024-05-04T11:00:00+00:00"], 60, "day", 4),
        (["2024-05-01T09:10:00+00:00", "2024-09-01T11:00:00+00:00"], 60, "week", 18),
        (["2022-05-01T09:10:00+00:00", "2024-05-01T11:00:00+00:00"], 60, "month", 25),
        (["2009-05-01T09:10:00+00:00", "2024-05-01T11:00:00+00:00"], 60, "year", 16),
        (["0001-01-01", "9999-12-31"], 60, "year", 60),
        (["2024-02-28", "2024-03-01"], 60, "day", 3),
    ],
)
def test_time_is_cut_in_the_finest_unit_that_fits(
    store: Store, times: list[str], most: int, unit: str, names: int
) -> None:
    fill(store, [post(number, created_at=time) for number, time in enumerate(times)])
    found = survey(store, 1, BUNDLE, most_buckets=most).timeline
    assert (found.unit, len(found.buckets), found.n_undated) == (unit, names, 0)
    assert sum(bucket.total for bucket in found.buckets) == len(times)


def test_posts_without_a_date_that_makes_sense_are_counted_apart(store: Store) -> None:
    fill(store, [post(1, created_at="2024-05-01"), post(2), post(3, created_at="2024-99-99")])
    found = survey(store, 1, BUNDLE).timeline
    assert found.n_undated == 2


@pytest.mark.parametrize("most", [2, 5, 14, 60, 400])
def test_every_groups_filter_finds_exactly_its_posts(store: Store, most: int) -> None:
    posts = [
        post(
            number,
            f"#tag{number % 3} words",
            f'Odd "name", {number % 2}',
            f"2024-0{1 + number % 9}-1{number % 7}T10:00",
        )
        for number in range(40)
    ]
    fill(store, list(posts), "-+0" * 10)
    found = survey(store, 1, BUNDLE, most_buckets=most)
    for group in (*found.authors, *found.hashtags, *found.timeline.buckets):
        assert store.count(1, BUNDLE, parse(group.filter, LABELS)) == group.total, group.filter


def test_values_that_occur_come_with_the_most_frequent_first(store: Store) -> None:
    authors = ["@bob", "@ann", "@ann", ""]
    fill(store, [post(number, author=author) for number, author in enumerate(authors)])
    assert occurring(store, 1, BUNDLE) == {"author": ["@ann", "@bob"], "lang": []}
    assert occurring(store, 1, BUNDLE, most=1)["author"] == ["@ann"]
