"""Service: a classified source to the page that is sent round; the command and the app both call it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmsa_tui.analysis.population import OWN, group_named
from mmsa_tui.analysis.shares import count_shares
from mmsa_tui.bundle.contents import trained_on
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.disk.whole_file import check_place
from mmsa_tui.errors import BundleError, OutputError, UsageError
from mmsa_tui.report import About, Grouped, Table, gather, write_page
from mmsa_tui.services.charts import make_chart
from mmsa_tui.services.chosen_posts import posts_of_filter
from mmsa_tui.services.estimate import Estimates, estimate, estimate_if_audited, no_such_group
from mmsa_tui.services.estimate_tables import (
    DIFFERENCES,
    SCORES,
    SHARES,
    difference_rows,
    method,
    percent,
    points,
    score_rows,
    share_rows,
    shares_title,
    standing,
    warnings,
    worth,
)
from mmsa_tui.services.evaluate import evaluate, scores_table
from mmsa_tui.services.uncorrected import say_uncorrected
from mmsa_tui.store import SourceRow, Store, Where
from mmsa_tui.text.display import redact


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report came to: posts in it, and how many of those are not classified yet."""

    n_posts: int
    n_unclassified: int


def check_report_target(target: Path, *, overwrite: bool = False) -> None:
    """Refuse a target that cannot become the page.

    Raises:
        OutputError: it has another suffix, exists, or lies where no file can be written.
    """
    if target.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{target} does not end in .html", "Choose a name that does.")
    check_place(target, overwrite=overwrite)


def write_report(
    store: Store,
    source: SourceRow,
    bundle: Bundle,
    target: Path,
    *,
    filter_text: str = "",
    by: Sequence[str] = (),
    comparing: tuple[str, str] | None = None,
    redacted: bool = False,
    overwrite: bool = False,
    learned: frozenset[str] = frozenset(),
) -> Reported:
    """Write the report of a source, or of what a filter leaves of it.

    Args:
        by: what to show the shares of the groups of: a time, `hashtag`, `author`, `language` or a column.
        comparing: two groups of the first of them to compare.
        redacted: show nothing that names or shows a person.
        learned: what the bundle knows by heart of the source's audit, see `services.bundles.learned_since`.

    Raises:
        OutputError: see `check_report_target`.
        UsageError: the source has not been classified with this bundle, nothing passes the filter, or it
            cannot be grouped so.
        FilterError: the filter makes no sense.
    """
    check_report_target(target, overwrite=overwrite)
    if redacted and not {"author", f"{OWN}author"}.isdisjoint(by):
        raise UsageError(
            "a page for publication names no authors, and --by author would", "Leave --redact or --by out."
        )
    labels = store.bundle_labels(bundle.id)
    judged = Where("status <> '' AND failure IS NULL")
    is_judged = next(store.values(source.id, bundle.id, ["status"], judged), None) is not None
    if not labels or (source.n_posts and not is_judged):
        raise UsageError(
            f"{source.title} has not been classified with bundle {bundle.id}",
            f"Run `mmsa classify {source.location} -o FILE.csv` first, or choose another --bundle.",
        )
    where = posts_of_filter(store, source, bundle.id, filter_text)
    n_posts = store.count(source.id, bundle.id, where)
    if redacted:
        # Files and groups are named after people, too; a filter may ask for one.
        source = replace(source, title=redact(source.title))
    facts = {"source": source.title, "posts": f"{n_posts:,}"}
    if where is not None:
        facts["filter"] = "not named here, as it may name somebody" if redacted else filter_text
    facts |= {
        "read": source.read_at[:16].replace("T", " ") + " UTC",
        "bundle": bundle.id,
        "written": time.strftime("%Y-%m-%d %H:%M"),
    }
    if redacted:
        facts["left out"] = (
            "all pictures, authors, ids and reasons of failures; handles, links, addresses, long numbers and"
            " an author's name in the author's own post are masked. Other names written out as words stay"
        )
    scores, warned = _scores(store, source, bundle, labels, where)
    estimates = estimate_if_audited(store, source, bundle.id, where, learned=learned)
    change = _change(store, source, bundle.id, by, comparing, where, learned)
    about = About(
        f"{source.title}: what {n_posts:,} posts feel",
        facts,
        [*_estimate_tables(estimates), *scores],
        [*warned, *(warnings(estimates.status) if estimates is not None else ())],
        say_uncorrected(store, source, bundle.id) if estimates is None else standing(estimates),
        estimates.overall.shares if estimates is not None and estimates.has_shares else (),
        method(source, estimates) if estimates is not None else (),
        _redacted(change) if redacted and change is not None else change,
        [_grouped(store, source, bundle.id, one, where, learned) for one in by],
        redacted,
        bundle.validated_languages,
    )
    content = gather(store, source.id, bundle.id, about, where)
    write_page(content, target, overwrite=overwrite)
    return Reported(content.counts.n_posts, content.counts.statuses[""])


