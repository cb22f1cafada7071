"""A figure over the epochs of a training run, as a line of braille dots with its scale beside it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

BLANK = 0x2800
# Unicode numbers the eight dots of a braille cell column by column, the last row after the others.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
AXIS_WIDTH = 6


def draw_line(values: Sequence[float], width: int, height: int, n_all: int = 0) -> list[str]:
    """Draw values as `height` lines of `width` braille cells, the highest value at the top.

    Args:
        n_all: how many values there will be; they fill the width when all are there.
    """
    cells = [[BLANK] * width for _ in range(height)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    n_steps = max(n_all, len(values), 2) - 1

    def dot(x: float, value: float) -> None:
        share = (value - low) / (high - low) if high > low else 0.5
        column = min(int(x * (2 * width - 1)), 2 * width - 1)
        row = round((1 - share) * (4 * height - 1))
        cells[row // 4][column // 2] |= _DOTS[column % 2][row % 4]

    if len(values) == 1:
        dot(0.0, values[0])
    for at in range(len(values) - 1):
        # Steps of half a dot in both directions leave no gap, however steep the line.
        n_dots = max(4 * width // n_steps, 8 * height) + 1
        for step in range(n_dots + 1):
            share = step / n_dots
            dot((at + share) / n_steps, values[at] + share * (values[at + 1] - values[at]))
    return ["".join(map(chr, line)) for line in cells]


class Curve(Widget):
    """The curve of one figure; its first and last value stand in the frame's lower edge.

    Args:
        title: stands in the frame.
        empty: what to say before there is a value.
    """

    DEFAULT_CSS = """
    Curve {
        height: 1fr;
        width: 1fr;
        min-height: 4;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $foreground-muted;
        padding: 0 1;
    }
    """

    def __init__(self, title: str, empty: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.border_title = title
        self._empty = empty
        self._values: Sequence[float] = ()
        self._n_all = 0

    def clear(self, why: str) -> None:
        """Take the values away, and say why there are none."""
        self._empty = why
        self.show(())

    @property
    def values(self) -> Sequence[float]:
        return self._values

    def show(self, values: Sequence[float], n_all: int = 0) -> None:
        """Show values so far, of `n_all` that are to come."""
        self._values, self._n_all = tuple(values), n_all
        self.border_subtitle = f"{values[0]:.3f} → {values[-1]:.3f}" if values else ""
        self.refresh()

    def render(self) -> Content:
        if not self._values:
            return Content.styled(self._empty, "$foreground-muted")
        width, height = max(2, self.size.width - AXIS_WIDTH), max(1, self.size.height)
        lines = draw_line(self._values, width, height, self._n_all)
        scale = [""] * height
        scale[-1] = f"{min(self._values):.3f}"
        scale[0] = f"{max(self._values):.3f}"
        return Content("\n").join(
            Content.assemble((mark.ljust(AXIS_WIDTH), "$foreground-muted"), (line, "$text-accent"))
            for mark, line in zip(scale, lines, strict=True)
        )
