"""What is found at a path, as it becomes known: the format, how far the looking is, the counts."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from mmsa_tui.text.display import safe_line


class FoundPanel(VerticalScroll, can_focus=False):
    """Hidden until there is something to say."""

    def compose(self) -> ComposeResult:
        yield Static(id="found-what", markup=False)
        yield Static(id="found-count", markup=False)
        yield Static(id="found-counts", markup=False)

    def on_mount(self) -> None:
        self.display = False

    @property
    def is_whole(self) -> bool:
        """Whether the parts are there; reports may still come when they are gone."""
        return self.is_attached and bool(self.query("#found-counts"))

    def begin(self) -> None:
        """Forget what was found before."""
        self.show_what(Content("Looking…"))
        self.show_counts(Content(""))

    def say(self, text: str, style: str = "") -> None:
        """Say on a line of its own how far it is; "" takes the line away."""
        self.display = True
        line = self.query_one("#found-count", Static)
        line.update(Content.styled(text, style))
        line.display = bool(text)

    def show_what(self, what: Content) -> None:
        self.query_one("#found-what", Static).update(what)

    def show_counts(self, counts: Content) -> None:
        self.query_one("#found-counts", Static).update(counts)

    def show_trouble(self, message: str, hint: str) -> None:
        self.show_what(
            Content.assemble(
                (f"✗ {safe_line(message, 400)}", "$text-error"),
                (f"\n{safe_line(hint, 400)}" if hint else "", "$foreground-muted"),
            )
        )
        self.say("")
