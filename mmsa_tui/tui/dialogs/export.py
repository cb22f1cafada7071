"""Which posts go into which file: the choices, and the writing behind a count that can be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Select

from mmsa_tui.analysis.population import name_group
from mmsa_tui.errors import Interrupted, MmsaError
from mmsa_tui.export import SUFFIXES, check_target
from mmsa_tui.services.export import Choice, Posts, count_choice, describe_choice, export_posts
from mmsa_tui.store import Order, SourceRow, Store, Where
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.dialogs.ask import AskWhether
from mmsa_tui.tui.dialogs.working import Working

T = TypeVar("T")

_NOT_BLIND = (
    "Labels are hidden on the screen. The file holds them all, the model's and your colleagues':"
    " open it when you have given yours."
)

FORMATS = {
    ".csv": "CSV, for any program",
    ".xlsx": "Excel workbook",
    ".jsonl": "JSON lines",
    ".parquet": "Parquet, for pandas and R",
}


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be written where."""

    target: Path
    choice: Choice


class ExportDialog(ModalScreen[str | None]):
    """Writes posts with their labels to a file; gives its path, or None if nothing was written.

    Args:
        where: what the list shows, which `filter_text` describes as far as a filter made it.
        learned: asks a store what the bundle knows by heart of the source's audit.
        order: how the list is sorted.
        selection: ordinals of the marked posts; they are proposed first.
        queue: the queue that the list shows.
        validated: languages in which the bundle is.
        is_blind: whether labels are hidden on the screen; the file has them all, and that is said.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", show=False)]

    DEFAULT_CSS = """
    ExportDialog {
        .export-row { height: 1; margin-bottom: 1; }
        .export-row Label { width: 10; color: $foreground-muted; }
        #export-chart-row { display: none; }
        .export-row Select, .export-row Input { width: 1fr; }
        #export-about { color: $foreground-muted; margin-bottom: 1; width: 100%; }
        #export-blind { color: $text-warning; margin-bottom: 1; width: 100%; }
        #export-problem { color: $text-error; display: none; }
    }
    """

    def __init__(
        self,
        database: Path,
        source: SourceRow,
        bundle_id: str,
        labels: Sequence[str],
        where: Where | None,
        filter_text: str,
        order: Order | None,
        selection: Sequence[int],
        queue: str = "all",
        validated: Collection[str] | None = None,
        learned: Callable[[Store], frozenset[str]] = lambda store: frozenset(),
        *,
        is_blind: bool = False,
    ) -> None:
        super().__init__(classes="dialog-screen")
        self._database, self._source = database, source
        self._bundle_id, self._labels = bundle_id, labels
        self._where, self._filter_text = where, filter_text
        self._order, self._selection = order, tuple(selection)
        self._queue, self._validated, self._learned = queue, validated, learned
        self._is_blind = is_blind

    def compose(self) -> ComposeResult:
        posts = self._posts()
        with Vertical(classes="dialog"):
            yield Label("Export to a file", classes="dialog-title")
            with Horizontal(classes="export-row"):
                yield Label("File")
                yield Input(str(self._proposal()), id="export-path", compact=True)
            with Horizontal(classes="export-row"):
                yield Label("Format")
                formats = [(f"{FORMATS[suffix]} ({suffix})", suffix) for suffix in SUFFIXES]
                yield Select(formats, value=".csv", allow_blank=False, id="export-format", compact=True)
            with Horizontal(classes="export-row"):
                yield Label("Posts")
                yield Select(posts, value=posts[-1][1], allow_blank=False, id="export-posts", compact=True)
            yield Label("", id="export-about", markup=False)
            if self._is_blind:
                yield Label(_NOT_BLIND, id="export-blind")
            with Horizontal(classes="export-row"):
                yield Label("Columns")
                columns = [("mmsa's and the source's own", "all"), ("only mmsa's", "ours")]
                yield Select(columns, value="all", allow_blank=False, id="export-columns", compact=True)
            with Horizontal(classes="export-row", id="export-chart-row"):
                yield Label("Chart by")
                yield Select(self._groups(), value="", allow_blank=False, id="export-chart", compact=True)
            yield Label("", id="export-problem", markup=False)
            yield Label("Enter: write · tab: next field · esc: cancel", classes="dialog-hint")
            with Horizontal(classes="dialog-buttons"):
                yield Button("Write", id="export-write", variant="primary", compact=True)
                yield Button("Cancel", id="export-cancel", compact=True)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._describe()

    @on(Select.Changed, "#export-posts")
    @work(exclusive=True, group="export-about")
    async def _describe(self) -> None:
        """Say which posts these are before they are written, as the file will."""

        def describe(store: Store) -> dict[str, str]:
            return describe_choice(store, self._source, self._bundle_id, self._choice())

        try:
            facts = await asyncio.to_thread(self._with_store, describe)
        except MmsaError as error:
            self._show_problem(error)
            return
        if self.is_attached:
            about = " · ".join(f"{name}: {value}" for name, value in facts.items())
            self.query_one("#export-about", Label).update(Content(safe_line(about, 300)))

    def _proposal(self) -> Path:
        """Propose a name in the current folder that is not taken."""
        stem = Path(self._source.location).stem or "posts"
        name, n = f"{stem}-labels.csv", 1
        while (Path.cwd() / name).exists():
            n += 1
            name = f"{stem}-labels-{n}.csv"
        return Path.cwd() / name

    def _groups(self) -> list[tuple[Content, str]]:
        """List what a workbook may draw beside totals and weeks."""
        ours = [("nothing but totals and weeks", ""), ("month", "month"), ("day", "day")]
        ours += [("hashtag", "hashtag"), ("author", "author"), ("language", "language")]
        own = [(f"{name} (of the source)", name_group(name)) for name in self._source.metadata_columns]
        return [(Content(safe_line(title, 60)), name) for title, name in (*ours, *own)]

    def _posts(self) -> list[tuple[Content, Posts]]:
        n = self._source.n_posts + self._source.n_failures
        posts: list[tuple[Content, Posts]] = [(Content(f"all {n:,} of the source"), "source")]
        if self._where is not None:
            about = f": {safe_line(self._filter_text, 60)}" if self._filter_text else ""
            posts.append((Content(f"what the list shows{about}"), "list"))
        if self._selection:
            posts.append((Content(f"the {len(self._selection):,} marked"), "selection"))
        return posts

    # events

    @on(Select.Changed, "#export-format")
    def _change_suffix(self, event: Select.Changed) -> None:
        path = self.query_one(Input)
        typed = Path(path.value.strip())
        if typed.suffix.lower() in SUFFIXES and typed.suffix.lower() != event.value:
            path.value = str(typed.with_suffix(str(event.value)))

    @on(Input.Changed)
    def _follow_suffix(self, event: Input.Changed) -> None:
        self.query_one("#export-problem").display = False
        suffix = Path(event.value.strip()).suffix.lower()
        if suffix in SUFFIXES:
            self.query_one("#export-format", Select).value = suffix
            self.query_one("#export-chart-row").display = suffix == ".xlsx"

    @on(Button.Pressed, "#export-cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted)
    @on(Button.Pressed, "#export-write")
    @work(exclusive=True, group="export")
    async def _write(self) -> None:
        """Check, ask before a file is replaced, write on a thread."""
        try:
            order = self._chosen()
            check_target(order.target, overwrite=True)
            if order.target.exists() and not await self._may_replace(order.target):
                return
            n = await self._run(order)
        except Interrupted:
            self.app.notify("No file was written.", title="Stopped", markup=False)
        except MmsaError as error:
            self._show_problem(error)
        else:
            posts = f"{n:,} post{'s' * (n != 1)}"
            self.dismiss(f"{safe_line(str(order.target), 200)} · {posts}")

    def _chosen(self) -> _Order:
        typed = self.query_one(Input).value.strip()
        target = Path(typed)
        if typed.startswith("~"):
            target = Path.home() / typed[1:].lstrip("/\\")
        if target.name and not target.suffix:
            target = target.with_suffix(str(self.query_one("#export-format", Select).value))
        return _Order(target, self._choice())

    def _choice(self) -> Choice:
        posts = cast("Posts", self.query_one("#export-posts", Select).value)
        own_only = self.query_one("#export-columns", Select).value == "ours"
        chart_by = str(self.query_one("#export-chart", Select).value)
        return Choice(
            *(posts, self._where, self._order, self._queue, self._filter_text, self._selection),
            own_only,
            chart_by,
        )

    async def _may_replace(self, target: Path) -> bool:
        name = safe_line(target.name, 80)
        question = AskWhether(f"Replace {name}?", "A file of this name exists.", "Replace (y)", "Keep it (n)")
        return await self.app.push_screen_wait(question)

    async def _run(self, order: _Order) -> int:
        total = await asyncio.to_thread(self._with_store, lambda store: self._count(store, order))
        working = Working(f"Writing {safe_line(order.target.name, 60)}", total)
        await self.app.push_screen(working)
        try:
            return await asyncio.to_thread(
                self._with_store, lambda store: self._write_file(store, order, working.count)
            )
        finally:
            # Cancelled or done: the thread must not go on by itself.
            working.action_stop()
            working.finish()

    def _with_store(self, work: Callable[[Store], T]) -> T:
        with Store.open(self._database) as store:
            return work(store)

    def _count(self, store: Store, order: _Order) -> int:
        return count_choice(store, self._source, self._bundle_id, order.choice)

    def _write_file(self, store: Store, order: _Order, count: Callable[[int], None]) -> int:
        return export_posts(
            store, self._source, self._bundle_id, order.target, order.choice,
            overwrite=True, on_row=count, validated=self._validated, learned=self._learned(store),
        )  # fmt: skip

    def _show_problem(self, error: MmsaError) -> None:
        shown = self.query_one("#export-problem", Label)
        shown.update(Content(f"{safe_line(error.message, 200)}\n{safe_line(error.hint, 200)}".strip()))
        shown.display = True
        self.query_one(Input).focus()
