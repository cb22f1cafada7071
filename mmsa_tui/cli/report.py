"""`mmsa report`: a classified source as one HTML page."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.errors import OutputError, UsageError

if TYPE_CHECKING:
    from mmsa_tui.report import Table
    from mmsa_tui.store import SourceRow, Store


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    source: options.SourceArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.html", help="The page to write.")],
    bundle: options.BundleOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")] = False,
) -> None:
    """Write charts and tables of a classified source as one HTML page.

    Shows label shares, change over time, hashtags and authors, clear and doubtful posts, text against
    picture, corrections, and scores where the source carries people's labels.
    """
    from mmsa_tui.bundle.registry import find_bundle
    from mmsa_tui.disk.whole_file import check_place
    from mmsa_tui.report import write_report
    from mmsa_tui.services.ingest import location_of
    from mmsa_tui.store import Store

    config = options.configure(bundle)
    target = output.expanduser()
    if target.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{target} does not end in .html", "Choose a name that does.")
    if target.is_file() and not overwrite:
        raise OutputError(f"{target} exists", "--overwrite replaces it; or choose another name.")
    check_place(target, overwrite=overwrite)
    chosen = find_bundle(config.paths, config.bundle)
    with Store.open(config.paths.database) as store:
        row = store.source(location_of(source))
        labels = store.bundle_labels(chosen.id)
        if row is None or not labels or not _is_classified(store, row, chosen.id):
            raise UsageError(
                f"{source} has not been classified with bundle {chosen.id}",
                f"Run `mmsa classify {source} -o FILE.csv` first, or choose another --bundle.",
            )
        with console.progress(f"reading {row.title}") as advance:
            tally = write_report(
                console.watched(store.rows(row.id, chosen.id), advance),
                target,
                labels,
                title=f"{row.title}: what {row.n_posts:,} posts feel",
                facts={
                    "source": row.location,
                    "read": row.read_at[:16].replace("T", " ") + " UTC",
                    "bundle": chosen.id,
                    "written": time.strftime("%Y-%m-%d %H:%M"),
                },
                tables=_scores(store, row, chosen.id, labels),
                overwrite=overwrite,
            )
    if tally.n_unclassified:
        left = f"{tally.n_unclassified:,} posts are not classified yet"
        console.talk(f"note: {left}; `mmsa classify {source} -o FILE.csv` does it")
    console.talk(f"wrote {target}")


def _is_classified(store: Store, row: SourceRow, bundle: str) -> bool:
    return store.count_unpredicted(row.id, bundle) < max(row.n_posts, 1)


def _scores(store: Store, row: SourceRow, bundle: str, labels: tuple[str, ...]) -> list[Table]:
    """Score the bundle where the source carries people's labels."""
    from mmsa_tui.cli.evaluate import scores_table
    from mmsa_tui.report import Table
    from mmsa_tui.services.evaluate import evaluate

    try:
        outcome = evaluate(store.rows(row.id, bundle), labels)
    except UsageError:
        return []
    header, *lines = scores_table(outcome)
    note = "In brackets: 95 % bootstrap intervals."
    return [Table("Against people's labels", header, lines, note)]
