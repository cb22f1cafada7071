"""The main screen: the table of a source's posts, the post under the cursor, and every key."""

from __future__ import annotations

from textual import events, on, work
from textual.binding import Binding

from mmsa_tui.analysis import occurring
from mmsa_tui.errors import MmsaError
from mmsa_tui.store import Row, SourceRow
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.browse.base import AFTER_ROWS_S
from mmsa_tui.tui.browse.batch import BrowseBatch
from mmsa_tui.tui.browse.filter_input import FilterInput
from mmsa_tui.tui.browse.footer import Situation, footer
from mmsa_tui.tui.browse.labels import BrowseLabels
from mmsa_tui.tui.browse.position import Position
from mmsa_tui.tui.browse.post_table import PostTable
from mmsa_tui.tui.browse.view import BrowseView
from mmsa_tui.tui.jump import Jump
from mmsa_tui.tui.key_bindings import WRAPPED, install, is_typing
from mmsa_tui.tui.keys import bindings
from mmsa_tui.worker.messages import Message

_MOVING = (
    Binding("up,k", "move(-1)", "Up", show=False),
    Binding("down,j", "move(1)", "Down", show=False),
    Binding("pageup", "page(-1)", "Page up", show=False),
    Binding("pagedown", "page(1)", "Page down", show=False),
    Binding("home", "edge(-1)", "First", show=False),
    Binding("end", "edge(1)", "Last", show=False),
)
"""The table's keys: the screen has them, so that they work on a post that fills it too."""


class BrowseScreen(BrowseLabels, BrowseView, BrowseBatch):
    """Browse, understand, correct: one source."""

    def __init__(self, source: SourceRow) -> None:
        super().__init__(source)
        install(self, [*_MOVING, *bindings("browse", self.mmsa.config.keys)])

    def on_mount(self) -> None:
        super().on_mount()
        self.mmsa.engine_reports.subscribe(self, self._hear)
        self.show_batch()
        self.set_timer(AFTER_ROWS_S, self.offer_values)

    @work(exclusive=True, group="values")
    async def offer_values(self) -> None:
        """Let the filter line complete the authors and languages that occur."""
        source_id, bundle_id = self.source.id, self.bundle_id
        try:
            values = await self.mmsa.slow.run(lambda store: occurring(store, source_id, bundle_id))
        except MmsaError:
            # The list itself says what is wrong; without offers one can still type.
            return
        if self.is_whole:
            self.filter_bar.set_values(values)

    def _hear(self, message: Message) -> None:
        if self.is_whole:
            self.hear(message)

    def action_move(self, step: int) -> None:
        self.table.move_to(self.table.cursor + step)

    def action_page(self, direction: int) -> None:
        first, last = self.table.rows_on_screen
        self.table.move_to(self.table.cursor + direction * max(1, last - first))

    def action_edge(self, direction: int) -> None:
        self.table.move_to(0 if direction < 0 else self.n_rows - 1)

    # other screens

    async def action_export(self) -> None:
        from mmsa_tui.tui.dialogs.export import ExportDialog

        dialog = ExportDialog(
            self.mmsa.config.paths.database,
            self.source,
            self.bundle_id,
            self.labels,
            self.where,
            self.filter_text,
            self.order,
            self.selection,
            self.queue_name,
        )

        async def take(written: str | None) -> None:
            if written is not None:
                self.tell(safe_line(f"written: {written}"), "$text-success")

        await self.ask(dialog, take)

    async def action_overview(self) -> None:
        from mmsa_tui.tui.overview.screen import OverviewScreen

        async def take(chosen: str | None) -> None:
            if chosen is not None:
                self.go_to_filter(chosen)

        screen = OverviewScreen(self.source, self.where, self.filter_text)
        await self.ask(screen, take)

    async def action_retrain(self) -> None:
        from mmsa_tui.tui.retrain.screen import RetrainScreen

        async def take(jump: Jump | None) -> None:
            # Another bundle may be in use now.
            await self.mmsa.reload_bundle()
            self.adopt_bundle()
            self.refresh_rows()
            self.show_top()
            self.tick()
            await self._follow(jump)

        await self.ask(RetrainScreen(), take)

    async def action_adjudicate(self) -> None:
        from mmsa_tui.tui.adjudicate.screen import AdjudicateScreen

        async def take(jump: Jump | None) -> None:
            self.refresh_rows()
            self.tick()
            await self._follow(jump)

        await self.ask(AdjudicateScreen(self.source.id), take)

    async def _follow(self, jump: Jump | None) -> None:
        """Go to a post that another screen has led to, in whichever source it is."""
        if jump is None:
            return
        if jump.source.id == self.source.id:
            self.go_to_filter("")
            self.open_list(jump.ordinal)
            return
        await self.keep_position()
        text = Position(jump.ordinal).to_text()
        try:
            await self.mmsa.quick.run(lambda store: store.remember_position(jump.source.id, text))
        except MmsaError as error:
            self.mmsa.show_error(error)
        else:
            self.mmsa.open_source(jump.source)

    async def action_open_source(self) -> None:
        await self.keep_position()
        self.mmsa.open_picker()

    def action_read_again(self) -> None:
        """Look at the source on disk again, and show what is there before reading it in."""
        self.mmsa.open_picker(self.source.location)

    def action_help(self) -> None:
        self.mmsa.show_help("filter" if isinstance(self.focused, FilterInput) else "browse")

    # keys

    async def action_press_key(self, action: str) -> None:
        await self.run_action(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == WRAPPED:
            # False lets the key go on to the field that is focused.
            return not is_typing(self)
        if action in ("pause", "stop_batch"):
            return self.mmsa.engine.batch is not None
        if action == "label" and parameters:
            return isinstance(parameters[0], int) and parameters[0] < len(self.labels)
        return True

    def show_keys(self) -> None:
        if not self.is_whole:
            return
        row = self.row
        post = row.post if row is not None else None
        batch = self.mmsa.engine.batch
        now = Situation(
            is_typing=is_typing(self),
            is_batch=batch is not None,
            is_paused=batch is not None and batch.is_paused,
            has_prediction=row is not None and row.prediction is not None and bool(row.prediction.probs),
            has_marks=bool(self.selection),
            n_pictures=len(post.pictures) if post is not None else 0,
            is_post=post is not None,
        )
        self.key_bar.show(footer(now, self.looks, self.mmsa.config.keys))

    def show_row(self, row: Row | None) -> None:
        super().show_row(row)
        self.show_keys()

    @on(PostTable.SelectionChanged)
    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _on_other_situation(self) -> None:
        self.show_keys()
