"""The lines above and below: what is open, what happens, which keys matter now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.keys import MAX_LABELS, key_for
from mmsa_tui.tui.themes import MUTED, Part
from mmsa_tui.tui.widgets.label_looks import LabelLooks, shorten
from mmsa_tui.tui.widgets.post_columns import fit
from mmsa_tui.worker.messages import Progress


def spread(left: Sequence[Part], right: Sequence[Part], width: int) -> Content:
    """Put parts at both ends of a line; where they do not fit, the left ones are cut."""
    n_right = sum(cell_len(text) for text, _ in right)
    room = max(0, width - n_right - 1)
    kept: list[Part] = []
    for text, style in left:
        taken = text if cell_len(text) <= room else fit(text, room)
        kept.append((taken, style))
        room -= cell_len(taken)
        if room <= 0:
            break
    gap = max(1, width - n_right - sum(cell_len(text) for text, _ in kept))
    return Content.assemble(*kept, (" " * gap, ""), *right)


class TopBar(Widget):
    """What is open on the left, the model and its state on the right."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left: Sequence[Part] = ()
        self._right: Sequence[Part] = ()

    def show(self, left: Sequence[Part], right: Sequence[Part]) -> None:
        self._left, self._right = left, right
        self.refresh()

    def render(self) -> Content:
        right = self._right
        if self.size.width < 60:
            # On a phone-sized terminal the state is enough.
            right = right[-1:]
        return spread(self._left, right, self.size.width)


class StatusLine(Widget):
    """What is going on: a running batch with its bar, else the last message; on the right a count."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._message: Sequence[Part] = ()
        self._more = ""
        self._right: Sequence[Part] = ()
        self._batch: tuple[str, Progress | None, bool] | None = None

    def tell(self, *parts: Part, more: str = "") -> None:
        """Show a message until the next one; `more` says where all of it stands, should it be cut."""
        self._message, self._more = parts, more
        self.refresh()

    def show_right(self, *parts: Part) -> None:
        self._right = parts
        self.refresh()

    def show_batch(self, title: str, progress: Progress | None, *, is_stopping: bool = False) -> None:
        self._batch = (title, progress, is_stopping)
        self.refresh()

    def end_batch(self) -> None:
        self._batch = None
        self.refresh()

    def render(self) -> Content:
        width = self.size.width
        if self._batch is None:
            return spread(self._message, self._beside(width), width)
        title, progress, is_stopping = self._batch
        left = batch_parts(title, progress, is_stopping, width)
        # A message during a batch is the answer to a key: it comes before the count.
        right = self._message if self._message and width >= 100 else self._right
        return spread(left, right if width >= 80 else (), width)

    def _beside(self, width: int) -> Sequence[Part]:
        """Choose what stands right of the message: the count gives way to the message's end."""
        n_cells = sum(cell_len(text) for text, _ in self._message)
        if n_cells < width - sum(cell_len(text) for text, _ in self._right):
            return self._right
        return ((f" {self._more} ", MUTED),) if self._more and n_cells >= width else ()


def batch_parts(title: str, progress: Progress | None, is_stopping: bool, width: int) -> list[Part]:
    """Say how far a batch is: a bar, how many, how fast, how long still."""
    if progress is None:
        return [("● ", "$text-accent"), (f"{safe_line(title, 60)} · waiting for the model", "")]
    share = progress.done / progress.total if progress.total else 1.0
    bar_width = 24 if width >= 100 else 12
    filled = round(share * bar_width)
    word = "stopping" if is_stopping else "paused" if progress.paused else "classifying"
    style = "$text-warning" if progress.paused or is_stopping else "$text-accent"
    parts: list[Part] = [
        (f"{word} ", style),
        ("━" * filled, style),
        ("─" * (bar_width - filled), "$foreground-disabled"),
        (f" {progress.done:,}/{progress.total:,}", "bold"),
    ]
    if progress.per_second and not progress.paused:
        left = "" if progress.seconds_left is None else f" · {clock(progress.seconds_left)} left"
        parts.append((f" · {progress.per_second:,.0f}/s{left}", "$foreground-muted"))
    return parts


def clock(seconds: float) -> str:
    """Write a span of time as `0:14`, `12:30` or `1:02:03`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass(frozen=True, slots=True)
class KeyItem:
    """One key in the key bar; `action` is a Textual action of the screen."""

    key: str
    text: str
    action: str
    colour: str = ""


def label_items(labels: Sequence[str], keys: Mapping[str, str], looks: LabelLooks) -> list[KeyItem]:
    """Write the keys of the first labels, in their colours."""
    short = shorten(labels)
    items = [
        KeyItem(key, short[label], f"label({at})", looks.colour(label))
        for at, label in enumerate(labels[:MAX_LABELS])
        if (key := key_for(f"label_{at + 1}", keys))
    ]
    if len(items) < len(labels) and (key := key_for("choose_label", keys)):
        items.append(KeyItem(key, "label…", "choose_label"))
    return items


class KeyBar(Widget):
    """The keys that matter now, the most important first; as many as fit, the last one always."""

    @dataclass
    class Pressed(Message):
        """A key was clicked."""

        action: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items: Sequence[KeyItem] = ()
        self._places: list[tuple[int, int, str]] = []

    def show(self, items: Sequence[KeyItem]) -> None:
        if items != self._items:
            self._items = items
            self.refresh()

    def render(self) -> Content:
        self._places = []
        parts: list[Part] = []
        at = 1
        for item in self._fitting():
            shown = f"{item.key} {item.text}"
            parts += [
                (item.key, f"bold {item.colour or '$text-accent'}"),
                (f" {item.text}", "$foreground-muted"),
                ("  ", ""),
            ]
            self._places.append((at, at + cell_len(shown), item.action))
            at += cell_len(shown) + 2
        return Content.assemble((" ", ""), *parts)

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._places:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))

    def _fitting(self) -> list[KeyItem]:
        if not self._items:
            return []
        *others, last = self._items
        room = self.size.width - 1 - _width(last)
        chosen = []
        for item in others:
            if _width(item) > room:
                break
            chosen.append(item)
            room -= _width(item)
        return [*chosen, last]


def _width(item: KeyItem) -> int:
    return cell_len(item.key) + 1 + cell_len(item.text) + 2
