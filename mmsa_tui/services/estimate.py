"""Service: shares, differences and scores of a source, from its audit.

Command line, app, report, workbook and charts come in here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mmsa_tui.analysis.estimates import (
    Difference,
    Estimate,
    compare,
    estimate_accuracy,
    estimate_precision,
    estimate_recall,
    estimate_shares,
)
from mmsa_tui.analysis.population import MAX_PERIODS, TIMES, Unit, check_groups, group_named, load, walk
from mmsa_tui.errors import UsageError
from mmsa_tui.services.audit import Status, current_audit, find_audit, status_of
from mmsa_tui.store import Audit, SourceRow, Store, Where

MAX_GROUPS = 12
"""Groups that are estimated unless some are named, periods apart."""


@dataclass(frozen=True)
class Group:
    """The shares of one group; `n_posts` counts its posts, or its distinct texts."""

    name: str
    n_posts: float
    shares: Sequence[Estimate]


@dataclass(frozen=True)
class Estimates:
    """What an audit lets be said of a source."""

    status: Status
    bundle: str
    unit: Unit
    by: str
    overall: Group
    groups: Sequence[Group]
    differences: Sequence[Difference]
    accuracy: Estimate
    precision: Sequence[Estimate]
    recall: Sequence[Estimate]
    codebook: str = ""
    has_model: bool = True
    """Whether a model's labels are corrected; without any the sample speaks alone."""
    n_groups: int = 0
    """Groups that there are; `groups` may hold fewer."""
    n_without: int = 0
    """Posts that are in no group."""
    is_part: bool = False
    """Whether these are only the posts of a filter."""

    @property
    def has_shares(self) -> bool:
        """Whether any audited post is among these; without one nothing is estimated."""
        return self.status.half_width is not None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def estimate(
    store: Store,
    source: SourceRow,
    bundle: str = "",
    *,
    by: str = "",
    comparing: tuple[str, str] | None = None,
    where: Where | None = None,
    unit: Unit = "post",
    most: int | None = None,
    learned: frozenset[str] = frozenset(),
) -> Estimates:
    """Estimate from the source's audit.

    Args:
        bundle: whose labels are corrected, see `corrected_bundle`; by default the audit's own.
        by: what to group by; the largest groups are given, or the first periods, `most` of them.
        comparing: two groups to compare.
        where: only these posts.
        learned: what the bundle in use knows by heart, see `services.bundles.learned_since`.

    Raises:
        UsageError: there is no audit, it has labels that the bundle lacks, no post is in a group, or one
            that is to be compared does not occur.
    """
    audit = find_audit(store, source)
    corrected = corrected_bundle(store, source, audit, bundle)
    if corrected is None:
        raise UsageError(
            f"the audit of {source.title} has the labels {', '.join(audit.labels)}, bundle {bundle} has"
            f" {', '.join(store.bundle_labels(bundle)) or 'none here'}",
            f"`mmsa audit start {source.location} --new` draws one for these labels;"
            f' --bundle "{audit.bundle}" is the one that was audited.',
        )
    learned = learned if corrected == bundle else frozenset()
    bundle = corrected
    if comparing is not None:
        if not by:
            raise UsageError("to compare two groups, say what they are groups of", "Add --by.")
        comparing = (group_named(by, comparing[0]), group_named(by, comparing[1]))
    check_groups(store, source, bundle, by, where)
    loaded = load(store, source, bundle, audit, by=by, where=where, unit=unit)
    population = loaded.population
    names = list(loaded.groups)
    for name in comparing or ():
        if name not in loaded.groups:
            raise no_such_group(source, by, name, names)
    if most is None:
        most = MAX_PERIODS if by in TIMES else MAX_GROUPS
    shown = list(dict.fromkeys([*(comparing or ()), *names[: most if not comparing else 0]]))
    differences: list[Difference] = []
    if comparing is not None:
        first, second = (loaded.groups[name] for name in comparing)
        # Only of hashtags can a post have two. Copies of a post may well lie in both groups: their errors
        # are the same ones, which makes a difference more certain than is reckoned, never less.
        both_may_have = comparing[0] == comparing[1] or by == "hashtag"
        if both_may_have and ((first > 0) & (second > 0)).any():
            raise UsageError(
                f"{comparing[0]} and {comparing[1]} share posts", "Compare groups that have none in common."
            )
        differences = compare(population, first, second)
    groups = []
    for name in shown:
        members = loaded.groups[name]
        groups.append(Group(name, float(members.sum()), estimate_shares(population, members)))
    return Estimates(
        status_of(store, audit, loaded, learned),
        bundle,
        unit,
        by,
        Group(
            "all posts",
            float(population.sizes.sum()),
            estimate_shares(population),
        ),
        groups,
        differences,
        estimate_accuracy(population),
        estimate_precision(population),
        estimate_recall(population),
        store.codebook()[0],
        population.has_answers,
        len(names),
        loaded.n_without,
        where is not None,
    )


def no_such_group(source: SourceRow, by: str, name: str, names: Sequence[str]) -> UsageError:
    """Say that a group which is to be compared does not occur, and which do."""
    more = " and more" if len(names) > MAX_GROUPS else ""
    hint = f"Compare two of {', '.join(names[:MAX_GROUPS])}{more}."
    return UsageError(f"no post of {source.title} has the {by} {name}", hint)


def corrected_bundle(store: Store, source: SourceRow, audit: Audit, bundle: str) -> str | None:
    """Say whose labels an audit corrects where a bundle is in use; None if it has not all of its labels.

    The audit's own bundle where labels have joined since, which its coders could not give, and where the
    other one has classified none of the source.
    """
    if bundle in ("", audit.bundle):
        return audit.bundle
    labels = store.bundle_labels(bundle)
    if not set(audit.labels) <= set(labels):
        return None
    if len(labels) > len(audit.labels):
        return audit.bundle
    is_used = any(label for _, label, *_ in walk(store, source, bundle))
    return bundle if is_used else audit.bundle


def estimate_if_audited(
    store: Store,
    source: SourceRow,
    bundle: str,
    where: Where | None = None,
    *,
    by: str = "",
    most: int | None = None,
    learned: frozenset[str] = frozenset(),
) -> Estimates | None:
    """Estimate from the source's audit; None if there is none, none of it is labelled, or its labels differ.

    `by`, `most` and `learned` are as in `estimate`.
    """
    audit = current_audit(store, source)
    if audit is None or corrected_bundle(store, source, audit, bundle) is None:
        return None
    found = estimate(store, source, bundle, by=by, where=where, most=most, learned=learned)
    return found if found.status.n_labelled else None
