"""The lines of a concordance: the hits below each other, as many as the screen has room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from mmsa_tui.analysis.concordance import Line
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.tui.widgets.post_columns import MAX_ID, fit, fit_end

WHEEL = 3
"""Lines for each step of the wheel."""


class Lines(Widget):
    """Draws what is in sight, however many there are; one line is chosen."""

    DEFAULT_CSS = "Lines { width: 100%; height: 1fr; background: $background; }"

    @dataclass
    class Pressed(Message):
        """The chosen line was pressed again."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Sequence[Line] = ()
        self.at = 0
        self.has_labels = True
        """Whether the sign of each post's label stands before its hit."""
        self._looks = LabelLooks(())
        self._top = 0
        self._id_width = 4

    @property
    def line(self) -> Line | None:
        """The chosen line."""
        return self.lines[self.at] if self.at < len(self.lines) else None

    def show(self, lines: Sequence[Line], looks: LabelLooks, keep: Line | None = None) -> None:
        """Show lines, with the choice on the one that had it before."""
        self.lines, self._looks = lines, looks
        self._id_width = min(MAX_ID, max((len(line.post_id) for line in lines), default=4))
        self.move_to(lines.index(keep) if keep is not None and keep in lines else 0)

    def move_to(self, at: int) -> None:
        """Choose a line, or the nearest there is, and bring it in sight."""
        self.at = max(0, min(at, len(self.lines) - 1))
        height = max(1, self.size.height)
        self._top = max(0, min(max(self._top, self.at - height + 1), self.at))
        self.refresh()

    def on_resize(self) -> None:
        self.move_to(self.at)

    def on_mouse_scroll_down(self) -> None:
        self.move_to(self.at + WHEEL)

    def on_mouse_scroll_up(self) -> None:
        self.move_to(self.at - WHEEL)

    def on_click(self, event: events.Click) -> None:
        at = self._top + event.y
        if at == self.at and self.line is not None:
            self.post_message(self.Pressed())
        elif at < len(self.lines):
            self.move_to(at)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines)

    def render(self) -> Content:
        shown = range(self._top, min(self._top + self.size.height, len(self.lines)))
        return Content("\n").join(self._draw(self.lines[at], at == self.at) for at in shown)

    def _draw(self, line: Line, is_chosen: bool) -> Content:
        ground = " on $primary-muted" if is_chosen else ""
        post_id = safe_line(line.post_id, 200)
        if len(post_id) > self._id_width:
            # Ids of tweets differ at their end.
            post_id = "…" + post_id[1 - self._id_width :]
        sign = self._looks.sign(line.final_label) if line.final_label and self.has_labels else " "
        colour = self._looks.colour(line.final_label) if self.has_labels else ""
        # As long as the column before it is, so that every hit begins at one place.
        room = max(12, self.size.width - self._id_width - 6)
        left = room * 9 // 20
        hit = _one_line(line.hit)
        before = fit_end(_one_line(line.before), left)
        return Content.assemble(
            ("▸" if is_chosen else " ", "bold $text-accent" + ground),
            (fit(post_id, self._id_width) + " ", "$foreground-muted" + ground),
            (sign + " ", (colour or "$foreground-muted") + ground),
            ("▣ " if line.place == "picture" else "  ", "$foreground-muted" + ground),
            (before, "$foreground" + ground),
            *_right(hit, _one_line(line.after), room - left, ground),
        )


def _right(hit: str, after: str, width: int, ground: str) -> list[tuple[str, str]]:
    shown = fit(hit + after, width)
    return [
        (shown[: len(hit)], "bold underline $text-accent" + ground),
        (shown[len(hit) :], "$foreground" + ground),
    ]


def _one_line(text: str) -> str:
    """Make a piece printable, with the gaps at its ends that it has."""
    shown = safe_line(text, 2000)
    return (" " if text[:1].isspace() else "") + shown + (" " if shown and text[-1:].isspace() else "")
