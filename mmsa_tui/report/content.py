"""What a report shows: everything counted, chosen and worded before the first line is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from mmsa_tui.analysis import (
    Counts,
    Examples,
    Survey,
    count,
    count_failures,
    count_heads,
    describe_unvalidated,
    examples,
    survey,
)
from mmsa_tui.analysis.estimates import Estimate
from mmsa_tui.analysis.shares import GroupShares
from mmsa_tui.store import Store, Where


@dataclass(frozen=True)
class Table:
    """A table of texts; columns after the first are numbers."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Grouped:
    """The shares of groups of posts; `notes` say what they are of and what they are worth."""

    by: str
    groups: Sequence[GroupShares]
    notes: Sequence[str]


@dataclass(frozen=True)
class Content:
    """All of a page.

    `standing` says what the shares are worth, `intervals` are those of an audit. `heads` counts (text's
    label, picture's label). `change` compares two groups, `grouped` has a part for each thing grouped by.
    """

    title: str
    labels: tuple[str, ...]
    counts: Counts
    survey: Survey
    examples: Examples
    heads: Counter[tuple[str, str]]
    failures: Counter[str]
    facts: Mapping[str, str] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    warnings: Sequence[str] = ()
    standing: str = ""
    intervals: Sequence[Estimate] = ()
    method: Sequence[str] = ()
    change: Table | None = None
    grouped: Sequence[Grouped] = ()
    redacted: bool = False


def gather(
    store: Store,
    source_id: int,
    bundle: str,
    *,
    title: str,
    where: Where | None = None,
    facts: Mapping[str, str] | None = None,
    tables: Sequence[Table] = (),
    warnings: Sequence[str] = (),
    validated: Collection[str] | None = None,
    standing: str = "",
    intervals: Sequence[Estimate] = (),
    method: Sequence[str] = (),
    change: Table | None = None,
    grouped: Sequence[Grouped] = (),
    redacted: bool = False,
) -> Content:
    """Count what the page shows of a classified source.

    Args:
        where: only these posts.
        facts: name and value pairs for the head of the page.
        tables: further tables, such as scores.
        warnings: what a reader must know before the numbers.
        validated: languages in which the bundle is; posts in others are counted in a warning.
        redacted: show nothing that names or shows a person.
    """
    labels = store.bundle_labels(bundle)
    counts = count(store, source_id, bundle, where, validated)
    doubtful = describe_unvalidated(counts.unvalidated)
    return Content(
        title=title,
        labels=labels,
        counts=counts,
        survey=survey(store, source_id, bundle, where),
        examples=examples(store, source_id, bundle, labels, where),
        heads=count_heads(store, source_id, bundle, where),
        failures=count_failures(store, source_id, bundle, where),
        facts=facts or {},
        tables=tables,
        warnings=[*warnings, *([f"{doubtful}: their labels may mean little."] if doubtful else [])],
        standing=standing,
        intervals=intervals,
        method=method,
        change=change,
        grouped=grouped,
        redacted=redacted,
    )
