"""The left side of the main screen: filter, table and queues, and the list of posts that they make.

Shows posts and never changes one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from mmsa_tui.analysis.queues import count_queues, describe_listed, listed_rows, queues_of, title_of
from mmsa_tui.errors import MmsaError
from mmsa_tui.filters import FilterError, hits
from mmsa_tui.store import Order, Row, SourceRow, Where
from mmsa_tui.tui.browse.filter_bar import FilterBar
from mmsa_tui.tui.browse.listing import Listing, SourceMovedError
from mmsa_tui.tui.browse.position import ColumnChoice, Position
from mmsa_tui.tui.browse.post_table import PostTable
from mmsa_tui.tui.browse.queue_bar import QueueBar
from mmsa_tui.tui.browse.sorting import reversed_from, sorted_by

if TYPE_CHECKING:
    from mmsa_tui.tui.app import MmsaApp


_WAYS = {"filter": "clear_filter", "queue": "next_queue"}
"""The action that leads away from what would tell what is hidden."""


class PostList(Vertical):
    """Posts of one source by filter, queue and order; knows where in it the user is.

    Args:
        key: writes the key of an action as it is bound now, for a hint.
    """

    class Opened(Message):
        """The list was made anew."""

    class Lost(Message):
        """The source is no longer in the database."""

    def __init__(
        self, app: MmsaApp, source: SourceRow, key: Callable[[str], str], *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._key = key
        self.position = Position.from_text(source.position)
        self.listing = Listing(source, app.bundle_id, app.quick, app.slow)
        self.filter_text = self.position.filter
        self.filter_where: Where | None = None
        self.filter_error: FilterError | None = None
        self.is_filter_unfinished = False
        self.told_by: Callable[[str, str, Order | None], str] = lambda queue, text, order: ""
        """Names the queue, or what of a filter or an order, that would tell what is hidden."""
        self.telling = ""
        self.hits_elsewhere: Mapping[str, int] = {}
        self.has_changed = False
        """Whether the source on disk is no longer what was read of it."""
        self.n_by_others = 0
        """How many of its posts another model of the bundle's id has judged."""
        self.queue_name = self.position.queue
        self.order: Order | None = self.position.order
        self.filter_bar = FilterBar(
            self._filter_by, self._refuse_filter, Path(app.config.paths.study_dir) / "views.json", id="filter"
        )
        self.table = PostTable(id="table")
        self.table.chosen = self.position.columns
        self.queue_bar = QueueBar(self._use_queue, queues_of(app.config.paths.codebook), id="queues")
        self._settling: Worker[None] | None = None
        """Makes the list that was asked for last."""

    # what others may read

    @property
    def mmsa(self) -> MmsaApp:
        return cast("MmsaApp", self.app)

    @property
    def source(self) -> SourceRow:
        return self.listing.source

    @property
    def where(self) -> Where | None:
        """What the list shows, by filter and queue; None for all posts."""
        return self.listing.where

    @property
    def queue_text(self) -> str:
        """Say which posts the queue has left; "" for all of them."""
        if self.queue_name == "all":
            return ""
        named = f"queue {title_of(self.queue_name)}"
        return ", ".join(filter(None, [named, describe_listed(self.queue_name)]))

    @property
    def described(self) -> str:
        """Say by queue and filter which posts are listed; "" for all of the source."""
        return ", ".join(filter(None, [self.queue_text, self.filter_text]))

    @property
    def row(self) -> Row | None:
        """The row under the cursor, if it is in memory."""
        return self.table.row

    @property
    def place(self) -> str:
        """Where the cursor is, as `3 of 12`."""
        return f"{self.table.cursor + 1:,} of {len(self.listing):,}"

    @property
    def is_whole(self) -> bool:
        """Whether the widgets are there; messages and results may still come when they are gone."""
        return self.is_attached and all(
            part.is_attached for part in (self.filter_bar, self.table, self.queue_bar)
        )

    # making it

    def compose(self) -> ComposeResult:
        yield self.filter_bar
        yield self.table
        yield self.queue_bar

    def on_mount(self) -> None:
        self.filter_bar.set_labels(self.mmsa.labels)
        self.filter_bar.set_columns(self.source.metadata_columns)
        self.queue_bar.select(self.queue_name)
        self._set_filter(self.filter_text)
        self.open(self.position.ordinal)

    def _set_filter(self, text: str) -> None:
        """Filter by a text that was not typed just now; it may make no sense, with another bundle."""
        self.filter_text, self.filter_error, self.is_filter_unfinished = text, None, False
        try:
            self.filter_where = self.filter_bar.set_text(text)
        except FilterError as error:
            self.filter_error = error

    def adopt_bundle(self) -> bool:
        """Show what another bundle says, if one has taken the place of the one before."""
        if self.listing.bundle_id == self.mmsa.bundle_id:
            return False
        self.listing.bundle_id = self.mmsa.bundle_id
        self.filter_bar.set_labels(self.mmsa.labels)
        self._set_filter(self.filter_text)
        self.open(self.position.ordinal)
        return True

    def open(self, keep: int | None = None) -> None:
        """Settle the list by filter, queue and order; keep the cursor on a row of the source."""
        self._settling = self._settle(keep)

    async def row_to_change(self) -> Row | None:
        """The row under the cursor of the list that was asked for last, once it stands there.

        A key may be pressed right behind the filter or the queue that it is meant for.
        """
        await self.stands()
        if self.row is None and len(self.listing):
            await self._bring(self.table.cursor, self.table.cursor)
        return self.row

    async def stands(self) -> None:
        """Wait until the list is the one that was asked for last."""
        while (settling := self._settling) is not None and not settling.is_finished:
            # Another that was asked for meanwhile breaks it off.
            with suppress(WorkerCancelled, WorkerFailed):
                await settling.wait()

    @work(exclusive=True, group="list")
    async def _settle(self, keep: int | None) -> None:
        queue_where, queue_order = listed_rows(self.queue_name)
        where = self.filter_where
        if queue_where is not None:
            where = queue_where if where is None else where & queue_where
        self.telling = self.told_by(self.queue_name, self.filter_text, self.order)
        if self.filter_error is not None or self.telling:
            # Not the posts of the filter before: whatever is done to the list must not reach them.
            where = Where("FALSE")
        try:
            if not await self.listing.settle(where, self.order or queue_order) or not self.is_whole:
                return
            self.hits_elsewhere = await self._count_elsewhere()
        except SourceMovedError:
            self.post_message(self.Lost())
            return
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        index = self.listing.index_of(keep) if keep is not None else None
        self.table.empty_text = self._say_why_empty()
        self.table.hits = hits(self.filter_text)
        self.table.show(self.listing, self.mmsa.looks, index or 0)
        self.post_message(self.Opened())

    async def _count_elsewhere(self) -> dict[str, int]:
        """Count what the filter finds in other queues than the one that is open; {} where it is all there."""
        where = self.filter_where
        if where is None or self.queue_name == "all" or self.filter_error is not None or self.telling:
            return {}
        source_id, bundle_id, n_here = self.source.id, self.mmsa.bundle_id, len(self.listing)
        found = await self.mmsa.slow.run(
            lambda store: count_queues(store, source_id, bundle_id, within=where)
        )
        if found["all"].total == n_here:
            return {}
        left_out = {self.queue_name, *self.queue_bar.closed}
        return {name: count.total for name, count in found.items() if count.total and name not in left_out}

    def _say_why_empty(self) -> str:
        if self.filter_error is not None:
            return f"The filter is not understood, so no post is shown: {self.filter_error.message}."
        if self.telling:
            way = _WAYS[self.telling.split()[1]] if self.telling.startswith("the ") else "sort"
            return (
                f"Blind: {self.telling} would tell what is hidden, so no post is shown."
                f" {self._key(way)} changes that, {self._key('blind')} shows all labels."
            )
        if self.hits_elsewhere:
            places = ", ".join(f"{title_of(name)} {n:,}" for name, n in self.hits_elsewhere.items())
            return (
                f"Nothing in this queue matches, but elsewhere: {places}. {self._key('next_queue')} goes on."
            )
        if self.filter_text:
            return f"No post matches this filter. {self._key('clear_filter')} clears it."
        if self.queue_name != "all":
            return f"Nothing is left in this queue. {self._key('next_queue')} goes on to the next one."
        return "This source holds no posts."

    @on(PostTable.NeedsPages)
    def _fetch_pages(self, event: PostTable.NeedsPages) -> None:
        event.stop()
        self._fetch(event.pages)

    @work(group="pages")
    async def _fetch(self, pages: list[int]) -> None:
        try:
            changed = await self.listing.fetch(pages)
            if self.is_whole:
                self.table.rows_came(changed)
        except SourceMovedError:
            # Read again, perhaps by another window: ordinals may mean other posts now.
            self.open(self.listing.ordinal(self.table.cursor) if len(self.listing) else None)
        except MmsaError as error:
            self.mmsa.show_error(error)

    def refresh_rows(self) -> None:
        """Read what is on screen again."""
        self.listing.mark_stale()
        self.table.ask()

    async def refresh_posts(self, content_hashes: Collection[str]) -> None:
        """Read posts that have been changed again, before anything else happens."""
        self.listing.mark_stale(content_hashes)
        await self._bring(*self.table.rows_on_screen)

    async def _bring(self, first: int, last: int) -> None:
        """Have rows in memory, as they are now."""
        try:
            changed = await self.listing.fetch(self.listing.missing(first, last))
            if self.is_whole:
                self.table.rows_came(changed)
        except SourceMovedError:
            self.open(None)
        except MmsaError as error:
            self.mmsa.show_error(error)

    @on(PostTable.Highlighted)
    def _keep_place(self, event: PostTable.Highlighted) -> None:
        if event.row is not None:
            order = self.order
            self.position = Position(
                event.row.ordinal,
                self.filter_text,
                self.queue_name,
                order.column if order else "",
                order.descending if order else False,
                order.is_own if order else False,
                tuple(self.table.chosen),
            )

    # which rows

    def begin_filter(self) -> None:
        # At once: a focus that comes a moment later would let the table have the next letters.
        self.screen.set_focus(self.filter_bar.input)

    def clear(self) -> None:
        """Take away the marks, or else the filter."""
        if self.table.selection:
            self.table.select(())
        elif self.filter_text:
            self._set_filter("")
            self.open(self.position.ordinal)
        self.table.focus()

    @on(FilterBar.Left)
    def _on_filter_left(self) -> None:
        self.table.focus()

    def _refuse_filter(self, text: str, error: FilterError | None) -> None:
        if error is None:
            self.is_filter_unfinished = True
            self.post_message(self.Opened())
            return
        self.filter_text, self.filter_error, self.is_filter_unfinished = text, error, False
        self.open(self.position.ordinal)

    def _filter_by(self, text: str, where: Where | None) -> None:
        self.filter_text, self.filter_where = text, where if text.strip() else None
        self.filter_error, self.is_filter_unfinished = None, False
        self.open(self.position.ordinal)

    def go_to_filter(self, text: str, keep: int | None = None, *, in_queue: bool = False) -> None:
        """Show what a filter matches, among all posts, or in the queue that is open."""
        if not in_queue:
            self.queue_bar.select("all")
            self.queue_name = "all"
        self._set_filter(text)
        self.open(keep)
        self.table.focus()

    def queue_where(self) -> Where | None:
        """Say which posts the queue holds, whatever the filter; None for all."""
        return listed_rows(self.queue_name)[0]

    def _use_queue(self, name: str) -> None:
        self.queue_name = name
        self.table.select(())
        # In the whole source the place matters; a queue is worked through from its start.
        self.open(self.position.ordinal if name == "all" else None)

    # in which order

    @on(PostTable.SortChosen)
    def _on_header(self, event: PostTable.SortChosen) -> None:
        self.sort_by(event.column, is_own=event.is_own)

    def sort_by(self, column: str, *, is_own: bool = False) -> None:
        """Sort by a column, or the other way round if that is how it is sorted."""
        self.order = sorted_by(self.order, column, is_own=is_own)
        self.open(self.position.ordinal)

    def reverse(self) -> None:
        self.order = reversed_from(self.order)
        self.open(self.position.ordinal)

    def choose_columns(self, chosen: Sequence[ColumnChoice]) -> None:
        """Show these columns, in this order; none of them for as many as there is room for."""
        self.table.chosen = tuple(chosen)
        self.position = replace(self.position, columns=tuple(chosen))
        self.table.refresh()

    # which row

    def move(self, step: int) -> None:
        self.table.move_to(self.table.cursor + step)

    def page(self, direction: int) -> None:
        first, last = self.table.rows_on_screen
        self.move(direction * max(1, last - first))

    def edge(self, direction: int) -> None:
        self.table.move_to(0 if direction < 0 else len(self.listing) - 1)

    def advance(self) -> bool:
        """Go on to the next row; False if there is none."""
        if self.table.cursor + 1 >= len(self.listing):
            return False
        self.move(1)
        return True

    def show_ordinal(self, ordinal: int) -> bool:
        """Put the cursor on a row of the source, if the list has it."""
        index = self.listing.index_of(ordinal)
        if index is not None:
            self.table.move_to(index)
        return index is not None

    def mark_all(self) -> None:
        """Mark every post of the list, or none."""
        every = self.listing.ordinals()
        self.table.select(() if len(self.table.selection) == len(every) else every)
