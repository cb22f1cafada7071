"""The main screen: a source's posts, the post under the cursor, and every key.

Which posts there are is `PostList`'s, what is done to them `Labeller`'s, what the model does with
them `Batches`', what happens by the clock `Upkeep`'s. Here they are put together, and told what keys
and messages want.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from mmsa_tui.errors import MmsaError
from mmsa_tui.store import Row, SourceRow
from mmsa_tui.tui.app_screen import WARNING, PostScreen
from mmsa_tui.tui.blind import Blinding
from mmsa_tui.tui.browse import asking, chores, outward, ways
from mmsa_tui.tui.browse.batches import Batches
from mmsa_tui.tui.browse.counts import Counts
from mmsa_tui.tui.browse.filter_input import FilterInput
from mmsa_tui.tui.browse.footer import footer, situation
from mmsa_tui.tui.browse.labeller import Labeller
from mmsa_tui.tui.browse.post_list import PostList
from mmsa_tui.tui.browse.post_table import PostTable
from mmsa_tui.tui.browse.texts import describe_corrections, heading
from mmsa_tui.tui.browse.upkeep import Upkeep
from mmsa_tui.tui.dialogs.bulk import BulkChoice
from mmsa_tui.tui.keys import bindings, first, key_for, moves
from mmsa_tui.tui.widgets.post_view import PostView

ALIKE_AFTER_S = 0.08
"""How long the cursor must rest before copies of the post are looked for."""
REFRESH_EVERY_S = 0.4
"""How often rows are read again while results come in."""

_MOVING = moves("page({})", "edge({})")
"""The table's keys: the screen has them, so that they work on a post that fills it too."""


