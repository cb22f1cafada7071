"""A source with an audit as arrays: what `estimates` reckons with, and the groups to reckon for."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from mmsa_tui.analysis.estimates import Population
from mmsa_tui.analysis.intervals import BoolArray, FloatArray, IntArray
from mmsa_tui.analysis.sampling import lot, name_strata
from mmsa_tui.analysis.timeline import Unit as TimeUnit
from mmsa_tui.analysis.timeline import period_of
from mmsa_tui.errors import UsageError
from mmsa_tui.store import Audit, AuditAnswer, SourceRow, Store, Where
from mmsa_tui.text.hashtags import hashtags_in, key_of

Unit = Literal["post", "text"]

TIMES: tuple[TimeUnit, ...] = ("hour", "day", "week", "month", "year")
FIELDS = {"author": "author", "language": "language", "lang": "language"}
OWN = "col:"
"""What stands before a column of the source, as in filters; it need not, but for a column named like ours."""
UNDATED = "no date"
MAX_PERIODS = 60
"""Periods that are listed; a longer unit says more than a list of more."""


class Groups(Mapping[str, FloatArray]):
    """For each value of what a source is grouped by, [N] how many posts of a row have it.

    An array is laid out when it is asked for: those of five thousand authors would not fit into memory.
    """

    def __init__(self, counts: Sequence[tuple[str, Counter[int]]], weight: FloatArray) -> None:
        """Keep how often a row is in each group; `weight`, [N], is what one of its posts counts for."""
        self._counts = dict(counts)
        self._weight = weight

    def __getitem__(self, name: str) -> FloatArray:
        found = np.zeros(len(self._weight))
        counts = self._counts[name]
        found[list(counts)] = list(counts.values())
        return np.asarray(found * self._weight, dtype=float)

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)


@dataclass(frozen=True)
class Loaded:
    """A source as `estimates` wants it.

    Attributes:
        contents: [N] content hashes.
        groups: by each value of what it is grouped by, the largest group first.
        n_posts: inputs that are posts.
        n_without: those of them that are in no group.
        n_elsewhere: audited posts that are no longer in the source, or have changed.
        n_joined: posts that would be in the sample had they been there when it was drawn.
        n_beyond: posts in strata that were not there when the sample was drawn, so that it has none of them.
        n_other: audited posts with a label that is none of the audit's.
        n_disagreed: audited posts to which coders gave different labels.
        n_settled: those of them that somebody has decided on since.
        n_by_others: posts that were judged by another model than the one that goes by the bundle's id now.
        n_rejudged: posts of the source that another model than the audit's has judged under its bundle's id.
    """

    population: Population
    contents: Sequence[str]
    groups: Groups
    n_posts: int
    n_without: int
    n_elsewhere: int
    n_joined: int
    n_beyond: int
    n_other: int
    n_disagreed: int
    n_settled: int
    n_by_others: int
    n_rejudged: int


def check_grouping(source: SourceRow, by: str) -> None:
    """Refuse what a source cannot be grouped by.

    Raises:
        UsageError: it is neither a time, `hashtag`, `author` or `language`, nor a column of the source.
    """
    known = (*TIMES, "hashtag", *FIELDS, *map(name_group, source.metadata_columns))
    if by and by not in known and by.removeprefix(OWN) not in source.metadata_columns:
        raise UsageError(
            f"{source.title} has nothing called {by} to group by",
            f"Use one of {', '.join(dict.fromkeys(known))}.",
        )


def name_group(column: str) -> str:
    """Name a column of the source as what to group by: with `col:` where a name of ours is in the way."""
    return f"{OWN}{column}" if column in (*TIMES, "hashtag", *FIELDS) else column


def check_groups(store: Store, source: SourceRow, bundle: str, by: str, where: Where | None = None) -> None:
    """Refuse what no post has, before work goes into it.

    Raises:
        UsageError: see `check_grouping` and `no_groups`.
    """
    check_grouping(source, by)
    if not by:
        return
    posts = Where("failure IS NULL")
    cells = store.values(source.id, bundle, [column_of(by)], posts if where is None else posts & where)
    if not any(is_grouped(values_of(by, cell)) for (cell,) in cells):
        raise no_groups(source, by, where)


def is_grouped(values: Sequence[str]) -> bool:
    """Say whether a post is in a group; one without a date is with the others without."""
    return bool(values) and list(values) != [UNDATED]


def no_groups(source: SourceRow, by: str, where: Where | None = None) -> UsageError:
    """Say that posts cannot be grouped so: nothing could be drawn, and nothing else would say why."""
    passing = " that passes the filter" if where is not None else ""
    columns = map(name_group, source.metadata_columns)
    others = dict.fromkeys(("week", "hashtag", "author", "language", *columns))
    empty = TIMES if by in TIMES else (by, by.removeprefix(OWN), column_of(by))
    hint = f"Group by something else: {', '.join(name for name in others if name not in empty)}."
    role = {"created_at": "date", "author": "author"}.get(column_of(by))
    if role is not None and where is None:
        hint += f" Where a column holds it, `mmsa classify` takes it with --map {role}=COLUMN."
    return UsageError(f"no post of {source.title}{passing} has {describe_value(by)}", hint)


def describe_value(by: str) -> str:
    """Say what a post must have to be in a group."""
    if by in TIMES:
        return "a date"
    named = {"hashtag": "a hashtag", "author": "an author", "language": "a known language"}
    return named.get(FIELDS.get(by, by), f"anything in the column {by.removeprefix(OWN)}")


def walk(
    store: Store, source: SourceRow, bundle: str, by: str = "", where: Where | None = None
) -> Iterator[tuple[str, str, tuple[float, ...], str, list[str]]]:
    """Walk through the posts of a source in its order, inputs that are none left out.

    Yields:
        Content hash, the model's label, its probabilities, the group of copies, the values of `by`.
    """
    check_grouping(source, by)
    labels = store.bundle_labels(bundle)
    columns = ["content_hash", "label", "duplicate_group", *(f"p_{label}" for label in labels)]
    asked = column_of(by)
    posts = Where("failure IS NULL")
    found = store.values(
        source.id, bundle, [*columns, *([asked] if asked else [])], posts if where is None else posts & where
    )
    for digest, label, cluster, *rest in found:
        values = values_of(by, rest[len(labels)]) if asked else []
        yield digest, label, tuple(prob or 0.0 for prob in rest[: len(labels)]), cluster or digest, values


def load(
    store: Store,
    source: SourceRow,
    bundle: str,
    audit: Audit,
    *,
    by: str = "",
    where: Where | None = None,
    unit: Unit = "post",
) -> Loaded:
    """Load a source for estimates.

    Args:
        bundle: whose answers are corrected, of the audit's labels; the strata are of the audit's own bundle.
        by: what to group by; see `check_grouping`.
        where: only these posts are reckoned for; all of them make the strata.
        unit: whether each post counts, or each distinct text once, its copies sharing its weight.
    """
    rows: dict[str, int] = {}
    strata_of: list[tuple[str, str]] = []
    labels_of: list[str] = []
    probs: list[tuple[float, ...]] = []
    clusters: list[str] = []
    sizes: list[float] = []
    n_without = 0
    grouped: defaultdict[str, Counter[int]] = defaultdict(Counter)
    others = _labels_by(store, source, audit, bundle)
    kept = _kept(store, source, bundle, where)
    stratified = first_values(store, source, bundle, audit.by) if audit.by else {}
    for number, (digest, label, given, cluster, values) in enumerate(walk(store, source, bundle, by)):
        at = rows.setdefault(digest, len(rows))
        if at == len(sizes):
            strata_of.append(
                (others.get(digest, "") if others is not None else label, stratified.get(digest, ""))
            )
            labels_of.append(label)
            probs.append(given)
            clusters.append(cluster)
            sizes.append(0.0)
        if kept is None or number in kept:
            sizes[at] += 1
            n_without += not values
            for value in values:
                grouped[value][at] += 1
    answers = store.audits.answers(audit.uid)
    drawn = {post.content_hash for post in store.audits.sample(audit.location, audit.uid)}
    said = _said(answers, drawn, rows)
    disagreed = {digest for digest, labels in said.items() if len(set(labels)) > 1}
    decided = store.audits.decisions(audit.uid) if disagreed else {}
    settled = {digest: [decided[digest]] for digest in disagreed & decided.keys()}
    given_labels, audited, n_other = _given(said | settled, rows, audit.labels)
    strata = name_strata(strata_of, [part.name for part in store.audits.strata(audit.location, audit.uid)])
    bounds = {part.name: part.bound for part in store.audits.strata(audit.location, audit.uid)}
    contents = list(rows)
    n_joined = sum(
        lot(audit.seed, digest) < bounds.get(stratum, 0.0)
        for digest, stratum in zip(contents, strata, strict=True)
        if digest not in drawn
    )
    beyond = np.array([stratum not in bounds for stratum in strata], dtype=bool)
    index = {name: at for at, name in enumerate(dict.fromkeys(strata))}
    _, cluster_of = np.unique(np.array(clusters, dtype=object).astype(str), return_inverse=True)
    weight = np.array(sizes, dtype=float)
    share = _text_weights(weight, cluster_of) if unit == "text" else np.ones(len(weight))
    label_at, columns = _match_labels(store, audit, bundle)
    answers_of = np.array(probs, dtype=float).reshape(len(rows), -1)
    population = Population(
        audit.labels,
        weight * share,
        answers_of[:, columns] if len(rows) else np.zeros((0, len(audit.labels))),
        np.array([label_at.get(label, -1) for label in labels_of], dtype=np.int64),
        np.array([index[name] for name in strata], dtype=np.int64),
        cluster_of.astype(np.int64),
        audited,
        given_labels,
    )
    n_elsewhere = len({answer.content_hash for answer in answers} - rows.keys())
    return Loaded(
        population,
        contents,
        Groups(_ranked(by, grouped), share),
        int(weight.sum()),
        n_without if by else 0,
        n_elsewhere,
        n_joined,
        int(weight[beyond].sum()),
        n_other,
        len(disagreed),
        len(settled),
        store.count_by_others(source.id, bundle, where),
        store.count_by_others(source.id, audit.bundle, than=audit.model) if audit.model else 0,
    )


def _match_labels(store: Store, audit: Audit, bundle: str) -> tuple[dict[str, int], list[int]]:
    """Match a bundle's labels to an audit's: the place of each, and the columns of the bundle's answers.

    Those of the audit's own bundle are in the audit's order, whatever they have been renamed to since.
    """
    theirs = store.bundle_labels(bundle)
    if bundle == audit.bundle:
        return {label: at for at, label in enumerate(theirs)}, list(range(len(audit.labels)))
    places = {label: audit.labels.index(label) for label in theirs if label in audit.labels}
    return places, [theirs.index(label) for label in audit.labels]


def _said(answers: Sequence[AuditAnswer], drawn: set[str], rows: Mapping[str, int]) -> dict[str, list[str]]:
    """Gather what coders said of each post that was drawn and is still there."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for answer in answers:
        if answer.content_hash in drawn and answer.content_hash in rows:
            found[answer.content_hash].append(answer.label)
    return dict(found)


