"""Retraining from corrections: what there is to learn from, the run, the gate, what becomes of it."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from mmsa_tui import retrain as service
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.errors import Interrupted, MmsaError
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.app_screen import SUCCESS, WARNING, FramedScreen, Jump
from mmsa_tui.tui.dialogs.ask import AskOne, AskWhether
from mmsa_tui.tui.keys import SCROLLS, key_for, key_table
from mmsa_tui.tui.retrain import texts
from mmsa_tui.tui.retrain.decisions import Decisions
from mmsa_tui.tui.retrain.offer import Offer, Seen, look
from mmsa_tui.tui.retrain.panels import RunPanel, VerdictPanel, WaitingPanel
from mmsa_tui.tui.retrain.run import Run
from mmsa_tui.tui.themes import MUTED
from mmsa_tui.tui.widgets.bars import KeyItem
from mmsa_tui.worker.messages import Message


class RetrainScreen(FramedScreen[Jump | None]):
    """Start a retrain, watch it, and decide on its candidate with the gate's table before one's eyes.

    Gives the post to go to, or None.
    """

    help_topic = "retrain"
    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            s       start                Start a retrain
            w       choose_teaching      How your labels are taken: as most people's, or a rule of your own
            ctrl+x  stop_run             Stop the retrain
            p       decide('promote')    Use the candidate from now on; against the gate it asks again
            d       decide('discard')    Throw the candidate away
            k       decide('kept')       Candidates that were kept aside
            v       decide('changes')    Posts that the bundle before labels differently
            b       decide('roll_back')  Go back to the bundle before
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
        self._decisions = Decisions(self)
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
        self.show_around()
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
        return not self.is_learning and not self._decisions.is_busy

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
        self.show_around()

    def _hear(self, message: Message) -> None:
        self._decisions.reclassification.hear(message)
        batch = self.mmsa.engine.batch
        if batch is None:
            self.status.end_batch()
        else:
            self.status.show_batch(batch.title, batch.progress, is_stopping=batch.is_stopping)
        self.show_around()

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
        self.clear_offer()
        self.tell("")
        self.run_panel.clear("Drawn from the first epoch on")
        self.run_panel.say("Starting")
        self.show_around()
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
            self.fail(error)
        self._run = None
        if not self.is_whole:
            return
        self.run_panel.say("" if result is None else "Done")
        if result is not None:
            self.put_forward(Offer.of_run(result, bundle.id))
        self.show_around()
        self.look()

    def _follow(self, stage: service.Stage | None) -> None:
        if self._run is None or not self.is_whole:
            return
        self.run_panel.show(self._run)
        if stage is not None:
            self.run_panel.say(stage.title, stage.done, stage.total)

    @property
    def can_stop(self) -> bool:
        return self.is_learning or self._decisions.reclassification.is_running

    def action_stop_run(self) -> None:
        if self._run is not None:
            self._run.stop()
            self.run_panel.say("Stopping")
        elif self._decisions.reclassification.is_running:
            self.mmsa.engine.stop()

    # a candidate

    def put_forward(self, offer: Offer) -> None:
        """Put a candidate on the table."""
        self.offer = offer
        self._show_offer()
        self.show_around()
        said = "passed" if offer.verdict.passed else "refused"
        self.mmsa.notices.keep(f"Retrain: the gate {said} {offer.name}")
        if not offer.objections(self.in_use):
            self.tell(f"p puts {offer.name} to use, d throws it away.", SUCCESS)
        else:
            self.tell(f"p uses {offer.name} anyway, after asking; d throws it away.", WARNING)

    def clear_offer(self) -> None:
        """Take the candidate off the table."""
        self.offer = None
        if self.is_whole:
            self.set_class(False, "-judged")
            self.verdict.clear()

    @work(exclusive=True, group="decision")
    async def action_decide(self, what: str) -> None:
        await self._decisions.ways[what]()

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

    def show_around(self) -> None:
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
        elif not self._decisions.is_busy and self.seen is not None:
            if self.offer is not None:
                use = "use anyway" if self.offer.objections(self.in_use) else "use it"
                items += [
                    KeyItem("p", use, "decide('promote')"),
                    KeyItem("d", "discard", "decide('discard')"),
                ]
            items += [KeyItem("s", "start", "start")]
            if not self.mmsa.config.paths.codebook:
                # A head of its own knows no other rule than the labels it is given.
                items.append(KeyItem("w", "taken as", "choose_teaching"))
            if self.seen.has_changes:
                items.append(KeyItem("v", "changes", "decide('changes')"))
            if self.seen.kept:
                items.append(KeyItem("k", "kept", "decide('kept')"))
            if self.seen.way_back:
                items.append(KeyItem("b", f"back to {self.seen.way_back}", "decide('roll_back')"))
        return [*items, KeyItem("esc", "back", "leave"), KeyItem("F1", "help", "help")]

    def fail(self, error: MmsaError) -> None:
        """Say what went wrong, and keep it in the status line."""
        self.mmsa.show_error(error)
        self.tell(error.message, "$text-error")
