"""Groups of posts as rows of bars, one cut for each label; a row leads to its posts."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content

from mmsa_tui.analysis import Group, percentages
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.keys import MOVES
from mmsa_tui.tui.overview.group_chart import GroupChart
from mmsa_tui.tui.themes import Part
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.tui.widgets.post_columns import fit

MIN_BAR = 8


class LabelRows(GroupChart):
    """A list of groups; up and down choose one, enter or a click asks for its posts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVES,
        Binding("enter", "pick", "Show these posts"),
    ]

    def __init__(self, title: str, empty: str, *, id: str | None = None) -> None:
        super().__init__(title, empty, id=id)
        self._total = 0
        self._top = 0
        self._n_groups = 0
        self._footer: Sequence[Sequence[Part]] = ()

    def show(
        self,
        groups: Sequence[Group],
        looks: LabelLooks,
        total: int = 0,
        footer: Sequence[Sequence[Part]] = (),
        n_groups: int = 0,
    ) -> None:
        """Show groups.

        Args:
            total: what shares are of, the sum of the groups; 0 shows none.
            footer: lines below the rows.
            n_groups: how many there are, where these are only the largest.
        """
        self._groups, self._looks, self._total, self._footer = groups, looks, total, footer
        self._n_groups = n_groups
        self._cursor = min(self._cursor, max(len(groups) - 1, 0))
        self._tell_place()
        self.refresh()

    @property
    def _room(self) -> int:
        """Lines for rows."""
        # A line below the rows that is longer than the part is wide goes on in the next one.
        width = max(self.size.width, 1)
        lines = [max(1, len(wrap("".join(text for text, _ in line), width))) for line in self._footer]
        return max(1, self.size.height - (1 + sum(lines) if lines else 0))

    def draw(self) -> None:
        self._tell_place()
        super().draw()

    def _tell_place(self) -> None:
        """Say in the frame how the chosen group divides, and where it is in the list."""
        words = []
        if self.chosen is not None and self.has_focus and not self._total:
            words = [f"{sign} {number:,}" for sign, number in self._division(self.chosen)]
        self.border_subtitle = Content(" · ".join([*words, *self._place()]))

    def _place(self) -> list[str]:
        """Say which group is chosen where not all are in sight, and how many are not listed at all."""
        n_listed = len(self._groups or ())
        rest = f", the largest of {self._n_groups:,}" if self._n_groups > n_listed else ""
        return [f"{self._cursor + 1} of {n_listed}{rest}"] if n_listed > self._room or rest else []

    def _division(self, group: Group) -> list[tuple[str, int]]:
        counts = [(self._looks.sign(label), group.counts.get(label, 0)) for label in self._looks.labels]
        return [(sign, number) for sign, number in counts if number]

    def on_resize(self) -> None:
        self._tell_place()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not self._groups or self._top + offset.y >= len(self._groups):
            return
        self.press(self._top + offset.y)

    def on_mouse_scroll_down(self) -> None:
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-1)

    # looks

    def render(self) -> Content:
        if self._groups is None:
            return Content.styled("counting…", "$foreground-muted")
        if not self._groups:
            return Content("\n").join([Content.styled(self.empty, "$foreground-muted"), *self._foot()])
        room = self._room
        self._top = max(
            self._cursor - room + 1, min(self._top, self._cursor, max(len(self._groups) - room, 0))
        )
        shown = self._groups[self._top : self._top + room]
        self.border_subtitle = " · ".join(self._place())
        name_width = min(
            max(cell_len(self._title_of(group)) for group in self._groups), self.size.width // 2, 24
        )
        number_width = max(len(f"{group.total:,}") for group in self._groups)
        shares = percentages([group.total for group in self._groups]) if self._total else ()
        rows = [
            self._row(
                group,
                name_width,
                f" {group.total:>{number_width},}",
                f" {shares[at]:>3} %" if shares else "",
                is_chosen=at == self._cursor,
            )
            for at, group in enumerate(shown, self._top)
        ]
        return Content("\n").join([*rows, *self._foot()])

    def _foot(self) -> list[Content]:
        return [Content(""), *(Content.assemble(*line) for line in self._footer)] if self._footer else []

    def _title_of(self, group: Group) -> str:
        return safe_line(group.name, 60) or "(no name)"

    def _row(self, group: Group, name_width: int, number: str, share: str, *, is_chosen: bool) -> Content:
        is_marked = is_chosen and self.has_focus
        name = ("▸" if is_marked else " ") + fit(self._title_of(group), name_width)
        legend = self._legend(group) if not self._total else []
        taken = cell_len(name) + 1 + len(number) + len(share)
        room = self.size.width - taken
        legend_width = sum(cell_len(text) for text, _ in legend)
        if room - legend_width < MIN_BAR * 2:
            legend, legend_width = [], 0
        width = max(0, room - legend_width)
        most = max(other.total for other in self._groups or ())
        parts: list[Part] = [(name + " ", "bold" if is_marked else "")]
        if width >= MIN_BAR:
            parts += cut_bar(group, self._looks, most, width, self.app.no_color)
        parts += [(number, "bold"), (share, "$foreground-muted"), *legend]
        line = Content.assemble(*parts)
        return line.stylize("on $primary-muted") if is_marked else line

    def _legend(self, group: Group) -> list[Part]:
        labels = [*self._looks.labels, *(label for label in group.counts if label not in self._looks.labels)]
        shares = percentages([group.counts.get(label, 0) for label in labels])
        return [
            (f" {self._looks.sign(label)}{share:>3} %", self._looks.colour(label))
            for label, share in zip(self._looks.labels[:4], shares, strict=False)
        ]


def cut_bar(
    group: Group, looks: LabelLooks, most: int, width: int, has_no_colour: bool = False
) -> list[Part]:
    """Draw a bar cut by label, as long as the group's share of `most`, padded to `width` cells.

    Without colour the signs of the labels stand in for it.
    """
    length = round(width * group.total / max(most, 1))
    if group.total and not length:
        length = 1
    parts: list[Part] = []
    done = drawn = 0
    others = [label for label in group.counts if label not in looks.labels]
    for label in [*looks.labels, *others]:
        done += group.counts.get(label, 0)
        end = round(length * done / max(group.total, 1))
        sign = looks.sign(label) if has_no_colour else "▇"
        parts.append((sign * (end - drawn), looks.colour(label) or "$foreground-disabled"))
        drawn = end
    parts.append((" " * (width - drawn), ""))
    return [part for part in parts if part[0]]
