"""A classified source as one HTML page that can be mailed, printed and kept.

`content` gathers what `analysis` counts, `charts` draws, `page` puts it together; nothing is
counted here. Nothing in the page is fetched from anywhere, nothing in it runs, and what strangers
wrote is shown, never obeyed.
"""

from __future__ import annotations

from pathlib import Path

from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.report.content import About, Content, Grouped, Table, gather
from mmsa_tui.report.page import compose

__all__ = ["About", "Content", "Grouped", "Table", "gather", "write_page"]


def write_page(content: Content, target: Path, *, overwrite: bool = False) -> None:
    """Write the page.

    Raises:
        OutputError: the target exists or cannot be written.
    """
    with whole_file(target, overwrite=overwrite) as part:
        part.write_text(compose(content), encoding="utf-8", errors="replace")
