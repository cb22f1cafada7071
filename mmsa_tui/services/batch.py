"""Service: sources in, files of labelled posts out; everything that could stop it is found out before."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

from mmsa_tui.analysis import Counts
from mmsa_tui.analysis.population import check_groups
from mmsa_tui.config import Config
from mmsa_tui.errors import Interrupted, OutputError
from mmsa_tui.export import stream_jsonl
from mmsa_tui.records import UNSURE
from mmsa_tui.services.classify import Progress
from mmsa_tui.services.export import check_file, write_rows
from mmsa_tui.services.row_changes import (
    EXPLANATION,
    JUDGEMENT,
    Change,
    apply,
    explain_rows,
    keep_judgement,
    shard_condition,
    withhold_label,
)
from mmsa_tui.services.shards import Shard, digest_of_sources
from mmsa_tui.services.work import Bar, Work, begin, no_bar, watched
from mmsa_tui.sources import ReadOptions
from mmsa_tui.store import Row, Where

STDOUT = "-"
"""The output that stands for a stream."""

_CHUNK = 64
"""Rows looked up at once; about two batches."""
_MAX_REASONS = 1000
"""Distinct reasons that are counted apart; a source may bring a new one with every post."""
_OTHER = "other reasons"
# Without the names, the reasons of different posts are the same.
_FILE_NAME = re.compile(r"\S+\.(jpe?g|png|gif|webp|bmp|tiff?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """What is to be done with sources.

    `outputs` are names of files, or `STDOUT`. `part` is (i, N): only part i of N, from 1, by content.
    `resume` completes existing files, `restart` replaces them and judges every post again. Labels of
    which the model is less sure than `min_confidence` become `UNSURE`. `ocr` reads the words in pictures
    first. `tool` is the annotation tool that files are for, `chart_by` a group whose shares workbooks draw.
    """

    sources: Sequence[Path]
    outputs: Sequence[str]
    config: Config
    format: str | None = None
    read_options: ReadOptions = field(default_factory=ReadOptions)
    part: tuple[int, int] | None = None
    resume: bool = False
    restart: bool = False
    min_confidence: float = 0.0
    explain: bool = False
    ocr: bool = False
    thumbnails: bool = False
    tool: str | None = None
    chart_by: str = ""

    @property
    def may_overwrite(self) -> bool:
        return self.resume or self.restart


@dataclass
class Outcome:
    """What a batch came to: what its rows add up to, and why some failed or were judged by a part.

    `n_done` posts were classified in this run, on `device`; "" if the model was not needed. `notes` say
    what is to be known of it, see `Work.notes`. `n_with_words` were judged by words in their pictures, too.
    """

    labels: tuple[str, ...]
    bundle: str
    device: str = ""
    n_done: int = 0
    counts: Counts = field(default_factory=Counts)
    failures: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    n_withheld: int = 0
    n_with_words: int = 0
    files: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Take in rows on their way out."""
        for row in rows:
            self.count(row)
            yield row

    def count(self, row: Row) -> None:
        """Take in a row that goes out."""
        prediction = row.prediction
        self.counts.add(row)
        if row.failure is not None:
            _count(self.failures, row.failure.reason)
        elif prediction is not None:
            if prediction.status == "failed":
                _count(self.failures, _FILE_NAME.sub("…", prediction.error))
            else:
                self.n_withheld += prediction.label == UNSURE
                self.n_with_words += row.post is not None and row.post.judged_text != row.post.text
                if prediction.error:
                    _count(self.losses, _FILE_NAME.sub("…", prediction.error))


def _count(reasons: Counter[str], reason: str) -> None:
    if reason not in reasons and len(reasons) >= _MAX_REASONS:
        reason = _OTHER
    reasons[reason] += 1


def run_batch(request: Request, stream: TextIO, bar: Bar = no_bar) -> Outcome:
    """Read, classify and write.

    Args:
        stream: where rows go for the output `STDOUT`, as json lines.

    Raises:
        UsageError: the source cannot be grouped as the chart wants.
        MmsaError: it cannot begin, or cannot go on; what was classified is kept.
    """
    targets = check_outputs(request)
    with begin(
        request.config, request.sources, format=request.format, options=request.read_options, bar=bar,
        are_kept=request.resume,
    ) as work:  # fmt: skip
        if request.chart_by:
            # Before hours of work go into it.
            check_groups(work.store, work.sources[0], work.bundle.id, request.chart_by)
        counts = Counts(validated=work.bundle.validated_languages)
        outcome = Outcome(work.bundle.labels, work.bundle.id, counts=counts)
        try:
            _classify(work, request, stream if None in targets else None, outcome)
            _write(work, request, [target for target in targets if target is not None], outcome)
        except KeyboardInterrupt:
            raise Interrupted(
                f"stopped; {outcome.n_done:,} posts of this run are classified and kept",
                "Run the same command with --resume to go on from there.",
            ) from None
        outcome.device, outcome.notes = work.device_name, work.notes
        return outcome


