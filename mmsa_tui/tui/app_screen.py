"""What every screen of the app has: the app by its type, its labels and their looks, a key bar that works."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen, ScreenResultType

from mmsa_tui.errors import MmsaError
from mmsa_tui.store import SourceRow, Store
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.dialogs.ask import AskOne
from mmsa_tui.tui.keys import WRAPPED, is_typing, key_for
from mmsa_tui.tui.widgets.bars import KeyBar, StatusLine, TopBar
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.tui.widgets.post_view import PostView

if TYPE_CHECKING:
    from mmsa_tui.tui.app import MmsaApp


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Jump:
    """A row of a source, for the main screen to go to when another screen leads back."""

    source: SourceRow
    ordinal: int


WARNING, SUCCESS = "$text-warning", "$text-success"
"""Styles of what a screen says in its status line."""


class Voice(Protocol):
    """What answers keys: a framed screen."""

    def tell(self, text: str, style: str = "") -> None: ...

    def key(self, name: str) -> str: ...


class AppScreen(Screen[ScreenResultType]):
    """A screen that covers the terminal; dialogs are `ModalScreen`s and know nothing of the app."""

    @property
    def mmsa(self) -> MmsaApp:
        return cast("MmsaApp", self.app)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.mmsa.labels

    @property
    def looks(self) -> LabelLooks:
        return LabelLooks(self.labels)

    @property
    def is_learning(self) -> bool:
        """Whether leaving the app now would end a retrain."""
        return False

    async def ask(self, dialog: Screen[T], take: Callable[[T | None], Awaitable[None]]) -> None:
        """Show a dialog, and hand its answer on; see the app's."""
        await self.mmsa.ask(dialog, take)

    @on(KeyBar.Pressed)
    async def _on_key_pressed(self, event: KeyBar.Pressed) -> None:
        await self.run_action(event.action)


class FramedScreen(AppScreen[ScreenResultType]):
    """A screen between a line on top, and a status line with the keys that do something now below.

    `help_topic` is what help is asked about here.
    """

    help_topic: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.top = TopBar(id="top")
        self.status = StatusLine(id="status")
        self.key_bar = KeyBar(id="keys")

    def compose_parts(self) -> ComposeResult:
        """Put together what is between the lines."""
        yield from ()

    def compose(self) -> ComposeResult:
        yield self.top
        yield from self.compose_parts()
        yield self.status
        yield self.key_bar

    def tell(self, text: str, style: str = "") -> None:
        """Answer a key in the status line."""
        self._show(text, style)

    def tell_and_keep(self, text: str, style: str = "") -> None:
        """Say what a long work has come to, and keep it among the messages."""
        self.mmsa.notices.keep(text)
        self._show(text, style, more=f"{self.key('messages')}: all of it")

    def _show(self, text: str, style: str, more: str = "") -> None:
        if self.is_attached:
            self.status.tell((" " + safe_line(text[:1].upper() + text[1:]), style), more=more)

    def key(self, name: str) -> str:
        """Write the key of an action as it is bound now, for a hint."""
        return key_for(name, self.mmsa.config.keys) or "the palette"

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_help(self) -> None:
        self.mmsa.show_help(self.help_topic)


class PostScreen(FramedScreen[ScreenResultType]):
    """A framed screen with a post in view, whose keys are found before anything else."""

    def __init__(self) -> None:
        super().__init__()
        self.view = PostView(self.mmsa.pictures, self.mmsa.graphics, id="view")

    async def action_press_key(self, action: str) -> None:
        await self.run_action(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == WRAPPED:
            # False lets the key go on to the field that is focused.
            return not is_typing(self)
        if action == "label" and parameters:
            return isinstance(parameters[0], int) and parameters[0] < len(self.codebook)
        return True

    @property
    def codebook(self) -> tuple[str, ...]:
        """The labels that keys give here."""
        return self.labels

    async def action_choose_label(self) -> None:
        """Ask which label, by its letter or from the list, and do what its key does."""
        options = [(label, f"{self.looks.sign(label)} {label}") for label in self.labels]

        async def take(label: str | None) -> None:
            if label is not None:
                await self.run_action(f"label({self.labels.index(label)})")

        await self.ask(AskOne("Which label?", options, has_letters=True), take)

    async def take_back(self, undo: Callable[[Store], T | None]) -> T | None:
        """Undo what `undo` finds to be undone, or say that nothing is left or why it cannot be."""
        try:
            undone = await self.mmsa.quick.run(undo)
        except MmsaError as error:
            self.mmsa.show_error(error)
            return None
        if undone is None:
            self.tell("Nothing is left to undo.")
        return undone

    def action_read(self, direction: int) -> None:
        self.view.read(direction)

    def action_next_picture(self) -> None:
        self.view.turn_picture(1)

    def action_previous_picture(self) -> None:
        self.view.turn_picture(-1)
