"""`mmsa classify`: sources in, tables of labelled posts out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmsa_tui.cli import options
from mmsa_tui.errors import ExitCode, UsageError


def register(app: typer.Typer) -> None:
    app.command()(classify)


def classify(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE", help="Folders or files of posts.", readable=False)
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
        bool, typer.Option("--resume", help="Complete an existing FILE with what is done already.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Replace an existing FILE and classify every post again.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a row failed.")] = False,
    min_confidence: Annotated[
        float,
        typer.Option(
            "--min-confidence", metavar="P", min=0.0, max=1.0,
            help="Leave the label empty where the model is less sure than P (0 to 1).",
        ),
    ] = 0.0,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add a column with the words and the place that decided.")
    ] = False,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Put a small picture into each row of a workbook.")
    ] = False,
    annotate: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="label-studio|doccano|4cat",
            help="Write FILE for this annotation tool, with the labels to start from.",
        ),
    ] = None,
    shard: Annotated[
        str | None, typer.Option("--shard", metavar="i/N", help="Do only part i of N, by content.")
    ] = None,
    format: options.FormatOption = None,
    map: options.MapOption = None,
    encoding: options.EncodingOption = None,
) -> None:  # fmt: skip
    """Label every post of the sources and write them to a table.

    Every post gets one row; one that cannot be classified gets status "failed" and the reason. Work
    that is done is kept: after an interruption the same command with --resume goes on.
    """
    from mmsa_tui.cli.batch_run import BatchRun

    if resume and restart:
        raise UsageError("--resume and --restart exclude each other", "Give one of the two.")
    if thumbnails and not any(name.lower().endswith(".xlsx") for name in output):
        raise UsageError("--thumbnails is for workbooks", "Give -o FILE.xlsx.")
    run = BatchRun(
        sources=sources,
        outputs=output,
        config=options.configure(bundle, device, batch_size, threads),
        format=format,
        read_options=options.read_options(map, encoding),
        part=options.parse_shard(shard),
        resume=resume,
        restart=restart,
        min_confidence=min_confidence,
        explain=explain,
        thumbnails=thumbnails,
        tool=annotate,
    )
    tally = run.run()
    if strict and tally.n_failed:
        raise typer.Exit(ExitCode.FAILED_ROWS)