class BrowseScreen(PostScreen[None]):
    """Browse, understand, correct: one source, table and post side by side or below each other."""

    # The field of the filter comes first: what is typed while the app starts would go there.
    AUTO_FOCUS = "PostTable"
    BINDINGS: ClassVar[list[BindingType]] = [*first(_MOVING), *bindings("browse")]

    def __init__(self, source: SourceRow) -> None:
        super().__init__()
        self.posts = PostList(self.mmsa, source, self.key, id="left")
        self.counts = Counts(self.mmsa.slow, self.mmsa.config, self._show_counts)
        self._blinding = Blinding(self.mmsa.config)
        self.posts.told_by = self._blinding.told_by
        self.labeller = Labeller(self.posts, self.counts, self)
        self.batches = Batches(self)
        self.upkeep = Upkeep(self)
        self._is_lost = False

    def compose_parts(self) -> ComposeResult:
        with Container(id="panes"):
            yield self.posts
            yield self.view

    def on_mount(self) -> None:
        self.posts.table.focus()
        self.show_top()
        self.upkeep.start()
        self.mmsa.engine_reports.subscribe(self, self.batches.hear)
        self.batches.show()

    # what others may read

    @property
    def source(self) -> SourceRow:
        return self.posts.source

    @property
    def n_rows(self) -> int:
        return len(self.posts.listing)

    @property
    def row(self) -> Row | None:
        """The row under the cursor, if it is in memory."""
        return self.posts.row

    @property
    def is_whole(self) -> bool:
        """Whether the widgets are there; messages and results may still come when they are gone."""
        parts = (self.top, self.view, self.status, self.key_bar)
        return self.is_attached and self.posts.is_whole and all(part.is_attached for part in parts)

    # keeping up

    @on(PostList.Opened)
    def _on_opened(self) -> None:
        if not self.is_whole:
            return
        if not self.n_rows:
            self.show_row(None)
        self._show_blindness()
        self.upkeep.tick_soon()

    @on(PostList.Lost)
    def _on_lost(self) -> None:
        # Two readings may find it gone; a second way to the picker would break off the first.
        if self._is_lost:
            return
        self._is_lost = True
        self.app.notify("Another window has removed it from the list.", title="This source is gone")
        self.mmsa.open_picker()

    def _show_counts(self) -> None:
        if self.is_whole:
            self.posts.queue_bar.set_counts(self.counts.queues)
            self.show_top()
            counts, key = self.counts, key_for("retrain", self.mmsa.config.keys)
            here, posts = counts.n_here, counts.n_posts
            self.status.show_right(
                *describe_corrections(counts.n_corrected, here, posts, counts.n_to_learn, key)
            )

    def refresh_rows(self) -> None:
        """Read what is on screen again, and soon the counts."""
        self.counts.expire()
        self.posts.refresh_rows()

    def adopt_bundle(self) -> None:
        """Show what another bundle says, after it has taken the place of the one before."""
        if self.posts.adopt_bundle():
            self.counts.expire()

    # the post in view

    @on(PostTable.Highlighted)
    def _on_highlighted(self, event: PostTable.Highlighted) -> None:
        if self.is_whole:
            self.show_row(event.row)
            if event.row is not None:
                self._look_for_copies(event.row)

    def show_row(self, row: Row | None) -> None:
        """Show a row in the post view."""
        if row is not None or not self.n_rows:
            reason = self.batches.say_no_prediction()
            is_hidden = row is not None and self.is_hidden(row)
            if row is not None and is_hidden:
                row = self._shown(row)
                reason = f"Hidden until you have given a label ({self.key('blind')}: show)."
            self.view.hits, self.view.validated = self.posts.table.hits, self.mmsa.model.validated
            self.view.show(row, self.looks, reason, self.posts.place, is_hidden=is_hidden)
        self.show_keys()
        # Whether there is more of it than fits is known when it is laid out.
        self.call_after_refresh(self.show_keys)

    @work(exclusive=True, group="alike")
    async def _look_for_copies(self, row: Row) -> None:
        await asyncio.sleep(ALIKE_AFTER_S)
        if self.mmsa.engine.state == "ready":
            self.batches.read_pictures(row)
        try:
            copies = await self.labeller.count_copies(row)
        except MmsaError:
            return
        shown = self.view.row
        if self.is_whole and shown is not None and shown.ordinal == row.ordinal:
            self.view.show_alike(copies, self.labeller.labels_alone, self.key("alone"))

    # coding blind

    @property
    def is_blind(self) -> bool:
        """Whether labels are hidden until one has given one's own."""
        return self._blinding.is_on(self.posts.queue_name)

    def is_hidden(self, row: Row) -> bool:
        """Whether a row is to be shown without anybody's label."""
        return self._blinding.hides(row, self.posts.queue_name)

    def _shown(self, row: Row) -> Row:
        return self._blinding.shown(row, self.posts.queue_name)

    def action_blind(self) -> None:
        if self._blinding.toggle(self.posts.queue_name):
            self.tell("Blind: labels of the model and of others are hidden until you have given yours.")
        else:
            self.tell("All labels are shown.")
        self._show_blindness()
        posts = self.posts
        if posts.telling or posts.told_by(posts.queue_name, posts.filter_text, posts.order):
            posts.open(posts.position.ordinal)

    def _show_blindness(self) -> None:
        self.posts.table.shown = self._shown if self.is_blind else None
        self.posts.queue_bar.close(self._blinding.closed_queues)
        self.posts.table.refresh()
        self.show_row(self.row)
        self.show_top()

    def _refuse_blind(self) -> bool:
        """Say that the model's label cannot be used unseen; whether that is so here."""
        if self.row is None or not self.is_hidden(self.row):
            return False
        self.tell(f"Blind: give a label of your own first ({self.key('blind')} shows all).", "$text-warning")
        return True

    # the lines around

    def show_top(self) -> None:
        """Write the top line: source, list, model."""
        codebook = self.mmsa.config.paths.codebook
        self.top.show(heading(self.posts, codebook, is_blind=self.is_blind), self.mmsa.model_parts())

    def show_keys(self) -> None:
        """Write the keys that do something now."""
        if not self.is_whole:
            return
        now = situation(self)
        self.key_bar.show(footer(now, self.looks, self.mmsa.config.keys))

    @on(PostTable.SelectionChanged)
    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _on_other_situation(self) -> None:
        self.show_top()
        self.show_keys()

    # keys that change posts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("pause", "stop_batch"):
            return self.mmsa.engine.batch is not None
        return super().check_action(action, parameters)

    async def action_label(self, index: int) -> None:
        await self.labeller.label(index)

    async def action_accept(self) -> None:
        if not self._refuse_blind():
            await self.labeller.accept()

    def action_skip(self) -> None:
        self.labeller.skip()

    async def action_flag(self) -> None:
        await self.labeller.flag()

    async def action_note(self) -> None:
        row = await self.posts.row_to_change()
        await self.labeller.note(self._shown(row) if row is not None else None)

    async def action_undo(self) -> None:
        await self.labeller.undo()

    async def action_redo(self) -> None:
        await self.labeller.redo()

    def action_alone(self) -> None:
        self.labeller.toggle_alone()
        if self.row is not None:
            self._look_for_copies(self.row)

    async def action_bulk(self) -> None:
        def take(choice: BulkChoice) -> None:
            if choice.action == "accept" and self.is_blind:
                key = self.key("blind")
                self.tell(f"Blind: the model's labels are not accepted unseen ({key} shows all).", WARNING)
                return
            self.run_worker(self.labeller.apply(choice), group="bulk")

        await self.labeller.bulk(take)

    # keys that choose posts

    def action_move(self, step: int) -> None:
        self.posts.move(step)

    def action_page(self, direction: int) -> None:
        self.posts.page(direction)

    def action_edge(self, direction: int) -> None:
        self.posts.edge(direction)

    def action_filter(self) -> None:
        # What is typed must be seen.
        self.remove_class("-zoomed")
        self.posts.begin_filter()

    action_context = asking.context

    def action_clear_filter(self) -> None:
        if self.has_class("-zoomed"):
            self.action_zoom()
            self.posts.table.focus()
        else:
            self.posts.clear()

    def action_next_queue(self) -> None:
        self.posts.queue_bar.next()

    def action_previous_queue(self) -> None:
        self.posts.queue_bar.previous()

    action_sort, action_columns = asking.sort, asking.columns

    def action_reverse_sort(self) -> None:
        self.posts.reverse()

    action_jump = asking.jump

    def action_mark(self) -> None:
        self.posts.table.toggle_selected()
        self.posts.move(1)

    def action_mark_down(self) -> None:
        self.posts.table.toggle_selected(step=1)

    def action_mark_up(self) -> None:
        self.posts.table.toggle_selected(step=-1)

    def action_mark_all(self) -> None:
        self.posts.mark_all()

    # keys that show a post

    @on(PostTable.RowPressed)
    def action_zoom(self) -> None:
        """Give the post view the whole width, or give it back."""
        self.toggle_class("-zoomed")

    @on(PostView.PicturePressed)
    @work(exclusive=True, group="open")
    async def action_open_picture(self) -> None:
        await outward.open_picture(self)

    action_copy = outward.copy

    @work(exclusive=True, group="open")
    async def action_open_post(self) -> None:
        await outward.open_original(self)

    # keys for the model

    async def action_classify(self) -> None:
        await self.batches.classify()
        self.batches.show()

    def action_pause(self) -> None:
        self.batches.pause()

    def action_stop_batch(self) -> None:
        self.batches.stop()
        self.batches.show()

    @work(exclusive=True, group="explain")
    async def action_explain(self) -> None:
        if not self._refuse_blind():
            await self.batches.explain()

    # keys that lead to other screens

    action_export, action_overview = ways.export, ways.overview
    action_audit, action_retrain = ways.audit, ways.retrain
    action_codebook, action_adjudicate = ways.codebook, ways.adjudicate

    # what the palette does with the source as a whole

    async def action_merge(self) -> None:
        def take() -> None:
            self.refresh_rows()
            self.upkeep.tick()

        await chores.merge(self.mmsa, self.tell_and_keep, take)

    @work(exclusive=True, group="chore")
    async def action_agree(self) -> None:
        await chores.agree(self.mmsa, self.tell_and_keep)

    async def action_report(self) -> None:
        if not ways.would_tell(self, "a report"):
            await chores.report(self.mmsa, self.source, self.posts.filter_text, self.tell_and_keep)

    @work(exclusive=True, group="chore")
    async def action_evaluate(self) -> None:
        if not ways.would_tell(self, "an evaluation"):
            await chores.evaluate(self.mmsa, self.source, self.tell_and_keep)

    async def action_open_source(self) -> None:
        await self.upkeep.keep_position()
        self.mmsa.open_picker()

    def action_read_again(self) -> None:
        """Look at the source on disk again, and show what is there before reading it in."""
        self.mmsa.open_picker(self.source.location)

    def action_help(self) -> None:
        self.mmsa.show_help("filter" if isinstance(self.focused, FilterInput) else "browse")
