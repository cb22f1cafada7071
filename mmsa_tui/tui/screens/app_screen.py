"""What every screen of the app has: the app by its type, its labels and their looks, a key bar that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.screen import Screen, ScreenResultType

from mmsa_tui.tui.label_looks import LabelLooks
from mmsa_tui.tui.widgets.bars import KeyBar

if TYPE_CHECKING:
    from mmsa_tui.tui.app import MmsaApp


class AppScreen(Screen[ScreenResultType]):
    """A screen that covers the terminal; dialogs are `ModalScreen`s and know nothing of the app."""

    @property
    def mmsa(self) -> MmsaApp:
        return cast("MmsaApp", self.app)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.mmsa.labels

    @property
    def looks(self) -> LabelLooks:
        return LabelLooks(self.labels, self.app.current_theme.dark)

    @on(KeyBar.Pressed)
    async def _on_key_pressed(self, event: KeyBar.Pressed) -> None:
        await self.run_action(event.action)
