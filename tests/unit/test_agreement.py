"""Agreement between analysts, checked against published figures and other people's code."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsa_tui.corrections.agreement import measure_agreement

LABELS = ("negative", "neutral", "positive")
MISSING = -1

# K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C: nominal data, any
# number of observers, missing data; the paper gives alpha = 0.743.
PUBLISHED = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""


def published_table() -> np.ndarray:
    rows = [line.split() for line in PUBLISHED.strip().splitlines()]
    return np.array([[MISSING if cell == "." else int(cell) - 1 for cell in row] for row in rows])


def alpha_of(table: np.ndarray, n_labels: int) -> float:
    """Alpha of [raters, posts] class indices."""
    labels = [str(label) for label in range(n_labels)]
    ratings = {
        str(rater): {str(post): labels[said] for post, said in enumerate(row) if said != MISSING}
        for rater, row in enumerate(table)
    }
    return measure_agreement(ratings, labels).alpha.value


def kappa_of(counts: np.ndarray) -> float:
    """Kappa of two raters whose labels are counted in [K, K]."""
    pairs = [pair for pair, count in np.ndenumerate(counts) for _ in range(count)]
    ratings = {str(rater): {str(at): str(pair[rater]) for at, pair in enumerate(pairs)} for rater in (0, 1)}
    (pair,) = measure_agreement(ratings, [str(label) for label in range(len(counts))]).pairs
    return pair.kappa.value


def rated(text: str) -> dict[str, str]:
    """Ratings of posts p0, p1, … by the first letters of the labels; "." is no rating."""
    names = {label[:3]: label for label in LABELS}
    return {f"p{i}": names[word] for i, word in enumerate(text.split()) if word != "."}


def test_alpha_is_that_of_the_published_example() -> None:
    assert alpha_of(published_table(), 5) == pytest.approx(0.743, abs=0.0005)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(3, 30), st.floats(0, 0.6))
def test_alpha_is_that_of_the_krippendorff_library(
    seed: int, raters: int, posts: int, missing: float
) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, posts)
    table = np.where(rng.random((raters, posts)) < 0.6, truth, rng.integers(0, 3, (raters, posts)))
    table[rng.random((raters, posts)) < missing] = MISSING
    paired = table[:, (table != MISSING).sum(0) >= 2]
    if len(np.unique(paired[paired != MISSING])) < 2:
        return
    as_floats = np.where(table == MISSING, np.nan, table)
    theirs = krippendorff.alpha(as_floats, level_of_measurement="nominal", value_domain=[0, 1, 2])
    assert alpha_of(table, 3) == pytest.approx(theirs, abs=1e-9)


def test_kappa_is_that_of_a_published_example() -> None:
    # J. L. Fleiss, J. Cohen, B. S. Everitt, Large sample standard errors of kappa and weighted kappa
    # (1969), table 1: 200 cases in three categories, kappa = .429.
    table = np.array([[106, 10, 4], [22, 28, 10], [2, 12, 6]])
    assert kappa_of(table) == pytest.approx(0.429, abs=0.0005)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60))
def test_kappa_is_that_of_scikit_learn(seed: int, posts: int) -> None:
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(seed)
    first = rng.integers(0, 3, posts)
    second = np.where(rng.random(posts) < 0.5, first, rng.integers(0, 3, posts))
    if len({*first, *second}) < 2:
        return
    table = np.bincount(first * 3 + second, minlength=9).reshape(3, 3)
    assert kappa_of(table) == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)


def test_posts_that_only_one_has_judged_do_not_count() -> None:
    found = measure_agreement({"Ann": rated("pos neg neu"), "Bob": rated("pos . neg")}, LABELS)
    assert (found.n_posts, found.pairs[0].n_posts) == (2, 2)


def test_percent_is_the_share_of_equal_labels() -> None:
    found = measure_agreement({"Ann": rated("pos neg neu pos"), "Bob": rated("pos neg neg pos")}, LABELS)
    assert found.pairs[0].percent.value == found.percent.value == 0.75


def test_confusion_counts_the_first_ones_labels_in_rows() -> None:
    found = measure_agreement({"Ann": rated("neu neu pos"), "Bob": rated("neg neu pos")}, LABELS)
    assert found.pairs[0].confusion == ((0, 0, 0), (1, 1, 0), (0, 0, 1))


def test_disagreements_name_the_post_and_who_said_what() -> None:
    ratings = {"Ann": rated("pos neg"), "Bob": rated("pos pos"), "Cleo": rated("pos .")}
    (found,) = measure_agreement(ratings, LABELS).disagreements
    assert (found.post, found.labels) == ("p1", {"Ann": "negative", "Bob": "positive", "Cleo": ""})


def test_the_interval_holds_the_value_and_narrows_with_more_posts() -> None:
    def interval(times: int) -> float:
        ratings = {"Ann": rated("pos neg neu pos neg " * times), "Bob": rated("pos neg neg pos pos " * times)}
        alpha = measure_agreement(ratings, LABELS).alpha
        assert alpha.low <= alpha.value <= alpha.high
        return alpha.high - alpha.low

    assert interval(40) < 0.6 * interval(8)


def test_the_interval_is_the_same_every_time() -> None:
    ratings = {"Ann": rated("pos neg neu pos"), "Bob": rated("pos neg neg pos")}
    assert measure_agreement(ratings, LABELS) == measure_agreement(ratings, LABELS)


def test_the_intervals_cover_the_true_kappa_about_as_often_as_they_claim() -> None:
    # Two analysts who each copy a fair coin with probability 0.7: their kappa is 0.7 * 0.7 = 0.49.
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(100):
        truth = rng.integers(0, 2, 150)
        given_labels = [np.where(rng.random(150) < 0.7, truth, rng.integers(0, 2, 150)) for _ in range(2)]
        ratings = {
            name: {str(i): LABELS[v] for i, v in enumerate(row)}
            for name, row in zip("AB", given_labels, strict=True)
        }
        kappa = measure_agreement(ratings, LABELS, rounds=300).pairs[0].kappa
        covered += kappa.low <= 0.49 <= kappa.high
    assert 88 <= covered <= 100


def test_agreement_on_a_single_label_is_undefined_beyond_chance() -> None:
    found = measure_agreement({"Ann": rated("pos pos"), "Bob": rated("pos pos")}, LABELS)
    assert found.percent.value == 1.0
    assert found.alpha.value is None and found.pairs[0].kappa.value is None


def test_a_label_outside_the_set_is_compared_too() -> None:
    found = measure_agreement({"Ann": {"p": "angry"}, "Bob": {"p": "angry"}}, LABELS)
    assert found.labels == (*LABELS, "angry")


def test_a_pair_without_a_post_in_common_is_left_out() -> None:
    ratings = {"Ann": rated("pos ."), "Bob": rated(". pos"), "Cleo": rated("pos pos")}
    found = measure_agreement(ratings, LABELS)
    assert {(pair.first, pair.second) for pair in found.pairs} == {("Ann", "Cleo"), ("Bob", "Cleo")}


@pytest.mark.parametrize(
    "ratings", [{"Ann": {"p": "positive"}}, {"Ann": {"p": "neutral"}, "Bob": {"q": "neutral"}}]
)
def test_nothing_to_compare_is_said(ratings: dict[str, dict[str, str]]) -> None:
    with pytest.raises(ValueError, match=r"two"):
        measure_agreement(ratings, LABELS)


def test_who_shares_no_post_with_another_is_not_counted_among_those_compared() -> None:
    ratings = {"ann": {"1": "neutral"}, "bob": {}, "cy": {"1": "neutral"}, "dan": {"2": "positive"}}
    assert measure_agreement(ratings, LABELS).raters == ("ann", "cy")
