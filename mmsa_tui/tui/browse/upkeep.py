"""What the main screen does by the clock: counting anew, keeping the place, heeding other windows."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from mmsa_tui.analysis import occurring
from mmsa_tui.errors import MmsaError
from mmsa_tui.services.classify import say_another_model
from mmsa_tui.services.ingest import describe_change
from mmsa_tui.tui.app_screen import WARNING

if TYPE_CHECKING:
    from mmsa_tui.tui.browse.screen import BrowseScreen

TICK_S = 2.0
"""How often counts are brought up to date and the position is kept, where they have changed."""
WATCH_S = 0.7
"""How often it is asked whether another window has changed anything."""
AFTER_ROWS_S = 0.3
"""How long what walks the whole source waits, so that the first rows come first."""


class Upkeep:
    """Keeps what a screen shows, and what is kept of it, up to date."""

    def __init__(self, screen: BrowseScreen) -> None:
        self._screen = screen
        self._position_kept = screen.posts.position
        self._version = 0

    def start(self) -> None:
        """Begin; the timers end with the screen."""
        self._screen.set_interval(TICK_S, self.tick)
        self._screen.set_interval(WATCH_S, self._watch)
        self._screen.set_timer(AFTER_ROWS_S, self._offer_values)
        self._screen.set_timer(AFTER_ROWS_S, self._look_at_source)
        self._screen.set_timer(AFTER_ROWS_S, self.look_at_model)

    def tick_soon(self) -> None:
        """Count as `tick` does, once the rows are there."""
        self._screen.set_timer(AFTER_ROWS_S, self.tick)

    def tick(self) -> None:
        """Bring the counts up to date and keep the position, where they have changed."""
        self._screen.run_worker(self._count(), group="tick")

    async def _count(self) -> None:
        screen = self._screen
        if screen.posts.position != self._position_kept:
            self._position_kept = screen.posts.position
            await self.keep_position()
        await screen.counts.update(screen.source.id, screen.mmsa.bundle_id)

    async def keep_position(self) -> None:
        """Keep where the user is."""
        source_id, text = self._screen.source.id, self._screen.posts.position.to_text()
        # A place that is lost does no harm.
        with suppress(MmsaError):
            await self._screen.mmsa.quick.run(lambda store: store.remember_position(source_id, text))

    def _watch(self) -> None:
        self._screen.run_worker(self._heed_others(), exclusive=True, group="watch")

    async def _heed_others(self) -> None:
        """Read what is on screen again when another window, or another process, has changed anything."""
        screen = self._screen
        with suppress(MmsaError):
            version = await screen.mmsa.quick.run(lambda store: store.version())
            if version != self._version and screen.is_whole:
                is_first, self._version = not self._version, version
                if not is_first:
                    screen.refresh_rows()

    def _look_at_source(self) -> None:
        self._screen.run_worker(self._say_changed(), exclusive=True, group="source")

    async def _say_changed(self) -> None:
        """Say that the source on disk is no longer what is shown, and what takes in what is new."""
        screen = self._screen
        # On a thread of its own: a large folder takes a while, and what is typed must not wait.
        change = await asyncio.to_thread(describe_change, screen.source)
        if change and screen.is_whole:
            screen.posts.has_changed = True
            screen.show_top()
            # What to do comes before what may be cut.
            screen.tell_and_keep(
                f"Read again ({screen.key('read_again')}) takes in what is new: {change}", WARNING
            )

    def look_at_model(self) -> None:
        """Find out whether another model of the bundle's id has judged what is shown."""
        self._screen.run_worker(self._say_by_others(), exclusive=True, group="model")

    async def _say_by_others(self) -> None:
        """Say that what is shown is another model's, and how it is judged anew."""
        screen = self._screen
        source_id, bundle_id = screen.source.id, screen.mmsa.bundle_id
        try:
            n_posts = await screen.mmsa.slow.run(lambda store: store.count_by_others(source_id, bundle_id))
        except MmsaError:
            # What is wrong with the store is said where its rows are read.
            return
        if not screen.is_whole or n_posts == screen.posts.n_by_others:
            return
        is_news, screen.posts.n_by_others = not screen.posts.n_by_others, n_posts
        screen.show_top()
        if is_news:
            # What to do comes before what may be cut.
            key, what = screen.key("classify"), say_another_model(bundle_id, n_posts)
            screen.tell_and_keep(f"Classify ({key}) judges anew: {what}", WARNING)

    def _offer_values(self) -> None:
        self._screen.run_worker(self._find_values(), exclusive=True, group="values")

    async def _find_values(self) -> None:
        """Let the filter line complete the authors and languages that occur."""
        screen = self._screen
        source_id, bundle_id = screen.source.id, screen.mmsa.bundle_id
        try:
            values = await screen.mmsa.slow.run(lambda store: occurring(store, source_id, bundle_id))
        except MmsaError:
            # The list itself says what is wrong; without offers one can still type.
            return
        if screen.is_whole:
            screen.posts.filter_bar.set_values(values)
