"""One pass over the rows of a source, and what it adds up to. Memory does not grow with the rows,
but for distinct hashtags and authors.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mmsa_tui.store import Row

BINS = 20
"""Equal steps of confidence from 0 to 1."""
N_EXAMPLES = 6
_MAX_NAMES = 200_000
_HASHTAG = re.compile(r"(?<![\w#&])[#＃](\w*[^\W\d]\w*)")

ByLabel = Counter[str]


@dataclass
class Ranked:
    """The `N_EXAMPLES` rows of the greatest weight."""

    _heap: list[tuple[float, int, Row]] = field(default_factory=list)

    def offer(self, weight: float, row: Row) -> None:
        entry = (weight, -row.ordinal, row)
        if len(self._heap) < N_EXAMPLES:
            heapq.heappush(self._heap, entry)
        elif entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)

    def rows(self) -> list[Row]:
        """List them, the greatest first."""
        return [row for _, _, row in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


@dataclass
class Tally:
    """Counts over all rows; labels are final ones: the analyst's, else the bundle's.

    `by_day` is keyed by ISO date in UTC. `heads` counts (text label, picture label) where both
    speak. `changed` counts (bundle's label, analyst's label).
    """

    labels: tuple[str, ...]
    n_rows: int = 0
    n_unclassified: int = 0
    n_conflicts: int = 0
    by_label: ByLabel = field(default_factory=Counter)
    by_status: ByLabel = field(default_factory=Counter)
    by_day: dict[str, ByLabel] = field(default_factory=lambda: defaultdict(Counter))
    by_confidence: list[ByLabel] = field(default_factory=lambda: [Counter() for _ in range(BINS)])
    by_hashtag: dict[str, ByLabel] = field(default_factory=lambda: defaultdict(Counter))
    by_author: dict[str, ByLabel] = field(default_factory=lambda: defaultdict(Counter))
    heads: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    clearest: dict[str, Ranked] = field(default_factory=lambda: defaultdict(Ranked))
    unsure: Ranked = field(default_factory=Ranked)
    at_odds: Ranked = field(default_factory=Ranked)


def count(rows: Iterable[Row], labels: Sequence[str]) -> Tally:
    """Add up all rows."""
    tally = Tally(tuple(labels))
    for row in rows:
        tally.n_rows += 1
        _count_outcome(tally, row)
        label = row.final_label
        if row.post is not None and label:
            tally.by_label[label] += 1
            _count_whose(tally, row, label)
    return tally


def _count_outcome(tally: Tally, row: Row) -> None:
    prediction = row.prediction
    if row.failure is not None:
        tally.by_status["failed"] += 1
        _bounded(tally.failures, row.failure.reason)
        return
    if prediction is None:
        tally.n_unclassified += 1
        return
    tally.by_status[prediction.status] += 1
    if prediction.status == "failed":
        _bounded(tally.failures, prediction.error)
        return
    if row.corrected_label:
        tally.changed[prediction.label, row.corrected_label] += 1
    bin_ = min(int(prediction.confidence * BINS), BINS - 1)
    tally.by_confidence[bin_][prediction.label] += 1
    if prediction.text_label and prediction.image_label:
        tally.heads[prediction.text_label, prediction.image_label] += 1
    if not row.corrected_label:
        tally.clearest[prediction.label].offer(prediction.confidence, row)
        ranked = sorted(prediction.probs)
        tally.unsure.offer(ranked[-2] - ranked[-1], row)
    if prediction.conflict and prediction.text_probs and prediction.image_probs:
        tally.n_conflicts += 1
        tally.at_odds.offer(max(prediction.text_probs) * max(prediction.image_probs), row)


def _count_whose(tally: Tally, row: Row, label: str) -> None:
    post = row.post
    assert post is not None
    if len(post.created_at) >= 10:
        tally.by_day[post.created_at[:10]][label] += 1
    for tag in {match[1].casefold() for match in _HASHTAG.finditer(post.text[:4000])}:
        _bounded_by(tally.by_hashtag, "#" + tag, label)
    if post.author:
        _bounded_by(tally.by_author, post.author, label)


def _bounded(counts: Counter[str], name: str) -> None:
    if name in counts or len(counts) < _MAX_NAMES:
        counts[name] += 1


def _bounded_by(counts: dict[str, ByLabel], name: str, label: str) -> None:
    if name in counts or len(counts) < _MAX_NAMES:
        counts[name][label] += 1
