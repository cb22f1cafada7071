"""`mmsa report`: a classified source as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmsa_tui.cli import console, options


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example("mmsa report tweets.csv -o report.html"))(report)


def report(
    source: options.SourceArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.html", help="The page to write.")],
    bundle: options.BundleOption = None,
    filter: options.FilterOption = "",
    by: Annotated[
        list[str] | None,
        options.option(
            "--by", "COLUMN|week|hashtag|…", "Shares of each group as well, with intervals; repeatable."
        ),
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        options.option("--compare", "A B", "Say what changed between two groups of the first --by."),
    ] = None,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="For publication: leaves out all pictures, authors and ids; masks handles and links.",
        ),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")] = False,
) -> None:
    """Write charts and tables of a classified source as one HTML page.

    Shows label shares, change over time, hashtags and authors, clear and doubtful posts, text against
    picture, corrections, and scores where the source carries people's labels.
    """
    from mmsa_tui.bundle.registry import find_bundle
    from mmsa_tui.services.bundles import learned_since
    from mmsa_tui.services.ingest import read_before
    from mmsa_tui.services.report import check_report_target, write_report
    from mmsa_tui.services.uncorrected import say_by_others
    from mmsa_tui.store import Store

    config = options.configure(bundle)
    target = options.free_target(output, overwrite)
    check_report_target(target, overwrite=overwrite)
    chosen = find_bundle(config.paths, config.bundle)
    with Store.open(config.paths.database) as store:
        row = read_before(store, source, chosen, console.note)
        done = write_report(
            store, row, chosen, target, filter_text=filter, by=by or (), comparing=compare,
            redacted=redact, overwrite=overwrite,
            learned=learned_since(store, row, config.paths, chosen),
        )  # fmt: skip
        by_others = say_by_others(store, row, chosen.id)
    if by_others:
        console.note(by_others)
    if done.n_unclassified:
        left = f"{done.n_unclassified:,} posts are not classified yet"
        console.talk(f"note: {left}; `mmsa classify {source} -o FILE.csv` does it")
    if redact:
        console.talk("note: names written out as words stay; read the page before you publish it")
    console.talk(f"wrote {target}")
