"""Which column of a table is what: chosen on screen, with the table's first rows before one's eyes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.dialogs.ask import AskOne
from mmsa_tui.tui.keys import key_table
from mmsa_tui.tui.widgets.choice_list import ChoiceList
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
"""In the list of columns: whatever is recognised."""


class MappingDialog(ModalScreen[dict[str, str] | None]):
    """Asks what each column is; gives the roles that the user has chosen, or None.

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

    def __init__(self, found: Columns, said: Mapping[str, str]) -> None:
        super().__init__(classes="dialog-screen")
        self._found = found
        self._said = dict(said)

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
            self.dismiss(self._said)

    @on(OptionList.OptionSelected)
    def _ask(self, event: OptionList.OptionSelected) -> None:
        event.stop()
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
        return [Option(self._describe(role)) for role in ROLES]

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