def check_outputs(request: Request) -> list[Path | None]:
    """Refuse what cannot be written; None stands for the stream.

    Raises:
        OutputError: one exists and is to be kept, or cannot be written.
    """
    targets: list[Path | None] = []
    for name in dict.fromkeys(request.outputs):
        if name == STDOUT and request.tool is None:
            targets.append(None)
            continue
        target = Path(name).expanduser()
        if target.is_file() and not request.may_overwrite:
            raise OutputError(
                f"{target} exists",
                "--resume completes it, --restart classifies everything again; or choose another name.",
            )
        check_file(target, request.tool, overwrite=request.may_overwrite)
        targets.append(target)
    return targets


def _classify(work: Work, request: Request, stream: TextIO | None, outcome: Outcome) -> None:
    """Classify what is not classified yet; rows are streamed as they are ready."""
    where = _where(request)
    if request.restart:
        for source in work.sources:
            work.store.forget_predictions(source.id, work.bundle.id)
    changes = _changes(work, request)
    for source in work.sources:
        if request.ocr:
            work.read_pictures(source, where)
        before = outcome.n_done
        rows = None
        if stream is not None:
            rows = _OrderedStream(work, source.id, where, changes, stream, outcome.count)

        def on_progress(progress: Progress, before: int = before, rows: _OrderedStream | None = rows) -> None:
            outcome.n_done = before + progress.done
            if rows is not None:
                rows.advance()

        work.classify(source, where, on_progress=on_progress)
        if rows is not None:
            rows.advance()


def _write(work: Work, request: Request, targets: Sequence[Path], outcome: Outcome) -> None:
    facts = {}
    if request.min_confidence > 0:
        facts["labels below a confidence of"] = f"{request.min_confidence:g} are given as {UNSURE}"
    if request.part is not None:
        facts["part"] = f"{request.part[0]} of {request.part[1]}"
    about = _shard(work, request).to_json() if request.part is not None else ""
    # One pass is counted, whichever comes first.
    is_counted = outcome.counts.n_posts > 0
    for target in targets:
        changes, further = _changes(work, request), [EXPLANATION] if request.explain else []
        if about and target.suffix.lower() == ".parquet":
            # Before anything is left out of the prediction.
            changes, further = [partial(map, keep_judgement), *changes], [*further, JUDGEMENT]
        rows = apply(_all_rows(work, _where(request)), changes)
        with work.bar(f"writing {target.name}") as advance:
            write_rows(
                work.store,
                work.sources,
                watched(rows if is_counted else outcome.watch(rows), advance),
                work.bundle,
                request.config.paths,
                target,
                tool=request.tool,
                overwrite=request.may_overwrite,
                where=_where(request),
                facts=facts,
                further_columns=further,
                thumbnails=request.thumbnails,
                about=about,
                chart_by=request.chart_by,
            )
        is_counted = True
        outcome.files.append(target)


def _shard(work: Work, request: Request) -> Shard:
    assert request.part is not None
    number, of = request.part
    digest, n_rows = digest_of_sources(work.store, work.sources, work.bundle.id)
    settings = {"min_confidence": request.min_confidence, "explain": request.explain}
    return Shard.made_by(work.bundle, "hash", number, of, digest, n_rows, settings)


def _all_rows(work: Work, where: Where | None) -> Iterator[Row]:
    for source in work.sources:
        yield from work.store.rows(source.id, work.bundle.id, where)


def _where(request: Request) -> Where | None:
    return shard_condition(*request.part) if request.part else None


def _changes(work: Work, request: Request) -> list[Change]:
    changes: list[Change] = []
    if request.explain:
        explain_all = work.predictor.explain_all
        changes.append(lambda rows: explain_rows(rows, explain_all))
    if request.min_confidence > 0:
        changes.append(lambda rows: (withhold_label(row, request.min_confidence) for row in rows))
    return changes


class _OrderedStream:
    """Rows of one source as json lines in its order, each as soon as all before it are known.

    Args:
        changes: what is done to every row on its way out.
        on_row: told each row that was written.
    """

    def __init__(
        self,
        work: Work,
        source_id: int,
        where: Where | None,
        changes: Sequence[Change],
        file: TextIO,
        on_row: Callable[[Row], None],
    ) -> None:
        self._store, self._bundle = work.store, work.bundle
        self._source_id = source_id
        self._changes = changes
        self._file = file
        self._on_row = on_row
        self._pending = work.store.ordinals(source_id, work.bundle.id, where)
        self._next = 0

    def advance(self) -> None:
        """Write the rows that have become ready.

        Raises:
            Interrupted: nobody reads any more.
        """
        while self._next < len(self._pending):
            wanted = self._pending[self._next : self._next + _CHUNK]
            found = self._store.rows_at(self._source_id, self._bundle.id, wanted)
            ready = list(itertools.takewhile(lambda row: _is_done(row, self._bundle.model), found))
            try:
                stream_jsonl(self._told(apply(ready, self._changes)), self._file, self._bundle.labels)
            except BrokenPipeError:
                # As other tools do: `| head` is no news to the one who typed it.
                raise Interrupted("") from None
            self._next += len(ready)
            if len(ready) < len(wanted):
                return

    def _told(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            yield row
            self._on_row(row)


def _is_done(row: Row, model: str) -> bool:
    """Whether a row is as it will be: no post, or judged by this model and no other of its bundle's id."""
    return row.failure is not None or (row.prediction is not None and row.prediction.model == model)
