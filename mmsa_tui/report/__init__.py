"""Service: a classified source as one HTML page that can be mailed, printed and kept.

`tally` counts the rows, `charts` draws, `page` puts it together. Nothing in the page is fetched
from anywhere, nothing in it runs, and what strangers wrote is shown, never obeyed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mmsa_tui.analysis.tally import Tally, count
from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.report.page import Table, compose
from mmsa_tui.store import Row

__all__ = ["Table", "Tally", "write_report"]


def write_report(
    rows: Iterable[Row],
    target: Path,
    labels: Sequence[str],
    *,
    title: str,
    facts: Mapping[str, str],
    tables: Sequence[Table] = (),
    overwrite: bool = False,
) -> Tally:
    """Write the report.

    Args:
        rows: all of the source, with predictions of one bundle.
        labels: that bundle's label order.
        facts: name and value pairs for the head of the page.
        tables: further tables, such as scores.

    Raises:
        OutputError: the target exists or cannot be written.
    """
    with whole_file(target, overwrite=overwrite) as part:
        tally = count(rows, labels)
        part.write_text(compose(tally, title, facts, tables), encoding="utf-8", errors="replace")
    return tally
