"""`mmsa corrections`: what analysts decided, between laptops, and how far they agree."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsa_tui.cli import agreement_text, console, options
from mmsa_tui.errors import ExitCode, UsageError
from mmsa_tui.text.display import counted

if TYPE_CHECKING:
    from mmsa_tui.corrections import Conflict, Intake, Reading, Rejection

FilesArgument = Annotated[
    list[Path],
    # The parser's own check of readability would take the place of our message and its hint.
    options.path_argument("FILE...", "What `export` wrote, another laptop's database, or labels."),
]
KeepUnknownOption = Annotated[
    bool, typer.Option("--keep-unknown", help="Also take corrections of posts that no source here holds.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 1 if a record was rejected.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")]

SourceOption = Annotated[
    Path | None,
    options.path_option(
        "--source",
        "The source whose ids a file of labels uses; else any that was read here.",
        "SOURCE",
    ),
]
SignOption = Annotated[
    str | None, options.option("--analyst", "NAME", "Who gave the labels of a file of labels; else you.")
]

_SHOWN = 20
"""Lines of a list that is only talk; the data in full is in JSON or in a file."""


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Hand corrections over, merge them, measure agreement.", no_args_is_help=True)
    group.command()(export)
    group.command("import")(import_)
    group.command()(merge)
    group.command()(agree)
    app.add_typer(group, name="corrections")


def export(
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help='.jsonl or .xlsx; "-" is stdout.')
    ] = "-",
    analyst: Annotated[str | None, options.option("--analyst", "NAME", "Only what this analyst did.")] = None,
    current: Annotated[
        bool,
        typer.Option("--current", help="Only what counts now of each post, not the history."),
    ] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Write the corrections to a file for a colleague."""
    from mmsa_tui.codebook import read_codebook
    from mmsa_tui.corrections import export_corrections, print_corrections
    from mmsa_tui.store import Store

    paths = options.configure().paths
    codebook = read_codebook(paths) if paths.codebook else None
    with Store.open_to_read(paths.database) as store:
        made = store.current_acts() if current else store.corrections()
        chosen = (act for act in made if analyst is None or act.analyst == analyst)
        if output == "-":
            print_corrections(chosen, sys.stdout, store.bundle_labels, codebook)
            return
        target = Path(output).expanduser()
        count = export_corrections(
            chosen, target, store.bundle_labels, codebook=codebook, overwrite=overwrite
        )
    console.show(f"wrote {counted(count, 'correction')} to {target}")


def import_(
    files: FilesArgument,
    keep_unknown: KeepUnknownOption = False,
    labels_map: options.LabelsMapOption = None,
    source: SourceOption = None,
    analyst: SignOption = None,
    dry_run: DryRunOption = False,
    strict: StrictOption = False,
    bundle: options.BundleOption = None,
    json: options.JsonOption = False,
) -> None:
    """Add the corrections of files to the ones here; what is known already is left out.

    FILE may also be an export of `mmsa classify` with its `corrected_label` filled in, or a file of
    labels: Label Studio, doccano, Prodigy, Argilla, a table or list of ids and labels.
    """
    reading = _reading(labels_map, source, analyst)
    taken = _take_in(files, bundle, keep_unknown, dry_run, reading)
    if json:
        console.show_json(_intake_json(taken))
    else:
        console.show(_count_intake(taken, dry_run))
        if taken.conflicts:
            console.talk(
                f"analysts disagree on {counted(len(taken.conflicts), 'post')}:"
                " `merge` lists them, A in the app settles them"
            )
    # An import that took nothing at all has not done what it was asked for.
    _finish(taken.rejections, strict or not (taken.n_new or taken.n_known))


