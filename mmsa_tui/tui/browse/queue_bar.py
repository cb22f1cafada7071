"""The queues side by side, with how much each holds and what is done of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from mmsa_tui.analysis.queues import QUEUES, Queue, QueueCount

_SHORT_TITLES: Mapping[str, str] = {
    "uncertain": "unsure",
    "conflict": "≠",
    "flagged": "⚑",
    "corrected": "✎",
    "duplicates": "dup",
}

WIDE = 100
"""Columns of a screen from which on nothing is abbreviated."""

Item = tuple[Queue, str, str]
"""A queue with its title and count as shown."""


class QueueBar(Widget):
    """All queues in words; on a narrow screen one line of them with the chosen one always in view.

    Args:
        use: called at once with the queue that the user has chosen, if it is another.
    """

    DEFAULT_CSS = """
    QueueBar { height: auto; width: 100%; background: $surface; }
    """

    def __init__(
        self, use: Callable[[str], None], queues: Sequence[Queue] = QUEUES, *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._use = use
        self.queues = queues
        self._chosen = queues[0].name
        self.closed: Collection[str] = ()
        self._counts: Mapping[str, QueueCount] = {}
        self._places: list[tuple[int, int, int, str]] = []

    @property
    def queue(self) -> str:
        """The name of the chosen queue."""
        return self._chosen

    def select(self, name: str) -> None:
        """Choose a queue without telling anyone; an unknown name chooses the first."""
        known = {queue.name for queue in self.queues}
        self._chosen = name if name in known else self.queues[0].name
        self.refresh(layout=True)

    def choose(self, name: str) -> None:
        """Choose a queue as if the user had."""
        if name != self._chosen:
            self.select(name)
            self._use(self._chosen)

    def next(self) -> None:
        """Choose the next queue that holds anything."""
        self._step(1)

    def previous(self) -> None:
        """Choose the queue before that holds anything."""
        self._step(-1)

    def close(self, names: Collection[str]) -> None:
        """Shut some queues: they stand there without a count, and the keys pass them by."""
        self.closed = names
        self.refresh(layout=True)

    def set_counts(self, counts: Mapping[str, QueueCount]) -> None:
        self._counts = counts
        self.refresh(layout=True)

    def _step(self, direction: int) -> None:
        names = [queue.name for queue in self.queues]
        at = names.index(self._chosen)
        ring = [names[(at + direction * step) % len(names)] for step in range(1, len(names))]
        open_ones = [name for name in ring if name not in self.closed]
        filled = [name for name in open_ones if name not in self._counts or self._counts[name].total]
        self.choose(next(iter(filled), names[0]))

    def on_click(self, event: events.Click) -> None:
        for line, start, end, name in self._places:
            if line == event.y and start <= event.x < end:
                event.stop()
                self.choose(name)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render(self) -> Content:
        self._places = []
        lines = []
        for number, items in enumerate(self._lines(self.size.width)):
            parts: list[tuple[str, str]] = []
            at = 0
            for queue, title, count in items:
                if at:
                    parts.append(("│", "$foreground-disabled"))
                    at += 1
                parts += self._parts(queue, title, count)
                width = _width(title, count)
                self._places.append((number, at, at + width, queue.name))
                at += width
            lines.append(Content.assemble(*parts))
        return Content("\n").join(lines)

    def _parts(self, queue: Queue, title: str, count: str) -> list[tuple[str, str]]:
        is_chosen = queue.name == self._chosen
        ground = " on $primary-muted" if is_chosen else ""
        # A sign marks the chosen one where there is no colour.
        parts = [("▸" if is_chosen else " ", "bold $text-accent" + ground)]
        parts.append((title, ("bold $foreground" if is_chosen else self._quiet(queue)) + ground))
        if count:
            parts.append((" " + count, ("$foreground" if is_chosen else "$foreground-muted") + ground))
        parts.append((" ", ground.removeprefix(" ")))
        return parts

    def _quiet(self, queue: Queue) -> str:
        count = self._counts.get(queue.name)
        is_quiet = queue.name in self.closed or (count is not None and not count.total)
        return "$foreground-muted" if is_quiet else "$foreground"

    def _lines(self, width: int) -> list[Sequence[Item]]:
        """Lay the queues out: on a wide screen all of them in words, on two lines if need be."""
        if self.app.size.width < WIDE or width <= 0:
            return [self._fitting(width)]
        for is_brief in (False, True):
            items = [self._item(queue, is_brief, False) for queue in self.queues]
            lines = _wrapped(items, width)
            if len(lines) == 1:
                break
        return lines

    def _fitting(self, width: int) -> Sequence[Item]:
        """Choose what fits: first shorter counts, then shorter titles, then fewer queues."""
        for is_brief, has_short_titles in ((False, False), (True, False), (True, True)):
            items = [self._item(queue, is_brief, has_short_titles) for queue in self.queues]
            filled = [item for item in items if item[2] != "0" or item[0].name == self._chosen]
            for kept in (items, filled):
                if _total(kept) <= width:
                    return kept
        at = next(index for index, item in enumerate(filled) if item[0].name == self._chosen)
        first, last = at, at + 1
        while True:
            if last < len(filled) and _total(filled[first : last + 1]) <= width:
                last += 1
            elif first > 0 and _total(filled[first - 1 : last]) <= width:
                first -= 1
            else:
                return filled[first:last]

    def _item(self, queue: Queue, is_brief: bool, has_short_title: bool) -> Item:
        title = _SHORT_TITLES.get(queue.name, queue.title) if has_short_title else queue.title
        count = self._counts.get(queue.name)
        if count is None or queue.name in self.closed:
            return queue, title, ""
        is_plain = queue.name == "corrected" or not count.total or (queue.name == "all" and not count.done)
        if is_plain or (is_brief and queue.name != self._chosen):
            return queue, title, f"{count.total:,}"
        return queue, title, f"{count.done:,}/{count.total:,}"


def _width(title: str, count: str) -> int:
    return 2 + cell_len(title) + (1 + cell_len(count) if count else 0)


def _wrapped(items: Sequence[Item], width: int) -> list[Sequence[Item]]:
    lines: list[list[Item]] = [[]]
    for item in items:
        if lines[-1] and _total([*lines[-1], item]) > width:
            lines.append([])
        lines[-1].append(item)
    return list(lines)


def _total(items: Sequence[Item]) -> int:
    return sum(_width(title, count) for _, title, count in items) + max(len(items) - 1, 0)
