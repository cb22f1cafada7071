"""The app: what its screens share, and the way from one to the other. What keys do is theirs.

Importing this costs no torch, no pandas and no Pillow: the model lives in a child process, and
pictures are decoded on a thread.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar, TypeVar

from textual import events, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.signal import Signal
from textual.theme import Theme

from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.codebook import read_codebook
from mmsa_tui.config import Config
from mmsa_tui.errors import DamagedStoreError, MmsaError
from mmsa_tui.services.codebook import prepare, use_codebook
from mmsa_tui.services.ingest import location_of
from mmsa_tui.services.reclassify import left_to_judge
from mmsa_tui.store import SourceRow, Store
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.app_screen import AppScreen
from mmsa_tui.tui.browse.screen import BrowseScreen
from mmsa_tui.tui.commands import MmsaCommands
from mmsa_tui.tui.contrast import readable
from mmsa_tui.tui.dialogs.ask import AskWhether
from mmsa_tui.tui.dialogs.messages import MessagesScreen
from mmsa_tui.tui.engine_link import EngineLink
from mmsa_tui.tui.graphics import Graphics, find_graphics
from mmsa_tui.tui.keys import key_for, keymap, keys_with
from mmsa_tui.tui.model_in_use import ModelInUse, find_model
from mmsa_tui.tui.notices import Notices
from mmsa_tui.tui.picker.paths_typed import dropped_path
from mmsa_tui.tui.picker.screen import PickerScreen
from mmsa_tui.tui.pictures import Pictures
from mmsa_tui.tui.settings import check_settings
from mmsa_tui.tui.store_thread import StoreThread
from mmsa_tui.tui.themes import Part, keep_theme, kept_theme, label_variables, register_themes
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.worker.messages import Message, Ready

T = TypeVar("T")

MODEL_AFTER_S = 0.3
"""How long the model waits: it would take the processor from the first rows."""


def run(source: str | None, config: Config) -> None:
    """Open the app on a source, or without one on the last; returns when the user leaves.

    Raises:
        ConfigError: the config gives keys that cannot work, or a theme that is not there; or the codebook's
            file is damaged.
        StoreError: the database cannot be used.
    """
    # Before the screen is taken over, so that the message is readable.
    check_settings(config)
    Store.open_to_write(config.paths.database).close()
    MmsaApp(config, source, graphics=find_graphics(config.pictures)).run()


def _with_label_keys(config: Config, own: Mapping[str, str]) -> Config:
    """Bind the keys of the codebook's labels beside those of the config."""
    labels: Mapping[str, str] = {}
    paths = config.paths
    if paths.codebook or paths.codebook_file.is_file():
        # What is wrong with its file is said where its labels are looked for.
        with suppress(MmsaError):
            labels = read_codebook(paths).keys()
    return replace(config, keys=keys_with(labels, own))


