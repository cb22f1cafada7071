"""One run of `mmsa classify`, from sources to files.

Everything that could stop the run is found out before the work begins.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mmsa_tui.analysis import Counts
from mmsa_tui.bundle.meta import Bundle, verify_bundle
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.cli import console
from mmsa_tui.cli.annotation import write_for_tool
from mmsa_tui.cli.opened import check_device, check_outputs, check_sources, load_predictor, read_source
from mmsa_tui.cli.ordered_stream import OrderedStream
from mmsa_tui.cli.row_changes import EXPLANATION, apply, explain_row, shard_condition, withhold_label
from mmsa_tui.cli.tally import Tally
from mmsa_tui.config import Config
from mmsa_tui.errors import Interrupted
from mmsa_tui.export import Summary, write
from mmsa_tui.services.classify import Progress, classify
from mmsa_tui.services.export import WHOSE, source_columns
from mmsa_tui.sources import ReadOptions
from mmsa_tui.store import Row, SourceRow, Store, Where

if TYPE_CHECKING:
    from mmsa_tui.model.predictor import Predictor


@dataclass
class BatchRun:
    """What the user asked for; `run` does it once. `part` is (i, N) of `--shard`, from 1."""

    sources: Sequence[Path]
    outputs: Sequence[str]
    config: Config
    format: str | None
    read_options: ReadOptions
    part: tuple[int, int] | None
    resume: bool
    restart: bool
    min_confidence: float
    explain: bool
    thumbnails: bool
    tool: str | None
    _n_done: int = field(default=0, init=False)

    def run(self) -> Tally:
        """Read, classify, write and say what came of it.

        Raises:
            MmsaError: it cannot begin, or cannot go on; what was classified is kept.
        """
        targets = check_outputs(self.outputs, self.tool, overwrite=self.resume or self.restart)
        sources = check_sources(self.sources, self.format, self.read_options)
        bundle = find_bundle(self.config.paths, self.config.bundle)
        verify_bundle(bundle, self.config.paths)
        check_device(self.config.device)
        with Store.open(self.config.paths.database) as store:
            try:
                return self._run(store, bundle, sources, targets)
            except KeyboardInterrupt:
                raise Interrupted(
                    f"stopped; {self._n_done:,} posts of this run are classified and kept",
                    "Run the same command with --resume to go on from there.",
                ) from None

    def _run(
        self, store: Store, bundle: Bundle, sources: Sequence[Path], targets: Sequence[Path | None]
    ) -> Tally:
        started = time.monotonic()
        where = shard_condition(*self.part) if self.part else None
        rows = [read_source(store, source, self.format, self.read_options) for source in sources]
        store.save_bundle_labels(bundle.id, bundle.labels)
        if self.restart:
            for row in rows:
                store.forget_predictions(row.id, bundle.id)
        to_do = sum(store.count_unpredicted(row.id, bundle.id, where) for row in rows)
        predictor = load_predictor(bundle, self.config) if to_do or self.explain else None
        changes = self._changes(predictor)
        tally = Tally(bundle.labels, self.min_confidence)
        streams = None in targets
        for row in rows:
            stream = None
            if streams:
                stream = OrderedStream(store, row.id, bundle, where, changes, sys.stdout, tally.add)
            self._classify(store, row, predictor, where, stream)
        files = [target for target in targets if target is not None]
        for number, target in enumerate(files):
            found = _all_rows(store, rows, bundle, where)
            changed = apply(found, changes)
            # One pass is counted, whichever comes first.
            counted = changed if streams or number else tally.watch(changed)
            self._write(store, target, counted, rows, bundle)
        device = predictor.device_name if predictor is not None else ""
        console.talk(tally.describe(bundle.id, device, self._n_done, time.monotonic() - started, files))
        return tally

    def _changes(self, predictor: Predictor | None) -> list[Callable[[Row], Row]]:
        changes: list[Callable[[Row], Row]] = []
        if self.explain and predictor is not None:
            explain = predictor.explain
            changes.append(lambda row: explain_row(row, explain))
        if self.min_confidence > 0:
            changes.append(lambda row: withhold_label(row, self.min_confidence))
        return changes

    def _classify(
        self,
        store: Store,
        source: SourceRow,
        predictor: Predictor | None,
        where: Where | None,
        stream: OrderedStream | None,
    ) -> None:
        """Classify what is not classified yet; rows are streamed as they are ready."""
        before = self._n_done
        with console.progress(f"classifying {source.title}") as advance:

            def on_progress(progress: Progress) -> None:
                self._n_done = before + progress.done
                advance(progress.done, progress.total)
                if stream is not None:
                    stream.advance()

            if predictor is not None:
                classify(store, source.id, predictor, where=where, on_progress=on_progress)
            if stream is not None:
                stream.advance()

    def _write(
        self, store: Store, target: Path, rows: Iterator[Row], sources: Sequence[SourceRow], bundle: Bundle
    ) -> None:
        columns = [*source_columns(store, *sources), *([EXPLANATION] if self.explain else ())]
        facts = {
            "source": ", ".join(source.location for source in sources),
            "bundle": bundle.id,
            "written": time.strftime("%Y-%m-%d %H:%M"),
            **WHOSE,
        }
        if self.min_confidence > 0:
            facts["labels below a confidence of"] = f"{self.min_confidence:g} are left out"
        if self.part is not None:
            facts["part"] = f"{self.part[0]} of {self.part[1]}"
        with console.progress(f"writing {target.name}") as advance:
            if self.tool is not None:
                overwrite = self.resume or self.restart
                write_for_tool(self.tool, console.watched(rows, advance), target, overwrite=overwrite)
                return
            write(
                console.watched(rows, advance),
                target,
                bundle.labels,
                overwrite=self.resume or self.restart,
                summary=Summary(facts, Counts()),
                source_columns=columns,
                thumbnails=self.thumbnails,
            )


def _all_rows(
    store: Store, sources: Sequence[SourceRow], bundle: Bundle, where: Where | None
) -> Iterator[Row]:
    for source in sources:
        yield from store.rows(source.id, bundle.id, where)
