"""`mmsa classify`: sources in, tables of labelled posts out."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.errors import ExitCode, UsageError
from mmsa_tui.records import UNSURE
from mmsa_tui.text.display import safe_line

if TYPE_CHECKING:
    from mmsa_tui.services.batch import Outcome
    from mmsa_tui.services.cluster import ClusterRequest

_N_REASONS = 5


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example("mmsa classify tweets.csv -o labelled.csv -o labelled.xlsx"))(
        options.takes_groups(classify)
    )


def classify(
    sources: Annotated[
        list[Path], options.path_argument("SOURCE", "Folders or files of posts.")
    ],
    output: Annotated[
        list[str],
        typer.Option(
            "--output", "-o", metavar="FILE",
            help="FILE.csv, .xlsx, .jsonl or .parquet; may be repeated. - streams jsonl to stdout.",
        ),
    ],
    bundle: options.BundleOption = None,
    device: options.DeviceOption = None,
    batch_size: options.BatchSizeOption = None,
    threads: options.ThreadsOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an existing FILE; what is done already stays.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Replace an existing FILE and classify every post again.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a row failed.")] = False,
    min_confidence: Annotated[
        float,
        typer.Option(
            "--min-confidence", metavar="P", min=0.0, max=1.0,
            help="Label a post `unsure` where the model is less sure than P (0 to 1).",
        ),
    ] = 0.0,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add a column with what decided: words, part of the picture.")
    ] = False,
    ocr: options.OcrOption = False,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Put a small picture into each row of a workbook.")
    ] = False,
    chart_by: Annotated[
        str,
        options.option(
            "--chart-by", "COLUMN|hashtag|author|…", "Draw the shares of each group in a workbook's Summary."
        ),
    ] = "",
    annotate: Annotated[
        str | None,
        options.option(
            "--for", "label-studio|doccano|4cat",
            "Write FILE for this annotation tool, with the labels to start from.",
        ),
    ] = None,
    shard: Annotated[
        str | None,
        options.option("--shard", "i/N", "Classify only part i of N, say on N computers; see `mmsa merge`."),
    ] = None,
    engine: Annotated[
        str,
        options.option("--engine", "local|ray", "ray: many machines; -o is then a folder."),
    ] = "local",
    address: Annotated[
        str, options.option("--address", "HOST:PORT", "A Ray cluster; without it this machine.")
    ] = "",
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=0, help="For --engine ray; 0 means one per core.")
    ] = 0,
    how: options.HowToRead = options.AS_FOUND,
) -> None:  # fmt: skip
    """Label every post of the sources and write them to a table.

    Every post gets one row; one that cannot be classified gets status "failed" and the reason. Work
    that is done is kept: after an interruption the same command with --resume goes on.
    """
    from mmsa_tui.services.batch import Request, run_batch

    if resume and restart:
        raise UsageError("--resume and --restart exclude each other", "Give one of the two.")
    if engine not in ("local", "ray"):
        raise UsageError(f"there is no engine {engine!r}", "Use local or ray.")
    if engine == "ray":
        from mmsa_tui.services.cluster import ClusterRequest

        if (
            explain
            or ocr
            or thumbnails
            or chart_by
            or annotate
            or shard
            or strict
            or len(sources) != 1
            or len(output) != 1
        ):
            raise UsageError(
                "--engine ray takes one source and one -o DIR, and no --explain, --ocr, --thumbnails, "
                "--chart-by, --for, --shard or --strict",
                "Merge what it writes with `mmsa merge DIR -o FILE`.",
            )
        if device not in (None, "auto", "cpu"):
            raise UsageError("--engine ray runs on CPUs", "Leave --device out.")
        _classify_on_cluster(
            ClusterRequest(
                sources[0],
                Path(output[0]),
                options.configure(bundle, "cpu", batch_size, threads),
                address=address,
                workers=workers,
                format=how.format,
                read_options=how.options(),
                resume=resume,
                restart=restart,
                min_confidence=min_confidence,
            )
        )
        return
    if address or workers:
        raise UsageError("--address and --workers are for --engine ray", "Add --engine ray.")
    if thumbnails and not any(name.lower().endswith(".xlsx") for name in output):
        raise UsageError("--thumbnails is for workbooks", "Give -o FILE.xlsx.")
    if chart_by and (len(sources) != 1 or not any(name.lower().endswith(".xlsx") for name in output)):
        raise UsageError("--chart-by is for the workbook of one source", "Name one source and -o FILE.xlsx.")
    if chart_by and (min_confidence or shard):
        raise UsageError(
            "--chart-by draws the labels of a whole source, and not with --min-confidence or --shard",
            f"Leave one out; `mmsa chart {sources[0]} --by {chart_by} -o FILE.png` draws them apart.",
        )
    request = Request(
        sources=sources,
        outputs=output,
        config=options.configure(bundle, device, batch_size, threads),
        format=how.format,
        read_options=how.options(),
        part=options.parse_shard(shard),
        resume=resume,
        restart=restart,
        min_confidence=min_confidence,
        explain=explain,
        ocr=ocr,
        thumbnails=thumbnails,
        tool=annotate,
        chart_by=chart_by,
    )
    started = time.monotonic()
    outcome = run_batch(request, sys.stdout, console.progress)
    console.talk("\n".join(_describe(outcome, min_confidence, time.monotonic() - started)))
    if strict and outcome.counts.n_failed:
        raise typer.Exit(ExitCode.FAILED_ROWS)


def _classify_on_cluster(request: ClusterRequest) -> None:
    from mmsa_tui.services.cluster import classify_on_cluster

    started = time.monotonic()
    outcome = classify_on_cluster(request, console.progress)
    seconds = time.monotonic() - started
    console.talk(f"{outcome.n_rows:,} posts in {outcome.n_parts:,} parts, bundle {outcome.bundle}")
    if outcome.n_known_parts:
        console.talk(f"{outcome.n_known_parts:,} parts were there from an earlier run")
    if outcome.n_done_rows:
        rate = outcome.n_done_rows / seconds
        console.talk(f"{outcome.n_done_rows:,} classified in {seconds:,.1f} s, {rate:,.0f} a second")
    console.talk(f"wrote {outcome.folder}; `mmsa merge {outcome.folder} -o FILE` makes one table")


def _describe(outcome: Outcome, min_confidence: float, seconds: float) -> Iterator[str]:
    """Tell what a run came to."""
    from mmsa_tui.export import describe_sheets

    device = f", on {outcome.device}" if outcome.device else ""
    yield f"{outcome.counts.n_posts:,} posts, bundle {outcome.bundle}{device}"
    yield ""
    yield _label_table(outcome)
    notes = list(_notes(outcome, min_confidence))
    if notes:
        yield from ("", *notes)
    n_done, known = outcome.n_done, outcome.counts.n_posts - outcome.n_done
    rate = f", {n_done / seconds:,.0f} a second" if n_done and seconds > 0 else ""
    rest = ""
    if n_done and known > 0:
        rest = f"; the other {known:,} were known, repeated or failed"
    elif not n_done and outcome.counts.n_posts > outcome.counts.n_failed:
        rest = "; all were known from an earlier run"
    yield ""
    yield f"{n_done:,} classified in {seconds:,.1f} s{rate}{rest}"
    for file in outcome.files:
        yield f"wrote {file}"
        yield from filter(None, [describe_sheets(file, outcome.counts.n_posts)])


def _label_table(outcome: Outcome) -> str:
    from mmsa_tui.analysis import with_rest

    counts = with_rest(outcome.labels, outcome.counts.labels, "no label")
    total = outcome.counts.n_posts or 1
    rows = [(name, f"{n:,}", f"{100 * n / total:.1f} %") for name, n in counts]
    title = outcome.counts.labels_title.replace("_", " ")
    return console.table([(title, "posts", "share"), *rows], right=(1, 2), indent="  ")


def _were(n: int) -> str:
    return f"{n:,} {'was' if n == 1 else 'were'}"


def _notes(outcome: Outcome, min_confidence: float) -> Iterator[str]:
    from mmsa_tui.analysis import describe_unvalidated

    if outcome.counts.n_failed:
        n = outcome.counts.n_failed
        yield f"{n:,} failed and {'has' if n == 1 else 'have'} no label:"
        yield from _reasons(outcome.failures)
    for status, words in (("text_only", "text"), ("image_only", "picture")):
        if n := outcome.counts.statuses[status]:
            yield f"{_were(n)} judged by {'its' if n == 1 else 'their'} {words} alone"
    if n := outcome.n_with_words:
        yield f"{_were(n)} judged by the words in {'its picture' if n == 1 else 'their pictures'}, too"
    yield from filter(None, [describe_unvalidated(outcome.counts.unvalidated)])
    if outcome.losses:
        n = outcome.losses.total()
        yield f"{_were(n)} judged without something {'it names' if n == 1 else 'they name'}:"
        yield from _reasons(outcome.losses)
    yield from (f"note: {note}" for note in outcome.notes)
    if outcome.n_withheld:
        n_given = outcome.n_withheld - outcome.counts.labels[UNSURE]
        given = f"; {n_given:,} of these have an analyst's label" if n_given else ""
        yield f"{outcome.n_withheld:,} are unsure: confidence below {min_confidence:g}{given}"


def _reasons(reasons: Counter[str]) -> Iterator[str]:
    shown = reasons.most_common(_N_REASONS)
    for reason, number in shown:
        yield f"  {number:,} × {safe_line(reason, 200)}"
    rest = reasons.total() - sum(number for _, number in shown)
    if rest:
        yield f"  {rest:,} × something else; the column `error` says what"