class MmsaApp(App[None]):
    """Holds the database threads, the model's process and the pictures for all screens.

    Args:
        source: a path to open, or None for the last source.
        engine_command: how to start the model's process.
    """

    TITLE = "mmsa"
    CSS_PATH = "app.tcss"
    # Textual declares a set of classes or of functions that give one; a set knows no such variance.
    COMMANDS: ClassVar[set[type[MmsaCommands] | Callable[[], type[MmsaCommands]]]] = {MmsaCommands}  # type: ignore[assignment]
    # Textual declares these as of the instance, so ClassVar would not type-check.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", show=False, priority=True)]

    def __init__(
        self,
        config: Config,
        source: str | None = None,
        *,
        graphics: Graphics = "blocks",
        engine_command: Sequence[str] | None = None,
    ) -> None:
        # Textual asks for its theme while it is being made.
        self._readable: dict[str, Theme] = {}
        super().__init__()
        self._own_keys = config.keys
        self._engine_command = engine_command
        self.config = _with_label_keys(config, config.keys)
        self.graphics = graphics
        self.model = ModelInUse()
        self.last_source: SourceRow | None = None
        self.quick = StoreThread(config.paths.database, "quick")
        self.slow = StoreThread(config.paths.database, "slow")
        self.pictures = Pictures()
        self.engine = EngineLink(self.config, self._hear, engine_command)
        self.engine_reports: Signal[Message] = Signal(self, "engine reports")
        self.notices = Notices(self)
        self._source = source
        register_themes(self, config.theme or kept_theme(config.paths.data_dir))
        self.set_keymap(keymap(self.config.keys))

    async def on_mount(self) -> None:
        for name in ("SIGHUP", "SIGTERM"):
            # Not on Windows. All is on disk already; this leaves the terminal in order.
            with suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(getattr(signal, name), self.exit)
        self.model = find_model(self.config)
        await self._open_first()
        self.set_timer(MODEL_AFTER_S, self._load_model)

    async def reload_bundle(self) -> None:
        """Take up the bundle that is in use now, if it is another one."""
        before = self.model
        now = self.model = find_model(self.config)
        if not now.bundle_id or (now.bundle_id, now.model) == (before.bundle_id, before.model):
            return
        try:
            await self.quick.run(lambda store: store.save_bundle_labels(now.bundle_id, now.labels, now.model))
        except MmsaError as error:
            self.show_error(error)
        if self.model.is_there:
            await self.engine.restart()

    @work(group="engine")
    async def _load_model(self) -> None:
        # What the app is made of lives as long as it does. Out of the collector's sight, it costs
        # no key the 30 ms of walking through it.
        gc.collect()
        gc.freeze()
        if self.model.is_there:
            await self.engine.start()
            self._hear(None)
            await self._tell_left_to_judge()

    async def _tell_left_to_judge(self) -> None:
        """Say so if judging again after a promotion was interrupted, and what goes on with it."""
        with suppress(MmsaError):
            bundle = find_bundle(self.config.paths, self.config.bundle)
            left = await self.slow.run(lambda store: left_to_judge(store, bundle))
            if left.n_posts:
                key = key_for("classify", self.config.keys)
                text = (
                    f"{counted(left.n_posts, 'post')} judged by {left.before} were not judged by {bundle.id},"
                    f" which was promoted instead. {key} classifies those of a source; `mmsa retrain` begins"
                    " with all of them."
                )
                self.notify(safe_line(text, 400), severity="warning", markup=False)
                self.notices.keep(text, "$text-warning")

    @property
    def bundle_id(self) -> str:
        """The id of the bundle in use; "" where there is none."""
        return self.model.bundle_id

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels one may give."""
        return self.model.labels

    # which screen

    async def _open_first(self) -> None:
        if self._source is not None:
            known = await self.quick.run(lambda store: store.source(location_of(self._source or "")))
            if known is None:
                await self.push_screen(PickerScreen(self._source))
                return
        else:
            recent = await self.quick.run(lambda store: store.recent_sources(1))
            known = recent[0] if recent else None
        if known is not None:
            await self._prepare(known)
            await self.push_screen(BrowseScreen(known))
        else:
            await self.push_screen(PickerScreen())

    @work(exclusive=True, group="screen")
    async def open_source(self, source: SourceRow) -> None:
        """Show a source that is in the database."""
        try:
            fresh = await self.quick.run(lambda store: store.source(source.location))
            if fresh is None:
                self.notify("It is no longer in the list.", severity="warning", markup=False)
                return
            await self._prepare(fresh)
        except MmsaError as error:
            self.show_error(error)
            return
        await self.switch_screen(BrowseScreen(fresh))

    @work(exclusive=True, group="screen")
    async def take_codebook(self, name: str, location: str) -> None:
        """Work under another codebook from now on, on the same source."""
        try:
            paths = await asyncio.to_thread(use_codebook, self.config.paths, name)
            await asyncio.to_thread(prepare, paths)
        except MmsaError as error:
            self.show_error(error)
            return
        # Nothing that knows the store of before may be left when another takes its place.
        await self.switch_screen(Screen())
        await self.engine.close()
        await asyncio.to_thread(self._close_stores)
        self.config = _with_label_keys(replace(self.config, paths=paths, bundle=""), self._own_keys)
        self.set_keymap(keymap(self.config.keys))
        self.quick = StoreThread(paths.database, "quick")
        self.slow = StoreThread(paths.database, "slow")
        self.engine = EngineLink(self.config, self._hear, self._engine_command)
        self.last_source = None
        self.model = find_model(self.config)
        try:
            known = await self.quick.run(lambda store: store.source(location))
            if known is not None:
                await self._prepare(known)
        except MmsaError as error:
            self.show_error(error)
            known = None
        await self.switch_screen(PickerScreen(location) if known is None else BrowseScreen(known))
        self._load_model()

    async def _prepare(self, source: SourceRow) -> None:
        now = self.model
        if now.labels:
            await self.quick.run(lambda store: store.save_bundle_labels(now.bundle_id, now.labels, now.model))
        await self.quick.run(lambda store: store.remember_position(source.id, source.position))

    @work(exclusive=True, group="screen")
    async def open_picker(self, path: str = "") -> None:
        """Show the picker, at once looking at a path if there is one."""
        if isinstance(self.screen, BrowseScreen):
            self.last_source = self.screen.source
        await self.switch_screen(PickerScreen(path))

    def on_paste(self, event: events.Paste) -> None:
        """Open what is dropped onto the window, wherever the user is."""
        path = dropped_path(event.text)
        if path is not None and len(self.screen_stack) <= 2:
            event.stop()
            if isinstance(self.screen, PickerScreen):
                self.screen.look_at(str(path))
            else:
                self.open_picker(str(path))

    def show_help(self, context: str) -> None:
        """Show the keys of a screen."""
        from mmsa_tui.tui.dialogs.help import HelpScreen

        self.push_screen(HelpScreen(context, self.labels))

    async def ask(self, dialog: Screen[T], take: Callable[[T | None], Awaitable[None]]) -> None:
        """Show a dialog, and hand its answer on.

        Await it in an action: whatever is typed after the key goes to the dialog then, however
        fast, and nothing of it to what is below.
        """
        await self.push_screen(dialog, take)
        if dialog.focused is None and dialog.focus_chain:
            dialog.set_focus(dialog.focus_chain[0])

    # the model

    @property
    def looks(self) -> LabelLooks:
        """How the labels of the bundle in use look in the theme of now."""
        return LabelLooks(self.labels)

    def get_theme(self, theme_name: str) -> Theme | None:
        """Give a theme as it is worn: readable, whoever made it."""
        theme = super().get_theme(theme_name)
        if theme is None:
            return None
        # When it is put on: all of them would cost the start 80 ms.
        if theme.name not in self._readable:
            self._readable[theme.name] = readable(theme)
        return self._readable[theme.name]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return label_variables(self.current_theme.dark)

    def model_parts(self) -> list[Part]:
        """Write the model's name, device and state for a top line."""
        return self.model.parts(self.engine)

    def _hear(self, message: Message | None) -> None:
        if isinstance(message, Ready):
            self.model = self.model.adopt(message)
        if message is not None and self.is_running:
            self.engine_reports.publish(message)

    # leaving

    async def action_quit(self) -> None:
        """Leave; asks first only if a batch or a retrain is running."""
        if self.engine.batch is not None:
            self._ask_to_leave(
                "Leave while posts are being classified?",
                "What is done is kept; classifying again goes on from there.",
            )
        elif any(isinstance(screen, AppScreen) and screen.is_learning for screen in self.screen_stack):
            self._ask_to_leave("Leave while the model is learning?", "That stops it; nothing is changed.")
        else:
            await self._leave()

    def action_help_quit(self) -> None:
        """Take ctrl+c for what people mean by it."""
        self.run_worker(self.action_quit(), group="quit", exclusive=True)

    @work(exclusive=True, group="quit")
    async def _ask_to_leave(self, title: str, what: str) -> None:
        question = AskWhether(title, what, yes="Leave (y)", no="Stay (n)")
        if await self.push_screen_wait(question):
            await self._leave()

    async def _leave(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, BrowseScreen):
                await screen.upkeep.keep_position()
        self.exit()

    async def on_unmount(self) -> None:
        await self.engine.end()
        await asyncio.to_thread(self._close_threads)

    def _close_threads(self) -> None:
        self._close_stores()
        self.pictures.close()

    def _close_stores(self) -> None:
        for part in (self.quick, self.slow):
            part.close()

    def keep_theme(self, name: str) -> None:
        """Put a theme that was chosen on at the next start too, unless the config names one."""
        if self.config.theme:
            text = f"The config names {self.config.theme}, which is back at the next start."
            self.notify(safe_line(text), title="Until you leave", markup=False)
            return
        try:
            keep_theme(self.config.paths.data_dir, name)
        except MmsaError as error:
            self.show_error(error)

    def action_messages(self) -> None:
        self.push_screen(MessagesScreen(self.notices.said))

    def show_error(self, error: MmsaError) -> None:
        """Show what went wrong and what to do about it, in one box however often it happens."""
        if isinstance(error, DamagedStoreError):
            # Whichever of the two has seen it.
            for thread in (self.quick, self.slow):
                thread.refuse_writes(error)
        self.notices.show_error(error, self.config.keys)
