"""Open anything: a source that was read before, or a path; what is there is shown before it is read in."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from mmsa_tui.errors import MmsaError
from mmsa_tui.records import ReadAs
from mmsa_tui.services.ingest import location_of
from mmsa_tui.sources import formats
from mmsa_tui.store import SourceRow
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.app_screen import AppScreen
from mmsa_tui.tui.dialogs.ask import AskOne
from mmsa_tui.tui.hints import in_app
from mmsa_tui.tui.keys import key_table
from mmsa_tui.tui.picker.forgetting import forget_for_good
from mmsa_tui.tui.picker.found import describe_detected, describe_found, describe_recent
from mmsa_tui.tui.picker.found_panel import FoundPanel
from mmsa_tui.tui.picker.mapping import MappingDialog, ask_date_order
from mmsa_tui.tui.picker.paths_typed import PathInput, PathSuggester, dropped_path
from mmsa_tui.tui.picker.source_link import SourceLink
from mmsa_tui.tui.widgets.bars import KeyBar, KeyItem, TopBar
from mmsa_tui.worker.messages import (
    Columns,
    Counted,
    Detected,
    Index,
    Indexed,
    Inspect,
    Inspected,
    Message,
    Trouble,
)


class PickerScreen(AppScreen[None]):
    """Recent sources, a path, and what is found there.

    Args:
        path: a path to look at at once; it is read in anew even if it is known.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            escape  back      Back
            up      move(-1)  Recent source before
            down    move(1)   Next recent source
            ctrl+f  format    Other format
            ctrl+t  columns   Columns, order of dates
            f1      help      Help
        """),
        Binding("ctrl+d", "forget", "Remove or forget", priority=True),
    ]

    def __init__(self, path: str = "") -> None:
        super().__init__()
        self._path = path
        self._read_as = ReadAs()
        self._recent: list[SourceRow] = []
        self._found: Detected | None = None
        self._columns: Columns | None = None
        self._n_posts = 0
        self._link = SourceLink(self._hear)
        self._panel = FoundPanel(id="found")

    def compose(self) -> ComposeResult:
        yield TopBar(id="top")
        with Vertical(id="picker"):
            yield Static("Open a folder, an export or an archive of posts", id="picker-title", markup=False)
            yield PathInput(
                self._path,
                placeholder="Type a path, or drop a folder onto this window",
                suggester=PathSuggester(),
                select_on_focus=False,
                id="path",
            )
            yield self._panel
            yield Static("Recent", id="recent-title", markup=False)
            yield OptionList(id="recent", compact=True)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        self.mmsa.engine_reports.subscribe(self, lambda _: self._show_top())
        self._show_top()
        self._show_keys()
        self._load_recent()
        if self._path:
            self._look()
        self.query_one("#path").focus()

    async def on_unmount(self) -> None:
        await self._link.close()

    # sources that are known

    @work(exclusive=True, group="recent")
    async def _load_recent(self) -> None:
        try:
            self._recent = await self.mmsa.quick.run(lambda store: store.recent_sources())
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if not all(self.query(part) for part in ("#picker", "#recent", "#recent-title", "#keys")):
            return  # The screen was left while the store answered; its parts go one by one.
        options = self.query_one("#recent", OptionList)
        options.clear_options()
        width = self.query_one("#picker").content_size.width
        options.add_options(Option(describe_recent(source, width)) for source in self._recent)
        has_recent = bool(self._recent)
        options.display = self.query_one("#recent-title").display = has_recent
        if has_recent:
            options.highlighted = 0
        self._show_keys()

    @on(OptionList.OptionSelected, "#recent")
    def _open_recent(self, event: OptionList.OptionSelected) -> None:
        self.mmsa.open_source(self._recent[event.option_index])

    def _open_chosen(self) -> None:
        chosen = self.query_one("#recent", OptionList).highlighted
        if chosen is not None and self._recent:
            self.mmsa.open_source(self._recent[chosen])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # In a path that is being typed the key takes a letter away.
        return action != "forget" or not self.query_one("#path", Input).value

    @work(exclusive=True, group="ask")
    async def action_forget(self) -> None:
        options = self.query_one("#recent", OptionList)
        if options.highlighted is None or not self._recent:
            return
        source = self._recent[options.highlighted]
        ways = [
            ("remove", "Remove it from the list: labels, notes and predictions stay"),
            (
                "forget",
                "Forget it for good: what was read, predicted and said of it goes; you are asked first",
            ),
        ]

        async def take(way: str | None) -> None:
            if way == "remove":
                await self._remove_from_list(source)
            elif way == "forget":
                await forget_for_good(self.mmsa, source, self._load_recent)

        title = f"{safe_line(source.title)}: its files are not touched"
        await self.ask(AskOne(title, ways), take)

    async def _remove_from_list(self, source: SourceRow) -> None:
        try:
            await self.mmsa.slow.run(lambda store: store.forget_source(source.id))
        except MmsaError as error:
            self.mmsa.show_error(error)
        self._load_recent()

    # a path

    @on(events.Paste)
    def _take_dropped(self, event: events.Paste) -> None:
        path = dropped_path(event.text)
        event.prevent_default().stop()
        if path is not None:
            self.look_at(str(path))
        elif not isinstance(self.focused, PathInput):
            self._type(event.text.strip().partition("\n")[0])

    def on_key(self, event: events.Key) -> None:
        """Type on in the line for the path, wherever the user is: no key is lost."""
        if event.is_printable and event.character and not isinstance(self.focused, PathInput):
            event.stop()
            self._type(event.character)

    def _type(self, text: str) -> None:
        line = self.query_one("#path", PathInput)
        line.focus()
        line.cursor_position = len(line.value)
        line.insert_text_at_cursor(text)

    def action_move(self, step: int) -> None:
        """Choose among the recent sources without leaving the line for the path."""
        options = self.query_one("#recent", OptionList)
        if self._recent:
            at = (options.highlighted or 0) + step
            options.highlighted = max(0, min(at, len(self._recent) - 1))

    def look_at(self, path: str) -> None:
        """Show what is at a path."""
        self._path = path
        self.query_one("#path", Input).value = path
        self._look()

    @on(Input.Changed, "#path")
    def _forget_found(self, event: Input.Changed) -> None:
        self.query_one("#recent").set_class(bool(event.value.strip()), "-aside")
        if event.value.strip() != self._path:
            # What was found belongs to another path than the one that stands there.
            self._found = None
            self._path = ""
            self._panel.display = False
            if self._link.request is not None:
                self._cancel()
            self._show_keys()

    @on(Input.Submitted, "#path")
    @work(exclusive=True, group="link")
    async def _submit(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        dropped = dropped_path(typed)
        path = str(dropped) if dropped is not None else typed
        if not path:
            self._open_chosen()
            return
        if self._found is not None and path == self._path:
            database = str(self.mmsa.config.paths.database)
            await self._ask(Index(database, self._path, self._read_as))
            return
        known = await self._known(path)
        if known is not None and path != self._path:
            self.mmsa.open_source(known)
            return
        self._path = path
        await self._look_at_path(known)

    async def _known(self, path: str) -> SourceRow | None:
        try:
            return await self.mmsa.quick.run(lambda store: store.source(location_of(path)))
        except (MmsaError, OSError, RuntimeError):
            return None

    @work(exclusive=True, group="link")
    async def _look(self) -> None:
        await self._look_at_path(await self._known(self._path))

    async def _look_at_path(self, known: SourceRow | None) -> None:
        """Look at the path, in the way it was read before."""
        self._read_as = known.read_as if known is not None else ReadAs()
        await self._inspect()

    async def _inspect(self) -> None:
        await self._ask(Inspect(self._path, self._read_as))

    async def _ask(self, request: Inspect | Index) -> None:
        if isinstance(request, Inspect):
            self._found, self._columns, self._n_posts = None, None, 0
            self._panel.begin()
        self._panel.say("")
        try:
            await self._link.ask(request)
        except OSError as error:
            self._hear(Trouble("Inspect", f"no process can be started: {error}"))
        self._show_keys()

    @work(exclusive=True, group="ask")
    async def action_format(self) -> None:
        if self._found is None:
            return
        name = await self.app.push_screen_wait(
            AskOne("Read it as", [(name, name) for name in formats()], self._found.format)
        )
        if name is not None:
            self._read_as = replace(self._read_as, format=name)
            self.run_worker(self._inspect(), exclusive=True, group="link")

    @work(exclusive=True, group="ask")
    async def action_columns(self) -> None:
        """Say which column of a table is what; of a source without columns, the order of its dates."""
        if self._columns is not None:
            said = await self.app.push_screen_wait(MappingDialog(self._columns, self._read_as))
        elif self._found is not None:
            order = await self.app.push_screen_wait(ask_date_order(self._read_as.date_order))
            said = None if order is None else replace(self._read_as, date_order=order)
        else:
            said = None
        if said is not None:
            self._read_as = said
            self.run_worker(self._inspect(), exclusive=True, group="link")

    def action_back(self) -> None:
        """Stop what runs; else go back to the source that was open."""
        if self._link.request is not None:
            self._cancel()
        elif self.mmsa.last_source is not None:
            self.mmsa.open_source(self.mmsa.last_source)

    @work(exclusive=True, group="link")
    async def _cancel(self) -> None:
        await self._link.cancel()
        if self._path:
            self._panel.say("Stopped", "$text-warning")
        self._show_keys()

    # what the child says

    def _hear(self, message: Message) -> None:
        # A child may still speak while the screen is taken down.
        if not self.is_attached or not self._panel.is_whole:
            return
        match message:
            case Detected():
                self._found = message
                self._panel.show_what(describe_detected(message, self._read_as))
            case Columns():
                self._columns = message
            case Counted(n):
                is_reading = isinstance(self._link.request, Index)
                of = f" of {self._n_posts:,}" if is_reading and self._n_posts >= n else ""
                word = "Reading" if is_reading else "Looking"
                self._panel.say(f"{word}… {n:,}{of}", "$text-accent")
            case Inspected(result):
                self._n_posts = result.posts + result.failures.count
                self._panel.say("")
                self._panel.show_counts(describe_found(result, self.mmsa.config.keys))
            case Indexed():
                self._open_indexed(message)
            case Trouble():
                self._found = None if message.about == "Inspect" else self._found
                hint = in_app(message.hint, self.mmsa.config.keys)
                if self._columns is not None and "--map" in message.hint:
                    hint = "Say which column is what: ^t shows the columns with their first rows."
                self._panel.show_trouble(message.message, hint)
                if self._columns is not None and "text" not in self._columns.roles:
                    self.action_columns()
        self._show_keys()

    @work(exclusive=True, group="open")
    async def _open_indexed(self, indexed: Indexed) -> None:
        for note in indexed.notes[:3]:
            self.app.notify(safe_line(in_app(note, self.mmsa.config.keys), 300), markup=False)
        try:
            source = await self.mmsa.quick.run(lambda store: store.source(indexed.location))
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if source is not None:
            self.mmsa.open_source(source)

    # the lines around

    def _show_top(self) -> None:
        self.query_one(TopBar).show([(" mmsa ", "bold $text-accent")], self.mmsa.model_parts())

    def _show_keys(self) -> None:
        items = []
        request = self._link.request
        if request is not None:
            items.append(KeyItem("esc", "stop", "back"))
        elif self.mmsa.last_source is not None:
            items.append(KeyItem("esc", "back", "back"))
        if self._found is not None and not isinstance(request, Index):
            items.append(KeyItem("enter", "read it in", "submit"))
            items.append(KeyItem("^f", "other format", "format"))
            items.append(KeyItem("^t", "columns" if self._columns is not None else "date order", "columns"))
        elif request is None:
            items.append(KeyItem("enter", "open", "submit"))
            if self._recent:
                items.append(KeyItem("↑↓", "recent sources", "move(1)"))
                items.append(KeyItem("^d", "remove", "forget"))
        items += [KeyItem("^q", "quit", "app.quit"), KeyItem("F1", "help", "help")]
        self.query_one(KeyBar).show(items)

    async def action_submit(self) -> None:
        focused = self.focused
        if isinstance(focused, OptionList):
            focused.action_select()
        else:
            await self.query_one("#path", Input).action_submit()

    def action_help(self) -> None:
        self.mmsa.show_help("picker")
