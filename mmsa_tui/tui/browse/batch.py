"""The main screen's keys around the model: classify, pause, stop, explain; and what it reports."""

from __future__ import annotations

import time

from textual import work

from mmsa_tui.errors import MmsaError
from mmsa_tui.store import Where
from mmsa_tui.tui.browse.base import BrowseBase
from mmsa_tui.tui.browse.labels import selected
from mmsa_tui.tui.dialogs.classify import ClassifyChoice, ClassifyDialog, Scope, ScopeName
from mmsa_tui.worker.messages import (
    Classify,
    Explain,
    Explained,
    Finished,
    Message,
    Progress,
    Ready,
    Trouble,
)

REFRESH_EVERY_S = 0.4
"""How often rows are read again while results come in."""


class BrowseBatch(BrowseBase):
    """The model works in a child process; here is only what it says."""

    _refreshed_s = 0.0
    _awaits_explanation = False
    _shows_batch: tuple[bool, bool] | None = None

    async def action_classify(self) -> None:
        engine = self.mmsa.engine
        if engine.batch is not None:
            self.tell(
                f"A batch is running: {self.key('pause')} pauses it, {self.key('stop_batch')} ends it.",
                "$text-warning",
            )
            return
        if not self.labels:
            self.tell(self.say_no_prediction(), "$text-warning")
            return
        try:
            scopes = await self._scopes()
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        dialog = ClassifyDialog(scopes, self.bundle_id, self.mmsa.model_state())
        await self.ask(dialog, self._take_classify)

    async def _take_classify(self, choice: ClassifyChoice | None) -> None:
        if choice is None:
            return
        where = self._condition(choice.scope)
        request = Classify(
            self.source.id, where.sql if where else "", where.params if where else (), choice.again
        )
        await self.mmsa.engine.classify(request, self.source.title)
        self.show_batch()

    async def _scopes(self) -> list[Scope]:
        source_id, bundle_id = self.source.id, self.bundle_id
        titles: dict[ScopeName, str] = {"source": "the whole source"}
        if self.where is not None:
            titles["filter"] = "what is listed now"
        if self.selection:
            titles["selection"] = "the selected posts"
        scopes = []
        for name, title in titles.items():
            where = self._condition(name)
            n = await self.mmsa.slow.run(lambda store, where=where: store.count(source_id, bundle_id, where))  # type: ignore[misc]
            n_new = await self.mmsa.slow.run(
                lambda store, where=where: store.count_unpredicted(source_id, bundle_id, where)  # type: ignore[misc]
            )
            scopes.append(Scope(name, title, n, n_new))
        return scopes

    def _condition(self, scope: ScopeName) -> Where | None:
        if scope == "selection":
            return selected(self.selection)
        return self.where if scope == "filter" else None

    def action_pause(self) -> None:
        batch = self.mmsa.engine.batch
        if batch is not None:
            self.mmsa.engine.pause(not batch.is_paused)

    def action_stop_batch(self) -> None:
        self.mmsa.engine.stop()
        self.show_batch()

    @work(exclusive=True, group="explain")
    async def action_explain(self) -> None:
        if self.view.is_explained or self._awaits_explanation:
            self._awaits_explanation = False
            self.view.show_explanation(None)
            return
        row = self.row
        if row is None or row.post is None:
            return
        if row.prediction is None or not row.prediction.probs:
            self.tell(f"There is nothing to explain yet: {self.key('classify')} classifies.", "$text-warning")
            return
        self._awaits_explanation = True
        self.tell("explaining…", "$foreground-muted")
        await self.mmsa.engine.explain(Explain(self.source.id, row.ordinal))

    # what the model says

    def hear(self, message: Message) -> None:
        """Take in a report of the model's process."""
        match message:
            case Ready():
                self.adopt_bundle()
                self.show_top()
                self.show_batch()
            case Progress():
                self.show_batch()
                if time.monotonic() - self._refreshed_s >= REFRESH_EVERY_S:
                    self._refreshed_s = time.monotonic()
                    self.refresh_rows()
            case Finished():
                self._finish(message)
            case Explained():
                self._show_explained(message)
            case Trouble():
                self._show_trouble(message)

    def show_batch(self) -> None:
        """Show how far the batch is, or that there is none."""
        status, batch = self.status, self.mmsa.engine.batch
        if batch is None:
            status.end_batch()
        else:
            title = batch.title if batch.source_id != self.source.id else "classifying"
            status.show_batch(title, batch.progress, is_stopping=batch.is_stopping)
        now = (batch is not None, batch is not None and batch.is_paused)
        if self._shows_batch != now:
            self._shows_batch = now
            self.refresh_bindings()
            self.show_keys()

    def show_keys(self) -> None:
        """Write the key bar; the screen that has all the keys does it."""

    def _finish(self, finished: Finished) -> None:
        self.show_batch()
        self.show_top()
        self.refresh_rows()
        self.tick()
        if finished.stopped:
            self.tell(
                f"stopped after {finished.n_done:,} posts · {self.key('classify')} goes on where it stopped"
            )
            return
        parts = [f"classified {finished.n_done:,} posts"]
        if finished.n_failed:
            parts.append(f"{finished.n_failed:,} could not be")
        self.tell(" · ".join(parts), "$text-success")
        if self.where is not None or self.order is not None:
            # The list was made by what was known before.
            self.open_list(self.position.ordinal)

    def _show_explained(self, explained: Explained) -> None:
        row = self.row
        if row is None or (explained.source_id, explained.ordinal) != (self.source.id, row.ordinal):
            return
        if self._awaits_explanation:
            self._awaits_explanation = False
            self.view.show_explanation(explained)
            self.tell("")

    def _show_trouble(self, trouble: Trouble) -> None:
        self._awaits_explanation = False
        self.show_top()
        self.show_batch()
        if trouble.about != "Load":
            self.mmsa.show_error(MmsaError(trouble.message, trouble.hint))
        elif trouble.hint:
            self.tell(trouble.message, "$text-error")
