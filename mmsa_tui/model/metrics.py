"""Scores of predictions against people's labels. Arrays in, numbers out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def confusion(truth: IntArray, predicted: IntArray, n_labels: int) -> IntArray:
    """Count [K, K]: row = people's label, column = predicted label."""
    flat = np.bincount(truth * n_labels + predicted, minlength=n_labels * n_labels)
    return flat.reshape(n_labels, n_labels).astype(np.int64)


@dataclass(frozen=True)
class ClassScore:
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """Scores of one model on one split. `ece` is the expected calibration error over 15 bins."""

    n: int
    accuracy: float
    macro_f1: float
    weighted_f1: float
    macro_recall: float
    per_class: dict[str, ClassScore]
    confusion: list[list[int]]
    ece: float | None = None

    def as_json(self) -> dict[str, Any]:
        from dataclasses import asdict

        return asdict(self)


def class_scores(matrix: IntArray) -> list[ClassScore]:
    """Precision, recall and F1 of every class from a confusion matrix; 0 where undefined."""
    hits = np.diag(matrix).astype(float)
    predicted, support = matrix.sum(0), matrix.sum(1)
    precision = np.divide(hits, predicted, out=np.zeros_like(hits), where=predicted > 0)
    recall = np.divide(hits, support, out=np.zeros_like(hits), where=support > 0)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(hits), where=total > 0)
    return [
        ClassScore(float(p), float(r), float(f), int(s))
        for p, r, f, s in zip(precision, recall, f1, support, strict=True)
    ]


def score(
    truth: IntArray, predicted: IntArray, labels: Sequence[str], probs: FloatArray | None = None
) -> Scores:
    """Score predicted class indices.

    Macro figures average over the classes that occur in `truth`.

    Args:
        truth, predicted: [N] class indices.
        probs: [N, K] calibrated probabilities, for the calibration error.

    Raises:
        ValueError: nothing to score.
    """
    if len(truth) == 0:
        raise ValueError("no labelled posts to score")
    matrix = confusion(truth, predicted, len(labels))
    classes = class_scores(matrix)
    present = [c for c in classes if c.support]
    weights = np.array([c.support for c in classes]) / len(truth)
    return Scores(
        n=len(truth),
        accuracy=float(np.mean(truth == predicted)),
        macro_f1=float(np.mean([c.f1 for c in present])),
        weighted_f1=float(sum(w * c.f1 for w, c in zip(weights, classes, strict=True))),
        macro_recall=float(np.mean([c.recall for c in present])),
        per_class=dict(zip(labels, classes, strict=True)),
        confusion=[[int(v) for v in row] for row in matrix],
        ece=None if probs is None else calibration_error(truth, probs),
    )


def macro_f1(truth: IntArray, predicted: IntArray) -> float:
    n = int(max(truth.max(), predicted.max())) + 1
    return float(np.mean([c.f1 for c in class_scores(confusion(truth, predicted, n)) if c.support]))


def weighted_f1(truth: IntArray, predicted: IntArray) -> float:
    n = int(max(truth.max(), predicted.max())) + 1
    classes = class_scores(confusion(truth, predicted, n))
    return float(sum(c.f1 * c.support for c in classes) / len(truth))


def accuracy(truth: IntArray, predicted: IntArray) -> float:
    return float(np.mean(truth == predicted))


def calibration_error(truth: IntArray, probs: FloatArray, n_bins: int = 15) -> float:
    """Expected calibration error: |accuracy - confidence|, averaged over equal-width bins by size.

    Source: C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    confidence, predicted = probs.max(1), probs.argmax(1)
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    error = 0.0
    for b in np.unique(bins):
        inside = bins == b
        error += inside.mean() * abs(np.mean(predicted[inside] == truth[inside]) - confidence[inside].mean())
    return float(error)


def bootstrap_interval(
    statistic: Callable[[IntArray], float], n: int, *, rounds: int = 1_000, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of a statistic of row indices.

    Args:
        statistic: gets [n] resampled row indices; pair two models by indexing both with them.
    """
    rng = np.random.default_rng(seed)
    values = np.array([statistic(rng.integers(0, n, n)) for _ in range(rounds)])
    tail = (1 - level) / 2
    return float(np.quantile(values, tail)), float(np.quantile(values, 1 - tail))
