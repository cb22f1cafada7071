"""Shares of labels by group, as far as counting goes; what an audit makes of them is `estimates`'."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmsa_tui.analysis.population import (
    TIMES,
    UNDATED,
    check_grouping,
    column_of,
    is_grouped,
    values_of,
)
from mmsa_tui.store import SourceRow, Store, Where


@dataclass(frozen=True, slots=True)
class Share:
    """The share of a label, 0 to 1, with its 95 % interval where an audit gives one.

    `by_model` is what the model's labels alone say, where that is another figure.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    by_model: float | None = None


@dataclass(frozen=True, slots=True)
class GroupShares:
    """A group of posts: how many of them have a label, and the shares of the labels among these."""

    name: str
    n_posts: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """The groups of posts with a label; `n_without` of these `n_posts` are in none, or have no date."""

    groups: list[GroupShares]
    n_posts: int
    n_without: int


def count_shares(
    store: Store,
    source: SourceRow,
    bundle: str,
    labels: Sequence[str],
    by: str = "",
    where: Where | None = None,
) -> Shares:
    """Count the final labels of each group: times in their order, else the largest group first.

    Posts without a label, and labels that are none of `labels`, are left out.

    Args:
        by: what to group by, as for estimates; "" makes one group of all.

    Raises:
        UsageError: the source cannot be grouped so.
    """
    check_grouping(source, by)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    n_posts = n_without = 0
    for values, label, number in _tally(store, source, bundle, by, where):
        if label not in labels:
            continue
        n_posts += number
        n_without += number * (bool(by) and not is_grouped(values))
        for value in values:
            counts[value][label] += number
    if by in TIMES:
        named = sorted(counts.items(), key=lambda item: (item[0] == UNDATED, item[0]))
    else:
        named = sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))
    groups = [
        GroupShares(
            name,
            found.total(),
            tuple(Share(label, found[label] / found.total()) for label in labels),
        )
        for name, found in named
    ]
    return Shares(groups, n_posts, n_without)


def _tally(
    store: Store, source: SourceRow, bundle: str, by: str, where: Where | None
) -> Iterator[tuple[list[str], str, int]]:
    """Yield the groups that posts are in, their label, and how many they are."""
    if not by:
        for label, number in store.cross_tally(source.id, bundle, ["final_label"], where):
            yield [""], label, number
        return
    for label, cell in store.values(source.id, bundle, ["final_label", column_of(by)], where):
        yield values_of(by, cell), label, 1
