"""Posts worth showing: the clearest of each label, the hardest, those in which words and picture differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest

from mmsa_tui.store import Order, Row, Store, Where
from mmsa_tui.text.copies import text_key

CLEAR = 0.6
"""Below this a post is not clearly anything."""

_LOOK_AT = 20
"""Posts looked at for each that is shown: the rest may be copies."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Posts by what they are an example of; of copies only one is shown.

    `clearest` holds, by label, posts that nobody corrected, the most confident first and none below
    `CLEAR`; `unsure` those between two labels; `at_odds` those whose text and picture lead to
    different labels, the surest first.
    """

    clearest: dict[str, list[Row]]
    unsure: list[Row]
    at_odds: list[Row]


def examples(
    store: Store,
    source_id: int,
    bundle: str,
    labels: Sequence[str],
    where: Where | None = None,
    *,
    most: int = 6,
) -> Examples:
    """Choose at most `most` posts of each kind."""

    def first(condition: Where, order: Order) -> list[Row]:
        narrowed = condition if where is None else condition & where
        rows = store.rows(source_id, bundle, narrowed, order, limit=most * _LOOK_AT)
        return _without_copies(rows, most)

    untouched = Where("corrected_label = '' AND label <> ''")
    return Examples(
        {
            label: first(
                untouched & Where("label = ? AND confidence >= ?", (label, CLEAR)),
                Order("confidence", descending=True),
            )
            for label in labels
        },
        first(untouched, Order("margin")),
        _at_odds(store, source_id, bundle, where, most),
    )


def _at_odds(store: Store, source_id: int, bundle: str, where: Where | None, most: int) -> list[Row]:
    conflict = Where("conflict = 1")
    found = store.values(
        source_id,
        bundle,
        ["text_confidence", "image_confidence", "ordinal"],
        conflict if where is None else conflict & where,
    )
    # The earlier post first where two are as sure.
    ranked = nlargest(
        most * _LOOK_AT, ((text * image, -ordinal) for text, image, ordinal in found if text and image)
    )
    rows = store.rows_at(source_id, bundle, [-ordinal for _, ordinal in ranked])
    return _without_copies(rows, most)


def _without_copies(rows: Iterable[Row], most: int) -> list[Row]:
    seen: set[str] = set()
    chosen: list[Row] = []
    for row in rows:
        group = text_key(row.text) or str(row.ordinal)
        if group not in seen:
            seen.add(group)
            chosen.append(row)
        if len(chosen) == most:
            break
    return chosen
