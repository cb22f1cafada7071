"""The main screen's dealings with the model: what it is asked to do, and what its answers change here."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from mmsa_tui.errors import MmsaError
from mmsa_tui.services.classify import say_renewed
from mmsa_tui.store import Row, Store, Where, at_ordinals
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.app_screen import SUCCESS, WARNING
from mmsa_tui.tui.dialogs.classify import ClassifyChoice, ClassifyDialog, Scope, ScopeName
from mmsa_tui.worker.messages import (
    Classify,
    Explain,
    Explained,
    Finished,
    Message,
    PicturesRead,
    Progress,
    ReadPictures,
    Ready,
    Trouble,
)

if TYPE_CHECKING:
    from mmsa_tui.tui.browse.screen import BrowseScreen

REFRESH_EVERY_S = 0.4
"""How often rows are read again while results come in."""


class Batches:
    """Asks the model's process for what keys want, and shows on a screen what it answers."""

    def __init__(self, screen: BrowseScreen) -> None:
        self._screen, self._posts = screen, screen.posts
        self._shown: tuple[bool, bool] | None = None
        self._refreshed_s = 0.0
        self._awaits_explanation = False
        self._asked_to_read: set[tuple[int, int]] = set()

    def say_no_prediction(self) -> str:
        """Say why a post has no bars."""
        if not self._posts.mmsa.labels:
            return "There is no model: see the top right corner."
        if not self._posts.mmsa.model.is_there:
            return (
                "No model knows these labels yet: label some 50 posts, then"
                f" {self._screen.key('retrain')} makes one."
            )
        return f"Not classified yet: {self._screen.key('classify')} classifies."

    # classifying

    async def classify(self) -> None:
        """Ask which posts, and begin."""
        app = self._posts.mmsa
        if app.engine.batch is not None:
            keys = f"{self._screen.key('pause')} pauses it, {self._screen.key('stop_batch')} ends it."
            self._screen.tell(f"A batch is running: {keys}", WARNING)
            return
        # Another may have come into the place of the one that was loaded when the app was opened.
        await app.reload_bundle()
        self._screen.adopt_bundle()
        if not app.model.is_there:
            self._screen.tell(self.say_no_prediction(), WARNING)
            return
        try:
            scopes = await self._scopes()
        except MmsaError as error:
            app.show_error(error)
            return
        await app.ask(ClassifyDialog(scopes, app.bundle_id, app.model.state(app.engine)), self._begin)

    async def _begin(self, choice: ClassifyChoice | None) -> None:
        if choice is None:
            return
        where, source = self._condition(choice.scope), self._posts.source
        sql, params = (where.sql, where.params) if where else ("", ())
        await self._posts.mmsa.engine.classify(Classify(source.id, sql, params, choice.again), source.title)

    async def _scopes(self) -> list[Scope]:
        app, source_id = self._posts.mmsa, self._posts.source.id
        titles: dict[ScopeName, str] = {"source": "the whole source"}
        if self._posts.where is not None:
            titles["filter"] = "what is listed now"
        if self._posts.table.selection:
            titles["selection"] = "the selected posts"
        scopes = []
        for name, title in titles.items():
            n, n_new = await app.slow.run(partial(_count, source_id, app.bundle_id, self._condition(name)))
            scopes.append(Scope(name, title, n, n_new))
        return scopes

    def _condition(self, scope: ScopeName) -> Where | None:
        if scope == "selection":
            return at_ordinals(self._posts.table.selection)
        return self._posts.where if scope == "filter" else None

    def pause(self) -> None:
        batch = self._posts.mmsa.engine.batch
        if batch is not None:
            self._posts.mmsa.engine.pause(not batch.is_paused)

    def stop(self) -> None:
        self._posts.mmsa.engine.stop()

    def read_pictures(self, row: Row) -> None:
        """Have the pictures of a post that is looked at read for words, once."""
        post, where = row.post, (self._posts.source.id, row.ordinal)
        if post is None or not post.pictures or post.image_text or where in self._asked_to_read:
            return
        self._asked_to_read.add(where)
        self._posts.mmsa.engine.read_pictures(ReadPictures(*where))

    # explaining

    async def explain(self) -> None:
        """Show what decided on the post in view, or no longer."""
        if self._screen.view.is_explained or self._awaits_explanation:
            self._awaits_explanation = False
            self._screen.view.show_explanation(None)
            return
        row = self._posts.row
        if row is None or row.post is None:
            return
        if row.prediction is None or not row.prediction.probs:
            self._screen.tell(
                f"There is nothing to explain yet: {self._screen.key('classify')} classifies.", WARNING
            )
            return
        self._awaits_explanation = True
        self._screen.tell("explaining…", "$foreground-muted")
        await self._posts.mmsa.engine.explain(Explain(self._posts.source.id, row.ordinal))

    # what it answers

    def hear(self, message: Message) -> None:
        """Take in a report of the model's process."""
        screen = self._screen
        if not screen.is_whole:
            return
        match message:
            case Ready():
                screen.adopt_bundle()
                screen.show_top()
                self.show()
                screen.upkeep.look_at_model()
            case Progress():
                self.show()
                if time.monotonic() - self._refreshed_s >= REFRESH_EVERY_S:
                    self._refreshed_s = time.monotonic()
                    screen.refresh_rows()
            case Finished():
                self._finish(message)
            case PicturesRead():
                if message.has_words:
                    screen.refresh_rows()
            case Explained():
                self._show_explained(message)
            case Trouble():
                self._show_trouble(message)

    def show(self) -> None:
        """Show how far the batch is, or that there is none."""
        screen = self._screen
        status, batch = screen.status, screen.mmsa.engine.batch
        if batch is None:
            status.end_batch()
        else:
            doing = (batch.progress.title if batch.progress is not None else "") or "classifying"
            title = batch.title if batch.source_id != screen.source.id else doing
            status.show_batch(title, batch.progress, is_stopping=batch.is_stopping)
        now = (batch is not None, batch is not None and batch.is_paused)
        if self._shown != now:
            self._shown = now
            screen.refresh_bindings()
            screen.show_keys()

    def _finish(self, finished: Finished) -> None:
        screen, posts = self._screen, self._posts
        self.show()
        screen.show_top()
        screen.refresh_rows()
        screen.upkeep.tick()
        screen.upkeep.look_at_model()
        self._tell_finished(finished)
        if not finished.stopped and (posts.where is not None or posts.order is not None):
            # The list was made by what was known before.
            posts.open(posts.position.ordinal)

    def _tell_finished(self, finished: Finished) -> None:
        """Say how a batch has ended."""
        if finished.stopped:
            goes_on = f"{self._screen.key('classify')} goes on where it stopped"
            said, style = f"Stopped after {finished.n_done:,} posts · {goes_on}", ""
        else:
            failed = f" · {finished.n_failed:,} could not be" if finished.n_failed else ""
            read = f" · words read in pictures of {finished.n_with_words:,}" if finished.n_with_words else ""
            said, style = f"Classified {finished.n_done:,} posts{failed}{read}", SUCCESS
        if renewed := say_renewed(self._posts.mmsa.bundle_id, finished.n_renewed):
            said = f"{said} · {renewed}"
        self._screen.tell(said, style)
        self._posts.mmsa.notices.keep(f"{safe_line(self._posts.source.title, 60)}: {said}")

    def _show_explained(self, explained: Explained) -> None:
        """Show an answer, unless the user has gone on."""
        row = self._posts.row
        if row is None or (explained.source_id, explained.ordinal) != (self._posts.source.id, row.ordinal):
            return
        if self._awaits_explanation:
            self._awaits_explanation = False
            self._screen.view.show_explanation(explained)
            self._screen.tell("", "")

    def _show_trouble(self, trouble: Trouble) -> None:
        screen = self._screen
        if trouble.about != ReadPictures.__name__:
            self._awaits_explanation = False
        screen.show_top()
        self.show()
        if trouble.about != "Load":
            screen.mmsa.show_error(MmsaError(trouble.message, trouble.hint))
        elif trouble.hint:
            screen.tell(trouble.message, "$text-error")


def _count(source_id: int, bundle_id: str, where: Where | None, store: Store) -> tuple[int, int]:
    """Count the posts of a scope, and those of them that have no prediction."""
    return store.count(source_id, bundle_id, where), store.count_unpredicted(source_id, bundle_id, where)
