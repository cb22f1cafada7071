"""Retraining from corrections: what there is to learn from, the run, the gate, promotion."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from mmsa_tui import retrain as service
from mmsa_tui.display import safe_line
from mmsa_tui.engine.messages import Message
from mmsa_tui.errors import Interrupted, MmsaError
from mmsa_tui.model.bundle import Bundle
from mmsa_tui.model.bundle_registry import roll_back
from mmsa_tui.store import SourceRow, Store
from mmsa_tui.tui import retrain_texts as texts
from mmsa_tui.tui.key_bindings import SCROLLS
from mmsa_tui.tui.reclassify import Reclassification
from mmsa_tui.tui.screens.ask import AskOne, AskWhether
from mmsa_tui.tui.screens.changes import ChangesScreen, Found
from mmsa_tui.tui.screens.retrain_view import Offer, RetrainView


class RetrainScreen(RetrainView):
    """Start a retrain, watch it, and decide on its candidate with the gate's table before one's eyes.

    Gives the post to go to, or None.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start a retrain"),
        Binding("w", "weigh", "How much each of your labels counts"),
        Binding("ctrl+x", "stop_run", "Stop the retrain"),
        Binding("p", "promote", "Use the candidate from now on; against the gate it asks again"),
        Binding("d", "discard", "Throw the candidate away"),
        Binding("k", "kept", "Candidates that were kept aside"),
        Binding("v", "changes", "Posts that have another label than by the bundle before"),
        Binding("b", "roll_back", "Go back to the bundle before"),
        *SCROLLS,
        Binding("escape,q", "leave", "Back to the posts"),
        Binding("f1,question_mark", "help", "Help"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Event()
        self._losses: list[float] = []
        self._scores: list[float] = []
        self._reclassification = Reclassification(self.mmsa.engine)

    def on_mount(self) -> None:
        super().on_mount()
        self.mmsa.engine_reports.subscribe(self, self._hear)

    def on_unmount(self) -> None:
        # Whatever ends the screen ends the run: nobody would decide on its candidate.
        self._stop.set()

    # the run

    def action_start(self) -> None:
        if self.is_learning or self.is_busy or self.seen is None:
            return
        self.is_learning = True
        self.clear_offer()
        self._losses, self._scores = [], []
        self._stop.clear()
        self.clear_curves("drawn from the first epoch on")
        self.say_stage("starting", 0, 0)
        self.show_around()
        self._run(self.seen.bundle, self.weight)

    @work(exclusive=True, group="decision")
    async def action_weigh(self) -> None:
        """Choose how much each correction counts in the next run."""
        if self.is_learning or self.is_busy or self.seen is None:
            return
        question = AskOne(
            "How much should your labels count?",
            texts.weight_options(),
            self.weight.name,
            "counted in posts of the model's own · strong costs elsewhere, the gate says how much",
        )
        chosen = await self.app.push_screen_wait(question)
        if chosen is not None:
            self.weight = next(weight for weight in service.WEIGHTS if weight.name == chosen)
            self.show_waiting()

    def action_stop_run(self) -> None:
        if self.is_learning:
            self._stop.set()
            self.say_stage("stopping", 0, 0)
        elif self._reclassification.is_running:
            self.mmsa.engine.stop()

    @work(exclusive=True, group="retrain")
    async def _run(self, bundle: Bundle, weight: service.CorrectionWeight) -> None:
        loop, config = asyncio.get_running_loop(), self.mmsa.config
        result = None

        def tell(event: Mapping[str, Any]) -> None:
            loop.call_soon_threadsafe(self._follow, event)

        try:
            result = await asyncio.to_thread(
                service.retrain,
                config.paths,
                bundle,
                device=config.device,
                threads=config.threads,
                weight=weight.asked,
                on_event=tell,
                should_stop=self._stop,
            )
        except Interrupted:
            self.tell("Stopped; the bundle in use is unchanged.", "$text-warning")
            if self.is_attached and not self._losses:
                self.clear_curves("stopped before the first epoch")
        except MmsaError as error:
            self.fail(error)
        self.is_learning = False
        if self.is_attached:
            self.say_stage("" if result is None else "done", 0, 0)
            if result is not None:
                self._put_forward(result)
            self.show_around()

    def _follow(self, event: Mapping[str, Any]) -> None:
        """Show an event of the run, on the event loop; some come when the screen is gone."""
        if not self.is_attached or self._stop.is_set():
            return
        if event["event"] == "epoch":
            self._losses.append(event["loss"])
            self._scores.append(event["f1"])
            self.draw_curves(self._losses, self._scores, event["total"])
        stage = service.stage_of(event)
        if stage is not None:
            self.say_stage(stage.title, stage.done, stage.total)

    def _put_forward(self, result: service.Result) -> None:
        assert result.candidate is not None
        name = " ".join(result.candidate.name.rsplit("-", 1))
        self.offer = Offer(result.candidate, name, result.verdict, result)
        self.show_offer()
        self._tell_choice(self.offer)

    def _tell_choice(self, offer: Offer) -> None:
        if offer.verdict.passed:
            self.tell(f"p puts {offer.name} to use, d throws it away.", "$text-success")
        else:
            self.tell(f"p overrules the gate after asking, d throws {offer.name} away.", "$text-warning")

    # the decision

    @work(exclusive=True, group="decision")
    async def action_promote(self) -> None:
        offer, seen = self.offer, self.seen
        if offer is None or seen is None or self.is_learning or self.is_busy:
            return
        if not await self._is_meant(offer):
            return
        self._set_busy(True)
        try:
            config = self.mmsa.config
            promoted = await asyncio.to_thread(
                service.promote,
                config.paths,
                offer.directory,
                overrule=not offer.verdict.passed,
                analyst=config.analyst,
            )
            self.clear_offer()
            await self._take_up(promoted, seen.bundle)
        except MmsaError as error:
            self.fail(error)
        finally:
            self._set_busy(False)

    async def _is_meant(self, offer: Offer) -> bool:
        """Ask again where the gate would be overruled, or a batch be stopped."""
        why = [f"✗ {reason}" for reason in offer.verdict.reasons]
        if not offer.verdict.passed:
            why.append("Its record will say that you overruled the gate, when, and against which reasons.")
        batch = self.mmsa.engine.batch
        if batch is not None:
            why.append(f"{safe_line(batch.title, 40)} is being classified: that stops; what is done is kept.")
        if not why:
            return True
        against = "" if offer.verdict.passed else " although the gate refused it"
        question = AskWhether(
            f"Use {offer.name}{against}?",
            "\n".join(why),
            yes="Use it (y)" if offer.verdict.passed else "Overrule the gate (y)",
            no="No (n)",
        )
        answer: bool = await self.app.push_screen_wait(question)
        return answer

    async def _take_up(self, promoted: Bundle, before: Bundle) -> None:
        """Put a promoted bundle to use and judge again what the one before had judged."""
        note = ", against the gate: its record says so" if promoted.meta.training.get("overruled") else ""
        await self.mmsa.reload_bundle()
        if self.mmsa.bundle_id != promoted.id:
            self.tell(
                f"{promoted.id} is active{note}, but the setting `bundle` keeps"
                f" {self.mmsa.bundle_id} in use.",
                "$text-warning",
            )
            self.look()
            return
        self.tell(f"{promoted.id} is in use{note}.", "$text-success")
        self.look()
        sources = await self.mmsa.slow.run(lambda store: service.sources_judged_by(store, before.id))
        if not sources:
            return
        await self._reclassification.run(sources)
        await self._show_changes(before.id, promoted.id, sources)

    @work(exclusive=True, group="decision")
    async def action_discard(self) -> None:
        offer = self.offer
        if offer is None or self.is_learning or self.is_busy:
            return
        await asyncio.to_thread(service.discard, offer.directory)
        self.clear_offer()
        self.tell(f"{offer.name} is gone; the bundle in use is unchanged.")
        self.look()

    @work(exclusive=True, group="decision")
    async def action_kept(self) -> None:
        """Put a candidate on the table that nobody has decided on."""
        if self.seen is None or self.is_learning or self.is_busy:
            return
        kept = {str(item.bundle.directory): item for item in self.seen.kept}
        if not kept:
            self.tell("No candidate is kept aside.")
            return
        options = [(where, _describe_kept(item)) for where, item in kept.items()]
        chosen = await self.app.push_screen_wait(AskOne("Candidates kept aside", options))
        if chosen is not None:
            item = kept[chosen]
            self.offer = Offer(item.bundle.directory, item.bundle.id, item.verdict)
            self.show_offer()
            self._tell_choice(self.offer)
            self.show_around()

    @work(exclusive=True, group="decision")
    async def action_roll_back(self) -> None:
        seen = self.seen
        if seen is None or not seen.bundle.meta.parent or self.is_learning or self.is_busy:
            return
        parent = seen.bundle.meta.parent
        question = AskWhether(
            f"Go back to {parent}?", f"{seen.bundle.id} stays here.", "Go back (y)", "No (n)"
        )
        if not await self.app.push_screen_wait(question):
            return
        self._set_busy(True)
        try:
            bundle = await asyncio.to_thread(roll_back, self.mmsa.config.paths)
            await self.mmsa.reload_bundle()
            self.tell(f"{bundle.id} is in use again.", "$text-success")
            self.look()
        except MmsaError as error:
            self.fail(error)
        finally:
            self._set_busy(False)

    # what it has changed

    @work(exclusive=True, group="decision")
    async def action_changes(self) -> None:
        seen = self.seen
        if seen is None or not seen.has_changes or self.is_learning or self.is_busy:
            return
        parent = seen.bundle.meta.parent
        try:
            sources = await self.mmsa.slow.run(lambda store: service.sources_judged_by(store, parent))
            await self._show_changes(parent, seen.bundle.id, sources)
        except MmsaError as error:
            self.fail(error)

    async def _show_changes(self, before: str, after: str, sources: list[SourceRow]) -> None:
        def compare(store: Store) -> list[Found]:
            return [(row, list(service.changes(store, row.id, before, after))) for row in sources]

        found = await self.mmsa.slow.run(compare)
        n_changed = sum(len(changed) for _, changed in found)
        if not n_changed:
            self.tell(f"No post has another label than by {before}.")
            return
        posts = "post has" if n_changed == 1 else "posts have"
        self.tell(f"{n_changed:,} {posts} another label than by {before}: v lists them.", "$text-success")
        if not self.is_attached:
            return
        jump = await self.app.push_screen_wait(ChangesScreen(found, before, after))
        if jump is not None:
            self.dismiss(jump)

    def _hear(self, message: Message) -> None:
        self._reclassification.hear(message)
        batch = self.mmsa.engine.batch
        if batch is None:
            self.status.end_batch()
        else:
            self.status.show_batch(batch.title, batch.progress, is_stopping=batch.is_stopping)
        self.show_around()

    # leaving

    @work(exclusive=True, group="leave")
    async def action_leave(self) -> None:
        if self.is_learning:
            question = AskWhether(
                "Stop the retrain?", "Nothing is changed by that.", yes="Stop it (y)", no="Go on (n)"
            )
            if not await self.app.push_screen_wait(question):
                return
        elif self.offer is not None:
            self.notify("k on this screen shows it again.", title=f"{self.offer.name} is kept aside")
        self.dismiss(None)

    def action_help(self) -> None:
        self.mmsa.show_help("retrain")

    def action_scroll(self, lines: int) -> None:
        self.query_one("#verdict").scroll_relative(y=lines, animate=False)

    # what is shown

    @property
    def can_stop(self) -> bool:
        return self.is_learning or self._reclassification.is_running

    def _set_busy(self, is_busy: bool) -> None:
        self.is_busy = is_busy
        self.show_around()


def _describe_kept(item: service.Kept) -> str:
    said = "passed" if item.verdict.passed else "refused"
    made = item.bundle.meta.created_at[:16].replace("T", " ")
    training = item.bundle.meta.training
    learned = texts.counted(int(training.get("n_corrections", 0)), "correction")
    weight = f" × {training['correction_weight']:.3g}" if "correction_weight" in training else ""
    return f"{item.bundle.id} · {made} · gate: {said} · {learned}{weight}"
