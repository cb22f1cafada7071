"""What the app has said of batches, retrains, exports and troubles, to be read again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.keys import SCROLLS
from mmsa_tui.tui.notices import Said


class MessagesScreen(ModalScreen[None]):
    """Lists messages, the last one first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,M", "dismiss(None)", "Close", show=False),
        *SCROLLS,
    ]

    DEFAULT_CSS = """
    MessagesScreen VerticalScroll { height: auto; max-height: 60vh; background: $surface; }
    MessagesScreen Static { height: auto; }
    """

    def __init__(self, said: Iterable[Said]) -> None:
        super().__init__(classes="dialog-screen")
        self._said = list(said)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label("Messages since the app was opened", classes="dialog-title")
            with VerticalScroll(can_focus=False):
                yield Static(self._listed(), id="messages", markup=False)
            yield Label("↑↓: scroll · esc: close", classes="dialog-hint")

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def _listed(self) -> Content:
        lines = [
            Content.assemble(
                (f"{said.clock}  ", "$foreground-muted"), (safe_line(said.text, 600), said.style)
            )
            for said in reversed(self._said)
        ]
        return Content("\n").join(lines) if lines else Content("Nothing yet.")
