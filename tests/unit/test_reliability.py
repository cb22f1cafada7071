"""What is left to answer at a wanted accuracy, reliability bins, and intervals reckoned in one go."""

import numpy as np
import pytest

from mmsa_tui.model.metrics import accuracy, bootstrap_interval, macro_f1
from mmsa_tui.model.reliability import coverage, reliability, score_intervals


def posts(n_right: int, n_wrong: int, confidence: float) -> tuple[list[int], list[list[float]]]:
    probs = [[confidence, 1 - confidence]] * (n_right + n_wrong)
    return [0] * n_right + [1] * n_wrong, probs


def test_the_surest_posts_are_answered_up_to_the_wanted_accuracy() -> None:
    sure, doubtful = posts(38, 2, 0.9), posts(30, 30, 0.6)
    truth, probs = np.array(sure[0] + doubtful[0]), np.array(sure[1] + doubtful[1])
    low, high, out_of_reach = coverage(truth, probs, (0.6, 0.95, 0.99))
    assert (low.share, low.n, low.confidence) == (1.0, 100, pytest.approx(0.6))
    assert (high.share, high.n, high.confidence) == (0.4, 40, pytest.approx(0.9))
    assert (out_of_reach.share, out_of_reach.n) == (0.0, 0)


def test_a_handful_of_right_answers_is_no_accuracy() -> None:
    (one,) = coverage(np.zeros(10, np.int64), np.full((10, 2), [0.9, 0.1]), (0.9,))
    assert one.n == 0


def test_bins_hold_what_their_posts_are() -> None:
    truth, probs = posts(3, 1, 0.95)
    (one,) = reliability(np.array(truth), np.array(probs))
    assert (one.n, one.confidence, one.accuracy) == (4, pytest.approx(0.95), 0.75)


def test_intervals_are_those_of_the_plain_bootstrap() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 200)
    said = np.where(rng.random(200) < 0.7, truth, rng.integers(0, 3, 200))
    accuracies, f1s = score_intervals(truth, said, 3)
    assert accuracies == pytest.approx(
        bootstrap_interval(lambda at: accuracy(truth[at], said[at]), 200, rounds=500), abs=0.015
    )
    assert f1s == pytest.approx(
        bootstrap_interval(lambda at: macro_f1(truth[at], said[at]), 200, rounds=500), abs=0.015
    )
