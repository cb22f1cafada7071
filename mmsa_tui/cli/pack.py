"""`mmsa pack` and `mmsa merge`: a source to few large files, and shards of a source to one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.errors import UsageError


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example("mmsa pack tweets.csv -o packed"))(options.takes_groups(pack))
    app.command(epilog=options.example("mmsa merge part-1.parquet part-2.parquet -o labelled.csv"))(merge)


def pack(
    source: options.SourceArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write.")],
    posts_per_part: Annotated[
        int,
        typer.Option("--posts-per-part", metavar="N", min=1, max=100_000, help="The most posts in one file."),
    ] = 512,
    restart: Annotated[bool, typer.Option("--restart", help="Replace a pack that is there.")] = False,
    how: options.HowToRead = options.AS_FOUND,
) -> None:
    """Write the posts of a source with the bytes of their pictures into few Parquet files.

    The folder can be read like any other source; `classify --engine ray` divides it among machines.
    """
    from mmsa_tui.services.pack import pack as run

    packed = run(
        source,
        output,
        format=how.format,
        options=how.options(),
        posts_per_part=posts_per_part,
        restart=restart,
        bar=console.progress,
    )
    failed = f" ({packed.n_failed:,} are no posts; they keep their rows)" if packed.n_failed else ""
    missing = f" ({packed.n_missing:,} cannot be read)" if packed.n_missing else ""
    console.talk(f"{packed.n_posts:,} posts{failed} with {packed.n_pictures:,} pictures{missing}")
    console.talk(f"wrote {packed.folder}: {len(packed.parts):,} parts, {packed.n_bytes / 1e6:,.1f} MB")


def merge(
    files: Annotated[
        list[Path],
        options.path_argument("FILE", "Parquet files of all shards, or folders of them."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="FILE.csv, .xlsx, .jsonl or .parquet."),
    ] = None,
    store: Annotated[
        bool, typer.Option("--store", help="Keep what the shards say in the store of this machine.")
    ] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Replace an existing FILE.")] = False,
) -> None:
    """Join what `classify` wrote with --shard i/N or --engine ray: into one table, into the store, or both.

    Every shard must be there once, made from the same posts with the same model. In the store the posts
    are then as if they had been classified here: `mmsa merge labels --store`, then `mmsa browse SOURCE`.
    """
    from mmsa_tui.export import describe_sheets
    from mmsa_tui.services import merge as service

    if output is None and not store:
        raise UsageError(
            "it is not said where the posts should go",
            "Give -o FILE for a table, --store for the store, or both.",
        )
    shards = service.find_shards(files)
    if output is not None:
        merged = service.merge(shards, output, overwrite=restart, bar=console.progress)
        console.talk(f"{merged.n_rows:,} posts of {merged.n_shards:,} shards, bundle {merged.bundle}")
        console.talk(f"wrote {merged.target}")
        if split := describe_sheets(merged.target, merged.n_rows):
            console.talk(split)
    if store:
        kept = service.merge_into_store(shards, options.configure().paths, bar=console.progress)
        console.talk(
            f"{kept.labels.total():,} posts of {kept.n_shards:,} shards, bundle {kept.bundle}, "
            f"are now classified in {kept.target}"
        )
