"""Service: a chart of a source's shares, from its audit where there is one; command and app both save it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from mmsa_tui.analysis.population import TIMES, describe_value, name_group, no_groups
from mmsa_tui.analysis.shares import GroupShares, Share, Shares, count_shares
from mmsa_tui.errors import UsageError
from mmsa_tui.report.figures import Chart, check_chart_target, write_chart
from mmsa_tui.services.estimate import Estimates, Group, estimate_if_audited
from mmsa_tui.services.estimate_tables import worth
from mmsa_tui.services.uncorrected import say_uncorrected
from mmsa_tui.store import SourceRow, Store, Where
from mmsa_tui.text.display import counted

MOST_GROUPS = 20
"""Groups that are drawn, periods apart: beyond that nobody reads their names."""


_HOW_TO_READ = {
    "": "Lines are 95 % intervals; a diamond is the share by the model's labels alone.",
    "time": "Shades are 95 % intervals.",
    "group": "Lines are 95 % intervals.",
}


class ChartOf(TypedDict, total=False):
    """What a chart is of.

    `by` is `hour`, `day`, `week`, `month`, `year`, `hashtag`, `author`, `language` or a column; without it
    the shares of all posts are drawn. `where` leaves only some posts; `only` says in words which they are.
    `learned` is what the bundle knows by heart of the source's audit.
    """

    by: str
    where: Where | None
    only: str
    learned: frozenset[str]


def make_chart(store: Store, source: SourceRow, bundle: str, **of: Unpack[ChartOf]) -> Chart:
    """Bring together what a chart shows.

    Raises:
        UsageError: no post has a label, or the source cannot be grouped so.
    """
    by, where, only = of.get("by", ""), of.get("where"), of.get("only", "")
    labels = store.bundle_labels(bundle)
    counts = count_shares(store, source, bundle, labels, by, where)
    if not counts.n_posts:
        raise UsageError(
            f"no post of {source.title} has a label" + (" and passes the filter" if where else ""),
            f"Run `mmsa classify {source.location} -o FILE.csv` first, or choose other posts.",
        )
    if counts.n_without == counts.n_posts:
        raise no_groups(source, by, where)
    found, is_time = counts.groups, by in TIMES
    shown = found if is_time else found[:MOST_GROUPS]
    learned = of.get("learned", frozenset())
    estimates = estimate_if_audited(store, source, bundle, where, by=by, most=len(shown), learned=learned)
    notes = [_about(counts, len(shown), by, only, source.metadata_columns)]
    if estimates is None:
        notes.append(say_uncorrected(store, source, bundle))
    else:
        notes.append(worth(estimates.status, estimates.has_model))
        shown = _corrected(shown, estimates, by)
        notes.append(_HOW_TO_READ["time" if is_time else "group" if by else ""])
        if any(group.shares[0].low is None for group in shown):
            notes.append(
                "No interval means that no post of the group was audited: its shares are not corrected."
            )
    title = f"{source.title}: shares of labels" + (f" by {by}" if by else "")
    return Chart(title, by, labels, shown, is_time, notes)


def save_chart(
    store: Store, source: SourceRow, bundle: str, target: Path, overwrite: bool = False, **of: Unpack[ChartOf]
) -> Chart:
    """Make a chart and write it as png, svg or csv; see `make_chart` and `write_chart` for errors."""
    check_chart_target(target, overwrite=overwrite)
    chart = make_chart(store, source, bundle, **of)
    return write_chart(chart, target, overwrite=overwrite)


def _about(counts: Shares, n_shown: int, by: str, only: str, own_columns: Collection[str]) -> str:
    words = f"{counted(counts.n_posts, 'post')} with a label"
    if only:
        words += f", only {only}"
    if counts.n_without:
        words += f"; {counts.n_without:,} without {describe_value(by)}"
    if name_group(by) != by and by in own_columns:
        words += f"; the column {by} of the source is {name_group(by)}"
    if n_shown < len(counts.groups):
        words += f"; the {n_shown} largest of {len(counts.groups):,} groups by {by}"
    return words + (". A week is named by its Monday (UTC)." if by == "week" else ".")


def _corrected(counted: Sequence[GroupShares], estimates: Estimates, by: str) -> list[GroupShares]:
    """Put the audit's shares in the place of those that were counted, where it has any."""
    known = {group.name: group for group in estimates.groups} if by else {"": estimates.overall}
    return [
        GroupShares(group.name, group.n_posts, _shares(group, known.get(group.name))) for group in counted
    ]


def _shares(counted: GroupShares, group: Group | None) -> tuple[Share, ...]:
    estimated = {one.name: one for one in group.shares} if group is not None else {}
    shares = []
    for share in counted.shares:
        one = estimated.get(share.label)
        if one is None or one.value is None:
            shares.append(share)
        else:
            shares.append(Share(share.label, one.value, one.low, one.high, one.raw))
    return tuple(shares)
