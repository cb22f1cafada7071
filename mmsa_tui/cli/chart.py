"""`mmsa chart`: the shares of a classified source as a picture, or as the figures behind one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmsa_tui.cli import console, options


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example("mmsa chart tweets.csv --by week -o weeks.png"))(chart)


def chart(
    source: options.SourceArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="A name that ends in .png, .svg or .csv.")
    ],
    by: Annotated[
        str,
        options.option("--by", "COLUMN|week|hashtag|author|…", "Draw a line or a bar for each group."),
    ] = "",
    filter: options.FilterOption = "",
    bundle: options.BundleOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")] = False,
) -> None:
    """Save the shares of labels as a chart: png, svg, or csv for another program.

    Shares are corrected by the audit of the source and carry 95 % intervals where there is one; else the
    chart says that they are labels as they stand.
    """
    from mmsa_tui.bundle.registry import find_bundle
    from mmsa_tui.services.bundles import learned_since
    from mmsa_tui.services.charts import save_chart
    from mmsa_tui.services.chosen_posts import posts_of_filter
    from mmsa_tui.services.ingest import read_before
    from mmsa_tui.store import Store

    config = options.configure(bundle)
    target = options.free_target(output, overwrite)
    chosen = find_bundle(config.paths, config.bundle)
    with Store.open(config.paths.database) as store:
        row = read_before(store, source, chosen, console.note)
        where = posts_of_filter(store, row, chosen.id, filter)
        made = save_chart(
            store, row, chosen.id, target, by=by, where=where, only=filter.strip(), overwrite=overwrite,
            learned=learned_since(store, row, config.paths, chosen),
        )  # fmt: skip
    for note in made.notes:
        console.talk(note)
    console.talk(f"wrote {target}")
