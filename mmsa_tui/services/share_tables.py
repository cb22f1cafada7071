"""Service: shares of labels by week or by group, as tables of a workbook's Summary sheet, to be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from mmsa_tui.analysis.population import UNDATED, check_groups
from mmsa_tui.errors import UsageError
from mmsa_tui.export import TextTable
from mmsa_tui.store import SourceRow, Store

if TYPE_CHECKING:
    from mmsa_tui.services.charts import ChartOf


def tabulate_shares(
    store: Store, source: SourceRow, bundle_id: str, **of: Unpack[ChartOf]
) -> list[TextTable]:
    """Lay out the shares of each week, where there are two with posts, and of a group that is asked for.

    Raises:
        UsageError: the source cannot be grouped so, or no post is in a group.
    """
    by = of.get("by", "")
    check_groups(store, source, bundle_id, by, of.get("where"))
    weeks = _tabulate(store, source, bundle_id, {**of, "by": "week"})
    if by == "week":
        return [weeks]
    tables = [weeks] if len(weeks.rows) > 1 else []
    return [*tables, _tabulate(store, source, bundle_id, of)] if by else tables


def _tabulate(store: Store, source: SourceRow, bundle_id: str, of: ChartOf) -> TextTable:
    """Lay out the shares of a group; why there are none where no post of it has a label."""
    # numpy costs 0.1 s, which a csv should not pay.
    from mmsa_tui.services.charts import make_chart

    by = of["by"]
    try:
        chart = make_chart(store, source, bundle_id, **of)
    except UsageError as error:
        return TextTable(
            f"shares by {by}", (by, "posts"), (), note=f"There is nothing to draw: {error.message}."
        )
    groups = [group for group in chart.groups if not (chart.is_time and group.name == UNDATED)]
    labels, bounds = chart.labels, []
    header = [by, "posts", *labels]
    if chart.has_intervals:
        bounds = [(len(header) + 2 * at, len(header) + 2 * at + 1) for at in range(len(labels))]
        header += [f"{label} {end}" for label in labels for end in ("low", "high")]
    rows: list[list[str | float]] = []
    for group in groups:
        row: list[str | float] = [group.name, group.n_posts, *(share.value for share in group.shares)]
        if bounds:
            ends = (end for share in group.shares for end in (share.low, share.high))
            row += ["" if end is None else end for end in ends]
        rows.append(row)
    drawn = range(2, 2 + len(labels))
    # Of one period there is no line to draw.
    is_line = chart.is_time and len(rows) > 1
    return TextTable(
        f"shares by {by}",
        header,
        rows,
        percent=range(2, len(header)),
        note=" ".join(chart.notes[:2]),
        lines=drawn if is_line else (),
        bars=() if is_line else drawn,
        bounds=bounds,
    )
