"""The main screen: the table of a source's posts, the post under the cursor, and every key."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from mmsa_tui.engine.messages import Message
from mmsa_tui.store import SourceRow
from mmsa_tui.tui.key_bindings import install
from mmsa_tui.tui.keymap import ACTIONS, MAX_LABELS, bindings, key_for
from mmsa_tui.tui.label_looks import shorten
from mmsa_tui.tui.screens.browse_batch import BrowseBatch
from mmsa_tui.tui.screens.browse_labels import BrowseLabels
from mmsa_tui.tui.screens.browse_view import BrowseView
from mmsa_tui.tui.widgets.bars import KeyBar, KeyItem
from mmsa_tui.tui.widgets.filter_input import FilterInput


class BrowseScreen(BrowseLabels, BrowseView, BrowseBatch):
    """Browse, understand, correct: one source."""

    # The table has these too; here they work while the post has the whole screen.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
    ]

    def __init__(self, source: SourceRow) -> None:
        super().__init__(source)
        install(self, bindings("browse", self.mmsa.config.keys))

    def on_mount(self) -> None:
        super().on_mount()
        self.mmsa.engine_reports.subscribe(self, self._hear)
        self.show_batch()

    def _hear(self, message: Message) -> None:
        if self.is_whole:
            self.hear(message)

    def action_move(self, step: int) -> None:
        self.table.action_move(step)

    # other screens

    @work(exclusive=True, group="ask")
    async def action_export(self) -> None:
        from mmsa_tui.tui.screens.export_dialog import ExportDialog

        dialog = ExportDialog(
            self.mmsa.config.paths.database,
            self.source,
            self.bundle_id,
            self.labels,
            self.where,
            self.filter_text,
            self.order,
            self.selection,
        )
        written = await self.app.push_screen_wait(dialog)
        if written is not None:
            self.tell(f"written: {written}", "$text-success")

    @work(exclusive=True, group="ask")
    async def action_overview(self) -> None:
        from mmsa_tui.tui.screens.overview import OverviewScreen

        screen = OverviewScreen(self.source, self.bundle_id, self.labels, self.where, self.filter_text)
        chosen = await self.app.push_screen_wait(screen)
        if chosen is not None:
            self.go_to_filter(chosen)

    @work(exclusive=True, group="ask")
    async def action_retrain(self) -> None:
        from mmsa_tui.tui.screens.retrain import RetrainScreen

        await self.app.push_screen_wait(RetrainScreen(self.source))

    @work(exclusive=True, group="ask")
    async def action_open_source(self) -> None:
        await self.keep_position()
        self.mmsa.open_picker()

    def action_read_again(self) -> None:
        """Look at the source on disk again, and show what is there before reading it in."""
        self.mmsa.open_picker(self.source.location)

    def action_help(self) -> None:
        self.mmsa.show_help("filter" if isinstance(self.focused, FilterInput) else "browse")

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("pause", "stop_batch"):
            return self.mmsa.engine.batch is not None
        if action == "label" and parameters:
            return isinstance(parameters[0], int) and parameters[0] < len(self.labels)
        return True

    def show_keys(self) -> None:
        keys = self.mmsa.config.keys
        short = shorten(self.labels)
        items = []
        for index, label in enumerate(self.labels[:MAX_LABELS]):
            key = key_for(f"label_{index + 1}", keys)
            items.append(KeyItem(key, short[label], f"label({index})", self.looks.colour(label)))
        for action in ACTIONS:
            if action.where == "browse" and action.in_footer and self.check_action(action.action, ()):
                items.append(KeyItem(key_for(action.name, keys), action.short, action.action))
        self.query_one(KeyBar).show(items)

    @on(KeyBar.Pressed)
    async def _on_key_pressed(self, event: KeyBar.Pressed) -> None:
        await self.run_action(event.action)
