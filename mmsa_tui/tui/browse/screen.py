"""The main screen: a source's posts, the post under the cursor, and every key.

Which posts there are is `PostList`'s, what is done to them `Labeller`'s, what the model does with
them `Batches`'. Here they are put together, and told what keys and messages want.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import ClassVar, Literal

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from mmsa_tui.analysis import occurring
from mmsa_tui.errors import MmsaError
from mmsa_tui.pictures.decoder import PictureError
from mmsa_tui.pictures.viewer import NoViewerError, open_in_viewer
from mmsa_tui.retrain import ENOUGH
from mmsa_tui.services.concordance import search_for
from mmsa_tui.store import Row, SourceRow
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.app_screen import PostScreen
from mmsa_tui.tui.blind import has_label_of, masked
from mmsa_tui.tui.browse import chores, outward, ways
from mmsa_tui.tui.browse.batches import Batches
from mmsa_tui.tui.browse.columns_dialog import ColumnsDialog
from mmsa_tui.tui.browse.counts import Counts
from mmsa_tui.tui.browse.filter_input import FilterInput
from mmsa_tui.tui.browse.footer import Situation, footer
from mmsa_tui.tui.browse.labeller import Labeller
from mmsa_tui.tui.browse.position import ColumnChoice
from mmsa_tui.tui.browse.post_list import PostList
from mmsa_tui.tui.browse.post_table import PostTable
from mmsa_tui.tui.dialogs.ask import AskOne, AskText
from mmsa_tui.tui.dialogs.bulk import BulkChoice
from mmsa_tui.tui.keys import bindings, first, is_typing, key_for, moves
from mmsa_tui.tui.widgets.post_columns import MAX_ID, choose_columns, columns_of_row
from mmsa_tui.tui.widgets.post_view import PostView
from mmsa_tui.worker.messages import Explained, Finished, Message, PicturesRead, Progress, Ready, Trouble

TICK_S = 2.0
"""How often counts are brought up to date and the position is kept, where they have changed."""
WATCH_S = 0.7
"""How often it is asked whether another window has changed anything."""
AFTER_ROWS_S = 0.3
"""How long what walks the whole source waits, so that the first rows come first."""
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
        self._blind: bool | None = None
        self.labeller = Labeller(self.posts, self.counts, self)
        self.batches = Batches(self.posts, self.view, self)
        self._position_kept = self.posts.position
        self._refreshed_s = 0.0
        self._version = 0
        self._is_lost = False
        self._batch_shown: tuple[bool, bool] | None = None

    def compose_parts(self) -> ComposeResult:
        with Container(id="panes"):
            yield self.posts
            yield self.view

    def on_mount(self) -> None:
        self.posts.table.focus()
        self.show_top()
        self.set_interval(TICK_S, self.tick)
        self.set_interval(WATCH_S, self._watch)
        self.mmsa.engine_reports.subscribe(self, self._hear)
        self.show_batch()
        self.set_timer(AFTER_ROWS_S, self.offer_values)

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
        self.set_timer(AFTER_ROWS_S, self.tick)

    @on(PostList.Lost)
    def _on_lost(self) -> None:
        # Two readings may find it gone; a second way to the picker would break off the first.
        if self._is_lost:
            return
        self._is_lost = True
        self.app.notify("Another window has removed it from the list.", title="This source is gone")
        self.mmsa.open_picker()

    @work(group="tick")
    async def tick(self) -> None:
        """Bring the counts up to date and keep the position, where they have changed."""
        if self.posts.position != self._position_kept:
            self._position_kept = self.posts.position
            await self.keep_position()
        await self.counts.update(self.source.id, self.mmsa.bundle_id)

    @work(exclusive=True, group="watch")
    async def _watch(self) -> None:
        """Read what is on screen again when another window, or another process, has changed anything."""
        with suppress(MmsaError):
            version = await self.mmsa.quick.run(lambda store: store.version())
            if version != self._version and self.is_whole:
                is_first, self._version = not self._version, version
                if not is_first:
                    self.refresh_rows()

    def _show_counts(self) -> None:
        if self.is_whole:
            self.posts.queue_bar.set_counts(self.counts.queues)
            self.show_top()
            self.show_status()

    async def keep_position(self) -> None:
        """Keep where the user is."""
        source_id, text = self.source.id, self.posts.position.to_text()
        # A place that is lost does no harm.
        with suppress(MmsaError):
            await self.mmsa.quick.run(lambda store: store.remember_position(source_id, text))

    def refresh_rows(self) -> None:
        """Read what is on screen again, and soon the counts."""
        self.counts.expire()
        self.posts.refresh_rows()

    def adopt_bundle(self) -> None:
        """Show what another bundle says, after it has taken the place of the one before."""
        if self.posts.adopt_bundle():
            self.counts.expire()

    @work(exclusive=True, group="values")
    async def offer_values(self) -> None:
        """Let the filter line complete the authors and languages that occur."""
        source_id, bundle_id = self.source.id, self.mmsa.bundle_id
        try:
            values = await self.mmsa.slow.run(lambda store: occurring(store, source_id, bundle_id))
        except MmsaError:
            # The list itself says what is wrong; without offers one can still type.
            return
        if self.is_whole:
            self.posts.filter_bar.set_values(values)

    # what the model says

    def _hear(self, message: Message) -> None:
        if not self.is_whole:
            return
        match message:
            case Ready():
                self.adopt_bundle()
                self.show_top()
                self.show_batch()
            case Progress():
                self.show_batch()
                if time.monotonic() - self._refreshed_s >= REFRESH_EVERY_S:
                    self._refreshed_s = time.monotonic()
                    self.refresh_rows()
            case Finished():
                self._finish(message)
            case PicturesRead():
                if message.has_words:
                    self.refresh_rows()
            case Explained():
                self.batches.show_explained(message)
            case Trouble():
                self._show_trouble(message)

    def _finish(self, finished: Finished) -> None:
        self.show_batch()
        self.show_top()
        self.refresh_rows()
        self.tick()
        self.batches.tell_finished(finished)
        if not finished.stopped and (self.posts.where is not None or self.posts.order is not None):
            # The list was made by what was known before.
            self.posts.open(self.posts.position.ordinal)

    def _show_trouble(self, trouble: Trouble) -> None:
        self.batches.give_up_explaining()
        self.show_top()
        self.show_batch()
        if trouble.about != "Load":
            self.mmsa.show_error(MmsaError(trouble.message, trouble.hint))
        elif trouble.hint:
            self.tell(trouble.message, "$text-error")

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
                row, reason = masked(row), f"Hidden until you have given a label ({self.key('blind')}: show)."
            self.view.hits, self.view.validated = self.posts.table.hits, self.mmsa.validated
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
            self.view.show_alike(
                copies.n_duplicates, copies.n_alike, self.labeller.labels_alone, self.key("alone")
            )

    # coding blind

    @property
    def is_blind(self) -> bool:
        """Whether what the model and others say is hidden until one has said something oneself.

        That is so in the queue of an audit, unless the user has chosen otherwise here or in the config.
        """
        if self._blind is not None:
            return self._blind
        wanted = self.mmsa.config.blind
        return wanted == "always" or (wanted == "rounds" and self.posts.queue_name == "audit")

    def is_hidden(self, row: Row) -> bool:
        """Whether a row is to be shown without anybody's label."""
        return self.is_blind and not has_label_of(row, self.mmsa.config.analyst)

    def action_blind(self) -> None:
        self._blind = not self.is_blind
        if self._blind:
            self.tell("Blind: labels of the model and of others are hidden until you have given yours.")
        else:
            self.tell("All labels are shown.")
        self._show_blindness()

    def _show_blindness(self) -> None:
        self.posts.table.hides = self.is_hidden if self.is_blind else None
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
        source = self.source
        n_all = source.n_posts + source.n_failures
        left = [(" mmsa ", "bold $text-accent"), (safe_line(source.title, 60), "bold")]
        if self.mmsa.config.paths.codebook:
            left.append((f" · {self.mmsa.config.paths.codebook}", "$text-accent"))
        left.append((f"  {n_all:,} posts", "$foreground-muted"))
        left += self._list_parts(n_all)
        if self.is_blind:
            left.append((" · blind", "$text-accent"))
        if self.posts.selection:
            left.append((f" · {len(self.posts.selection):,} selected", "$text-warning"))
        self.top.show(left, self.mmsa.model_parts())

    def _list_parts(self, n_all: int) -> list[tuple[str, str]]:
        """Say how many of the posts the list shows; nothing while the filter leaves that open."""
        posts = self.posts
        if posts.filter_error is not None:
            return [(" · the filter is not understood", "$text-error")]
        if posts.is_filter_unfinished:
            return [(" · the filter is not finished", "$text-warning")]
        parts = [(f" · {self.n_rows:,} shown", "$foreground-muted")] if self.n_rows != n_all else []
        if "all" in posts.hits_elsewhere:
            n_more = posts.hits_elsewhere["all"] - self.n_rows
            parts.append((f" · {n_more:,} more match outside this queue", "$text-warning"))
        return parts

    def show_status(self) -> None:
        """Write the right end of the status line."""
        n_all, n_new = self.counts.n_corrected, self.counts.n_to_learn
        parts = [(f"{n_all:,} correction{'s' if n_all != 1 else ''} ", "$foreground-muted")]
        if n_new >= ENOUGH:
            key = key_for("retrain", self.mmsa.config.keys)
            new = "" if n_new == n_all else f"{n_new:,} new · "
            parts.append((f"· {new}retrain{f' ({key})' if key else ''}? ", "$text-accent"))
        self.status.show_right(*parts)

    def show_batch(self) -> None:
        """Show how far the batch is, or that there is none."""
        status, batch = self.status, self.mmsa.engine.batch
        if batch is None:
            status.end_batch()
        else:
            doing = (batch.progress.title if batch.progress is not None else "") or "classifying"
            title = batch.title if batch.source_id != self.source.id else doing
            status.show_batch(title, batch.progress, is_stopping=batch.is_stopping)
        now = (batch is not None, batch is not None and batch.is_paused)
        if self._batch_shown != now:
            self._batch_shown = now
            self.refresh_bindings()
            self.show_keys()

    def show_keys(self) -> None:
        """Write the keys that do something now."""
        if not self.is_whole:
            return
        row = self.row
        post = row.post if row is not None else None
        batch = self.mmsa.engine.batch
        now = Situation(
            is_typing=is_typing(self),
            is_batch=batch is not None,
            is_paused=batch is not None and batch.is_paused,
            has_prediction=(
                row is not None
                and row.prediction is not None
                and bool(row.prediction.probs)
                and not self.is_hidden(row)
            ),
            has_marks=bool(self.posts.selection),
            n_pictures=len(post.pictures) if post is not None else 0,
            is_long=self.view.is_long,
            is_post=post is not None,
        )
        self.key_bar.show(footer(now, self.looks, self.mmsa.config.keys))

    @on(PostTable.SelectionChanged)
    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _on_other_situation(self) -> None:
        self.show_top()
        self.show_keys()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("pause", "stop_batch"):
            return self.mmsa.engine.batch is not None
        return super().check_action(action, parameters)

    # keys that change posts

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
        await self.labeller.note()

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

    async def action_context(self) -> None:
        """List every hit of the filter with the words around it; without a word to look for, ask for one."""
        if self.posts.table.hits is not None:
            await ways.concordance(self, self.posts.filter_text, self.posts.queue_where())
            return

        async def look(typed: str | None) -> None:
            if typed:
                await ways.concordance(self, search_for(typed), self.posts.where)

        title, hint = "Which words, with those around them?", "Enter: find · esc: cancel"
        about = "one word, or several that follow each other; * lets the last one go on"
        await self.ask(AskText(title, "", about, hint), look)

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

    async def action_sort(self) -> None:
        order, sorts = self.posts.order, self.posts.sorts()
        now = (order.column, order.is_own) if order else ("", False)
        at = next((str(at) for at, (column, is_own, _) in enumerate(sorts) if (column, is_own) == now), "0")

        async def take(chosen: str | None) -> None:
            if chosen is not None:
                column, is_own, _ = sorts[int(chosen)]
                self.posts.sort_by(column, is_own=is_own)

        options = [(str(at), title) for at, (_, _, title) in enumerate(sorts)]
        hint = "Enter: sort, the same again: the other way round · esc: cancel"
        await self.ask(AskOne("Sort by", options, at, hint), take)

    async def action_columns(self) -> None:
        """Choose the columns of the table, for this source."""
        known = columns_of_row(self.looks)
        table = self.posts.table
        fitting = choose_columns(table.size.width, self.looks, MAX_ID)
        shown = table.chosen or [ColumnChoice(column.name) for column in fitting]

        async def take(chosen: tuple[ColumnChoice, ...] | None) -> None:
            if chosen is not None:
                self.posts.choose_columns(chosen)

        await self.ask(ColumnsDialog(known, self.source.metadata_columns, shown), take)

    def action_reverse_sort(self) -> None:
        self.posts.reverse()

    async def action_jump(self) -> None:
        await self.ask(AskText("Go to id", "", "the id of a post, or #12 for row 12"), self._jump)

    async def _jump(self, post_id: str | None) -> None:
        if not post_id:
            return
        if post_id.startswith("#") and post_id[1:].isdecimal():
            self.posts.table.move_to(int(post_id[1:]) - 1)
            return
        try:
            found = await self.posts.find(post_id)
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if found is None:
            self.tell(f"There is no post {post_id} in this source.", "$text-warning")
        elif not self.posts.show_ordinal(found):
            self.posts.go_to_filter("", found)
            self.tell("The filter had left it out, so all posts are shown again.")

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
        picture = self.view.picture
        if picture is None:
            self.tell("This post has no picture.")
            return
        try:
            path = await asyncio.to_thread(
                open_in_viewer, picture, self.mmsa.config.paths.cache_dir, self.mmsa.pictures.read
            )
        except (PictureError, NoViewerError) as problem:
            self.tell(str(problem), "$text-warning")
        else:
            self.tell(f"opened {path.name}")

    def action_copy(self, what: Literal["text", "id"]) -> None:
        outward.copy(self, what)

    @work(exclusive=True, group="open")
    async def action_open_post(self) -> None:
        await outward.open_original(self)

    # keys for the model

    async def action_classify(self) -> None:
        await self.batches.classify()
        self.show_batch()

    def action_pause(self) -> None:
        self.batches.pause()

    def action_stop_batch(self) -> None:
        self.batches.stop()
        self.show_batch()

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
            self.tick()

        await chores.merge(self.mmsa, self.tell, take)

    @work(exclusive=True, group="chore")
    async def action_agree(self) -> None:
        await chores.agree(self.mmsa, self.tell)

    async def action_report(self) -> None:
        await chores.report(self.mmsa, self.source, self.posts.filter_text, self.tell)

    @work(exclusive=True, group="chore")
    async def action_evaluate(self) -> None:
        await chores.evaluate(self.mmsa, self.source, self.tell)

    async def action_open_source(self) -> None:
        await self.keep_position()
        self.mmsa.open_picker()

    def action_read_again(self) -> None:
        """Look at the source on disk again, and show what is there before reading it in."""
        self.mmsa.open_picker(self.source.location)

    def action_help(self) -> None:
        self.mmsa.show_help("filter" if isinstance(self.focused, FilterInput) else "browse")
