"""`mmsa corrections`: what analysts decided, between laptops, and how far they agree."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.errors import ExitCode, UsageError
from mmsa_tui.text.display import counted

if TYPE_CHECKING:
    from mmsa_tui.corrections import Intake, Reading, Rejection
    from mmsa_tui.services.agreement import Compared

FilesArgument = Annotated[
    list[Path],
    # The parser's own check of readability would take the place of our message and its hint.
    options.path_argument("FILE...", "What `export` wrote, another laptop's database, or labels."),
]
KeepUnknownOption = Annotated[
    bool, typer.Option("--keep-unknown", help="Take corrections of posts that no source here holds, too.")
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
    str | None,
    options.option("--analyst", "NAME", "Who gave the labels in a file of labels; without it, you."),
]


@dataclass(frozen=True)
class HowToTake:
    """What a user says of how corrections of files are taken in; its fields are options."""

    keep_unknown: KeepUnknownOption = False
    dry_run: DryRunOption = False
    strict: StrictOption = False
    bundle: options.BundleOption = None


_AS_IT_IS = HowToTake()
_SHOWN = 20
"""Lines of a list that is only talk; the data in full is in JSON or in a file."""


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Hand corrections over, merge them, measure agreement.", no_args_is_help=True)
    group.command(epilog=options.example("mmsa corrections export -o ana.jsonl"))(export)
    group.command("import", epilog=options.example("mmsa corrections import ana.jsonl"))(
        options.takes_groups(import_)
    )
    group.command(epilog=options.example("mmsa corrections merge ana.jsonl bob.xlsx"))(
        options.takes_groups(merge)
    )
    group.command(epilog=options.example("mmsa corrections agree"))(agree)
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
    from mmsa_tui.services.handover import describe_said, hand_over

    paths = options.configure().paths
    if output == "-":
        hand_over(paths, sys.stdout, analyst=analyst, current=current)
        return
    target = Path(output).expanduser()
    said = hand_over(paths, target, analyst=analyst, current=current, overwrite=overwrite)
    console.show(f"wrote {describe_said(said)} to {target}")


def import_(
    files: FilesArgument,
    how: HowToTake = _AS_IT_IS,
    labels_map: options.LabelsMapOption = None,
    source: SourceOption = None,
    analyst: SignOption = None,
    json: options.JsonOption = False,
) -> None:
    """Add the corrections of files to the ones here; what is known already is left out.

    FILE may also be an export of `mmsa classify` with its `corrected_label` filled in, or a file of
    labels: Label Studio, doccano, Prodigy, Argilla, a table or list of ids and labels.
    """
    from mmsa_tui.services.handover import describe_disagreement, describe_intake, intake_json

    reading = _reading(labels_map, source, analyst)
    taken = _take_in(files, how, reading)
    if json:
        console.show_json(intake_json(taken))
    else:
        console.show(describe_intake(taken, dry_run=how.dry_run))
        if taken.conflicts:
            console.talk(f"{describe_disagreement(taken)}: `merge` lists them, A in the app settles them")
    # An import that took nothing at all has not done what it was asked for.
    _finish(taken.rejections, how.strict or not (taken.n_new or taken.n_known))


def merge(
    files: FilesArgument,
    output: Annotated[Path | None, options.output("Write the conflicts here, .jsonl or .xlsx.")] = None,
    how: HowToTake = _AS_IT_IS,
    overwrite: OverwriteOption = False,
    json: options.JsonOption = False,
) -> None:
    """Bring the corrections of several laptops together and list the posts they disagree on.

    Both sides of a conflict are kept; until somebody adjudicates, the latest label counts.
    """
    from mmsa_tui.corrections import check_table_target, write_table
    from mmsa_tui.services import handover

    if output is not None:
        check_table_target(output, overwrite=overwrite)
    taken = _take_in(files, how)
    if output is not None:
        write_table(output, handover.VOTES, handover.vote_records(taken.conflicts), overwrite=overwrite)
    if json:
        console.show_json(handover.intake_json(taken))
    else:
        console.show(handover.describe_intake(taken, dry_run=how.dry_run))
        if taken.conflicts:
            console.show(counted(len(taken.conflicts), "conflict"))
            console.show(console.table(handover.conflict_rows(taken.conflicts), indent="  "))
            console.talk("A in the app settles them; until then the latest label counts")
            if shared := handover.describe_shared_names(taken.conflicts):
                console.talk(shared)
        else:
            console.show("no conflicts")
        if output is not None:
            console.talk(f"wrote {counted(len(taken.conflicts), 'conflict')} to {output}")
    _finish(taken.rejections, how.strict or not (taken.n_new or taken.n_known))


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
    from mmsa_tui.corrections import check_table_target, write_table
    from mmsa_tui.services.agreement import NothingToCompareError, compare_analysts
    from mmsa_tui.store import Store

    config = options.configure(bundle)
    if output is not None:
        check_table_target(output, overwrite=overwrite)
    labels = _labels(bundle)
    with Store.open(config.paths.database) as store:
        try:
            compared = compare_analysts(store, raters or (), labels)
        except NothingToCompareError as error:
            # Without the rejected ones there may be nothing left.
            _tell_rejected(error.rejections)
            raise
    if output is not None:
        count = write_table(output, compared.columns, compared.disagreements, overwrite=overwrite)
        console.talk(f"wrote {counted(count, 'disagreement')} to {output}")
    if json:
        console.show_json(compared.to_json())
    else:
        _show_agreement(compared)
    _finish(compared.rejections, strict=False)


def _show_agreement(compared: Compared) -> None:
    from mmsa_tui.services import agreement

    measured = compared.measured
    console.show(f"{agreement.basis(measured)}\n")
    console.show(console.table(agreement.summary(measured, exact=True), indent="  "))
    console.show()
    console.show(console.table(agreement.pair_rows(measured), right=(2, 3, 5), indent="  "))
    for pair in measured.pairs:
        rows = agreement.confusion_rows(pair, measured.labels)
        console.show(f"\nrows: {pair.first}; columns: {pair.second}")
        console.show(console.table(rows, right=range(1, len(rows)), indent="  "))
    n_all = len(compared.disagreements)
    console.show(f"\n{counted(n_all, 'disagreement')}")
    if n_all:
        console.show(console.table(agreement.disagreement_rows(compared), indent="  "))
    if n_all > agreement.SHOWN:
        console.show(f"  and {n_all - agreement.SHOWN:,} more: -o FILE writes them all")


def _take_in(files: Sequence[Path], how: HowToTake, reading: Reading | None = None) -> Intake:
    from mmsa_tui.corrections import take_in
    from mmsa_tui.store import Store

    labels = _labels(how.bundle)
    with Store.open_to_write(options.configure().paths.database) as store:
        taken = take_in(
            store, files, labels, keep_unknown=how.keep_unknown, dry_run=how.dry_run, reading=reading
        )
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
    from mmsa_tui.services.handover import describe_rejections

    for line in describe_rejections(rejections, _SHOWN):
        console.talk(f"rejected: {line}")
    if len(rejections) > _SHOWN:
        console.talk(f"and {len(rejections) - _SHOWN:,} more; --json lists them all")
