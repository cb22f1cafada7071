"""By which column posts are sorted: what there is to choose from, and which way round it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmsa_tui.store import Order, SourceRow
from mmsa_tui.text.display import safe_line

_COLUMNS = (
    ("", "as in the source"),
    ("post_id", "id"),
    ("text", "text"),
    ("author", "author"),
    ("created_at", "date"),
    ("language", "language"),
    ("final_label", "label"),
    ("confidence", "confidence"),
    ("margin", "margin between the two best labels"),
    ("conflict", "text against picture"),
    ("corrected_label", "label of an analyst"),
    ("flagged", "flag"),
    ("n_pictures", "number of pictures"),
    ("n_duplicates", "number of duplicates"),
    ("status", "status"),
)
_MOST_FIRST = ("flagged", "conflict", "n_pictures", "n_duplicates", "corrected_label")


@dataclass(frozen=True, slots=True)
class Sort:
    """A column to sort by, and what it is called; `is_own` for one of the source's own."""

    column: str
    title: str
    is_own: bool = False


def sorts(source: SourceRow, labels: Sequence[str]) -> list[Sort]:
    """List what one may sort by: our columns, each label's probability, the source's own columns."""
    return [
        *(Sort(column, title) for column, title in _COLUMNS),
        *(Sort(f"p_{label}", f"probability of {label}") for label in labels),
        *(Sort(name, f"{safe_line(name, 60)} (of the source)", True) for name in source.metadata_columns),
    ]


def sorted_by(now: Order | None, column: str, *, is_own: bool) -> Order | None:
    """Choose the order by a column, or the other way round if posts are sorted by it now."""
    if not column:
        return None
    if now is not None and (now.column, now.is_own) == (column, is_own):
        return reversed_from(now)
    return Order(column, column in _MOST_FIRST and not is_own, is_own)


def reversed_from(now: Order | None) -> Order:
    """Turn an order round; without one, that of the source."""
    now = now or Order("ordinal")
    return replace(now, descending=not now.descending)
