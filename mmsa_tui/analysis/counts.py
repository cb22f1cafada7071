"""How many posts there are of each kind: the one place that counts them.

Overview and report count in SQL, a workbook and the command line the rows that pass. Both add up
here, so that a post counts for the same everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from mmsa_tui.export import CountTable
from mmsa_tui.export.colours import label_colour
from mmsa_tui.export.columns import Row
from mmsa_tui.store import Store, Where
from mmsa_tui.text.language import main_language

N_BINS = 20
"""Bins of the confidence histogram, each five points wide."""

STATUSES = ("ok", "text_only", "image_only", "failed", "")
"""What can have come of a post; "" is not classified."""

AS_THEY_STAND = (
    "Labels are counted as they stand, an analyst's or else the model's, not corrected by an audit."
)

NOT_CORRECTED = f"{AS_THEY_STAND} One of some hundred posts gives shares with intervals."
"""What shares are worth where no audit is."""

_BY_WORDS = ("ok", "text_only")

JUDGED = {"ok": "by text and picture", "text_only": "by text alone", "image_only": "by picture alone"}
"""How a post of each status was judged."""

_OTHER_COLOUR = "#90a4ae"

AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(slots=True)
class Counts:
    """How many posts there are of each kind; inputs that are no post count as failed.

    `labels` counts final labels, the analyst's, else the model's, "" where there is none; `bins`
    counts model labels in each of `N_BINS` bins of confidence; `corrections` counts (model's label,
    analyst's label), equal ones included; `languages` counts posts judged by words by their main
    language, "" for unknown. `validated` are the languages in which the bundle is, None where that is
    not known.
    """

    labels: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    bins: list[Counter[str]] = field(default_factory=lambda: [Counter() for _ in range(N_BINS)])
    corrections: Counter[tuple[str, str]] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    validated: Collection[str] | None = None
    n_pictures: int = 0
    n_conflicts: int = 0
    n_flagged: int = 0

    @property
    def unvalidated(self) -> Counter[str]:
        """Posts judged by words in languages in which nobody has shown that the bundle can."""
        known = self.validated
        if known is None:
            return Counter()
        return Counter({code: n for code, n in self.languages.items() if code not in known})

    @property
    def n_posts(self) -> int:
        return self.statuses.total()

    @property
    def n_failed(self) -> int:
        return self.statuses["failed"]

    @property
    def n_labelled(self) -> int:
        return self.n_posts - self.labels[""]

    @property
    def n_corrected(self) -> int:
        return self.corrections.total()

    @property
    def n_changed(self) -> int:
        return sum(number for (model, given), number in self.corrections.items() if model != given)

    @property
    def labels_title(self) -> str:
        """Name the column that `labels` counts; where no analyst says otherwise, `label` has the same."""
        return "final_label" if self.n_changed else "label"

    def add(self, row: Row) -> None:
        """Count one row."""
        prediction, correction = row.prediction, row.correction
        status: str = "" if prediction is None else prediction.status
        label = prediction.label if prediction is not None else ""
        if row.post is not None and status in _BY_WORDS:
            self.languages[main_language(row.post.language)] += 1
        has_picture = row.post is not None and any(not picture.is_missing for picture in row.post.pictures)
        self._add(
            label,
            correction.new_label if correction is not None else "",
            "failed" if row.failure is not None else status,
            has_picture,
            prediction is not None and prediction.conflict,
            correction is not None and correction.flagged,
            _bin(prediction.confidence) if prediction is not None and prediction.probs else None,
            1,
        )

    def watch(self, rows: Iterable[AnyRow]) -> Iterator[AnyRow]:
        """Count rows on their way to somewhere else."""
        for row in rows:
            self.add(row)
            yield row

    def lines(self) -> list[tuple[str, int]]:
        """List the totals under the names that a summary gives them."""
        lines = [
            ("posts", self.n_posts),
            ("text and picture in conflict", self.n_conflicts),
            ("corrected by people", self.n_corrected),
        ]
        if self.validated is not None:
            lines.append(("in languages not validated", self.unvalidated.total()))
        return lines

    def tables(self, labels: Sequence[str]) -> list[CountTable]:
        """Lay out the counts by label, in the bundle's order, and by status."""
        by_label = with_rest(labels, self.labels, "no label")
        colours = [label_colour(at, len(labels), dark=False) for at in range(len(labels))]
        colours += [_OTHER_COLOUR] * (len(by_label) - len(labels))
        by_status = with_rest(STATUSES[:-1], self.statuses, "not classified")
        return [
            CountTable(self.labels_title, by_label, self.n_posts, colours),
            CountTable("status", by_status, self.n_posts),
        ]

    def _add(
        self,
        label: str,
        corrected: str,
        status: str,
        has_picture: bool,
        conflict: bool,
        flagged: bool,
        bin_: int | None,
        number: int,
    ) -> None:
        self.labels[corrected or label] += number
        self.statuses[status] += number
        self.n_pictures += number * has_picture
        self.n_conflicts += number * conflict
        self.n_flagged += number * flagged
        if bin_ is not None and label:
            self.bins[bin_][label] += number
        if corrected:
            self.corrections[label, corrected] += number


def count(
    store: Store,
    source_id: int,
    bundle: str,
    where: Where | None = None,
    validated: Collection[str] | None = None,
) -> Counts:
    """Count the posts of a source by label, confidence, status, correction and language.

    Args:
        validated: languages in which the bundle is.
    """
    place = f"min(cast(confidence * {N_BINS} AS INTEGER), {N_BINS - 1})"
    by = ["label", "corrected_label", "status", "has_image", "conflict", "flagged", place]
    counts = Counts(validated=validated)
    for values in store.cross_tally(source_id, bundle, by, where):
        counts._add(*values)
    for language, status, number in store.cross_tally(source_id, bundle, ["language", "status"], where):
        if status in _BY_WORDS:
            counts.languages[main_language(_text(language))] += number
    return counts


def describe_unvalidated(unvalidated: Counter[str], limit: int = 5) -> str:
    """Say how many posts are in languages that a bundle is not validated in, and which; "" for none."""
    if not unvalidated:
        return ""
    named = ", ".join(f"{code or 'unknown'} {n:,}" for code, n in unvalidated.most_common(limit))
    return (
        f"{unvalidated.total():,} judged by words in languages that the bundle is not validated in ({named})"
    )


def count_heads(
    store: Store, source_id: int, bundle: str, where: Where | None = None
) -> Counter[tuple[str, str]]:
    """Count (text's label, picture's label) over the posts in which both speak."""
    both = Where("text_label <> '' AND image_label <> ''")
    found = store.cross_tally(
        source_id, bundle, ["text_label", "image_label"], both if where is None else both & where
    )
    return Counter({(text, image): number for text, image, number in found})


def count_failures(store: Store, source_id: int, bundle: str, where: Where | None = None) -> Counter[str]:
    """Count the reasons why posts could not be judged."""
    failed = Where("status = 'failed'")
    found = store.cross_tally(source_id, bundle, ["error"], failed if where is None else failed & where)
    return Counter({_text(reason): number for reason, number in found})


def with_rest(known: Sequence[str], counts: Mapping[str, int], unknown: str) -> list[tuple[str, int]]:
    """Order counts by the known names; others follow, and "" comes last under the name `unknown`."""
    table = [(name, counts.get(name, 0)) for name in known]
    table += [(name, number) for name, number in sorted(counts.items()) if name and name not in known]
    return [*table, (unknown, counts[""])] if counts.get("", 0) else table


def percentages(numbers: Sequence[int]) -> list[int]:
    """Round shares to whole percents that add up to 100, by largest remainder; all 0 if there is nothing."""
    total = sum(numbers)
    if not total:
        return [0] * len(numbers)
    whole = [100 * number // total for number in numbers]
    by_remainder = sorted(range(len(numbers)), key=lambda at: (-(100 * numbers[at] % total), at))
    for at in by_remainder[: 100 - sum(whole)]:
        whole[at] += 1
    return whole


def _bin(confidence: float) -> int:
    return min(int(confidence * N_BINS), N_BINS - 1)


def _text(value: str | bytes) -> str:
    # What is no proper text comes as bytes.
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
