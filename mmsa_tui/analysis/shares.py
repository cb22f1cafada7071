"""How many posts there are of each kind, and how often the model is right."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmsa_tui.analysis.queues import queue_rows
from mmsa_tui.store import Store, Where

N_BINS = 20
"""Bins of the confidence histogram, each five points wide."""

_Z = 1.96


@dataclass(frozen=True, slots=True)
class Shares:
    """How many posts there are of each kind.

    `labels` counts final labels; `bins` counts model labels in each of `N_BINS` bins of
    confidence; `corrections` counts (model's label, analyst's label), equal ones included.
    """

    n_posts: int
    n_classified: int
    n_failed: int
    n_pictures: int
    n_conflicts: int
    n_flagged: int
    labels: Mapping[str, int]
    bins: Sequence[Mapping[str, int]]
    corrections: Mapping[tuple[str, str], int]

    @property
    def n_corrected(self) -> int:
        return sum(self.corrections.values())

    @property
    def n_changed(self) -> int:
        return sum(number for (model, given), number in self.corrections.items() if model != given)


@dataclass(frozen=True, slots=True)
class Audit:
    """How often the model agreed with the analyst in the random sample, so far.

    `low` and `high` bound the share in all posts: Wilson's 95 % interval.
    """

    n_right: int
    n_done: int
    n_total: int
    low: float
    high: float


def shares(store: Store, source_id: int, bundle: str, where: Where | None = None) -> Shares:
    """Count posts by label, confidence and correction."""
    place = f"min(cast(confidence * {N_BINS} AS INTEGER), {N_BINS - 1})"
    claims = ("label <> ''", "status = 'failed'", "has_image = 1", "conflict = 1", "flagged = 1")
    found = store.cross_tally(source_id, bundle, ["label", "corrected_label", place], where, claims)
    labels: Counter[str] = Counter()
    bins: list[Counter[str]] = [Counter() for _ in range(N_BINS)]
    corrections: Counter[tuple[str, str]] = Counter()
    totals = [0] * (1 + len(claims))
    for label, corrected, at, *numbers in found:
        totals = [total + number for total, number in zip(totals, numbers, strict=True)]
        labels[corrected or label] += numbers[0]
        if at is not None and label:
            bins[at][label] += numbers[0]
        if corrected:
            corrections[label, corrected] += numbers[0]
    n_posts, n_classified, n_failed, n_pictures, n_conflicts, n_flagged = totals
    return Shares(
        n_posts, n_classified, n_failed, n_pictures, n_conflicts, n_flagged, labels, bins, corrections
    )


def audit(store: Store, source_id: int, bundle: str, n_posts: int, *, seed: int = 0) -> Audit | None:
    """Estimate how often the model is right, from the audit queue; None before the first label.

    Args:
        n_posts: rows of the source, failures included.
    """
    sample, _ = queue_rows("audit", n_posts, seed=seed)
    judged = "label <> '' AND corrected_label <> ''"
    wheres = [Where("TRUE"), Where(judged), Where(f"{judged} AND corrected_label = label")]
    n_total, n_done, n_right = store.counts(source_id, bundle, wheres, sample)
    return Audit(n_right, n_done, n_total, *wilson(n_right, n_done)) if n_done else None


def wilson(n_right: int, n: int) -> tuple[float, float]:
    """Bound a share from a sample with Wilson's score interval at 95 % (JASA 22, 1927)."""
    share = n_right / n
    middle = share + _Z**2 / (2 * n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
