"""Agreement between analysts, as a user and as a program read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mmsa_tui.cli import console
from mmsa_tui.text.display import counted

if TYPE_CHECKING:
    from mmsa_tui.corrections import Ratings
    from mmsa_tui.corrections.agreement import Agreement
    from mmsa_tui.records import Measured

_SHOWN = 20


def disagreement_records(measured: Agreement, ratings: Ratings) -> Iterable[dict[str, object]]:
    """Describe each disagreement: the post, and a column for each analyst's label."""
    for item in measured.disagreements:
        post_id, text = ratings.posts[item.post]
        yield {"post_id": post_id, "text": text, **item.labels, "content_hash": item.post}


def describe(measured: Agreement, records: Sequence[dict[str, object]]) -> str:
    """Lay out the figures, the confusion of each pair, and the first disagreements."""
    alpha = _estimate(measured.alpha)
    parts = [
        f"{len(measured.raters)} analysts, {counted(measured.n_posts, 'post')} that two or more have judged",
        "",
        f"  equal labels          {_estimate(measured.percent, percent=True)}",
        f"  Krippendorff's alpha  {alpha}",
        "",
    ]
    rows: list[tuple[str, ...]] = [("", "", "posts", "equal", "", "Cohen's kappa", "")]
    for pair in measured.pairs:
        equal, kappa = _estimate(pair.percent, percent=True), _estimate(pair.kappa)
        rows.append((pair.first, pair.second, f"{pair.n_posts:,}", *_parted(equal), *_parted(kappa)))
    parts.append(console.table(rows, right=(2, 3, 5), indent="  "))
    for pair in measured.pairs:
        parts += ["", f"rows: {pair.first}; columns: {pair.second}"]
        confusion = [("", *measured.labels)]
        for label, counts in zip(measured.labels, pair.confusion, strict=True):
            confusion.append((label, *(f"{count:,}" for count in counts)))
        parts.append(console.table(confusion, right=range(1, len(measured.labels) + 1), indent="  "))
    parts += ["", counted(len(records), "disagreement")]
    if records:
        listed: list[tuple[str, ...]] = [("post", *measured.raters, "text")]
        for record in records[:_SHOWN]:
            votes = (str(record[rater]) or "·" for rater in measured.raters)
            listed.append((str(record["post_id"]), *votes, str(record["text"])[:60]))
        parts.append(console.table(listed, indent="  "))
    if len(records) > _SHOWN:
        parts.append(f"  and {len(records) - _SHOWN:,} more: -o FILE writes them all")
    return "\n".join(parts)


def _estimate(estimate: Measured, percent: bool = False) -> str:
    if estimate.value is None:
        return "undefined: one label only"
    form = ".1%" if percent else ".3f"
    interval = "" if estimate.low is None else f" [{estimate.low:{form}}, {estimate.high:{form}}]"
    return f"{estimate.value:{form}}{interval}"


def _parted(estimate: str) -> tuple[str, str]:
    value, bracket, interval = estimate.partition(" [")
    return value, bracket.strip() + interval


def as_json(measured: Agreement, records: Sequence[dict[str, object]]) -> dict[str, Any]:
    """Give everything to a program; what is undefined is null."""
    return {
        "raters": list(measured.raters),
        "labels": list(measured.labels),
        "n_posts": measured.n_posts,
        "percent": asdict(measured.percent),
        "alpha": asdict(measured.alpha),
        "pairs": [
            {
                "first": pair.first,
                "second": pair.second,
                "n_posts": pair.n_posts,
                "percent": asdict(pair.percent),
                "kappa": asdict(pair.kappa),
                "confusion": [list(row) for row in pair.confusion],
            }
            for pair in measured.pairs
        ],
        "disagreements": list(records),
    }
