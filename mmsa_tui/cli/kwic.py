"""`mmsa kwic`: every place where words stand in the posts of a source, with the words around them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.errors import UsageError
from mmsa_tui.text.display import safe, safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mmsa_tui.analysis.concordance import Line


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example('mmsa kwic tweets.csv "climate change" -o hits.csv'))(kwic)


def kwic(
    source: options.SourceArgument,
    words: Annotated[
        str,
        typer.Argument(
            metavar="WORDS",
            help="A word, or several that follow each other; vot* for any ending; /colou?r/ for a pattern.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.csv", help="Write the lines to a table, too."),
    ] = None,
    filter: options.FilterOption = "",
    sort: Annotated[
        str,
        options.option(
            "--sort",
            "post|before|hit|after",
            "In the order of the posts, or by the words before, in or after the hit.",
        ),
    ] = "post",
    width: Annotated[
        int, typer.Option("--width", metavar="N", min=1, max=10_000, help="Characters on either side.")
    ] = 80,
    bundle: options.BundleOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")] = False,
) -> None:
    """List every hit of words in the posts, with the words around it (keyword in context).

    One line a hit, however many a post has.
    """
    from mmsa_tui.analysis.concordance import SORTS
    from mmsa_tui.bundle.registry import find_bundle
    from mmsa_tui.filters import parse
    from mmsa_tui.services.concordance import (
        check_concordance_target,
        make_concordance,
        save_concordance,
        search_for,
    )
    from mmsa_tui.services.ingest import read_before
    from mmsa_tui.services.uncorrected import say_by_others
    from mmsa_tui.store import Store

    by = next((one for one in SORTS if one == sort), None)
    if by is None:
        raise UsageError(f"--sort {sort!r} is no order of lines", f"Use one of {', '.join(SORTS)}.")
    config = options.configure(bundle)
    target = options.free_target(output, overwrite) if output is not None else None
    if target is not None:
        check_concordance_target(target, overwrite=overwrite)
    chosen = find_bundle(config.paths, config.bundle)
    with Store.open(config.paths.database) as store:
        row = read_before(store, source, chosen, console.note)
        labels = store.bundle_labels(chosen.id)
        within = parse(filter, labels, row.metadata_columns) if filter.strip() else None
        found = make_concordance(store, row, chosen.id, search_for(words), within, by, width)
        by_others = say_by_others(store, row, chosen.id)
    if target is None:
        for line in _aligned(found.lines):
            console.show(line)
    console.talk(found.summary)
    if by_others:
        console.note(by_others)
    if target is not None:
        save_concordance(found.lines, target, overwrite=overwrite)
        console.talk(f"wrote {target}")


def _aligned(lines: list[Line]) -> Iterator[str]:
    """Write the hits below each other."""
    from rich.cells import cell_len

    left = max((cell_len(safe(line.before)) for line in lines), default=0)
    ids = max((cell_len(safe_line(line.post_id)) for line in lines), default=0)
    for line in lines:
        post_id, before = safe_line(line.post_id), safe(line.before)
        gap = " " * (2 + ids - cell_len(post_id) + left - cell_len(before))
        yield f"{post_id}{gap}{before}[{safe(line.hit)}]{safe(line.after)}"
