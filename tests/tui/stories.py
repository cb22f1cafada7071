"""Steps that several stories begin with."""

from __future__ import annotations

from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import SourceRow, Store
from mmsa_tui.tui.browse.screen import BrowseScreen

SIZE = (120, 36)


def text_of(screen, part: str) -> str:
    """Read what a part of a screen says."""
    return screen.query_one(part).render().plain


async def opened(pilot, wait_for) -> BrowseScreen:
    """Wait for the main screen with its first rows."""
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the main screen")
    await wait_for(pilot, lambda: pilot.app.screen.row is not None, "rows")
    return pilot.app.screen


async def asked(pilot, wait_for, kind) -> object:
    """Wait for a dialog."""
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, kind), kind.__name__)
    await pilot.pause()
    return pilot.app.screen


def labels(store: Store, source) -> dict[str, str]:
    """The analyst's labels by post id."""
    return {
        row.post_id: row.corrected_label
        for row in store.rows(source.id, "small 1.0.0")
        if row.corrected_label
    }


def read_lines(config, folder, *lines: str) -> SourceRow:
    """Read a csv of these lines into the store."""
    table = folder / "posts.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    with Store.open(config.paths.database) as store:
        return read_in(store, table)
