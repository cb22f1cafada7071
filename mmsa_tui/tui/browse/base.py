"""The main screen's ground: its widgets, the list it shows, the post under the cursor.

What keys do is in the `browse_*` modules that build on it; `browse` puts them together.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from mmsa_tui.analysis.queues import queue_rows
from mmsa_tui.errors import MmsaError
from mmsa_tui.retrain import ENOUGH
from mmsa_tui.store import Order, Row, SourceRow, Where
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.app_screen import AppScreen
from mmsa_tui.tui.browse.counts import Counts
from mmsa_tui.tui.browse.filter_bar import FilterBar
from mmsa_tui.tui.browse.listing import Listing, SourceMovedError
from mmsa_tui.tui.browse.position import Position
from mmsa_tui.tui.browse.post_table import PostTable
from mmsa_tui.tui.browse.queue_bar import QueueBar
from mmsa_tui.tui.keys import key_for
from mmsa_tui.tui.widgets.bars import KeyBar, StatusLine, TopBar
from mmsa_tui.tui.widgets.post_view import PostView

TICK_S = 2.0
"""How often counts are brought up to date and the position is kept, where they have changed."""
AFTER_ROWS_S = 0.3
"""How long what walks the whole source waits, so that the first rows come first."""
SETTLED_QUEUES = ("all", "flagged", "corrected", "duplicates")
"""Queues that show what has been dealt with too."""


class BrowseBase(AppScreen[None]):
    """One source: table and post view, side by side or below each other."""

    def __init__(self, source: SourceRow) -> None:
        super().__init__()
        self.position = Position.from_text(source.position)
        self.listing = Listing(source, self.mmsa.bundle_id, self.mmsa.quick, self.mmsa.slow)
        self.filter_text = self.position.filter
        self.filter_where: Where | None = None
        self.queue_name = self.position.queue
        self.order: Order | None = self.position.order
        self.counts = Counts(self.mmsa.slow, self.mmsa.config, self._show_counts)
        self._position_kept = self.position
        self.top = TopBar(id="top")
        self.filter_bar = FilterBar(self.mmsa.config.paths.data_dir / "views.json", id="filter")
        self.table = PostTable(id="table")
        self.queue_bar = QueueBar(id="queues")
        self.view = PostView(self.mmsa.pictures, self.mmsa.graphics, id="view")
        self.status = StatusLine(id="status")
        self.key_bar = KeyBar(id="keys")

    # what others may read

    @property
    def source(self) -> SourceRow:
        return self.listing.source

    @property
    def bundle_id(self) -> str:
        return self.mmsa.bundle_id

    @property
    def where(self) -> Where | None:
        return self.listing.where

    @property
    def n_rows(self) -> int:
        return len(self.listing)

    @property
    def selection(self) -> tuple[int, ...]:
        return self.table.selection

    @property
    def row(self) -> Row | None:
        return self.table.row

    @property
    def is_whole(self) -> bool:
        """Whether the widgets are there; messages and results may still come when they are gone."""
        parts = (self.top, self.filter_bar, self.table, self.queue_bar, self.view, self.status, self.key_bar)
        return self.is_attached and all(part.is_attached for part in parts)

    def key(self, name: str) -> str:
        """Write the key of an action as it is bound now, for a hint."""
        return key_for(name, self.mmsa.config.keys) or "the palette"

    # making the screen

    def compose(self) -> ComposeResult:
        yield self.top
        with Container(id="panes"):
            with Vertical(id="left"):
                yield self.filter_bar
                yield self.table
                yield self.queue_bar
            yield self.view
        yield self.status
        yield self.key_bar

    def on_mount(self) -> None:
        self.filter_bar.set_labels(self.labels)
        self.filter_bar.set_text(self.filter_text)
        self.queue_bar.select(self.queue_name)
        self.filter_where = self.parse_filter(self.filter_text)
        self.table.focus()
        self.show_top()
        self.open_list(self.position.ordinal)
        self.set_interval(TICK_S, self.tick)

    def parse_filter(self, text: str) -> Where | None:
        """Read a filter that was kept; one that no longer makes sense is dropped."""
        from mmsa_tui.filters import parse

        try:
            return parse(text, self.labels) if text.strip() else None
        except MmsaError:
            self.filter_text = ""
            self.filter_bar.set_text("")
            return None

    def adopt_bundle(self) -> None:
        """Show what another bundle says, after it has taken the place of the one before."""
        if self.listing.bundle_id == self.bundle_id:
            return
        self.listing.bundle_id = self.bundle_id
        self.filter_bar.set_labels(self.labels)
        self.filter_where = self.parse_filter(self.filter_text)
        self.counts.expire()
        self.open_list(self.position.ordinal)

    # the list

    @work(exclusive=True, group="list")
    async def open_list(self, keep: int | None = None) -> None:
        """Settle the list by filter, queue and order; keep the cursor on a row of the source."""
        remaining = self.queue_name not in SETTLED_QUEUES
        n_posts = self.source.n_posts + self.source.n_failures
        queue_where, queue_order = queue_rows(self.queue_name, n_posts, remaining=remaining)
        where = self.filter_where
        if queue_where is not None:
            where = queue_where if where is None else where & queue_where
        try:
            if not await self.listing.settle(where, self.order or queue_order) or not self.is_whole:
                return
        except SourceMovedError:
            await self.leave_lost_source()
            return
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        index = self.listing.index_of(keep) if keep is not None else None
        self.table.empty_text = self._say_why_empty()
        self.table.show(self.listing, self.looks, index or 0)
        if not len(self.listing):
            self.show_row(None)
        self.show_top()
        self.set_timer(AFTER_ROWS_S, self.tick)

    def _say_why_empty(self) -> str:
        if self.filter_text:
            return f"No post matches this filter. {self.key('clear_filter')} clears it."
        if self.queue_name != "all":
            return f"Nothing is left in this queue. {self.key('next_queue')} goes on to the next one."
        return "This source holds no posts."

    async def leave_lost_source(self) -> None:
        """Go back to the picker: the source is no longer in the database."""
        self.app.notify("Another window has removed it from the list.", title="This source is gone")
        self.mmsa.open_picker()

    @on(PostTable.NeedsPages)
    def fetch_pages(self, event: PostTable.NeedsPages) -> None:
        self._fetch(event.pages)

    @work(group="pages")
    async def _fetch(self, pages: list[int]) -> None:
        try:
            changed = await self.listing.fetch(pages)
            if self.is_whole:
                self.table.rows_came(changed)
        except SourceMovedError:
            # Read again, perhaps by another window: ordinals may mean other posts now.
            self.open_list(self.listing.ordinal(self.table.cursor) if self.n_rows else None)
        except MmsaError as error:
            self.mmsa.show_error(error)

    def refresh_rows(self) -> None:
        """Read what is on screen again, and soon the counts."""
        self.counts.expire()
        self.listing.mark_stale()
        self.table.ask()

    async def refresh_posts(self, content_hashes: Collection[str]) -> None:
        """Read posts that have been changed again, before anything else happens."""
        self.counts.expire()
        self.counts.pace.stir()
        self.listing.mark_stale(content_hashes)
        first, last = self.table.rows_on_screen
        try:
            changed = await self.listing.fetch(self.listing.missing(first, last))
            if self.is_whole:
                self.table.rows_came(changed)
        except SourceMovedError:
            self.open_list(None)
        except MmsaError as error:
            self.mmsa.show_error(error)

    @on(PostTable.Highlighted)
    def _on_highlighted(self, event: PostTable.Highlighted) -> None:
        if self.is_whole:
            self.show_row(event.row)

    def show_row(self, row: Row | None) -> None:
        """Show a row in the post view."""
        if row is None and self.n_rows:
            return
        place = f"{self.table.cursor + 1:,} of {self.n_rows:,}"
        self.view.show(row, self.looks, self.say_no_prediction(), place)
        if row is not None:
            self.position = Position(
                row.ordinal,
                self.filter_text,
                self.queue_name,
                self.order.column if self.order else "",
                self.order.descending if self.order else False,
            )

    def say_no_prediction(self) -> str:
        """Say why a post has no bars."""
        if not self.labels:
            return "There is no model: see the top right corner."
        return f"Not classified yet: {self.key('classify')} classifies."

    # keeping up

    @work(group="tick")
    async def tick(self) -> None:
        """Bring the counts up to date and keep the position, where they have changed."""
        if self.position != self._position_kept:
            self._position_kept = self.position
            await self.keep_position()
        await self.counts.update(self.source.id, self.bundle_id)

    def _show_counts(self) -> None:
        if not self.is_whole:
            return
        self.queue_bar.set_counts(self.counts.queues)
        self.show_top()
        self.show_status()

    async def keep_position(self) -> None:
        """Keep where the user is."""
        source_id, text = self.source.id, self.position.to_text()
        # A place that is lost does no harm.
        with suppress(MmsaError):
            await self.mmsa.quick.run(lambda store: store.remember_position(source_id, text))

    # the lines around

    def show_top(self) -> None:
        """Write the top line: source, list, model."""
        source = self.source
        n_all = source.n_posts + source.n_failures
        left = [(" mmsa ", "bold $text-accent"), (safe_line(source.title, 60), "bold")]
        left.append((f"  {n_all:,} posts", "$foreground-muted"))
        if self.n_rows != n_all:
            left.append((f" · {self.n_rows:,} shown", "$foreground-muted"))
        if self.selection:
            left.append((f" · {len(self.selection):,} selected", "$text-warning"))
        self.top.show(left, self.mmsa.model_parts())

    def show_status(self) -> None:
        """Write the right end of the status line."""
        n_all, n_new = self.counts.n_corrected, self.counts.n_to_learn
        parts = [(f"{n_all:,} correction{'s' if n_all != 1 else ''} ", "$foreground-muted")]
        if n_new >= ENOUGH:
            key = key_for("retrain", self.mmsa.config.keys)
            new = "" if n_new == n_all else f"{n_new:,} new · "
            parts.append((f"· {new}retrain{f' ({key})' if key else ''}? ", "$text-accent"))
        self.status.show_right(*parts)

    def tell(self, text: str, style: str = "") -> None:
        """Answer a key in the status line."""
        self.status.tell((" " + text, style))