def _given(
    said: Mapping[str, Sequence[str]], rows: Mapping[str, int], labels: Sequence[str]
) -> tuple[FloatArray, BoolArray, int]:
    """Share each audited post out over the labels that it was given; count those with another label."""
    given = np.zeros((len(rows), len(labels)))
    audited = np.zeros(len(rows), dtype=bool)
    n_other = 0
    at_label = {label: at for at, label in enumerate(labels)}
    for digest, names in said.items():
        at = rows[digest]
        audited[at] = True
        n_other += any(label not in at_label for label in names)
        for label in names:
            if label in at_label:
                given[at, at_label[label]] += 1 / len(names)
    return given, audited, n_other


def _labels_by(store: Store, source: SourceRow, audit: Audit, bundle: str) -> dict[str, str] | None:
    """Look up what the audit's own bundle says, if another one is to be corrected."""
    if audit.bundle == bundle:
        return None
    found = store.values(source.id, audit.bundle, ["content_hash", "label"], Where("failure IS NULL"))
    return dict(found)


def first_values(store: Store, source: SourceRow, bundle: str, by: str) -> dict[str, str]:
    """Look up, by content hash, the value of `by` that the first post of each content has."""
    found: dict[str, str] = {}
    for digest, _, _, _, values in walk(store, source, bundle, by):
        found.setdefault(digest, values[0] if values else "")
    return found


