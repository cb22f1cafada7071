"""Which column of a table is what: chosen on screen, with the table's first rows before one's eyes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from mmsa_tui.records import ReadAs
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.dialogs.ask import AskOne
from mmsa_tui.tui.keys import key_table
from mmsa_tui.tui.widgets.choices import ChoiceList
from mmsa_tui.tui.widgets.post_columns import fit
from mmsa_tui.worker.messages import Columns

ROLES: Mapping[str, str] = {
    "text": "the words of a post",
    "title": "put before the text",
    "image": "file names or addresses of pictures",
    "id": "what a post is called",
    "author": "who wrote it",
    "date": "when it was written",
    "time": "the time of day, where the date has none",
    "language": "a code such as en",
    "label": "what people said of it",
}
"""What a column can be, and what that is."""
AS_FOUND = ""
"""In the list of columns, and of orders: whatever is recognised."""
DATE_ORDER = "order"
"""The row below the roles: how dates of numbers alone are read."""
_ORDERS = (
    (AS_FOUND, "as the dates show; those that may be either stay unread"),
    ("day-first", "day first: 05/01/2026 is the fifth of January"),
    ("month-first", "month first: 05/01/2026 is the first of May"),
)


def ask_date_order(order: str) -> AskOne:
    """Ask how dates of numbers alone are read; gives a name in `DATE_ORDERS`, "" for as found."""
    return AskOne("Which comes first in 05/01/2026?", _ORDERS, order)


class MappingDialog(ModalScreen[ReadAs | None]):
    """Asks what each column is, and the order of dates; gives how to read the table, or None.

    Args:
        found: the table's columns, what they are taken for, and some rows.
        said: what the user has chosen before.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            escape  dismiss(None)  Cancel
            r       read           Read it so
        """),
    ]

    DEFAULT_CSS = """
    MappingDialog #mapping-problem { color: $text-warning; margin-top: 1; height: auto; }
    """

    def __init__(self, found: Columns, said: ReadAs) -> None:
        super().__init__(classes="dialog-screen")
        self._found = found
        self._read_as = said
        self._said = dict(said.columns)
        self._order = said.date_order

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label("What are the columns of this table?", classes="dialog-title")
            yield ChoiceList(*self._options(), compact=True)
            yield Label("", id="mapping-problem", markup=False)
            yield Label("Enter: choose a column · r: read it so · esc: cancel", classes="dialog-hint")

    def on_mount(self) -> None:
        self._say_what_lacks()

    @property
    def roles(self) -> dict[str, str]:
        """What each role is taken from now."""
        return {**self._found.roles, **self._said}

    def action_read(self) -> None:
        if self.roles.get("text") or self.roles.get("image"):
            self.dismiss(replace(self._read_as, columns=self._said, date_order=self._order))

    @on(OptionList.OptionSelected)
    def _ask(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index == len(ROLES):
            self._ask_order()
            return
        role = list(ROLES)[event.option_index]
        width = 24
        options = [(AS_FOUND, "whatever is recognised")]
        options += [
            (column, f"{fit(safe_line(column, 80), width)}  {self._samples(column)}")
            for column in self._found.columns
        ]

        def take(column: str | None) -> None:
            if column is None:
                return
            if column == AS_FOUND:
                self._said.pop(role, None)
            else:
                self._said[role] = column
            self._draw()

        chosen = self.roles.get(role, AS_FOUND)
        self.app.push_screen(AskOne(f"Which column is {role}: {ROLES[role]}?", options, chosen), take)

    def _ask_order(self) -> None:
        def take(order: str | None) -> None:
            if order is not None:
                self._order = order
                self._draw()

        self.app.push_screen(ask_date_order(self._order), take)

    def _draw(self) -> None:
        options = self.query_one(OptionList)
        at = options.highlighted
        options.clear_options()
        options.add_options(self._options())
        options.highlighted = at
        self._say_what_lacks()

    def _say_what_lacks(self) -> None:
        lacks = not (self.roles.get("text") or self.roles.get("image"))
        problem = "Choose the column with the words of the posts, or the one with pictures." if lacks else ""
        self.query_one("#mapping-problem", Label).update(problem)

    def _options(self) -> list[Option]:
        return [*(Option(self._describe(role)) for role in ROLES), Option(self._describe_order())]

    def _describe_order(self) -> Content:
        """Say in which order dates of numbers are read: as chosen here, or as was found."""
        name = (f"{DATE_ORDER:<10}", "bold")
        if self._order:
            return Content.assemble(name, (f"{self._order.replace('-', ' ')}, as you said", "$text-accent"))
        # What was found under a choice that is now taken back says nothing any more.
        found = "" if self._read_as.date_order else self._found.dates
        if not found:
            return Content.assemble(name, ("—  day or month first in 05/01/2026", "$foreground-muted"))
        return Content.assemble(name, safe_line(found, 100))

    def _describe(self, role: str) -> Content:
        column = self.roles.get(role, "")
        if not column:
            return Content.assemble(
                (f"{role:<10}", "bold"), ("—  ", "$foreground-muted"), (ROLES[role], "$foreground-muted")
            )
        style = "$text-accent" if role in self._said else ""
        return Content.assemble(
            (f"{role:<10}", "bold"),
            (fit(safe_line(column, 80), 22) + "  ", style),
            (self._samples(column), "$foreground-muted"),
        )

    def _samples(self, column: str) -> str:
        first = column.split(" + ")[0]
        values = [safe_line(row.get(first, ""), 30) for row in self._found.rows]
        return " · ".join(value for value in values if value) or "(empty)"