def merge(
    files: FilesArgument,
    output: Annotated[Path | None, options.output("Write the conflicts here, .jsonl or .xlsx.")] = None,
    keep_unknown: KeepUnknownOption = False,
    dry_run: DryRunOption = False,
    strict: StrictOption = False,
    overwrite: OverwriteOption = False,
    bundle: options.BundleOption = None,
    json: options.JsonOption = False,
) -> None:
    """Bring the corrections of several laptops together and list the posts they disagree on.

    Both sides of a conflict are kept; until somebody adjudicates, the latest label counts.
    """
    from mmsa_tui.corrections import check_table_target, write_table

    if output is not None:
        check_table_target(output, overwrite=overwrite)
    taken = _take_in(files, bundle, keep_unknown, dry_run)
    if output is not None:
        columns = (
            "post_id",
            "text",
            "analyst",
            "label",
            "created_at",
            "note",
            "file",
            "counts_now",
            "content_hash",
        )
        write_table(output, columns, _vote_records(taken.conflicts), overwrite=overwrite)
    if json:
        console.show_json(_intake_json(taken))
    else:
        console.show(_count_intake(taken, dry_run))
        console.show(_conflict_table(taken.conflicts) if taken.conflicts else "no conflicts")
        if taken.conflicts:
            console.talk("A in the app settles them; until then the latest label counts")
            _warn_of_shared_names(taken.conflicts)
        if output is not None:
            console.talk(f"wrote {counted(len(taken.conflicts), 'conflict')} to {output}")
    _finish(taken.rejections, strict or not (taken.n_new or taken.n_known))


def agree(
    raters: Annotated[
        list[str] | None,
        typer.Argument(metavar="[A B...]", help="Files or analysts to compare; else all analysts here."),
    ] = None,
    output: Annotated[Path | None, options.output("Write the disagreements here, .jsonl or .xlsx.")] = None,
    overwrite: OverwriteOption = False,
    bundle: options.BundleOption = None,
    json: options.JsonOption = False,
) -> None:
    """Measure how far analysts agree: percent, Cohen's kappa, Krippendorff's alpha.

    Brackets show 95 % bootstrap intervals over posts.
    """
    from mmsa_tui.corrections import check_table_target, collect_ratings, write_table
    from mmsa_tui.corrections.agreement import measure_agreement
    from mmsa_tui.store import Store

    config = options.configure(bundle)
    if output is not None:
        check_table_target(output, overwrite=overwrite)
    labels = _labels(bundle)
    with Store.open(config.paths.database) as store:
        ratings = collect_ratings(store, raters or [], labels)
    try:
        measured = measure_agreement(ratings.by_rater, labels)
    except ValueError as error:
        # Without the rejected ones there may be nothing left.
        _tell_rejected(ratings.rejections)
        known = ", ".join(f"{name} ({len(rated):,})" for name, rated in ratings.by_rater.items())
        raise UsageError(f"nothing to compare: {error}", f"Found: {known or 'no corrections'}.") from error
    records = list(agreement_text.disagreement_records(measured, ratings))
    if output is not None:
        columns = ("post_id", "text", *measured.raters, "content_hash")
        write_table(output, columns, records, overwrite=overwrite)
        console.talk(f"wrote {counted(len(records), 'disagreement')} to {output}")
    if json:
        console.show_json(agreement_text.as_json(measured, records))
    else:
        console.show(agreement_text.describe(measured, records))
    _finish(ratings.rejections, strict=False)


def _take_in(
    files: Sequence[Path],
    bundle: str | None,
    keep_unknown: bool,
    dry_run: bool,
    reading: Reading | None = None,
) -> Intake:
    from mmsa_tui.corrections import take_in
    from mmsa_tui.store import Store

    labels = _labels(bundle)
    with Store.open_to_write(options.configure().paths.database) as store:
        taken = take_in(store, files, labels, keep_unknown=keep_unknown, dry_run=dry_run, reading=reading)
    for note in taken.notes:
        console.talk(f"note: {note}")
    return taken


def _reading(labels_map: str | None, source: Path | None, analyst: str | None) -> Reading:
    """Say how files of labels are to be read."""
    from mmsa_tui.corrections import Reading
    from mmsa_tui.services.ingest import location_of
    from mmsa_tui.sources.label_words import parse_label_map
    from mmsa_tui.store import Store

    config = options.configure()
    source_id = None
    if source is not None:
        with Store.open(config.paths.database) as store:
            row = store.source(location_of(source))
        if row is None:
            raise UsageError(f"{source} was not read here", f"Open it first: `mmsa browse {source}`.")
        source_id = row.id
    words = parse_label_map(labels_map) if labels_map else None
    return Reading(config.analyst if analyst is None else analyst, words, source_id)


