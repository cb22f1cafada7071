"""Retraining from corrections: what there is to learn from, the run, the gate, promotion."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Button, ProgressBar, Sparkline, Static

from mmsa_tui import retrain as service
from mmsa_tui.config import Config, load_config
from mmsa_tui.display import safe
from mmsa_tui.errors import MmsaError
from mmsa_tui.model.bundle import find_bundle
from mmsa_tui.store import SourceRow, Store


class RetrainScreen(Screen[None]):
    """Start a retrain, watch it, and decide on its candidate with the gate's table before one's eyes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back"),
        Binding("s", "start", "Start"),
        Binding("p", "promote", "Promote"),
        Binding("d", "discard", "Discard"),
    ]
    DEFAULT_CSS = """
    RetrainScreen { padding: 1 2; }
    RetrainScreen #buttons { height: 3; margin: 1 0; }
    RetrainScreen #buttons Button { margin-right: 2; }
    RetrainScreen Sparkline { height: 3; width: 1fr; margin-right: 2; }
    RetrainScreen #curves { height: 4; }
    RetrainScreen #verdict { height: 1fr; }
    """

    def __init__(self, source: SourceRow, config: Config | None = None) -> None:
        super().__init__()
        self._source = source
        self._config = config or load_config()
        self._stop = threading.Event()
        self._is_running = False
        self._result: service.Result | None = None
        self._losses: list[float] = []
        self._scores: list[float] = []

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("", id="summary", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Start (s)", id="start", variant="primary")
                yield Button("Promote (p)", id="promote", disabled=True)
                yield Button("Discard (d)", id="discard", disabled=True)
            yield ProgressBar(id="progress", show_eta=False)
            with Horizontal(id="curves"):
                yield Sparkline([], id="loss")
                yield Sparkline([], id="f1")
            yield Static(
                "loss, falling is better        F1 on posts kept apart, rising is better", id="legend"
            )
            with VerticalScroll(id="verdict"):
                yield Static("", id="table")

    def on_mount(self) -> None:
        try:
            bundle = find_bundle(self._config.paths, self._config.bundle)
            with Store.open(self._config.paths.database) as store:
                waiting = service.count_waiting(store, bundle)
        except MmsaError as error:
            self._say(f"{error.message}\n{error.hint}")
            return
        by_label = ", ".join(f"{count} {label}" for label, count in waiting.by_label.items())
        advice = (
            "enough to try"
            if waiting.is_enough
            else f"{service.ENOUGH} or more since the last retrain are worth it"
        )
        self._say(
            f"{bundle.id} · {waiting.n_all} corrections ({by_label}), {waiting.n_new} of them new: {advice}"
        )

    def on_button_pressed(self, event: Button.Pressed) -> None:
        actions = {"start": self.action_start, "promote": self.action_promote, "discard": self.action_discard}
        actions[event.button.id or "start"]()

    def action_start(self) -> None:
        if self._is_running:
            return
        self._is_running, self._result = True, None
        self._losses, self._scores = [], []
        self._stop.clear()
        self.query_one("#start", Button).disabled = True
        self._run()

    @work(thread=True)
    def _run(self) -> None:
        app = self.app
        try:
            bundle = find_bundle(self._config.paths, self._config.bundle)
            result = service.retrain(
                self._config.paths,
                bundle,
                device=self._config.device,
                threads=self._config.threads,
                on_event=lambda event: app.call_from_thread(self._follow, event),
                should_stop=self._stop,
            )
            app.call_from_thread(self._finish, result, None)
        except MmsaError as error:
            if not self._stop.is_set():
                app.call_from_thread(self._finish, None, error)

    def _follow(self, event: Mapping[str, Any]) -> None:
        bar = self.query_one("#progress", ProgressBar)
        if event["event"] == "encoded":
            bar.update(total=event["total"], progress=event["done"])
        elif event["event"] == "epoch":
            bar.update(total=event["total"], progress=event["number"])
            self._losses.append(event["loss"])
            self._scores.append(event["f1"])
            self.query_one("#loss", Sparkline).data = list(self._losses)
            self.query_one("#f1", Sparkline).data = list(self._scores)

    def _finish(self, result: service.Result | None, error: MmsaError | None) -> None:
        self._is_running, self._result = False, result
        self.query_one("#start", Button).disabled = False
        has_candidate = result is not None and result.candidate is not None
        self.query_one("#promote", Button).disabled = not has_candidate
        self.query_one("#discard", Button).disabled = not has_candidate
        table = self.query_one("#table", Static)
        if error is not None:
            table.update(Text(f"{error.message}\n{error.hint}"))
        elif result is not None:
            table.update(_verdict(result))
            if not result.verdict.passed:
                self.query_one("#promote", Button).label = "Overrule the gate (p)"

    def action_promote(self) -> None:
        result = self._result
        if result is None or result.candidate is None:
            return
        try:
            bundle = service.promote(self._config.paths, result.candidate, overrule=True)
        except MmsaError as error:
            self.notify(f"{error.message} {error.hint}", severity="error", markup=False)
            return
        self._close_candidate()
        note = "" if result.verdict.passed else ", against the gate: its record says so"
        self._say(f"{bundle.id} is active{note}. Classify again to see what changes; it takes seconds.")

    def action_discard(self) -> None:
        if self._result is not None and self._result.candidate is not None:
            service.discard(self._result.candidate)
            self._close_candidate()
            self._say("The candidate is gone; the bundle in use is unchanged.")

    def action_leave(self) -> None:
        self._stop.set()
        self.dismiss()

    def _close_candidate(self) -> None:
        self._result = None
        self.query_one("#promote", Button).disabled = True
        self.query_one("#discard", Button).disabled = True

    def _say(self, text: str) -> None:
        self.query_one("#summary", Static).update(Text(text))


def _verdict(result: service.Result) -> Table:
    """The gate's table, its reasons, and a few posts before and after."""
    header, *rows = result.verdict.table()
    passed = "passed" if result.verdict.passed else "refused"
    table = Table(*header, title=f"The gate: {passed}", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row, style="" if row[-1] == "ok" else "bold")
    for reason in result.verdict.reasons:
        table.add_row(Text(f"- {reason}"))
    for example in result.examples:
        table.add_row(Text(safe(example.text)[:60]), example.before, example.after, f"you: {example.wanted}")
    return table
