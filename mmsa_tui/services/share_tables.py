"""Service: shares of labels by week or by group, as tables of a workbook's Summary sheet, to be drawn."""

from __future__ import annotations

from mmsa_tui.analysis.population import TIMES, UNDATED, check_grouping
from mmsa_tui.errors import UsageError
from mmsa_tui.export import TextTable
from mmsa_tui.store import SourceRow, Store, Where


def tabulate_shares(
    store: Store, source: SourceRow, bundle_id: str, where: Where | None = None, by: str = ""
) -> list[TextTable]:
    """Lay out the shares of each week, where there are two with posts, and of a group that is asked for.

    Raises:
        UsageError: the source cannot be grouped so.
    """
    check_grouping(source, by)
    tables = _of(store, source, bundle_id, "week", where)
    if by and by != "week":
        tables += _of(store, source, bundle_id, by, where)
    return [table for table in tables if len(table.rows) > 1 or table.header[0] not in TIMES]


def _of(store: Store, source: SourceRow, bundle_id: str, by: str, where: Where | None) -> list[TextTable]:
    # numpy costs 0.1 s, which a csv should not pay.
    from mmsa_tui.services.charts import make_chart

    try:
        chart = make_chart(store, source, bundle_id, by=by, where=where)
    except UsageError:
        # No post of the group has a label; the totals stand in the tables above.
        return []
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
    return [
        TextTable(
            f"shares by {by}",
            header,
            rows,
            percent=range(2, len(header)),
            note=" ".join(chart.notes[:2]),
            lines=drawn if chart.is_time else (),
            bars=() if chart.is_time else drawn,
            bounds=bounds,
        )
    ]
