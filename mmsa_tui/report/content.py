"""What a report shows: everything counted, chosen and worded before the first line is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

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
class About:
    """What is said beside what is counted.

    `facts` are name and value pairs for the head of the page, `warnings` what a reader must know before the
    numbers. `standing` says what the shares are worth, `intervals` are those of an audit, `method` says how
    they came about. `tables` are further ones, such as scores. `change` compares two groups, `grouped` has a
    part for each thing grouped by. A `redacted` page shows nothing that names or shows a person.
    `validated` are the languages in which the bundle is, None for all; a warning counts posts in others.
    """

    title: str
    facts: Mapping[str, str] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    warnings: Sequence[str] = ()
    standing: str = ""
    intervals: Sequence[Estimate] = ()
    method: Sequence[str] = ()
    change: Table | None = None
    grouped: Sequence[Grouped] = ()
    redacted: bool = False
    validated: Collection[str] | None = None


@dataclass(frozen=True)
class Content:
    """All of a page; `heads` counts (text's label, picture's label)."""

    about: About
    labels: tuple[str, ...]
    counts: Counts
    survey: Survey
    examples: Examples
    heads: Counter[tuple[str, str]]
    failures: Counter[str]


def gather(store: Store, source_id: int, bundle: str, about: About, where: Where | None = None) -> Content:
    """Count what the page shows of a classified source, or of some of its posts."""
    labels = store.bundle_labels(bundle)
    counts = count(store, source_id, bundle, where, about.validated)
    if doubtful := describe_unvalidated(counts.unvalidated):
        about = replace(about, warnings=[*about.warnings, f"{doubtful}: their labels may mean little."])
    return Content(
        about,
        labels,
        counts,
        survey(store, source_id, bundle, where),
        examples(store, source_id, bundle, labels, where),
        count_heads(store, source_id, bundle, where),
        count_failures(store, source_id, bundle, where),
    )
