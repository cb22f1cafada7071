"""Values that occur in a source, for whoever completes what is typed."""

from __future__ import annotations

from mmsa_tui.store import Store, Where

FIELDS = {"author": "author", "lang": "language"}
"""Fields of the filter language whose values are a source's own, and their columns."""


def occurring(store: Store, source_id: int, bundle: str, most: int = 300) -> dict[str, list[str]]:
    """List the values of each of `FIELDS`, the most frequent first, at most `most` of each."""
    found = {}
    for field, column in FIELDS.items():
        counts = store.cross_tally(source_id, bundle, [column], Where(f"{column} <> ''"))
        # What is no proper text comes as bytes, and cannot be typed.
        ranked = sorted((-number, value) for value, number in counts if isinstance(value, str))
        found[field] = [value for _, value in ranked[:most]]
    return found
