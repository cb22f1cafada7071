"""Which posts to classify: the whole source, what the filter matches, or the selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Label, OptionList
from textual.widgets.option_list import Option

from mmsa_tui.tui.keys import key_table
from mmsa_tui.tui.widgets.choices import Tick

ScopeName = Literal["source", "filter", "selection"]


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of posts that could be classified; `n_new` of `n` have no prediction yet."""

    name: ScopeName
    title: str
    n: int
    n_new: int


@dataclass(frozen=True, slots=True)
class ClassifyChoice:
    """What the user chose; `again` also classifies what has a prediction."""

    scope: ScopeName
    again: bool


class ClassifyDialog(ModalScreen[ClassifyChoice | None]):
    """Shows what there is to do before it is begun; escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            escape  dismiss(None)  Cancel
            a       again          Again
        """),
    ]

    def __init__(self, scopes: Sequence[Scope], bundle_id: str, model_state: str) -> None:
        super().__init__(classes="dialog-screen")
        self._scopes, self._bundle_id, self._model_state = scopes, bundle_id, model_state

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(Content(f"Classify with {self._bundle_id}"), classes="dialog-title")
            yield OptionList(*(Option(self._describe(scope)) for scope in self._scopes), compact=True)
            yield Tick("Classify again what is classified already (a)", id="again", compact=True)
            yield Label(
                Content(f"{self._model_state} · you can go on working meanwhile"), classes="dialog-hint"
            )
            with Horizontal(classes="dialog-buttons"):
                yield Button("Start", id="start", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        narrower = [at for at, scope in enumerate(self._scopes) if scope.name != "source"]
        options.highlighted = narrower[-1] if narrower else 0
        options.focus()

    def action_again(self) -> None:
        again = self.query_one("#again", Tick)
        if not again.disabled:
            again.toggle()

    @on(OptionList.OptionHighlighted)
    def _limit(self) -> None:
        # Predictions are forgotten by source; a part of one cannot be classified again.
        again = self.query_one("#again", Tick)
        again.disabled = self._scope.name != "source"
        if again.disabled:
            again.value = False

    @on(OptionList.OptionSelected)
    @on(Button.Pressed, "#start")
    def _start(self) -> None:
        self.dismiss(ClassifyChoice(self._scope.name, self.query_one("#again", Tick).value))

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @property
    def _scope(self) -> Scope:
        return self._scopes[self.query_one(OptionList).highlighted or 0]

    @staticmethod
    def _describe(scope: Scope) -> Content:
        new = f"{scope.n_new:,} to do" if scope.n_new else "all done"
        return Content.assemble(
            (f"{scope.title:<28}", ""), (f"{scope.n:>9,} posts", "bold"), (f"  {new}", "$foreground-muted")
        )
