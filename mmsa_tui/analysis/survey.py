"""One look at every post: over time, by author, by hashtag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mmsa_tui.analysis.groups import Group, top_authors, top_hashtags
from mmsa_tui.analysis.timeline import Timeline, cut_time
from mmsa_tui.store import Store, Where
from mmsa_tui.text.hashtags import hashtags_in, key_of

FIELDS = {"author": "author", "lang": "language"}
"""Fields of the filter language whose values are a source's own, and their columns."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What takes a look at every post; `authors` and `hashtags` begin with the most frequent.

    There may be more of them than are listed: `n_authors` and `n_hashtags`.
    """

    timeline: Timeline
    authors: Sequence[Group]
    hashtags: Sequence[Group]
    n_authors: int = 0
    n_hashtags: int = 0


def survey(
    store: Store,
    source_id: int,
    bundle: str,
    where: Where | None = None,
    *,
    most_buckets: int = 60,
    most_groups: int = 50,
) -> Survey:
    """Look through all posts once.

    Args:
        most_buckets: time is cut in the finest unit that gives no more of them.
        most_groups: authors and hashtags to list.
    """
    authors: Counter[tuple[str, str]] = Counter()
    hours: Counter[tuple[str, str]] = Counter()
    hashtags: Counter[tuple[str, str]] = Counter()
    columns = ["author", "created_at", "final_label", "text"]
    for author, created_at, label, text in store.values(source_id, bundle, columns, where):
        authors[author, label] += 1
        hours[created_at[:13], label] += 1
        # What is no proper text comes as bytes.
        if isinstance(text, str):
            for tag in hashtags_in(text).values():
                hashtags[tag, label] += 1
    return Survey(
        cut_time(hours, most_buckets),
        top_authors(authors, most_groups),
        top_hashtags(hashtags, most_groups),
        len({author for author, _ in authors if author}),
        len({key_of(tag) for tag, _ in hashtags}),
    )


def occurring(store: Store, source_id: int, bundle: str, most: int = 300) -> dict[str, list[str]]:
    """List the values of each of `FIELDS`, the most frequent first, at most `most` of each."""
    found = {}
    for field, column in FIELDS.items():
        counts = store.cross_tally(source_id, bundle, [column], Where(f"{column} <> ''"))
        # What is no proper text comes as bytes, and cannot be typed.
        ranked = sorted((-number, value) for value, number in counts if isinstance(value, str))
        found[field] = [value for _, value in ranked[:most]]
    return found
