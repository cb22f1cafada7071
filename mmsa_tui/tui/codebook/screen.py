"""The codebook: labels with keys, definitions and examples, how many posts have each; others to work with."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from mmsa_tui.codebook import Codebook, CodebookLabel, LeftOver
from mmsa_tui.config import DEFAULT_CODEBOOK
from mmsa_tui.errors import MmsaError
from mmsa_tui.services import codebook as service
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.app_screen import AppScreen
from mmsa_tui.tui.dialogs.ask import AskOne, AskText
from mmsa_tui.tui.keys import SCROLLS
from mmsa_tui.tui.themes import MUTED
from mmsa_tui.tui.widgets.bars import KeyBar, KeyItem, StatusLine, TopBar


class CodebookScreen(AppScreen[str | None]):
    """Shows the codebook in use; gives the name of the one to work with from now on, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,g", "choose", "Work with another codebook"),
        Binding("n", "new", "Make a codebook"),
        Binding("d", "define", "Say what a label means"),
        *SCROLLS,
        Binding("escape,q", "dismiss(None)", "Back to the posts"),
        Binding("f1,question_mark", "help", "Help"),
    ]

    DEFAULT_CSS = """
    CodebookScreen {
        background: $background;
        VerticalScroll { height: 1fr; padding: 0 2; scrollbar-size-vertical: 1; background: $background; }
        #codebook-text { height: auto; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.standing: service.Standing | None = None
        self.top = TopBar(id="top")
        self.status = StatusLine(id="status")
        self.key_bar = KeyBar(id="keys")

    def compose(self) -> ComposeResult:
        yield self.top
        with VerticalScroll(can_focus=False):
            yield Static("", id="codebook-text", markup=False)
        yield self.status
        yield self.key_bar

    def on_mount(self) -> None:
        self.top.show([(" mmsa ", "bold $text-accent"), ("codebook", "bold")], self.mmsa.model_parts())
        self.key_bar.show(
            [
                KeyItem("enter", "another", "choose"),
                KeyItem("n", "new", "new"),
                KeyItem("d", "define", "define"),
                KeyItem("esc", "back", "dismiss(None)"),
                KeyItem("F1", "help", "help"),
            ]
        )
        self.look()

    @work(exclusive=True, group="look")
    async def look(self) -> None:
        """Read the codebook, and count its labels."""
        try:
            self.standing = await asyncio.to_thread(service.look_at, self.mmsa.config.paths)
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if self.is_attached:
            self.query_one("#codebook-text", Static).update(self._text(self.standing))

    def _text(self, standing: service.Standing) -> Content:
        codebook, looks = standing.codebook, self.looks
        title = f"  {safe_line(codebook.title, 200)}" if codebook.title else ""
        lines = [
            Content(""),
            Content.assemble((codebook.name, "bold $text-accent"), (title, "")),
            Content(""),
        ]
        for keys, label in zip(codebook.keys_shown(), codebook.labels, strict=True):
            n_posts = counted(standing.labelled[label.name], "post")
            lines.append(
                Content.assemble(
                    (f"{safe_line(keys, 8):>4}  ", "bold $text-primary"),
                    (f"{looks.sign(label.name)} {label.name}", f"bold {looks.colour(label.name)}"),
                    (f"  {n_posts}", MUTED),
                )
            )
            if label.definition:
                lines.append(Content("      " + safe_line(label.definition, 2000)))
            lines += [Content.styled(f"      · {safe_line(one, 300)}", MUTED) for one in label.examples]
            lines.append(Content(""))
        for name, number in standing.outside.items():
            lines.append(
                Content.styled(
                    f"{counted(number, 'post')} labelled {safe_line(name, 60)}, which it does not have",
                    "$text-warning",
                )
            )
        said = f"model {standing.bundle}" if standing.bundle else standing.problem
        lines.append(Content.styled(safe_line(said, 300), MUTED if standing.bundle else "$text-warning"))
        return Content("\n").join(lines)

    # what keys do

    @work(exclusive=True, group="decision")
    async def action_choose(self) -> None:
        """Choose the codebook to work with."""
        paths = self.mmsa.config.paths
        try:
            found = await asyncio.to_thread(service.all_codebooks, paths)
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        options = [
            (one.name, safe_line(f"{one.name}: {one.reason}", 120))
            if isinstance(one, LeftOver)
            else (one.name, f"{one.name}: {', '.join(one.names)}")
            for one in found
        ]
        in_use = paths.codebook or DEFAULT_CODEBOOK
        hint = "Each has labels, audits and a model of its own · enter: work with it · esc: cancel"
        chosen = await self.app.push_screen_wait(AskOne("Which codebook?", options, in_use, hint))
        if chosen is not None and chosen != in_use:
            self.dismiss(chosen)

    @work(exclusive=True, group="decision")
    async def action_new(self) -> None:
        """Make a codebook, and work with it."""
        name = await self.app.push_screen_wait(
            AskText("Name of the new codebook", "", "small letters, digits, hyphens: stance")
        )
        if not name:
            return
        typed = await self.app.push_screen_wait(
            AskText(f"Labels of {safe_line(name, 40)}", "", "with commas between: for, against, neither")
        )
        labels = tuple(CodebookLabel(word.strip()) for word in (typed or "").split(",") if word.strip())
        if not labels:
            return
        if await self._done(lambda: service.new_codebook(self.mmsa.config.paths, Codebook(name, labels))):
            self.dismiss(name)

    @work(exclusive=True, group="decision")
    async def action_define(self) -> None:
        """Say what a label means."""
        if self.standing is None:
            return
        codebook = self.standing.codebook
        options = [(label.name, label.name) for label in codebook.labels]
        chosen = await self.app.push_screen_wait(AskOne("Which label?", options))
        if chosen is None:
            return
        old = next(label for label in codebook.labels if label.name == chosen)
        typed = await self.app.push_screen_wait(AskText(f"What {chosen} means", old.definition))
        if typed is None:
            return
        changed = service.change_labels(codebook, {chosen: lambda one: replace(one, definition=typed)})
        if await self._done(lambda: service.edit_codebook(self.mmsa.config.paths, changed)):
            self.status.tell((f" Kept: what {chosen} means.", "$text-success"))
            self.look()

    async def _done(self, change: service.Change) -> bool:
        """Make a change off the event loop; what goes wrong is shown."""
        try:
            await asyncio.to_thread(change)
        except MmsaError as error:
            self.mmsa.show_error(error)
            return False
        return True

    def action_help(self) -> None:
        self.mmsa.show_help("codebook")

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
