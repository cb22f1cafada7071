"""The source as a whole, drawn: shares, time, hashtags, authors, confidence, corrections.

Counting runs on the app's database thread and appears as it is done; every row and column leads
back to the posts behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from mmsa_tui.analysis import Counts, Group, Survey, count, survey
from mmsa_tui.errors import MmsaError
from mmsa_tui.filters import narrowed
from mmsa_tui.services.uncorrected import count_drawn
from mmsa_tui.store import SourceRow, Store, Where
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.app_screen import AppScreen
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.keys import key_for, key_table
from mmsa_tui.tui.overview import texts
from mmsa_tui.tui.overview.group_chart import GroupChart, Picked
from mmsa_tui.tui.overview.label_columns import LabelColumns
from mmsa_tui.tui.overview.label_rows import LabelRows
from mmsa_tui.tui.themes import Part

if TYPE_CHECKING:
    from mmsa_tui.services.estimate import Estimates

N_PARTS = 6


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which posts to go to: a filter, in the queue that was open or among all posts."""

    filter: str
    is_in_queue: bool


class OverviewScreen(AppScreen[Chosen | None]):
    """Shows a source, or what a filter leaves of it; gives the posts to go to, or None.

    Args:
        where: the posts that `filter_text` and the queue have left; None for all.
        queue_text: what the queue is called, and what of it is left out.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            escape,q,a        leave               Back to the posts
            w                 whole               Whole source, or what the filter leaves
            p                 percent             Shares instead of numbers over time, and back
            v                 compare             Choose a group, then another to compare it with
            s                 save                Save the part as a chart: png, svg or csv
            tab               app.focus_next      Next part
            shift+tab         app.focus_previous  Previous part
            f1,question_mark  help                Help
        """),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it

    DEFAULT_CSS = """
    OverviewScreen {
        background: $background;
        #overview-title { height: 1; width: 100%; background: $panel; padding: 0 1; }
        #overview-keys { height: 1; width: 100%; background: $surface; padding: 0 1; dock: bottom; }
        #overview-keys { color: $foreground-muted; }
        #overview-parts { height: 1fr; width: 100%; }
        #overview-right { height: 100%; }
    }
    OverviewScreen.-wide {
        #overview-parts {
            layout: grid;
            grid-size: 6 2;
            grid-rows: 2fr 3fr;
            grid-columns: 1fr 1fr 1fr 1fr 1fr 1fr;
        }
        #overview-labels { column-span: 2; height: 100%; }
        #overview-time { column-span: 4; height: 100%; }
        #overview-hashtags { column-span: 2; height: 100%; }
        #overview-authors { column-span: 2; height: 100%; }
        #overview-right { column-span: 2; height: 100%; }
        #overview-confidence { height: 1fr; }
        #overview-corrections { height: 1fr; }
    }
    OverviewScreen.-narrow {
        #overview-parts { layout: vertical; overflow-y: auto; scrollbar-size-vertical: 1; }
        #overview-labels { height: 10; }
        #overview-time { height: 9; }
        #overview-hashtags { height: 12; }
        #overview-authors { height: 12; }
        #overview-right { height: auto; }
        #overview-confidence { height: 9; }
        #overview-corrections { height: 10; }
    }
    """

    def __init__(
        self, source: SourceRow, where: Where | None, filter_text: str, queue_text: str = ""
    ) -> None:
        super().__init__()
        self._queue_text = queue_text
        self._source = source
        self._where, self._filter_text = where, filter_text
        self._is_whole_source = where is None
        self._time_unit = ""
        self._first: Group | None = None
        """The group that another one is to be compared with."""

    def compose(self) -> ComposeResult:
        yield Static("", id="overview-title", markup=False)
        with Container(id="overview-parts"):
            yield LabelRows("Labels", "No posts", id="overview-labels")
            yield LabelColumns("Over time", "No dates in this source", id="overview-time")
            yield LabelRows("Hashtags", "No hashtags", id="overview-hashtags")
            yield LabelRows("Authors", "No authors in this source", id="overview-authors")
            with Vertical(id="overview-right"):
                yield LabelColumns("Confidence of the model", "Not classified yet", id="overview-confidence")
                yield LabelRows(
                    "Corrections", "None yet: 1 2 3 or space give a label", id="overview-corrections"
                )
        yield Static("", id="overview-keys", markup=False)

    def _show_keys(self) -> None:
        # What leads back stands first: the end may be out of sight.
        keys = (
            "Esc: back · tab: part · arrows: choose · enter: posts · p: percent · v: compare · s: save chart"
        )
        if self._where is not None:
            keys += " · w: whole source"
        if self._first is not None:
            name = safe_line(self._first.name, 30)
            keys = f"Compare {name} with: choose another, then v · v on the same: cancel"
        self.query_one("#overview-keys", Static).update(Content(keys))

    def on_mount(self) -> None:
        self._show_keys()
        self.query_one("#overview-labels").focus()
        self.count()

    # what keys do

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_whole(self) -> None:
        if self._where is not None:
            self._is_whole_source = not self._is_whole_source
            self.count()

    def action_help(self) -> None:
        self.mmsa.show_help("overview")

    def action_percent(self) -> None:
        for part in self.query(LabelColumns):
            part.toggle_percent()

    async def action_compare(self) -> None:
        """Take the chosen group as the first of two, or as the second."""
        part = self.focused
        group = part.chosen if isinstance(part, GroupChart) else None
        if group is None or not group.filter:
            self.notify("Choose a group that has posts: tab goes to the next part.", markup=False)
            return
        first = self._first
        if first is None or first.filter == group.filter:
            self._first = None if first is not None else group
            self._show_keys()
            return
        self._first = None
        self._show_keys()
        # numpy comes with it, which who only looks should not pay.
        from mmsa_tui.services.comparing import compare_filters
        from mmsa_tui.tui.overview.comparison import ComparisonDialog

        source, bundle, where = self._source, self.mmsa.bundle_id, self._shown_where
        one, two = first.filter, group.filter
        try:
            found = await self.mmsa.slow.run(
                lambda store: compare_filters(store, source, bundle, one, two, where, self._learned(store))
            )
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        await self.app.push_screen(ComparisonDialog(first.name, group.name, found, self.looks))

    async def action_save(self) -> None:
        """Ask for a file, and save the part that has the focus as a chart."""
        part = self.focused
        kinds = {"labels": "", "time": self._time_unit, "hashtags": "hashtag", "authors": "author"}
        kind = (part.id or "").removeprefix("overview-") if part is not None else "labels"
        if kind not in kinds:
            self.notify("Labels, time, hashtags and authors can be saved: tab goes there.", markup=False)
            return
        if isinstance(part, GroupChart) and part.is_empty:
            self.notify(f"There is nothing to draw. {part.empty}.", markup=False)
            return
        by = kinds[kind]
        what = f"by {by}" if by else "of labels"

        async def save(typed: str | None) -> None:
            if typed:
                await self._save_chart(Path(typed).expanduser(), by)

        stem = Path(self._source.location).stem or "posts"
        proposed = str(Path.cwd() / f"{stem}-{by or 'labels'}.png")
        hint = "Enter: save · esc: cancel"
        await self.ask(
            AskText(f"Save the chart of shares {what}", proposed, ".png, .svg or .csv", hint), save
        )

    async def _save_chart(self, target: Path, by: str) -> None:
        from mmsa_tui.report.figures import NO_FONT
        from mmsa_tui.services.charts import save_chart

        source, bundle, where, only = self._source, self.mmsa.bundle_id, self._shown_where, self._only
        try:
            made = await self.mmsa.slow.run(
                lambda store: save_chart(
                    store, source, bundle, target, by=by, where=where, only=only, learned=self._learned(store)
                )
            )
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        boxes = f". {NO_FONT}" if NO_FONT in made.notes else ""
        self.notify(safe_line(f"{target}{boxes}", 400), title="Written", markup=False)
        self.mmsa.notices.keep(f"Written: {target}")

    @property
    def _shown_where(self) -> Where | None:
        return None if self._is_whole_source else self._where

    @property
    def _only(self) -> str:
        """Say which posts these are, if not all."""
        if self._is_whole_source:
            return ""
        return ", ".join(filter(None, (self._queue_text, safe_line(self._filter_text, 120))))

    @on(Picked)
    def _go(self, event: Picked) -> None:
        within = "" if self._is_whole_source else self._filter_text
        self.dismiss(Chosen(narrowed(within, event.filter), not self._is_whole_source))

    # counting

    @property
    def is_whole(self) -> bool:
        """Whether the parts are there; counts may still come when they are gone."""
        return self.is_attached and len(self.query("LabelRows, LabelColumns")) == N_PARTS

    @work(exclusive=True, group="overview")
    async def count(self) -> None:
        """Count and show, part by part."""
        source_id, bundle = self._source.id, self.mmsa.bundle_id
        where, validated = self._shown_where, self.mmsa.model.validated
        self._show_title(None)
        try:
            counted = await self.mmsa.slow.run(
                lambda store: count(store, source_id, bundle, where, validated)
            )
            n_others = await self.mmsa.slow.run(lambda store: store.count_by_others(source_id, bundle, where))
            if self.is_whole:
                self._show_title(counted.n_posts, n_others)
                self._show_shares(counted)
            surveyed = await self.mmsa.slow.run(lambda store: survey(store, source_id, bundle, where))
            if self.is_whole:
                self._show_survey(surveyed)
            estimated = await self.mmsa.slow.run(lambda store: self._estimate(store, bundle, where))
            n_drawn = 0
            if estimated is None:
                n_drawn = await self.mmsa.slow.run(lambda store: count_drawn(store, self._source, bundle))
            if self.is_whole:
                self._show_shares(counted, estimated, n_drawn)
        except MmsaError as error:
            self.mmsa.show_error(error)

    def _estimate(self, store: Store, bundle: str, where: Where | None) -> Estimates | None:
        """Estimate from the source's audit, if there is one that this bundle's labels fit."""
        if not store.audits.of(self._source.location):
            return None
        # numpy costs 0.1 s, which a source without an audit should not pay.
        from mmsa_tui.services.estimate import estimate_if_audited

        return estimate_if_audited(store, self._source, bundle, where, learned=self._learned(store))

    def _learned(self, store: Store) -> frozenset[str]:
        """List what the bundle in use knows by heart of the source's audit."""
        from mmsa_tui.services.bundles import learned_since

        config = self.mmsa.config
        return learned_since(store, self._source, config.paths, config.bundle)

    def _show_title(self, n_posts: int | None, n_by_others: int = 0) -> None:
        title = texts.title(self._source, n_posts, self._only, n_by_others)
        self.query_one("#overview-title", Static).update(Content.assemble(*title))

    def _show_shares(self, counted: Counts, estimated: Estimates | None = None, n_drawn: int = 0) -> None:
        groups = texts.label_groups(counted, self.labels, self.looks)
        footer = (*texts.facts(counted), self._standing(estimated, n_drawn))
        self.query_one("#overview-labels", LabelRows).show(groups, self.looks, counted.n_posts, footer)
        bins, note = texts.confidence(counted)
        self.query_one("#overview-confidence", LabelColumns).show(bins, self.looks, note)
        self._show_corrections(counted, estimated)

    def _standing(self, estimated: Estimates | None, n_drawn: int) -> list[Part]:
        if estimated is not None and estimated.has_shares:
            return texts.intervals(estimated, self.looks)
        key = key_for("audit", self.mmsa.config.keys)
        return texts.not_audited(key, n_drawn, has_model=self.mmsa.model.is_there)

    def _show_corrections(self, counted: Counts, estimated: Estimates | None) -> None:
        part = self.query_one("#overview-corrections", LabelRows)
        part.border_title = (
            f"Corrected posts: {counted.n_corrected:,}" if counted.n_corrected else "Corrections"
        )
        groups = texts.correction_groups(counted, self.labels)
        part.show(groups, self.looks, counted.n_corrected, texts.accuracy(estimated))

    def _show_survey(self, surveyed: Survey) -> None:
        looks = self.looks
        undated = surveyed.timeline.n_undated
        note = f"{undated:,} without a date" if undated and surveyed.timeline.buckets else ""
        self._time_unit = surveyed.timeline.unit if surveyed.timeline.buckets else ""
        time = self.query_one("#overview-time", LabelColumns)
        time.border_title = (
            f"Over time, by {surveyed.timeline.unit}" if surveyed.timeline.buckets else "Over time"
        )
        time.show(surveyed.timeline.buckets, looks, note)
        rows = self.query_one("#overview-hashtags", LabelRows)
        rows.show(surveyed.hashtags, looks, n_groups=surveyed.n_hashtags)
        rows = self.query_one("#overview-authors", LabelRows)
        rows.show(surveyed.authors, looks, n_groups=surveyed.n_authors)
