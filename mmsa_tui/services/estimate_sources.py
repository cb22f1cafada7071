"""Service: several sources beside each other, each by its own audit, and all of them together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mmsa_tui.analysis.estimates import Difference, Estimate, adjust, difference
from mmsa_tui.analysis.population import Unit
from mmsa_tui.errors import UsageError
from mmsa_tui.services.audit import find_audit
from mmsa_tui.services.estimate import Estimates, Group, estimate
from mmsa_tui.store import SourceRow, Store


@dataclass(frozen=True)
class AcrossSources:
    """What the audits of several sources let be said of them.

    `groups` has one entry a source, in the order of `parts`; `overall` weighs each source by its posts.
    """

    parts: Sequence[tuple[SourceRow, Estimates]]
    overall: Group
    groups: Sequence[Group]
    differences: Sequence[Difference]

    def to_json(self) -> dict[str, Any]:
        return {
            "by": "source",
            "overall": asdict(self.overall),
            "groups": [asdict(group) for group in self.groups],
            "differences": [asdict(one) for one in self.differences],
            "sources": [{"source": row.location, **found.to_json()} for row, found in self.parts],
        }


def estimate_sources(
    store: Store,
    sources: Sequence[SourceRow],
    bundle: str = "",
    *,
    comparing: tuple[str, str] | None = None,
    unit: Unit = "post",
    learned: Sequence[frozenset[str]] = (),
) -> AcrossSources:
    """Estimate from the audit of each source.

    Args:
        bundle: whose labels are corrected; by default that of each audit.
        comparing: two sources to compare, by the names that the groups have.
        learned: for each source what the bundle knows by heart of its audit; none by default.

    Raises:
        UsageError: there are fewer than two sources, one has no audit, audits have other labels than the
            first, or a name is none of the sources'.
    """
    if len({row.location for row in sources}) < 2:
        raise UsageError("one source alone cannot be compared", "Name two or more, or leave --by source out.")
    labels = find_audit(store, sources[0]).labels
    for row in sources[1:]:
        theirs = find_audit(store, row).labels
        if theirs != labels:
            raise UsageError(
                f"the audit of {row.title} has the labels {', '.join(theirs)}, that of {sources[0].title}"
                f" {', '.join(labels)}",
                "Compare sources that were audited with the same labels.",
            )
    known = learned or [frozenset()] * len(sources)
    parts = [
        (row, estimate(store, row, bundle, unit=unit, learned=own))
        for row, own in zip(sources, known, strict=True)
    ]
    names = _name(sources)
    groups = [
        Group(name, found.overall.n_posts, found.overall.shares)
        for name, (_, found) in zip(names, parts, strict=True)
    ]
    differences: list[Difference] = []
    if comparing is not None:
        pair = []
        for name in comparing:
            if name not in names:
                raise UsageError(f"{name} is none of these sources", f"They are {', '.join(names)}.")
            pair.append(groups[names.index(name)])
        differences = _compare(labels, *pair)
        groups.sort(key=lambda group: comparing.index(group.name) if group.name in comparing else 2)
    return AcrossSources(parts, _together(labels, groups), groups, differences)


def _name(sources: Sequence[SourceRow]) -> list[str]:
    """Name sources shortly, and apart: by their whole path where two have one name."""
    titles = [row.title for row in sources]
    return [row.location if titles.count(row.title) > 1 else row.title for row in sources]


def _compare(labels: Sequence[str], first: Group, second: Group) -> list[Difference]:
    """Compare two sources, whose samples were drawn apart."""
    shares = zip(labels, first.shares, second.shares, strict=True)
    return adjust([difference(name, one, other) for name, one, other in shares])


def _together(labels: Sequence[str], groups: Sequence[Group]) -> Group:
    """Weigh sources by their posts; bounds are recovered from theirs (G. Zou, Biometrics 64, 2008)."""
    total = sum(group.n_posts for group in groups)
    shares = []
    for at, label in enumerate(labels):
        own = [group.shares[at] for group in groups]
        weights = [group.n_posts / total for group in groups]
        n_audited = sum(one.n_audited for one in own)
        raw = (
            None
            if any(one.raw is None for one in own)
            else sum(
                weight * one.raw for weight, one in zip(weights, own, strict=True) if one.raw is not None
            )
        )
        value = low = high = None
        known = [(one.value, one.low, one.high) for one in own]
        if all(None not in bounds for bounds in known):
            value = below = above = 0.0
            for weight, (middle, lowest, highest) in zip(weights, known, strict=True):
                assert middle is not None and lowest is not None and highest is not None
                value += weight * middle
                below += (weight * (middle - lowest)) ** 2
                above += (weight * (highest - middle)) ** 2
            low, high = max(0.0, value - math.sqrt(below)), min(1.0, value + math.sqrt(above))
        shares.append(Estimate(label, value, low, high, raw, n_audited))
    return Group("all sources", total, shares)
