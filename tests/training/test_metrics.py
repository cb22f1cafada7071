import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from mmsa_tui.model.metrics import bootstrap_interval, calibration_error, score

LABELS = ("negative", "neutral", "positive")


def test_scores_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    found = score(truth, predicted, LABELS)
    assert found.macro_f1 == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert found.weighted_f1 == pytest.approx(f1_score(truth, predicted, average="weighted"))
    assert found.macro_recall == pytest.approx(recall_score(truth, predicted, average="macro"))


def test_a_class_nobody_has_does_not_lower_the_macro_figures() -> None:
    truth = np.array([0, 0, 2, 2])
    assert score(truth, truth, LABELS).macro_f1 == 1.0


def test_a_model_that_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    probs = np.tile([0.75, 0.25], (400, 1))
    truth = np.array([0, 0, 0, 1] * 100)
    assert calibration_error(truth, probs) == pytest.approx(0, abs=1e-9)
    assert calibration_error(1 - truth, probs) == pytest.approx(0.5, abs=1e-9)


def test_the_interval_holds_the_value_and_narrows_with_n() -> None:
    def width(n: int) -> float:
        hits = np.arange(n) % 4 != 0
        low, high = bootstrap_interval(lambda i: float(hits[i].mean()), n)
        assert low < 0.75 < high
        return high - low

    assert width(2_000) < width(50)


def test_nothing_to_score_is_an_error() -> None:
    with pytest.raises(ValueError, match="no labelled"):
        score(np.array([], dtype=np.int64), np.array([], dtype=np.int64), LABELS)
