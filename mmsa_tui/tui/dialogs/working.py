"""What is shown while something runs that must not be disturbed: its name, a count, a way out."""

from __future__ import annotations

import threading
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label

from mmsa_tui.errors import Interrupted

BAR_WIDTH = 40


class Working(ModalScreen[None]):
    """Shows a count that another thread reports; escape asks that thread to stop.

    Args:
        total: what the count goes to, for a bar; 0 if that is not known.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "stop", "Stop", show=False)]

    def __init__(self, title: str, total: int = 0) -> None:
        super().__init__(classes="dialog-screen")
        self._title = title
        self._total = total
        self._n = 0
        self._is_stopping = threading.Event()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(Content(self._title), classes="dialog-title")
            yield Label("", id="working-count")
            yield Label("Esc: stop; nothing is changed then", classes="dialog-hint")

    def on_mount(self) -> None:
        self.set_interval(0.1, self._show)

    def count(self, n: int) -> None:
        """Take a count, from any thread.

        Raises:
            Interrupted: the user wants it to stop.
        """
        self._n = n
        if self._is_stopping.is_set():
            raise Interrupted("stopped; nothing was changed")

    def action_stop(self) -> None:
        self._is_stopping.set()

    def finish(self) -> None:
        """Leave the screen, from the event loop."""
        if self.is_attached:
            self.dismiss(None)

    def _show(self) -> None:
        self.query_one("#working-count", Label).update(self._progress())

    def _progress(self) -> Content:
        if not self._total:
            return Content(f"{self._n:,}")
        filled = min(BAR_WIDTH, BAR_WIDTH * self._n // self._total)
        return Content.assemble(
            ("━" * filled, "$text-accent"),
            ("─" * (BAR_WIDTH - filled), "$foreground-disabled"),
            (f" {self._n:,}/{self._total:,}", "bold"),
        )
