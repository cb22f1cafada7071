"""The retrain screen's ground: its parts, what there is to learn from, and how a candidate is shown.

What keys do is in `retrain_run` and `retrain_decision`, which `retrain` puts together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from mmsa_tui import retrain as service
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.bundle.registry import find_bundle, find_way_back
from mmsa_tui.config import Paths
from mmsa_tui.corrections import open_docket
from mmsa_tui.errors import BundleError, MmsaError
from mmsa_tui.retrain.verdict import Verdict
from mmsa_tui.services import promote as promotion
from mmsa_tui.services.reclassify import sources_judged_by
from mmsa_tui.store import Store
from mmsa_tui.text.display import counted, safe, safe_line
from mmsa_tui.tui.app_screen import AppScreen
from mmsa_tui.tui.jump import Jump
from mmsa_tui.tui.keys import key_for
from mmsa_tui.tui.retrain import texts
from mmsa_tui.tui.retrain.curve import Curve
from mmsa_tui.tui.widgets.bars import KeyBar, KeyItem, StatusLine, TopBar

BAR_WIDTH = 24


@dataclass(frozen=True)
class Seen:
    """What there is before anything is started; `way_back` is the id of the bundle that one can go back
    to, "" if there is none."""

    bundle: Bundle
    waiting: service.Waiting
    n_contradictory: int
    kept: list[promotion.Kept]
    has_changes: bool
    way_back: str


@dataclass(frozen=True)
class Offer:
    """A candidate on the table; the gate compared it with `parent`, by id.

    `result` is how its run ended, None for one kept aside of which that cannot be read any more.
    """

    directory: Path
    name: str
    verdict: Verdict
    parent: str
    result: service.Result | None = None


class RetrainView(AppScreen[Jump | None]):
    """Nothing here starts, changes or decides anything."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it

    DEFAULT_CSS = """
    RetrainView {
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
    RetrainView.-judged #retrain-upper { height: 10; }
    /* Where there is little room: one thing at a time. */
    RetrainView.-narrow {
        #retrain-upper { height: 1fr; layout: vertical; }
        #waiting { width: 100%; height: 1fr; }
        #run, #verdict { display: none; }
    }
    RetrainView.-narrow.-learning {
        #waiting { display: none; }
        #run { display: block; width: 100%; height: 1fr; }
    }
    RetrainView.-narrow.-judged {
        #retrain-upper { display: none; }
        #verdict { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: Seen | None = None
        self.offer: Offer | None = None
        self.teaching = service.AS_FOUND
        self.is_run_on = self.is_busy = False
        self.status = StatusLine(id="status")
        self.key_bar = KeyBar(id="keys")

    def compose(self) -> ComposeResult:
        yield TopBar(id="top")
        with Container(id="retrain-upper"):
            with VerticalScroll(id="waiting", can_focus=False):
                yield Static("counting…", id="waiting-text", markup=False)
            with Vertical(id="run"):
                yield Static("", id="stage", markup=False)
                with Container(id="curves"):
                    yield Curve("Loss (falls)", "not started", id="loss")
                    yield Curve("F1 (rises)", "not started", id="f1")
        with VerticalScroll(id="verdict", can_focus=False):
            yield Static("", id="verdict-text", markup=False)
        yield self.status
        yield self.key_bar

    def on_mount(self) -> None:
        self.query_one("#waiting").border_title = "Corrections"
        self.query_one("#verdict").border_title = "Gate"
        self.show_around()
        self.look()

    # what there is

    @work(exclusive=True, group="look")
    async def look(self) -> None:
        """Find the bundle in use, what waits to be learned, and what was kept aside."""
        config = self.mmsa.config

        def look(store: Store) -> Seen:
            bundle = find_bundle(config.paths, config.bundle)
            waiting = service.count_waiting(store, bundle, config.paths)
            parent = bundle.meta.parent
            return Seen(
                bundle,
                waiting,
                len(open_docket(store).conflicts),
                promotion.kept_candidates(config.paths),
                bool(parent and sources_judged_by(store, parent)),
                _way_back(config.paths),
            )

        try:
            self.seen = await self.mmsa.slow.run(look)
        except MmsaError as error:
            self.seen = None
            if self.is_attached:
                self.write("#waiting-text", Content(safe(f"{error.message}\n{error.hint}", newlines=True)))
        if self.is_attached:
            self.show_waiting()
            self.show_around()

    def on_resize(self) -> None:
        self.show_waiting()
        self.show_offer()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the bundle that is in use now; the app may not have taken it up yet."""
        return self.seen.bundle.labels if self.seen else self.mmsa.labels

    @property
    def is_learning(self) -> bool:
        return self.is_run_on

    @property
    def is_idle(self) -> bool:
        return not self.is_learning and not self.is_busy

    # what is shown

    def show_waiting(self) -> None:
        seen = self.seen
        if seen is None or not self.is_attached:
            return
        width = max(20, self.query_one("#waiting").size.width - 4)
        key = key_for("adjudicate", self.mmsa.config.keys)
        text = texts.describe_waiting(
            seen.waiting, self.teaching, seen.bundle, seen.n_contradictory, key, self.looks, width
        )
        if seen.kept:
            aside = f"{counted(len(seen.kept), 'candidate')} kept aside: k shows them"
            text = Content("\n").join([text, Content.styled(aside, texts.MUTED)])
        self.write("#waiting-text", text)

    def clear_offer(self) -> None:
        """Take the candidate off the table."""
        self.offer = None
        if self.is_attached:
            self.set_class(False, "-judged")
            self.write("#verdict-text", Content(""))

    def put_forward(self, offer: Offer) -> None:
        """Put a candidate on the table."""
        self.offer = offer
        self.show_offer()
        self.show_around()
        if not self.objections(offer):
            self.tell(f"p puts {offer.name} to use, d throws it away.", "$text-success")
        else:
            self.tell(f"p uses {offer.name} all the same after asking, d throws it away.", "$text-warning")

    def objections(self, offer: Offer) -> tuple[str, ...]:
        """Say what stands against using a candidate now."""
        in_use = self.seen.bundle.id if self.seen else offer.parent
        return promotion.objections(offer.verdict, offer.parent, in_use)

    def show_offer(self) -> None:
        offer = self.offer
        if offer is None or not self.is_attached:
            return
        self.set_class(True, "-judged")
        width = max(40, self.query_one("#verdict").size.width - 4)
        if offer.result is not None:
            shown = texts.describe_result(offer.result, offer.name, self.looks, width)
        else:
            shown = Content("\n").join(texts.describe_verdict(offer.verdict, offer.name, width))
        if self.seen is not None and offer.parent != self.seen.bundle.id:
            note = f"The gate compared it with {offer.parent}; {self.seen.bundle.id} is in use now."
            shown = Content("\n").join([Content.styled(note, "$text-warning"), shown])
        self.write("#verdict-text", shown)
        self.query_one("#verdict").scroll_home(animate=False)

    def show_around(self) -> None:
        """Write the top line and the keys that do something now."""
        # A run may end after its widgets: the app was left meanwhile.
        if not self.is_attached or not self.query("#top"):
            return
        self.set_class(self.is_learning, "-learning")
        name = self.seen.bundle.id if self.seen else self.mmsa.bundle_id
        left = [
            (" mmsa ", "bold $text-accent"),
            ("retrain", "bold"),
            (f"  {safe_line(name, 60)}", texts.MUTED),
        ]
        self.query_one("#top", TopBar).show(left, self.mmsa.model_parts())
        self.key_bar.show(self._keys())

    @property
    def can_stop(self) -> bool:
        return self.is_learning

    def _keys(self) -> list[KeyItem]:
        items = []
        if self.can_stop:
            items.append(KeyItem("^x", "stop", "stop_run"))
        elif not self.is_busy and self.seen is not None:
            if self.offer is not None:
                use = "use anyway" if self.objections(self.offer) else "use it"
                items += [KeyItem("p", use, "promote"), KeyItem("d", "discard", "discard")]
            items += [KeyItem("s", "start", "start"), KeyItem("w", "taken as", "choose_teaching")]
            if self.seen.has_changes:
                items.append(KeyItem("v", "changes", "changes"))
            if self.seen.kept:
                items.append(KeyItem("k", "kept", "kept"))
            if self.seen.way_back:
                items.append(KeyItem("b", f"back to {self.seen.way_back}", "roll_back"))
        return [*items, KeyItem("esc", "back", "leave"), KeyItem("F1", "help", "help")]

    def say_stage(self, what: str, done: int, total: int) -> None:
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
        self.write("#stage", Content.assemble(*parts))

    def fail(self, error: MmsaError) -> None:
        self.mmsa.show_error(error)
        self.tell(error.message, "$text-error")

    def tell(self, text: str, style: str = "") -> None:
        if self.is_attached:
            self.status.tell((" " + safe_line(text), style))

    def write(self, selector: str, text: Content) -> None:
        self.query_one(selector, Static).update(text)

    def draw_curves(self, losses: Sequence[float], scores: Sequence[float], n_all: int) -> None:
        self.query_one("#loss", Curve).show(losses, n_all)
        self.query_one("#f1", Curve).show(scores, n_all)

    def clear_curves(self, why: str) -> None:
        self.query_one("#loss", Curve).clear(why)
        self.query_one("#f1", Curve).clear(why)


def _way_back(paths: Paths) -> str:
    try:
        return find_way_back(paths).id
    except BundleError:
        return ""
