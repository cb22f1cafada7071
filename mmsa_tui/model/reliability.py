"""How far a confidence can be trusted: what is left to answer at a wanted accuracy, and the curve behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mmsa_tui.bundle.meta import EVALUATION, Bundle
from mmsa_tui.errors import BundleError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.encoded import Arrays
from mmsa_tui.model.head import Head
from mmsa_tui.model.metrics import FloatArray, IntArray, calibration_error, class_scores

TARGETS = (0.8, 0.85, 0.9, 0.95)
LEAST_ANSWERED = 20
"""Fewer answers than these say nothing of an accuracy."""
N_BINS = 10
_AT_ONCE = 100


@dataclass(frozen=True)
class Coverage:
    """At a wanted accuracy: the share of posts that get an answer, from which confidence, and how many."""

    accuracy: float
    share: float
    confidence: float
    n: int


@dataclass(frozen=True)
class Bin:
    """Posts of about one confidence: their mean confidence, and how many of them are right."""

    n: int
    confidence: float
    accuracy: float


def coverage(truth: IntArray, probs: FloatArray, targets: Sequence[float] = TARGETS) -> tuple[Coverage, ...]:
    """Find, for each target, the largest share of posts that can be answered with that accuracy.

    Measured on the posts given: where these also set the threshold, new posts may fall short a little.

    Args:
        truth: [N] class indices. probs: [N, K] calibrated.
    """
    confidence = probs.max(1)
    order = np.argsort(-confidence, kind="stable")
    right = np.cumsum(probs.argmax(1)[order] == truth[order]) / np.arange(1, len(truth) + 1)
    # Posts of one confidence are answered together or not at all.
    is_last = np.append(np.diff(confidence[order]) < 0, True) if len(truth) else np.zeros(0, bool)
    found = []
    for target in targets:
        (places,) = np.nonzero(is_last & (right >= target) & (np.arange(1, len(truth) + 1) >= LEAST_ANSWERED))
        n = int(places[-1]) + 1 if len(places) else 0
        least = float(confidence[order][n - 1]) if n else 1.0
        found.append(Coverage(target, n / len(truth) if len(truth) else 0.0, least, n))
    return tuple(found)


def reliability(truth: IntArray, probs: FloatArray) -> tuple[Bin, ...]:
    """Put posts into bins of confidence, each a tenth wide; empty ones are left out."""
    confidence, right = probs.max(1), probs.argmax(1) == truth
    places = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    return tuple(
        Bin(int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean()))
        for inside in (places == place for place in np.unique(places))
    )


def error_by_chance(
    probs: FloatArray, n: int, *, rounds: int = 400, seed: int = 0
) -> tuple[float, float, float]:
    """Calibration error of a model that is right exactly as often as it says, on `n` posts like these.

    Returns:
        Mean, and the ends of a 90 % interval: an error within it shows no fault.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        drawn = probs[rng.integers(0, len(probs), n)]
        is_right = rng.random(n) < drawn.max(1)
        said = drawn.argmax(1)
        found.append(calibration_error(np.where(is_right, said, (said + 1) % probs.shape[1]), drawn))
    low, high = np.quantile(found, (0.05, 0.95))
    return float(np.mean(found)), float(low), float(high)


def score_intervals(
    truth: IntArray, said: IntArray, n_labels: int, *, rounds: int = 1_000, seed: int = 0
) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % bootstrap intervals of accuracy and macro-F1, all rounds reckoned together."""
    rng = np.random.default_rng(seed)
    cells = truth * n_labels + said
    accuracies, f1s = [], []
    for start in range(0, rounds, _AT_ONCE):
        n_rounds = min(_AT_ONCE, rounds - start)
        drawn = cells[rng.integers(0, len(truth), (n_rounds, len(truth)))]
        size = n_labels * n_labels
        flat = np.bincount((drawn + size * np.arange(n_rounds)[:, None]).ravel(), minlength=size * n_rounds)
        for matrix in flat.reshape(n_rounds, n_labels, n_labels):
            accuracies.append(np.trace(matrix) / len(truth))
            f1s.append(np.mean([one.f1 for one in class_scores(matrix) if one.support]))
    return _interval(accuracies), _interval(f1s)


def _interval(values: Sequence[np.floating[Any]]) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def as_scores(truth: IntArray, probs: FloatArray) -> dict[str, Any]:
    """Write both as they stand in a bundle's scores, where its card reads them."""
    return {
        "reliability": [asdict(one) for one in reliability(truth, probs)],
        "coverage": [asdict(one) for one in coverage(truth, probs)],
    }


def measure_frozen(bundle: Bundle) -> dict[str, Any]:
    """Measure both on the frozen posts of a bundle, as far as they have words and a picture; {} without any.

    Raises:
        BundleError: its head or its frozen posts cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    head, calibration = Head.load(bundle), Calibration.load(bundle)
    try:
        frozen = load_file(bundle.directory / EVALUATION)
        rows = (frozen["has_text"] > 0) & (frozen["has_image"] > 0) & (frozen["post"] >= 0)
        if not rows.any():
            return {}
        text, image = (
            frozen[f"{name}_codes"][rows].astype(np.float32) * frozen[f"{name}_scale"][rows, None]
            for name in ("text", "image")
        )
        yes = np.ones(len(text), bool)
        lexicon = frozen["lexicon"][rows].astype(np.float32)
        fused, _, _ = head.logits(Arrays(text, lexicon, head.uncompressed(image), yes, yes))
    except (OSError, SafetensorError, KeyError, ValueError, np.linalg.LinAlgError) as error:
        raise BundleError(f"bundle {bundle.id}: its frozen posts cannot be judged ({error})", "") from error
    probs = Calibration.soften(fused, calibration.both).astype(np.float64)
    return as_scores(frozen["post"][rows].astype(np.int64), probs)
