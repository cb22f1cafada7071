"""Service: how far analysts agree, out of the store or of files, and what is said of it.

One measurement and one wording for the command line, the palette and the adjudication screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mmsa_tui.corrections import Rejection, collect_ratings
from mmsa_tui.corrections.agreement import Agreement, PairAgreement, measure_agreement
from mmsa_tui.errors import UsageError
from mmsa_tui.records import Measured
from mmsa_tui.store import Store
from mmsa_tui.text.display import counted

SHOWN = 20
"""Disagreements that are listed; a file has them all."""

PAIRS = ("", "", "posts", "equal", "", "Cohen's kappa", "")
"""The header of `pair_rows`; intervals have a column of their own."""


class NothingToCompareError(UsageError):
    """There are no two analysts with a post in common; perhaps because of what was rejected."""

    def __init__(self, message: str, hint: str, rejections: Sequence[Rejection]) -> None:
        super().__init__(message, hint)
        self.rejections = tuple(rejections)


@dataclass(frozen=True)
class Compared:
    """How far analysts agree.

    `disagreements` are records for a table: the post, a column for each analyst's label, its contents.
    """

    measured: Agreement
    disagreements: Sequence[dict[str, object]]
    rejections: Sequence[Rejection]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `disagreements`."""
        return "post_id", "text", *self.measured.raters, "content_hash"

    def to_json(self) -> dict[str, Any]:
        """Give everything to a program; what is undefined is null."""
        measured = self.measured
        return {
            "raters": list(measured.raters),
            "labels": list(measured.labels),
            "n_posts": measured.n_posts,
            "percent": asdict(measured.percent),
            "alpha": asdict(measured.alpha),
            "pairs": [asdict(pair) for pair in measured.pairs],
            "disagreements": list(self.disagreements),
        }


def compare_analysts(store: Store, names: Sequence[str], labels: Sequence[str]) -> Compared:
    """Measure how far analysts agree.

    Args:
        names: files or analysts, as for `collect_ratings`; without any, all analysts in the store.
        labels: the labels in use.

    Raises:
        NothingToCompareError: no two of them have judged the same post.
        UsageError, SourceError: a name is neither a file nor an analyst; a file cannot be read.
    """
    ratings = collect_ratings(store, names, labels)
    try:
        measured = measure_agreement(ratings.by_rater, labels)
    except ValueError as error:
        known = ", ".join(f"{name} ({len(rated):,})" for name, rated in ratings.by_rater.items())
        raise NothingToCompareError(
            f"nothing to compare: {error}",
            f"Found: {known or 'no corrections'}. `mmsa corrections merge FILE` adds those of a colleague.",
            ratings.rejections,
        ) from error
    records: list[dict[str, object]] = []
    for item in measured.disagreements:
        post_id, text = ratings.posts[item.post]
        records.append({"post_id": post_id, "text": text, **item.labels, "content_hash": item.post})
    return Compared(measured, records, ratings.rejections)


def basis(measured: Agreement) -> str:
    """Say whose judgements of how many posts it rests on."""
    return f"{len(measured.raters)} analysts, {counted(measured.n_posts, 'post')} judged by two or more"


def summary(measured: Agreement, *, exact: bool) -> list[tuple[str, str]]:
    """Name the figures of all analysts together, with their intervals.

    Args:
        exact: to a tenth of a percent, and to thousandths of alpha.
    """
    return [
        ("equal labels", figure(measured.percent, ".1%" if exact else ".0%")),
        ("Krippendorff's alpha", figure(measured.alpha, ".3f" if exact else ".2f")),
    ]


def figure(measured: Measured, form: str) -> str:
    """Write a figure with its interval; where there is none, say why."""
    if measured.value is None:
        return "undefined: one label only"
    interval = "" if measured.low is None else f" [{measured.low:{form}}, {measured.high:{form}}]"
    return f"{measured.value:{form}}{interval}"


def pair_rows(measured: Agreement) -> list[tuple[str, ...]]:
    """Lay out how far each two of them agree, under `PAIRS`."""
    return [PAIRS, *(_pair_row(pair) for pair in measured.pairs)]


def _pair_row(pair: PairAgreement) -> tuple[str, ...]:
    equal, kappa = figure(pair.percent, ".1%"), figure(pair.kappa, ".3f")
    return pair.first, pair.second, f"{pair.n_posts:,}", *_parted(equal), *_parted(kappa)


def _parted(text: str) -> tuple[str, str]:
    value, bracket, interval = text.partition(" [")
    return value, bracket.strip() + interval


def confusion_rows(pair: PairAgreement, labels: Sequence[str]) -> list[tuple[str, ...]]:
    """Lay out how often each label of the first met each label of the second; header first."""
    rows = [(label, *(f"{n:,}" for n in row)) for label, row in zip(labels, pair.confusion, strict=True)]
    return [("", *labels), *rows]


def disagreement_rows(compared: Compared) -> list[tuple[str, ...]]:
    """Lay out the first disagreements; header first, and that alone where there is none."""
    raters = compared.measured.raters
    rows: list[tuple[str, ...]] = [("post", *raters, "text")]
    for record in compared.disagreements[:SHOWN]:
        votes = (str(record[rater]) or "·" for rater in raters)
        rows.append((str(record["post_id"]), *votes, str(record["text"])[:60]))
    return rows
