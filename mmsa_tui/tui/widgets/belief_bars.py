"""Three rows of bars: what text alone, picture alone and both together say of a post."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from mmsa_tui.records import Prediction
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.tui.widgets.post_columns import fit

EIGHTHS = " ▏▎▍▌▋▊▉█"
NAME_WIDTH = 10
N_ROWS = 3
MIN_CELL = 9
"""Narrowest place for one label: four cells of bar, a gap, four of number."""


def bar(share: float, width: int) -> str:
    """Draw a bar `width` cells long that is filled to a share from 0 to 1, to an eighth of a cell."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


class BeliefBars(Widget):
    """The bars of one prediction; its height is four lines, or fewer where something is missing."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._prediction: Prediction | None = None
        self._looks = LabelLooks(())
        self._reason = ""
        self._is_low = False

    def show(
        self, prediction: Prediction | None, looks: LabelLooks, reason: str, *, on_one_line: bool = False
    ) -> None:
        """Show a prediction, or without one say why there is none."""
        self._prediction, self._looks, self._reason = prediction, looks, reason
        self._is_low = on_one_line
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        # What `render` draws depends on the width, which it does not know before the first layout.
        if self._is_drawn_at(width):
            return 1 + N_ROWS
        return super().get_content_height(container, viewport, width)

    def _cell(self, width: int) -> int:
        return (width - NAME_WIDTH) // max(1, len(self._looks.labels))

    def _is_drawn_at(self, width: int) -> bool:
        """Whether there are bars, and room for them; else it is said in words."""
        has_bars = self._prediction is not None and bool(self._prediction.probs)
        return has_bars and not self._is_low and self._cell(width) >= MIN_CELL

    def render(self) -> Content:
        prediction = self._prediction
        if prediction is None:
            return Content.styled(self._reason, "$foreground-muted")
        if not prediction.probs:
            return Content.styled(f"✗ not classified: {prediction.error}", "$text-warning")
        if not self._is_drawn_at(self.size.width):
            return self._one_line(prediction)
        cell = self._cell(self.size.width)
        lines = [self._header(cell)]
        rows = (
            ("text", prediction.text_probs, "no text"),
            ("picture", prediction.image_probs, "no picture"),
            ("both", prediction.probs, ""),
        )
        for name, probs, missing in rows:
            lines.append(self._row(name, probs, missing, cell, prediction))
        return Content("\n").join(lines)

    def _header(self, cell: int) -> Content:
        parts: list[tuple[str, str]] = [(" " * NAME_WIDTH, "")]
        for label in self._looks.labels:
            title = fit(f"{self._looks.sign(label)} {label}", cell - 1) + " "
            parts.append((title, self._looks.colour(label)))
        return Content.assemble(*parts)

    def _row(
        self, name: str, probs: tuple[float, ...] | None, missing: str, cell: int, prediction: Prediction
    ) -> Content:
        is_both = name == "both"
        mark = " ≠ " if prediction.conflict and name == "picture" else "   "
        parts: list[tuple[str, str]] = [
            (name.ljust(NAME_WIDTH - 3), "bold" if is_both else "$foreground-muted"),
            (mark, "bold $text-warning"),
        ]
        if probs is None:
            parts.append((missing, "$foreground-muted italic"))
            return Content.assemble(*parts)
        best = max(range(len(probs)), key=probs.__getitem__)
        for index, (label, share) in enumerate(zip(self._looks.labels, probs, strict=False)):
            colour = self._looks.colour(label)
            is_best = index == best
            parts.append((bar(share, cell - 6), f"{colour}{'' if is_best else ' 70%'} on $panel"))
            parts.append((f"{share:>4.0%}", f"bold {colour}" if is_best else "$foreground-muted"))
            parts.append(("  ", ""))
        return Content.assemble(*parts)

    def _one_line(self, prediction: Prediction) -> Content:
        """Say it in words where there is no room to draw."""
        parts: list[tuple[str, str]] = []
        for name, probs in (
            ("text", prediction.text_probs),
            ("picture" if self.size.width >= 60 else "pic", prediction.image_probs),
            ("both", prediction.probs),
        ):
            if probs is None:
                continue
            best = max(range(len(probs)), key=probs.__getitem__)
            label = self._looks.labels[best] if best < len(self._looks.labels) else "?"
            parts.append((f"{name} ", "$foreground-muted"))
            shown = f" {label}" if self.size.width >= 60 else ""
            style = f"{'bold ' if name == 'both' else ''}{self._looks.colour(label)}"
            parts.append((f"{self._looks.sign(label)}{shown} {probs[best]:.0%}  ", style))
        if prediction.conflict:
            parts.append(("≠", "bold $text-warning"))
        return Content.assemble(*parts)
