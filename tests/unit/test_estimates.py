"""Estimates hold the truth as often as they say, agree with what others compute, and admit what they lack."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmsa_tui.analysis.estimates import (
    Difference,
    Estimate,
    Population,
    adjust,
    compare,
    difference,
    estimate_accuracy,
    estimate_precision,
    estimate_recall,
    estimate_shares,
    posts_needed,
)
from mmsa_tui.analysis.intervals import FloatArray


def population(
    truth: FloatArray, probs: FloatArray, audited: FloatArray, *, sizes: FloatArray | None = None,
    strata: FloatArray | None = None, clusters: FloatArray | None = None,
) -> Population:  # fmt: skip
    """A source of posts that are "yes" or "no"; `truth` and `probs` are of "yes"."""
    n = len(truth)
    both = np.stack([1 - truth, truth], axis=1)
    probs = np.stack([1 - probs, probs], axis=1)
    predicted = probs.argmax(1)
    return Population(
        ("no", "yes"),
        np.ones(n) if sizes is None else sizes,
        probs,
        predicted,
        (predicted if strata is None else strata).astype(np.int64),
        (np.arange(n) if clusters is None else clusters).astype(np.int64),
        audited.astype(bool),
        np.where(audited[:, None] > 0, both, 0.0),
    )


def example(seed: int = 3, n: int = 4000, n_audited: int = 300) -> Population:
    rng = np.random.default_rng(seed)
    probs = rng.random(n)
    truth = (rng.random(n) < np.clip(0.15 + 0.6 * probs, 0, 1)).astype(float)
    return population(truth, probs, (np.arange(n) < n_audited).astype(float), strata=np.zeros(n))


def test_it_agrees_with_the_library_of_the_methods_authors() -> None:
    # ppi-python 0.2.3 on the same numbers: ppi_mean_pointestimate and ppi_mean_ci, power-tuned. It draws
    # from an endless source, ours from a finite one, which takes 4 % off the width.
    yes = estimate_shares(example())[1]
    assert yes.value is not None and yes.low is not None and yes.high is not None
    assert yes.value == pytest.approx(0.42645, abs=0.004)
    assert yes.high - yes.low == pytest.approx(0.47948 - 0.37343, rel=0.08)


def test_shares_of_all_labels_add_up() -> None:
    shares = estimate_shares(example())
    assert sum(one.value or 0 for one in shares) == pytest.approx(1, abs=1e-6)


def test_it_is_narrower_than_counting_the_sample_alone() -> None:
    with_model = estimate_shares(example())[1]
    blind = example()
    without = estimate_shares(
        Population(
            *(blind.labels, blind.sizes, np.full_like(blind.probs, 0.5), np.zeros_like(blind.predicted)),
            *(blind.strata, blind.clusters, blind.audited, blind.given),
        )
    )[1]
    assert with_model.high is not None and with_model.low is not None
    assert without.high is not None and without.low is not None
    assert with_model.high - with_model.low < 0.95 * (without.high - without.low)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5])
def test_intervals_hold_the_truth_of_a_biased_model_in_95_of_100_draws(share: float) -> None:
    rng = np.random.default_rng(7)
    n, n_draws = 2000, 300
    truth = (rng.random(n) < share).astype(float)
    probs = np.clip(0.35 + 0.4 * truth + 0.25 * rng.normal(size=n), 0.01, 0.99)
    predicted = probs > 0.5
    held = 0
    for _ in range(n_draws):
        audited = np.zeros(n)
        for stratum in (predicted, ~predicted):
            rows = np.flatnonzero(stratum)
            audited[rng.choice(rows, max(2, round(150 * len(rows) / n)), replace=False)] = 1
        yes = estimate_shares(population(truth, probs, audited))[1]
        assert yes.low is not None and yes.high is not None
        held += yes.low <= truth.mean() <= yes.high
    # Three standard errors of 300 draws below and above 95 %.
    assert 0.91 <= held / n_draws <= 0.99


def test_unequal_chances_are_weighed() -> None:
    rng = np.random.default_rng(5)
    n = 3000
    strata = (np.arange(n) < 300).astype(float)
    truth = np.where(strata == 1, rng.random(n) < 0.9, rng.random(n) < 0.1).astype(float)
    audited = np.zeros(n)
    audited[rng.choice(300, 100, replace=False)] = 1
    audited[300 + rng.choice(n - 300, 100, replace=False)] = 1
    yes = estimate_shares(population(truth, np.full(n, 0.5), audited, strata=strata))[1]
    assert yes.value == pytest.approx(truth.mean(), abs=0.06)
    assert yes.low is not None and yes.high is not None and yes.low <= truth.mean() <= yes.high


def test_copies_widen_the_interval() -> None:
    rng = np.random.default_rng(6)
    base = (rng.random(50) < 0.5).astype(float)
    truth = np.repeat(base, 40)
    audited = np.zeros(2000)
    audited[rng.choice(2000, 200, replace=False)] = 1
    alone = estimate_shares(population(truth, np.full(2000, 0.5), audited, strata=np.zeros(2000)))[1]
    together = estimate_shares(
        population(
            truth, np.full(2000, 0.5), audited, strata=np.zeros(2000), clusters=np.repeat(np.arange(50), 40)
        )
    )[1]
    assert together.high is not None and together.low is not None
    assert alone.high is not None and alone.low is not None
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_posts_that_stand_for_many_count_for_many() -> None:
    truth = np.array([1.0, 0, 0, 0])
    found = estimate_shares(population(truth, truth, np.ones(4), sizes=np.array([7.0, 1, 1, 1])))[1]
    assert (found.value, found.low, found.high) == (0.7, 0.7, 0.7)


def test_where_every_post_was_looked_at_nothing_is_left_to_doubt() -> None:
    rng = np.random.default_rng(8)
    truth = (rng.random(60) < 0.4).astype(float)
    yes = estimate_shares(population(truth, rng.random(60), np.ones(60)))[1]
    assert yes.low == yes.high == pytest.approx(truth.mean())


def test_nothing_audited_gives_no_number() -> None:
    found = estimate_shares(population(np.ones(5), np.ones(5), np.zeros(5)))[1]
    assert (found.value, found.low, found.high, found.raw, found.n_audited) == (None, None, None, 1.0, 0)


def test_a_group_of_three_has_a_wide_interval_and_is_called_rough() -> None:
    source = example()
    members = np.zeros(len(source.sizes))
    members[:2] = members[3999] = 1
    yes = estimate_shares(source, members)[1]
    assert yes.is_rough and yes.n_audited == 2
    assert yes.low is not None and yes.high is not None and yes.high - yes.low > 0.5


def test_a_sample_without_an_error_is_not_certain() -> None:
    truth = (np.arange(1000) % 2).astype(float)
    found = estimate_accuracy(population(truth, truth, (np.arange(1000) < 40).astype(float)))
    assert found.value == pytest.approx(1)
    assert found.low is not None and 0.8 < found.low < 0.97


def test_strata_that_nobody_looked_at_do_not_stop_it() -> None:
    strata = np.array([0, 0, 0, 1, 2, 2] * 20)
    audited = (strata == 0) * 1.0
    audited[:2] = 1
    found = estimate_shares(population(np.ones(120), np.full(120, 0.6), audited, strata=strata))[1]
    assert found.value == pytest.approx(1)


def test_scores_on_the_source_are_those_of_the_sample() -> None:
    truth = np.array([1, 1, 0, 0, 1, 0, 1, 0, 1, 1] * 30, dtype=float)
    guess = np.array([0.9, 0.9, 0.1, 0.9, 0.9, 0.1, 0.1, 0.1, 0.9, 0.9] * 30)
    source = population(truth, guess, (np.arange(300) % 3 == 0).astype(float))
    assert estimate_accuracy(source).value == pytest.approx(0.8, abs=0.05)
    assert estimate_precision(source)[1].value == pytest.approx(5 / 6, abs=0.06)
    assert estimate_recall(source)[1].value == pytest.approx(5 / 6, abs=0.06)


def test_scores_of_a_part_are_of_the_posts_of_that_part() -> None:
    truth = np.array([1, 0] * 100, dtype=float)
    source = population(truth, np.full(200, 0.9), (np.arange(200) % 4 < 2).astype(float))
    part = replace(source, sizes=(np.arange(200) < 40).astype(float))
    assert estimate_recall(part)[1].n_audited == 10
    none = replace(source, sizes=(np.arange(200) % 4 == 2).astype(float))
    assert all(one.value is None and one.n_audited == 0 for one in estimate_recall(none))


def test_a_difference_has_newcombes_interval() -> None:
    # R. Newcombe, Statistics in Medicine 17 (1998), table II: 56/70 less 48/80, method 10.
    first = Estimate("a", 56 / 70, 0.6918, 0.8769, None, 70)
    second = Estimate("b", 48 / 80, 0.4904, 0.7003, None, 80)
    found = difference("yes", first, second)
    assert (found.low, found.high) == (pytest.approx(0.0524, abs=1e-3), pytest.approx(0.3339, abs=1e-3))
    assert found.p_value is not None and 0.001 < found.p_value < 0.02


def test_no_difference_is_no_finding_and_a_large_one_is() -> None:
    rng = np.random.default_rng(9)
    n = 4000
    first = (np.arange(n) < n // 2).astype(float)
    truth = (rng.random(n) < np.where(first > 0, 0.7, 0.3)).astype(float)
    source = population(truth, np.full(n, 0.5), (rng.random(n) < 0.1).astype(float), strata=np.zeros(n))
    found = compare(source, first, 1 - first)
    assert all(one.adjusted is not None and one.adjusted < 1e-6 for one in found)
    same = difference("x", found[0].first, found[0].first)
    assert (same.value, same.p_value) == (0, 1)


def test_p_values_are_adjusted_by_holms_method() -> None:
    one = Estimate("a", 0.5, 0.4, 0.6, None, 50)
    made = [Difference(str(p), one, one, 0, 0, 0, p) for p in (0.01, 0.04, 0.03)]
    assert [found.adjusted for found in adjust(made)] == pytest.approx([0.03, 0.06, 0.06])


def test_fewer_posts_are_needed_for_a_wider_interval() -> None:
    source = example()
    assert posts_needed(source, 0.1) < 300 < posts_needed(source, 0.03) <= 4000
    start = population(np.ones(4000), np.full(4000, 0.5), np.zeros(4000))
    assert posts_needed(start, 0.05) == pytest.approx(352, abs=5)


def test_one_answer_of_a_group_of_three_is_not_the_whole_truth() -> None:
    """Strata of one post each, one of which was looked at: it tells nothing of the other two."""
    n = 203
    truth = (np.arange(n) % 2).astype(float)
    strata = np.concatenate([np.zeros(200), [1, 2, 3]])
    audited = np.concatenate([np.arange(200) % 4 == 0, [False, True, False]]).astype(float)
    source = population(truth, np.full(n, 0.5), audited, strata=strata)
    members = (np.arange(n) >= 200).astype(float)
    for one in estimate_shares(source, members):
        assert one.value is not None and one.low is not None and one.high is not None
        assert one.high - one.low > 0.5 and one.n_audited == 1


@pytest.mark.parametrize("rate", [0.005, 0.01, 0.03])
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_a_model_that_seldom_errs_is_not_taken_for_one_that_never_does(rate: float, share: float) -> None:
    # Its errors go one way, and most samples show few of them or none.
    rng = np.random.default_rng(5)
    n, held = 3000, 0
    for _ in range(100):
        truth = (rng.random(n) < share).astype(float)
        said = np.where((truth == 0) & (rng.random(n) < rate / (1 - share)), 1.0, truth)
        drawn = np.zeros(n)
        drawn[rng.choice(n, 200, replace=False)] = 1
        yes = estimate_shares(population(truth, np.where(said > 0, 0.97, 0.03), drawn))[1]
        assert yes.low is not None and yes.high is not None
        held += yes.low <= truth.mean() <= yes.high
        # The sample alone makes it 0.11 wide, or 0.08.
        assert yes.high - yes.low < 0.08
    assert held >= 93


def test_a_group_of_thirty_in_which_the_model_errs_both_ways_has_no_more_than_its_due() -> None:
    rng = np.random.default_rng(6)
    n, held = 3000, 0
    truth = (rng.random(n) < 0.3).astype(float)
    said = np.where(rng.random(n) < 0.15, 1 - truth, truth)
    probs = np.where(said > 0, 0.8, 0.2)
    members = (rng.random(n) < 0.15).astype(float)
    share = float((members * truth).sum() / members.sum())
    for _ in range(1500):
        drawn = np.zeros(n)
        drawn[rng.choice(n, 200, replace=False)] = 1
        yes = estimate_shares(population(truth, probs, drawn), members)[1]
        assert yes.low is not None and yes.high is not None
        held += yes.low <= share <= yes.high
    assert 0.935 <= held / 1500 <= 0.97


def test_errors_that_go_one_way_leave_room_on_that_side() -> None:
    n = 4000
    said = (np.arange(n) % 2).astype(float)
    drawn = (np.arange(n) < 200).astype(float)
    # Of a hundred posts that it calls "yes" and that were looked at, six are none.
    truth = np.where((np.arange(n) < 12) & (said > 0), 0.0, said)
    yes = estimate_shares(population(truth, np.where(said > 0, 0.9, 0.1), drawn))[1]
    assert yes.value is not None and yes.low is not None and yes.high is not None
    assert yes.value - yes.low > 1.2 * (yes.high - yes.value)


def test_copies_that_the_model_calls_by_two_names_err_together() -> None:
    rng = np.random.default_rng(7)
    n = 2000
    said = (np.arange(n) % 2).astype(float)
    truth = np.repeat((rng.random(n // 2) < 0.5).astype(float), 2)
    drawn = np.repeat((np.arange(n // 2) < 100).astype(float), 2)
    probs = np.where(said > 0, 0.6, 0.4)

    def width(clusters: FloatArray) -> float:
        yes = estimate_shares(population(truth, probs, drawn, clusters=clusters))[1]
        assert yes.low is not None and yes.high is not None
        return yes.high - yes.low

    assert width(np.repeat(np.arange(n // 2), 2)) > 1.3 * width(np.arange(n))


def test_posts_that_stand_for_many_leave_the_interval_room_for_how_few_they_are() -> None:
    """Each post of a source counts, and one text in twenty has been copied up to fifteen times."""
    rng = np.random.default_rng(9)
    n, held = 3000, 0
    truth = (rng.random(n) < 0.4).astype(float)
    probs = np.where(rng.random(n) < 0.25, 1 - truth, truth) * 0.6 + 0.2
    sizes = np.where(rng.random(n) < 0.05, rng.integers(2, 15, n), 1).astype(float)
    share = float((sizes * truth).sum() / sizes.sum())
    for _ in range(400):
        drawn = np.zeros(n)
        drawn[rng.choice(n, 200, replace=False)] = 1
        yes = estimate_shares(population(truth, probs, drawn, sizes=sizes))[1]
        assert yes.low is not None and yes.high is not None
        held += yes.low <= share <= yes.high
    assert held / 400 >= 0.925
