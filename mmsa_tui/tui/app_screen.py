"""What every screen of the app has: the app by its type, its labels and their looks, a key bar that works."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar, cast

from textual import on
from textual.screen import Screen, ScreenResultType

from mmsa_tui.tui.widgets.bars import KeyBar
from mmsa_tui.tui.widgets.label_looks import LabelLooks

if TYPE_CHECKING:
    from mmsa_tui.tui.app import MmsaApp


T = TypeVar("T")


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

    @property
    def is_learning(self) -> bool:
        """Whether leaving the app now would end a retrain."""
        return False

    async def ask(self, dialog: Screen[T], take: Callable[[T | None], Awaitable[None]]) -> None:
        """Show a dialog, and hand its answer on; see the app's."""
        await self.mmsa.ask(dialog, take)

    @on(KeyBar.Pressed)
    async def _on_key_pressed(self, event: KeyBar.Pressed) -> None:
        await self.run_action(event.action)