def _labels(bundle: str | None) -> tuple[str, ...]:
    """Look up the labels in use: the codebook's, else those of the bundle asked for, or the active one."""
    from mmsa_tui.bundle.registry import labels_in_use

    config = options.configure(bundle)
    return labels_in_use(config.paths, config.bundle)


def _finish(rejections: Sequence[Rejection], strict: bool) -> None:
    _tell_rejected(rejections)
    if rejections and strict:
        raise typer.Exit(ExitCode.FAILED_ROWS)


def _tell_rejected(rejections: Sequence[Rejection]) -> None:
    for rejection in rejections[:_SHOWN]:
        # A broken line's reason says itself where it stands.
        place = "" if rejection.where in rejection.reason else f"{rejection.where}: "
        console.talk(f"rejected: {place}{rejection.reason}")
    if len(rejections) > _SHOWN:
        console.talk(f"and {len(rejections) - _SHOWN:,} more; --json lists them all")


def _count_intake(taken: Intake, dry_run: bool) -> str:
    return (
        f"{counted(taken.n_read, 'correction')}: {taken.n_new:,} {'would be new' if dry_run else 'new'},"
        f" {taken.n_known:,} known already, {len(taken.rejections):,} rejected"
    )


def _warn_of_shared_names(conflicts: Sequence[Conflict]) -> None:
    """Say what only shows while files are apart: in one store a later label is a change of mind."""
    shared = [conflict for conflict in conflicts if len({vote.act.analyst for vote in conflict.votes}) == 1]
    if shared:
        names = ", ".join(dict.fromkeys(conflict.votes[0].act.analyst or "(no name)" for conflict in shared))
        console.talk(
            f"{counted(len(shared), 'conflict')} under one name ({names}): the later label counts now;"
            " if two people share it, set `analyst` on each laptop"
        )


def _conflict_table(conflicts: Sequence[Conflict]) -> str:
    rows: list[tuple[str, ...]] = [("post", "votes", "counts now", "text")]
    for conflict in conflicts:
        votes = ", ".join(
            f"{vote.act.analyst or '(no name)'}{' (adjudication)' if vote.is_adjudication else ''}:"
            f" {vote.act.new_label}"
            for vote in conflict.votes
        )
        rows.append((conflict.post_id, votes, conflict.standing_label or "withdrawn", conflict.text[:60]))
    return f"{counted(len(conflicts), 'conflict')}\n" + console.table(rows, indent="  ")


def _vote_records(conflicts: Iterable[Conflict]) -> Iterable[dict[str, object]]:
    for conflict in conflicts:
        for vote in conflict.votes:
            yield {
                "post_id": conflict.post_id,
                "text": conflict.text,
                "analyst": vote.act.analyst,
                "label": vote.act.new_label,
                "created_at": vote.act.created_at,
                "note": vote.act.note,
                "file": vote.origin,
                "counts_now": vote.act.new_label == conflict.standing_label,
                "content_hash": conflict.content_hash,
            }


def _intake_json(taken: Intake) -> dict[str, Any]:
    return {
        "n_read": taken.n_read,
        "n_new": taken.n_new,
        "n_known": taken.n_known,
        "rejected": [
            {"where": item.where, "post_id": item.post_id, "reason": item.reason} for item in taken.rejections
        ],
        "conflicts": [
            {
                "post_id": conflict.post_id,
                "content_hash": conflict.content_hash,
                "text": conflict.text,
                "counts_now": conflict.standing_label,
                "votes": [
                    {
                        "analyst": vote.act.analyst,
                        "label": vote.act.new_label,
                        "created_at": vote.act.created_at,
                        "note": vote.act.note,
                        "file": vote.origin,
                        "adjudication": vote.is_adjudication,
                    }
                    for vote in conflict.votes
                ],
            }
            for conflict in taken.conflicts
        ],
    }