def _redacted(table: Table) -> Table:
    """Mask what names a person in the names of the two groups that a table compares."""
    return replace(table, title=redact(table.title), header=[redact(name) for name in table.header])


def _grouped(
    store: Store, source: SourceRow, bundle: str, by: str, where: Where | None, learned: frozenset[str]
) -> Grouped:
    """Bring together the shares of the groups of one thing."""
    chart = make_chart(store, source, bundle, by=by, where=where, learned=learned)
    return Grouped(by, chart.groups, chart.notes)


def _change(
    store: Store,
    source: SourceRow,
    bundle: str,
    by: Sequence[str],
    comparing: tuple[str, str] | None,
    where: Where | None,
    learned: frozenset[str],
) -> Table | None:
    """Compare two groups: by the audit, or where there is none as the labels stand."""
    if comparing is None:
        return None
    if not by:
        raise UsageError("to compare two groups, say what they are groups of", "Add --by.")
    title = " against ".join(comparing)
    first, second = comparing = (group_named(by[0], comparing[0]), group_named(by[0], comparing[1]))
    if estimate_if_audited(store, source, bundle, where) is not None:
        found = estimate(store, source, bundle, by=by[0], comparing=comparing, where=where, learned=learned)
        said = worth(found.status, found.has_model)
        note = f"In points; p-values are adjusted by Holm's method. {said}"
        return Table(title, DIFFERENCES, difference_rows(found.differences), note)
    counts = count_shares(store, source, bundle, store.bundle_labels(bundle), by[0], where)
    counted = {group.name: group for group in counts.groups}
    for name in comparing:
        if name not in counted:
            raise no_such_group(source, by[0], name, list(counted))
    rows = [
        (one.label, percent(one.value), percent(other.value), points(one.value - other.value))
        for one, other in zip(counted[first].shares, counted[second].shares, strict=True)
    ]
    return Table(title, ("label", first, second, "difference"), rows, say_uncorrected(store, source, bundle))


def _estimate_tables(estimates: Estimates | None) -> list[Table]:
    """Lay out shares and scores from the audit."""
    if estimates is None:
        return []
    note = f"From an audit of {estimates.status.n_labelled:,} posts; model off by is in points."
    tables = [Table(shares_title(estimates), SHARES, share_rows(estimates.overall), note)]
    if estimates.has_model:
        tables.append(Table("How often the model is right on these posts", SCORES, score_rows(estimates)))
    return tables


def _scores(
    store: Store, source: SourceRow, bundle: Bundle, labels: tuple[str, ...], where: Where | None
) -> tuple[list[Table], list[str]]:
    """Score the bundle where the source carries people's labels; warn of posts that it learned from."""
    doubts: list[str] = []
    try:
        seen = trained_on(bundle)
    except BundleError:
        seen = frozenset()
        doubts.append(f"It cannot be told which of these posts bundle {bundle.id} was made from.")
    try:
        outcome = evaluate(store.rows(source.id, bundle.id, where), labels, seen=seen)
    except UsageError:
        return [], []
    header, *lines = scores_table(outcome)
    table = Table("Against people's labels", header, lines, "Brackets show 95 % bootstrap intervals.")
    return [table], [*doubts, *([outcome.warning] if outcome.warning else [])]
