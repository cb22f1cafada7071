"""Groups of posts side by side as columns, such as days or degrees of confidence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.color import Color
from textual.content import Content

from mmsa_tui.analysis import Group, percentages
from mmsa_tui.tui.keys import key_table
from mmsa_tui.tui.overview.group_chart import GroupChart
from mmsa_tui.tui.themes import Part
from mmsa_tui.tui.widgets.label_looks import LabelLooks

BLOCKS = " ▁▂▃▄▅▆▇█"
MAX_COLUMN = 8
"""Cells that a column is wide at most."""


class LabelColumns(GroupChart):
    """Columns stacked by label; left and right choose one, enter or a click asks for its posts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            left,h   move(-1)        Left
            right,l  move(1)         Right
            home     move(-1000000)  First
            end      move(1000000)   Last
            enter    pick            Show these posts
        """),
    ]

    is_percent = False
    """Whether columns show shares; each is as high as the others then."""

    def show(self, groups: Sequence[Group], looks: LabelLooks, note: str = "") -> None:
        """Show groups; `note` stands in the frame's lower edge."""
        self._groups, self._looks = groups, looks
        totals = [group.total for group in groups]
        self._cursor = totals.index(max(totals)) if totals else 0
        self.border_subtitle = note
        self.refresh()

    def action_pick(self) -> None:
        if self.chosen is not None and self.chosen.total:
            super().action_pick()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not self._groups:
            return
        at = next((at for at, span in enumerate(self._spans()) if offset.x - self._axis_width in span), None)
        if at is not None:
            self.press(at)

    # looks

    @property
    def _most(self) -> int:
        return max((group.total for group in self._groups or ()), default=0)

    @property
    def _top(self) -> str:
        """What stands at the top of the axis."""
        return "100 %" if self.is_percent else f"{self._most:,}"

    @property
    def _axis_width(self) -> int:
        return len(self._top) + 1

    def toggle_percent(self) -> None:
        """Draw the shares of labels in each column, or the numbers of posts again."""
        self.is_percent = not self.is_percent
        self.draw()

    def render(self) -> Content:
        if self._groups is None:
            return Content.styled("counting…", "$foreground-muted")
        if not self._most:
            return Content.styled(self.empty, "$foreground-muted")
        height = max(1, self.size.height - 2)
        lines = [self._detail()] if self.size.height >= 3 else []
        lines += self._area(height)
        lines.append(self._names())
        return Content("\n").join(lines[: max(self.size.height, 1)])

    def _detail(self) -> Content:
        group = self.chosen
        assert group is not None
        parts: list[Part] = [
            (group.name, "bold $text-accent" if self.has_focus else "bold"),
            (f"  {group.total:,}", "bold"),
        ]
        names = [*self._looks.labels, *(name for name in group.counts if name not in self._looks.labels)]
        numbers = [group.counts.get(name, 0) for name in names]
        shares = dict(zip(names, percentages(numbers), strict=True))
        for label in self._looks.labels:
            number = group.counts.get(label, 0)
            if number:
                shown = f"{shares[label]} %" if self.is_percent else f"{number:,}"
                parts.append((f"  {self._looks.sign(label)} {shown}", self._looks.colour(label)))
        unknown = group.total - sum(group.counts.get(label, 0) for label in self._looks.labels)
        if unknown:
            parts.append((f"  · {unknown:,}", "$foreground-muted"))
        return Content.assemble(*parts).truncate(max(self.size.width, 1), ellipsis=True)

    def _spans(self) -> list[range]:
        """Divide the width among the columns, as evenly as whole cells allow."""
        n_groups = len(self._groups or ())
        room = max(self.size.width - self._axis_width, n_groups)
        # A wide chart of few columns would be all surface.
        room = min(room, n_groups * MAX_COLUMN)
        edges = [room * at // n_groups for at in range(n_groups + 1)] if n_groups else []
        return [range(start, end) for start, end in pairwise(edges)]

    def _area(self, height: int) -> list[Content]:
        assert self._groups is not None
        spans = self._spans()
        gap = 1 if min(map(len, spans)) >= 3 else 0
        columns = [
            self._stack(group, height, is_dim=self.has_focus and at != self._cursor)
            for at, group in enumerate(self._groups)
        ]
        lines = []
        for row in range(height):
            label = self._top if row == 0 else "0" if row == height - 1 else ""
            parts: list[Part] = [
                (f"{label:>{self._axis_width - 1}}", "$foreground-muted"),
                ("▏", "$foreground-disabled"),
            ]
            for column, span in zip(columns, spans, strict=True):
                char, style = column[row]
                parts += [(char * (len(span) - gap), style), (" " * gap, "")]
            lines.append(Content.assemble(*parts))
        return lines

    def _stack(self, group: Group, height: int, *, is_dim: bool) -> list[Part]:
        """Draw one column from the top down; a cell shows the two labels that meet in it."""
        eighths = (1 if self.is_percent else group.total / self._most) * height * 8
        if not group.total:
            eighths = 0
        elif eighths < 1:
            eighths = 1
        others = [label for label in group.counts if label not in self._looks.labels]
        ends: list[tuple[float, str]] = []
        done = 0
        for label in [*self._looks.labels, *others]:
            done += group.counts.get(label, 0)
            ends.append((eighths * done / max(group.total, 1), self._colour(label, is_dim=is_dim)))
        cells = []
        for row in reversed(range(height)):
            low, high = row * 8.0, row * 8.0 + 8
            inside = [(min(end, high) - low, colour) for end, colour in ends if end > low + 0.5]
            cells.append(_cell(inside, round(min(eighths, high) - low)))
        return cells

    def _colour(self, label: str, *, is_dim: bool) -> str:
        variables = self.app.theme_variables
        colour = Color.parse(variables[self._looks.colour(label).removeprefix("$") or "panel"])
        # Mixed here: two half transparent colours in one cell would shine through each other.
        return colour.blend(Color.parse(variables["background"]), 0.55).hex6 if is_dim else colour.hex6

    def _names(self) -> Content:
        """Name the first, a middle and the last column below them."""
        assert self._groups is not None
        spans = self._spans()
        width = max(spans[-1].stop, 1)
        line = list(" " * width)
        last = self._groups[-1].name
        middle = len(self._groups) // 2
        places = [
            (0, self._groups[0].name),
            (width - len(last), last),
            (spans[middle].start, self._groups[middle].name),
        ]
        for start, name in places:
            place = slice(max(start - 1, 0), start + len(name) + 1)
            if start >= 0 and start + len(name) <= width and not "".join(line[place]).strip():
                line[start : start + len(name)] = name
        return Content.styled(" " * self._axis_width + "".join(line), "$foreground-muted")


def _cell(inside: list[tuple[float, str]], filled: int) -> Part:
    """Choose a block for one cell.

    Args:
        inside: upper ends in eighths of the cell with their colours, from the bottom up.
        filled: eighths of the cell that are filled at all.
    """
    if filled <= 0 or not inside:
        return " ", ""
    if filled < 8 or len(inside) == 1 or inside[0][0] >= 7.5:
        # Over a partly filled cell the ground is the second colour: the largest label is the first.
        starts = (0.0, *(end for end, _ in inside))
        sizes = [(end - start, colour) for start, (end, colour) in zip(starts, inside, strict=False)]
        return BLOCKS[min(filled, 8)], max(sizes)[1]
    (end, lowest), (_, next_one) = inside[:2]
    return BLOCKS[max(1, min(7, round(end)))], f"{lowest} on {next_one}"
