"""Retraining from corrections: what there is to learn from, the run, the gate, what becomes of it."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from mmsa_tui import retrain as service
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.bundle.registry import roll_back
from mmsa_tui.errors import Interrupted, MmsaError
from mmsa_tui.services import promote as promotion
from mmsa_tui.services.reclassify import list_changes, sources_judged_by
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.app_screen import SUCCESS, WARNING, FramedScreen, Jump
from mmsa_tui.tui.dialogs.ask import AskOne, AskWhether
from mmsa_tui.tui.keys import SCROLLS, key_for, key_table
from mmsa_tui.tui.retrain import texts
from mmsa_tui.tui.retrain.changes import ChangesScreen
from mmsa_tui.tui.retrain.offer import Offer, Seen, look
from mmsa_tui.tui.retrain.panels import RunPanel, VerdictPanel, WaitingPanel
from mmsa_tui.tui.retrain.reclassify import Reclassification
from mmsa_tui.tui.retrain.run import Run
from mmsa_tui.tui.themes import MUTED
from mmsa_tui.tui.widgets.bars import KeyItem
from mmsa_tui.worker.messages import Message

_CLASSIFY = " Classify with it to see what it makes of the other posts."


class RetrainScreen(FramedScreen[Jump | None]):
    """Start a retrain, watch it, and decide on its candidate with the gate's table before one's eyes.

    Gives the post to go to, or None.
    """

    help_topic = "retrain"
    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            s       start            Start a retrain
            w       choose_teaching  How your labels are taken: as most people's, or a rule of your own
            ctrl+x  stop_run         Stop the retrain
            p       promote          Use the candidate from now on; against the gate it asks again
            d       discard          Throw the candidate away
            k       kept             Candidates that were kept aside
            v       changes          Posts that the bundle before labels differently
            b       roll_back        Go back to the bundle before
        """),
        *SCROLLS,
        *key_table("""
            escape,q          leave  Back to the posts
            f1,question_mark  help   Help
        """),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it

    DEFAULT_CSS = """
    RetrainScreen {
        background: $background;
        #retrain-upper { height: 15; width: 100%; layout: horizontal; }
        #waiting, #verdict {
            border: round $border-blurred;
            border-title-color: $foreground;
            border-title-style: bold;
            padding: 0 1;
            scrollbar-size-vertical: 1;
            background: $background;
        }
        #waiting { width: 54; height: 100%; }
        #run { width: 1fr; height: 100%; }
        #stage { height: 1; width: 100%; padding: 0 1; }
        #curves { layout: horizontal; height: 1fr; width: 100%; }
        #verdict { width: 100%; height: 1fr; }
        #waiting-text, #verdict-text { height: auto; }
    }
    /* Then the verdict matters more than the way to it. */
    RetrainScreen.-judged #retrain-upper { height: 10; }
    /* Where there is little room: one thing at a time. */
    RetrainScreen.-narrow {
        #retrain-upper { height: 1fr; layout: vertical; }
        #waiting { width: 100%; height: 1fr; }
        #run, #verdict { display: none; }
    }
    RetrainScreen.-narrow.-learning {
        #waiting { display: none; }
        #run { display: block; width: 100%; height: 1fr; }
    }
    RetrainScreen.-narrow.-judged {
        #retrain-upper { display: none; }
        #verdict { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: Seen | None = None
        self.offer: Offer | None = None
        self.teaching = service.AS_FOUND
        self._run: Run | None = None
        self._is_busy = False
        self._reclassification = Reclassification(self.mmsa.engine)
        self.waiting = WaitingPanel(id="waiting")
        self.run_panel = RunPanel(id="run")
        self.verdict = VerdictPanel(id="verdict")

    def compose_parts(self) -> ComposeResult:
        with Container(id="retrain-upper"):
            yield self.waiting
            yield self.run_panel
        yield self.verdict

    def on_mount(self) -> None:
        self.mmsa.engine_reports.subscribe(self, self._hear)
        self._show_around()
        self.look()

    def on_unmount(self) -> None:
        # Whatever ends the screen ends the run: nobody would decide on its candidate.
        if self._run is not None:
            self._run.stop()

    def on_resize(self) -> None:
        self._show_waiting()
        self._show_offer()

    # what there is

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the bundle that is in use now; the app may not have taken it up yet."""
        return self.seen.bundle.labels if self.seen else self.mmsa.labels

    @property
    def in_use(self) -> str:
        """The id of the bundle in use."""
        return self.seen.bundle.id if self.seen else self.mmsa.bundle_id

    @property
    def is_learning(self) -> bool:
        return self._run is not None

    @property
    def is_idle(self) -> bool:
        return not self.is_learning and not self._is_busy

    @property
    def is_whole(self) -> bool:
        """Whether the parts are there: a run may end after them, if the app was left meanwhile."""
        ids = "#waiting-text, #f1, #verdict-text"
        return self.is_attached and len(self.query(ids)) == 3 and self.top.is_attached

    @work(exclusive=True, group="look")
    async def look(self) -> None:
        """Find the bundle in use, what waits to be learned, and what was kept aside."""
        config = self.mmsa.config
        try:
            self.seen = await self.mmsa.slow.run(lambda store: look(store, config))
        except MmsaError as error:
            self.seen = None
            if self.is_whole:
                self.waiting.show_trouble(error)
        self._show_waiting()
        self._show_around()

    def _hear(self, message: Message) -> None:
        self._reclassification.hear(message)
        batch = self.mmsa.engine.batch
        if batch is None:
            self.status.end_batch()
        else:
            self.status.show_batch(batch.title, batch.progress, is_stopping=batch.is_stopping)
        self._show_around()

    # a run

    @work(exclusive=True, group="decision")
    async def action_choose_teaching(self) -> None:
        """Choose how corrections are taken in the next run."""
        if not self.is_idle or self.mmsa.config.paths.codebook:
            return
        question = AskOne(
            "How should your labels be taken?",
            texts.teaching_options(),
            self.teaching.name,
            "A rule of your own costs accuracy elsewhere; the gate says how much",
        )
        chosen = await self.app.push_screen_wait(question)
        if chosen is not None:
            self.teaching = next(one for one in service.TEACHINGS if one.name == chosen)
            self._show_waiting()

    def action_start(self) -> None:
        if self.seen is None or not self.is_idle:
            return
        self._run = Run(self._follow)
        self._clear_offer()
        self.tell("")
        self.run_panel.clear("Drawn from the first epoch on")
        self.run_panel.say("Starting")
        self._show_around()
        self._learn(self._run, self.seen.bundle)

    @work(exclusive=True, group="retrain")
    async def _learn(self, run: Run, bundle: Bundle) -> None:
        result = None
        try:
            result = await run.learn(self.mmsa.config, bundle, self.teaching)
        except Interrupted:
            self.tell("Stopped; the bundle in use is unchanged.", WARNING)
            if self.is_whole and not run.losses:
                self.run_panel.clear("Stopped before the first epoch")
        except MmsaError as error:
            self._fail(error)
        self._run = None
        if not self.is_whole:
            return
        self.run_panel.say("" if result is None else "Done")
        if result is not None:
            self._put_forward(Offer.of_run(result, bundle.id))
        self._show_around()
        self.look()

    def _follow(self, stage: service.Stage | None) -> None:
        if self._run is None or not self.is_whole:
            return
        self.run_panel.show(self._run)
        if stage is not None:
            self.run_panel.say(stage.title, stage.done, stage.total)

    @property
    def can_stop(self) -> bool:
        return self.is_learning or self._reclassification.is_running

    def action_stop_run(self) -> None:
        if self._run is not None:
            self._run.stop()
            self.run_panel.say("Stopping")
        elif self._reclassification.is_running:
            self.mmsa.engine.stop()

    # a candidate

    def _put_forward(self, offer: Offer) -> None:
        """Put a candidate on the table."""
        self.offer = offer
        self._show_offer()
        self._show_around()
        said = "passed" if offer.verdict.passed else "refused"
        self.mmsa.keep_message(f"Retrain: the gate {said} {offer.name}")
        if not offer.objections(self.in_use):
            self.tell(f"p puts {offer.name} to use, d throws it away.", SUCCESS)
        else:
            self.tell(f"p uses {offer.name} anyway, after asking; d throws it away.", WARNING)

    def _clear_offer(self) -> None:
        """Take the candidate off the table."""
        self.offer = None
        if self.is_whole:
            self.set_class(False, "-judged")
            self.verdict.clear()

    @work(exclusive=True, group="decision")
    async def action_kept(self) -> None:
        """Put a candidate on the table that nobody has decided on."""
        if self.seen is None or not self.is_idle:
            return
        kept = {str(item.bundle.directory): item for item in self.seen.kept}
        if not kept:
            self.tell("No candidate is kept aside.")
            return
        options = [(where, texts.describe_kept(item)) for where, item in kept.items()]
        chosen = await self.app.push_screen_wait(AskOne("Candidates kept aside", options))
        if chosen is not None:
            self._put_forward(Offer.of_kept(kept[chosen]))

    @work(exclusive=True, group="decision")
    async def action_discard(self) -> None:
        offer = self.offer
        if offer is None or not self.is_idle:
            return
        if not offer.directory.exists():
            self._say_decided(offer)
            return
        await asyncio.to_thread(promotion.discard, offer.directory)
        self._clear_offer()
        self.tell(f"{offer.name} is gone; the bundle in use is unchanged.")
        self.look()

    @work(exclusive=True, group="decision")
    async def action_promote(self) -> None:
        """Put the candidate to use; against the gate, or a batch that runs, it asks again."""
        offer, seen = self.offer, self.seen
        if offer is None or seen is None or not self.is_idle:
            return
        against = offer.objections(seen.bundle.id)
        if not await self._is_meant(offer, against):
            return
        self._set_busy(True)
        try:
            config = self.mmsa.config
            promoted = await asyncio.to_thread(
                promotion.promote,
                config.paths,
                offer.directory,
                in_use=seen.bundle.id,
                overrule=bool(against),
                analyst=config.analyst,
            )
            self._clear_offer()
            await self._take_up(promoted, seen.bundle)
        except MmsaError as error:
            if offer.directory.exists():
                self._fail(error)
            else:
                self._say_decided(offer)
        finally:
            self._set_busy(False)

    def _say_decided(self, offer: Offer) -> None:
        self._clear_offer()
        self.tell(f"{offer.name} was used or thrown away elsewhere meanwhile.", WARNING)
        self.look()

    async def _is_meant(self, offer: Offer, against: tuple[str, ...]) -> bool:
        """Ask again where there are objections, or a batch would be stopped."""
        why = [f"✗ {reason}" for reason in against]
        if against:
            why.append("Its record will say that you overruled the gate, when, and against which reasons.")
        batch = self.mmsa.engine.batch
        if batch is not None:
            why.append(f"{safe_line(batch.title, 40)} is being classified: that stops; what is done is kept.")
        if not why:
            return True
        although = "" if offer.verdict.passed else " although the gate refused it"
        question = AskWhether(
            f"Use {offer.name}{although}?",
            "\n".join(why),
            yes="Overrule the gate (y)" if against else "Use it (y)",
            no="No (n)",
        )
        answer: bool = await self.app.push_screen_wait(question)
        return answer

    async def _take_up(self, promoted: Bundle, before: Bundle) -> None:
        """Put a promoted bundle to use and judge again what the one before had judged."""
        note = ", against the gate: its record says so" if promoted.meta.training.get("overruled") else ""
        await self.mmsa.reload_bundle()
        self.look()
        if self.mmsa.bundle_id != promoted.id:
            kept = f"but the setting `bundle` keeps {self.mmsa.bundle_id} in use"
            self.tell(f"{promoted.id} is active{note}, {kept}.", WARNING)
            return
        goes_on = "" if self.mmsa.config.paths.codebook == "" or before.meta.parent else _CLASSIFY
        self.tell(f"{promoted.id} is in use{note}.{goes_on}", SUCCESS)
        if await self.mmsa.slow.run(lambda store: bool(sources_judged_by(store, before.id))):
            await self._reclassification.run(before.id)
            await self._show_changes(before.id, promoted.id)

    @work(exclusive=True, group="decision")
    async def action_roll_back(self) -> None:
        seen = self.seen
        if seen is None or not seen.way_back or not self.is_idle:
            return
        question = AskWhether(
            f"Go back to {seen.way_back}?", f"{seen.bundle.id} stays here.", "Go back (y)", "No (n)"
        )
        if not await self.app.push_screen_wait(question):
            return
        self._set_busy(True)
        try:
            bundle = await asyncio.to_thread(roll_back, self.mmsa.config.paths)
            await self.mmsa.reload_bundle()
            self.tell(f"{bundle.id} is in use again.", SUCCESS)
            self.look()
        except MmsaError as error:
            self._fail(error)
        finally:
            self._set_busy(False)

    # what it has changed

    @work(exclusive=True, group="decision")
    async def action_changes(self) -> None:
        seen = self.seen
        if seen is None or not seen.has_changes or not self.is_idle:
            return
        parent = seen.bundle.meta.parent
        try:
            await self._show_changes(parent, seen.bundle.id)
        except MmsaError as error:
            self._fail(error)

    async def _show_changes(self, before: str, after: str) -> None:
        found = await self.mmsa.slow.run(lambda store: list_changes(store, before, after))
        n_changed = sum(len(comparison.changes) for comparison in found)
        if not n_changed:
            self.tell(f"Every post has the same label as by {before}.")
            return
        lists = "it" if n_changed == 1 else "them"
        self.tell(f"{before} labels {counted(n_changed, 'post')} differently: v lists {lists}.", SUCCESS)
        if not self.is_attached:
            return
        jump = await self.app.push_screen_wait(ChangesScreen(found, before, after))
        if jump is not None:
            self.dismiss(jump)

    # leaving

    def action_leave(self) -> None:
        self._leave()

    @work(exclusive=True, group="leave")
    async def _leave(self) -> None:
        if self.is_learning:
            question = AskWhether(
                "Stop the retrain?", "Nothing is changed by that.", yes="Stop it (y)", no="Go on (n)"
            )
            # It may have ended meanwhile, and its verdict is to be seen.
            if not await self.app.push_screen_wait(question) or not self.is_learning:
                return
        elif self.offer is not None:
            self.notify("k on the retrain screen shows it again.", title=f"{self.offer.name} is kept aside")
        self.dismiss(None)

    def action_scroll(self, lines: int) -> None:
        self.verdict.scroll_relative(y=lines, animate=False)

    # what is shown

    def _show_waiting(self) -> None:
        if self.seen is not None and self.is_whole:
            settle_key = key_for("adjudicate", self.mmsa.config.keys)
            self.waiting.show(self.seen, self.teaching, settle_key, self.looks)

    def _show_offer(self) -> None:
        if self.offer is not None and self.is_whole:
            self.set_class(True, "-judged")
            self.verdict.show(self.offer, self.in_use, self.looks)

    def _show_around(self) -> None:
        """Write the top line and the keys that do something now."""
        if not self.is_whole:
            return
        self.set_class(self.is_learning, "-learning")
        left = [
            (" mmsa ", "bold $text-accent"),
            ("retrain", "bold"),
            (f"  {safe_line(self.in_use, 60)}", MUTED),
        ]
        self.top.show(left, self.mmsa.model_parts())
        self.key_bar.show(self._keys())

    def _keys(self) -> list[KeyItem]:
        items = []
        if self.can_stop:
            items.append(KeyItem("^x", "stop", "stop_run"))
        elif not self._is_busy and self.seen is not None:
            if self.offer is not None:
                use = "use anyway" if self.offer.objections(self.in_use) else "use it"
                items += [KeyItem("p", use, "promote"), KeyItem("d", "discard", "discard")]
            items += [KeyItem("s", "start", "start")]
            if not self.mmsa.config.paths.codebook:
                # A head of its own knows no other rule than the labels it is given.
                items.append(KeyItem("w", "taken as", "choose_teaching"))
            if self.seen.has_changes:
                items.append(KeyItem("v", "changes", "changes"))
            if self.seen.kept:
                items.append(KeyItem("k", "kept", "kept"))
            if self.seen.way_back:
                items.append(KeyItem("b", f"back to {self.seen.way_back}", "roll_back"))
        return [*items, KeyItem("esc", "back", "leave"), KeyItem("F1", "help", "help")]

    def _set_busy(self, is_busy: bool) -> None:
        self._is_busy = is_busy
        self._show_around()

    def _fail(self, error: MmsaError) -> None:
        self.mmsa.show_error(error)
        self.tell(error.message, "$text-error")