def _kept(store: Store, source: SourceRow, bundle: str, where: Where | None) -> set[int] | None:
    """Number the posts, failures left out, that a filter keeps."""
    if where is None:
        return None
    wanted = set(store.ordinals(source.id, bundle, where))
    ordinals = store.values(source.id, bundle, ["ordinal"], Where("failure IS NULL"))
    return {number for number, (ordinal,) in enumerate(ordinals) if ordinal in wanted}


def _text_weights(sizes: FloatArray, clusters: IntArray) -> FloatArray:
    totals = np.bincount(clusters, weights=sizes)
    return np.asarray(1 / np.maximum(totals[clusters], 1.0), dtype=float)


def _ranked(by: str, grouped: Mapping[str, Counter[int]]) -> list[tuple[str, Counter[int]]]:
    """Put times in their order, and the largest of other groups first."""
    if by in TIMES:
        return sorted(grouped.items(), key=lambda item: (item[0] == UNDATED, item[0]))
    return sorted(grouped.items(), key=lambda item: (-item[1].total(), item[0]))


def column_of(by: str) -> str:
    """Name the column that holds what is grouped by; see `check_grouping`."""
    if not by:
        return ""
    if by in TIMES:
        return "created_at"
    if by == "hashtag":
        return "text"
    return FIELDS.get(by, "metadata")


def values_of(by: str, cell: object) -> list[str]:
    """List the groups a post is in, by the cell that `column_of` named."""
    # What is no proper text comes as bytes.
    text = cell if isinstance(cell, str) else ""
    for unit in TIMES:
        if by == unit:
            return [_period(unit, text)]
    if by == "hashtag":
        return sorted(f"#{key}" for key in hashtags_in(text))
    if by in FIELDS:
        return [text] if text else []
    cells = json.loads(text or "{}")
    value = str(cells.get(by, cells.get(by.removeprefix(OWN), ""))).strip()
    return [value] if value else []


def group_named(by: str, name: str) -> str:
    """Write a group that somebody names as `values_of` does."""
    return f"#{key_of(name.strip())}" if by == "hashtag" else name


def _period(unit: TimeUnit, written: str) -> str:
    """Name the period of a time: its year, month, day, hour, or the Monday of its week."""
    try:
        if unit == "hour":
            return f"{date.fromisoformat(written[:10])} {written[11:13] or '00'}h"
        return period_of(unit, date.fromisoformat(written[:10]))
    except ValueError:
        return UNDATED
