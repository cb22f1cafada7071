"""Small questions: a line of text, one of a list, yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, OptionList
from textual.widgets.option_list import Option

from mmsa_tui.codebook import LETTERS
from mmsa_tui.tui.keys import caught_up, key_table
from mmsa_tui.tui.widgets.choices import ChoiceList


class AskText(ModalScreen[str | None]):
    """Asks for one line; enter gives it, escape gives None."""

    # What is typed right behind them is meant for the screen below.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer", "Save", show=False, priority=True),
        Binding("escape", "dismiss(None)", "Cancel", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str = "", placeholder: str = "", hint: str = "") -> None:
        super().__init__(classes="dialog-screen")
        self._title, self._text, self._placeholder, self._hint = title, text, placeholder, hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(Content(self._title), classes="dialog-title")
            yield Input(self._text, placeholder=self._placeholder, compact=True)
            yield Label(Content(self._hint or "Enter: save · esc: cancel"), classes="dialog-hint")

    async def action_answer(self) -> None:
        field = self.query_one(Input)
        await caught_up(field)
        self.dismiss(field.value.strip())


class AskOne(ModalScreen[str | None]):
    """Asks for one of a list; enter or a click gives its id, escape gives None.

    Args:
        options: (id, text) pairs.
        chosen: the id that is marked at first.
        has_letters: a letter before each of the first 26 answers with it.
        explanation: what to know before choosing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            escape  dismiss(None)  Cancel
        """),
    ]

    def __init__(
        self,
        title: str,
        options: Sequence[tuple[str, str]],
        chosen: str = "",
        hint: str = "",
        *,
        has_letters: bool = False,
        explanation: str = "",
    ) -> None:
        super().__init__(classes="dialog-screen")
        self._title, self._options, self._chosen, self._hint = title, options, chosen, hint
        self._explanation = explanation
        self._letters = LETTERS[: len(options)] if has_letters else ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(Content(self._title), classes="dialog-title")
            if self._explanation:
                yield Label(Content(self._explanation), classes="dialog-text")
            # Ids of options may be any text; those of widgets may not.
            yield ChoiceList(*(Option(Content(text)) for text in self._texts()), compact=True)
            hint = "Letter or enter: choose" if self._letters else "Enter: choose"
            yield Label(Content(self._hint or f"{hint} · esc: cancel"), classes="dialog-hint")

    def _texts(self) -> list[str]:
        texts = [text for _, text in self._options]
        return [
            f"{self._letters[at]}  {text}" if at < len(self._letters) else text
            for at, text in enumerate(texts)
        ]

    def on_key(self, event: events.Key) -> None:
        """Take a letter for its option, before the list takes it for a way to move."""
        if event.character and event.character in self._letters:
            event.stop()
            event.prevent_default()
            self.dismiss(self._options[self._letters.index(event.character)][0])

    def on_mount(self) -> None:
        ids = [name for name, _ in self._options]
        self.query_one(OptionList).highlighted = ids.index(self._chosen) if self._chosen in ids else 0

    @on(OptionList.OptionSelected)
    def _answer(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._options[event.option_index][0])


class AskWhether(ModalScreen[bool]):
    """Asks before something is lost; escape and n mean no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            escape,n    dismiss(False)  No
            y           dismiss(True)   Yes
            left,right  app.focus_next  Other
        """),
    ]

    def __init__(self, question: str, explanation: str, yes: str, no: str) -> None:
        super().__init__(classes="dialog-screen")
        self._question, self._explanation, self._yes, self._no = question, explanation, yes, no

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(Content(self._question), classes="dialog-title")
            yield Label(Content(self._explanation), classes="dialog-text")
            with Horizontal(classes="dialog-buttons"):
                yield Button(self._no, id="no", variant="primary", compact=True)
                yield Button(self._yes, id="yes", compact=True)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
