"""The parts of the retrain screen: corrections that wait, the run with its curves, the gate's verdict."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from mmsa_tui.errors import MmsaError
from mmsa_tui.retrain import Teaching
from mmsa_tui.text.display import counted, safe
from mmsa_tui.tui.retrain import texts
from mmsa_tui.tui.retrain.curve import Curve
from mmsa_tui.tui.retrain.offer import Offer, Seen
from mmsa_tui.tui.retrain.run import Run
from mmsa_tui.tui.themes import MUTED
from mmsa_tui.tui.widgets.label_looks import LabelLooks

BAR_WIDTH = 24


class WaitingPanel(VerticalScroll, can_focus=False):
    """What there is to learn from."""

    def compose(self) -> ComposeResult:
        yield Static("Counting…", id="waiting-text", markup=False)

    def on_mount(self) -> None:
        self.border_title = "Corrections"

    def show(self, seen: Seen, teaching: Teaching, settle_key: str, looks: LabelLooks) -> None:
        width = max(20, self.size.width - 4)
        text = texts.describe_waiting(
            seen.waiting, teaching, seen.bundle, seen.n_contradictory, settle_key, looks, width
        )
        if seen.kept:
            aside = f"{counted(len(seen.kept), 'candidate')} kept aside: k shows them"
            text = Content("\n").join([text, Content.styled(aside, MUTED)])
        self.query_one(Static).update(text)

    def show_trouble(self, error: MmsaError) -> None:
        self.query_one(Static).update(Content(safe(f"{error.message}\n{error.hint}", newlines=True)))


class RunPanel(Vertical):
    """How far a run is, and how it goes."""

    def compose(self) -> ComposeResult:
        yield Static("", id="stage", markup=False)
        with Container(id="curves"):
            yield Curve("Loss (falls)", "Not started", id="loss")
            yield Curve("F1 (rises)", "Not started", id="f1")

    def show(self, run: Run) -> None:
        """Draw the curves of a run."""
        for name, values in (("#loss", run.losses), ("#f1", run.scores)):
            self.query_one(name, Curve).show(values, run.n_epochs)

    def clear(self, why: str) -> None:
        for curve in self.query(Curve):
            curve.clear(why)

    def say(self, what: str, done: int = 0, total: int = 0) -> None:
        """Name a stage, with a bar if it is known how far that is."""
        parts = [(what, "$text-accent")]
        if total:
            count = f" {done:,}/{total:,}"
            room = self.query_one("#stage").content_size.width - len(what) - len(count) - 1
            width = max(0, min(BAR_WIDTH, room))
            filled = width * done // total
            parts += [
                (" " + "━" * filled, "$text-accent"), ("─" * (width - filled), "$foreground-disabled"),
                (count, "bold"),
            ]  # fmt: skip
        self.query_one("#stage", Static).update(Content.assemble(*parts))


class VerdictPanel(VerticalScroll, can_focus=False):
    """What the gate says of a candidate."""

    def compose(self) -> ComposeResult:
        yield Static("", id="verdict-text", markup=False)

    def on_mount(self) -> None:
        self.border_title = "Gate"

    def show(self, offer: Offer, in_use: str, looks: LabelLooks) -> None:
        width = max(40, self.size.width - 4)
        if offer.result is not None:
            shown = texts.describe_result(offer.result, offer.name, looks, width)
        else:
            shown = Content("\n").join(texts.describe_verdict(offer.verdict, offer.name, width))
        if offer.parent != in_use:
            note = f"The gate compared it with {offer.parent}; {in_use} is in use now."
            shown = Content("\n").join([Content.styled(note, "$text-warning"), shown])
        self.query_one(Static).update(shown)
        self.scroll_home(animate=False)

    def clear(self) -> None:
        self.query_one(Static).update(Content(""))
