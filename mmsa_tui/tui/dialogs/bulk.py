"""One change for many posts: which, what, how many exactly, before anything happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.themes import label_sign, label_variable
from mmsa_tui.tui.widgets.choices import Tick

On = Literal["filter", "selection"]
Deed = Literal["label", "accept", "flag", "unflag", "note", "clear"]


@dataclass(frozen=True, slots=True)
class BulkChoice:
    """What to do with which posts.

    `label` is for the deed `label`, `note` for the deed `note`; `keep_corrected` leaves posts
    alone that have a label of the analyst already.
    """

    on: On
    action: Deed
    label: str = ""
    note: str = ""
    keep_corrected: bool = False


class BulkDialog(ModalScreen[BulkChoice | None]):
    """Asks for one change to many posts; escape gives None.

    Args:
        n_rows: posts in the list, which `described` tells; "" means all of the source.
        n_selected: marked posts; they are proposed first.
        n_corrected: how many of each have a label of the analyst.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("m", "other_posts", "Marked posts or all shown"),
        Binding("k", "keep", "Leave posts alone that have a label already"),
    ]

    DEFAULT_CSS = """
    BulkDialog {
        align: center middle;
        & > Vertical {
            width: 66;
            max-width: 96%;
            height: auto;
            max-height: 100%;
            overflow-y: auto;
            scrollbar-size-vertical: 1;
            padding: 1 2;
            background: $surface;
            border: round $border;
            border-title-color: $text-accent;
            border-title-style: bold;
            border-subtitle-color: $foreground-muted;
        }
        #bulk-posts { width: 100%; height: auto; margin-bottom: 1; }
        #bulk-deeds { height: auto; max-height: 14; border: none; padding: 0; }
        #bulk-deeds, #bulk-deeds:focus { background: $surface; background-tint: $surface 0%; }
        #bulk-deeds > .option-list--option-highlighted { background: $primary-muted; }
        #bulk-note { display: none; margin: 1 0 0 0; }
        #bulk-keep { margin-top: 1; width: 100%; background: $surface; }
        .bulk-buttons { height: 1; margin-top: 1; align-horizontal: right; }
        .bulk-buttons Button { margin-left: 2; }
    }
    """

    def __init__(
        self,
        labels: Sequence[str],
        n_rows: int,
        n_selected: int,
        described: str,
        n_corrected: Mapping[On, int],
    ) -> None:
        super().__init__()
        self._labels = labels
        self._n_posts: Mapping[On, int] = {"filter": n_rows, "selection": n_selected}
        self._n_corrected = n_corrected
        self._described = described
        self._on: On = "selection" if n_selected else "filter"
        self._deeds: list[tuple[Deed, str]] = [
            *(("label", label) for label in labels),
            *((deed, "") for deed in ("accept", "flag", "unflag", "note", "clear")),
        ]

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = "Change many posts at once"
            frame.border_subtitle = "↑↓: choose · enter: do it · esc: cancel · one undo: all back"
            yield Static("", id="bulk-posts", markup=False)
            yield OptionList(*self._options(), id="bulk-deeds", compact=True)
            yield Input(placeholder="the note", id="bulk-note", compact=True)
            yield Tick("", value=True, id="bulk-keep", compact=True)
            with Horizontal(classes="bulk-buttons"):
                yield Button("", id="bulk-do", variant="primary", compact=True)
                yield Button("Cancel", id="bulk-cancel", compact=True)

    def on_mount(self) -> None:
        # Nothing is chosen: enter by itself must not label a whole source.
        listed = self.query_one("#bulk-deeds", OptionList)
        listed.highlighted = None
        listed.focus()
        self._show()

    # what is chosen

    @property
    def choice(self) -> BulkChoice | None:
        """What would be done now; None before something is chosen."""
        at = self.query_one("#bulk-deeds", OptionList).highlighted
        if at is None:
            return None
        action, label = self._deeds[at]
        note = self.query_one("#bulk-note", Input).value.strip() if action == "note" else ""
        keep = self._can_keep(action) and self.query_one("#bulk-keep", Tick).value
        return BulkChoice(self._on, action, label, note, keep)

    def _can_keep(self, action: Deed) -> bool:
        return action in ("label", "accept") and bool(self._n_corrected.get(self._on))

    def action_other_posts(self) -> None:
        if self._n_posts["selection"]:
            self._on = "filter" if self._on == "selection" else "selection"
            self._show()

    def action_keep(self) -> None:
        checkbox = self.query_one("#bulk-keep", Tick)
        if checkbox.display:
            checkbox.toggle()

    def on_key(self, event: events.Key) -> None:
        """Take the keys that do the same to one post as shortcuts into the list."""
        if self.query_one("#bulk-note", Input).has_focus:
            return
        keys: dict[str, Deed] = {"space": "accept", "f": "flag", "n": "note", "0": "clear"}
        at = -1
        if event.key.isdigit() and 0 < int(event.key) <= len(self._labels):
            at = int(event.key) - 1
        elif event.key in keys:
            at = [deed for deed, _ in self._deeds].index(keys[event.key])
        if at >= 0 and not self.query_one("#bulk-keep", Tick).has_focus:
            self.query_one("#bulk-deeds", OptionList).highlighted = at
            event.stop()

    # events

    @on(OptionList.OptionHighlighted)
    @on(Tick.Changed)
    @on(Input.Changed)
    def _show_again(self) -> None:
        self._show()

    @on(OptionList.OptionSelected)
    def _enter(self) -> None:
        note = self.query_one("#bulk-note", Input)
        choice = self.choice
        if choice is not None and choice.action == "note" and not note.value.strip():
            note.focus()
        else:
            self._finish()

    @on(Input.Submitted)
    def _note_written(self) -> None:
        self._finish()

    @on(Button.Pressed, "#bulk-cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#bulk-do")
    def _finish(self) -> None:
        choice = self.choice
        if choice is None or not self._n_changed(choice):
            return
        if choice.action != "note" or choice.note:
            self.dismiss(choice)

    # looks

    def _n_changed(self, choice: BulkChoice) -> int:
        kept = self._n_corrected.get(choice.on, 0) if choice.keep_corrected else 0
        return self._n_posts[choice.on] - kept

    def _show(self) -> None:
        choice = self.choice
        self.query_one("#bulk-posts", Static).update(Content("\n").join(self._which()))
        self.query_one("#bulk-note").display = choice is not None and choice.action == "note"
        keep = self.query_one("#bulk-keep", Tick)
        button = self.query_one("#bulk-do", Button)
        if choice is None:
            keep.display = False
            button.label, button.disabled = Content("Choose what to do"), True
            return
        n_posts = self._n_changed(choice)
        keep.display = self._can_keep(choice.action)
        keep.label = f"keep the {self._n_corrected.get(choice.on, 0):,} that have a label already (k)"
        button.label = Content(f"{_deed(choice)}: {n_posts:,} post{'s' * (n_posts != 1)}")
        button.disabled = not n_posts or (choice.action == "note" and not choice.note)

    def _which(self) -> Iterator[Content]:
        shown = safe_line(self._described, 200)
        about = f" listed: {shown}" if shown else " of the source"
        yield self._posts("filter", f"all {self._n_posts['filter']:,}", about)
        if self._n_posts["selection"]:
            yield self._posts("selection", f"the {self._n_posts['selection']:,}", " you marked")

    def _posts(self, on: On, number: str, about: str) -> Content:
        is_chosen = self._on == on
        key = "  (m)" if self._n_posts["selection"] and not is_chosen else ""
        return Content.assemble(
            ("◉ " if is_chosen else "○ ", "$text-accent" if is_chosen else "$foreground-muted"),
            (number, "bold" if is_chosen else "$foreground-muted"),
            (about, "" if is_chosen else "$foreground-muted"),
            (key, "$text-accent"),
        )

    def _options(self) -> Iterator[Option]:
        for index, label in enumerate(self._labels):
            colour = f"${label_variable(index, len(self._labels))}"
            yield Option(
                Content.assemble(
                    (f"{index + 1:>5}  ", "$text-accent"),
                    (f"{label_sign(index, len(self._labels))} {safe_line(label, 40)}", f"bold {colour}"),
                )
            )
        for key, title in (
            ("space", "accept what the model says"),
            ("f", "flag"),
            ("", "remove the flag"),
            ("n", "write a note"),
            ("0", "remove the label"),
        ):
            yield Option(Content.assemble((f"{key:>5}  ", "$text-accent"), title))


def _deed(choice: BulkChoice) -> str:
    titles = {
        "label": safe_line(choice.label, 30),
        "accept": "Accept",
        "flag": "Flag",
        "unflag": "Remove flag",
        "note": "Note",
        "clear": "Remove label",
    }
    return titles[choice.action]
