"""Service: two groups of posts side by side, each what a filter finds, with a difference for every label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmsa_tui.analysis.shares import Share, count_shares
from mmsa_tui.errors import UsageError
from mmsa_tui.filters import parse
from mmsa_tui.services.uncorrected import say_uncorrected
from mmsa_tui.store import SourceRow, Store, Where

NOT_AUDITED = "The audit has no post of one of the two: these are the labels as they stand, not corrected."


@dataclass(frozen=True, slots=True)
class Line:
    """One label: its share in either group, and the first less the second, 0 to 1.

    `low` and `high` are the 95 % interval of the difference, None without an audit.
    """

    first: Share
    second: Share
    difference: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two groups: how many posts with a label each has, a line for every label, what it is worth."""

    n_first: int
    n_second: int
    lines: Sequence[Line]
    standing: str


def compare_filters(
    store: Store,
    source: SourceRow,
    bundle: str,
    first: str,
    second: str,
    where: Where | None = None,
    learned: frozenset[str] = frozenset(),
) -> Comparison:
    """Compare what two filters find.

    Args:
        where: only these posts.
        learned: what the bundle knows by heart of the source's audit.

    Raises:
        UsageError: a filter finds no post with a label, or both find the same one.
        FilterError: a filter makes no sense.
    """
    labels = store.bundle_labels(bundle)
    sides = [parse(text, labels, source.metadata_columns) for text in (first, second)]
    one, two = (side if where is None else (where if side is None else where & side) for side in sides)
    if one is not None and two is not None and store.count(source.id, bundle, one & two):
        raise UsageError(f"{first} and {second} share posts", "Compare groups that have none in common.")
    groups = [count_shares(store, source, bundle, labels, "", side).groups for side in (one, two)]
    for text, found in zip((first, second), groups, strict=True):
        if not found:
            raise UsageError(f"no post that {text} finds has a label", "Compare groups that have some.")
    (counted_one,), (counted_two,) = groups
    lines, words = _by_audit(store, source, bundle, (one, two), learned)
    if not lines:
        shares = zip(counted_one.shares, counted_two.shares, strict=True)
        lines = [Line(a, b, a.value - b.value) for a, b in shares]
    return Comparison(counted_one.n_posts, counted_two.n_posts, lines, words)


def _by_audit(
    store: Store,
    source: SourceRow,
    bundle: str,
    sides: tuple[Where | None, Where | None],
    learned: frozenset[str],
) -> tuple[list[Line], str]:
    """Compare by the audit, and say what the comparison is worth.

    There are no lines where there is no audit, or where it has no post of one of the two.
    """
    if not store.audits.of(source.location):
        return [], say_uncorrected(store, source, bundle)
    # numpy costs 0.1 s, which a source without an audit should not pay.
    from mmsa_tui.analysis.estimates import compare
    from mmsa_tui.analysis.population import load
    from mmsa_tui.services.audit import current_audit, status_of
    from mmsa_tui.services.estimate import corrected_bundle
    from mmsa_tui.services.estimate_tables import worth

    audit = current_audit(store, source)
    corrected = None if audit is None else corrected_bundle(store, source, audit, bundle)
    if audit is None or corrected is None:
        return [], say_uncorrected(store, source, bundle)
    first, second = (load(store, source, corrected, audit, where=side).population.sizes for side in sides)
    whole = load(store, source, corrected, audit)
    if not whole.population.audited.any():
        return [], say_uncorrected(store, source, bundle)
    found = compare(whole.population, first, second)
    lines = []
    for each in found:
        a, b = each.first, each.second
        if a.value is None or b.value is None or each.value is None:
            return [], NOT_AUDITED
        lines.append(
            Line(
                Share(each.name, a.value, a.low, a.high, a.raw),
                Share(each.name, b.value, b.low, b.high, b.raw),
                each.value,
                each.low,
                each.high,
            )
        )
    status = status_of(store, audit, whole, learned if corrected == bundle else frozenset())
    return lines, f"{worth(status, whole.population.has_answers)} Brackets show 95 % intervals."
