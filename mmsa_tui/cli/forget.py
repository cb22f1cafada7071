"""`mmsa forget` and `mmsa purge`: taking a source, or everything, out for good."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.config import DEFAULT_CODEBOOK, Paths
from mmsa_tui.errors import Interrupted, UsageError

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ExportOption = Annotated[
    Path | None, options.path_option("--export", "Write the corrections that go to .jsonl or .xlsx first.")
]


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example("mmsa forget tweets.csv"))(forget)
    app.command(epilog=options.example("mmsa purge --export corrections.jsonl"))(purge)


def forget(
    source: Annotated[Path, options.path_argument("SOURCE", "A source that was read here.")],
    export: ExportOption = None,
    yes: YesOption = False,
) -> None:
    """Forget a source: its posts, predictions and corrections, and every copy of them.

    The source itself is not touched. What goes and what stays is listed before.
    """
    from mmsa_tui.services import forget as service

    paths = options.configure().paths
    # Under every codebook: what is to be forgotten is the source.
    places = service.where_known(paths, source.expanduser()) or [paths]
    plans = [(place, service.plan(place, source.expanduser())) for place in places]
    _refuse_one_file(export, [place for place, _ in plans])
    lines = []
    for place, going in plans:
        lines += [f"codebook {place.codebook}:"] if place.codebook else []
        lines += going.lines()
    location = plans[0][1].location
    _confirm(f"forget {location}", lines, yes)
    for place, going in plans:
        service.forget(place, going, export and export.expanduser())
    console.show(f"forgotten: {location}")


def purge(export: ExportOption = None, yes: YesOption = False) -> None:
    """Remove everything that mmsa has read, been told and kept; settings and bundles stay.

    What goes and what stays is listed before.
    """
    from mmsa_tui.services import forget as service

    paths = options.configure().paths
    _refuse_one_file(export, [place for place in service.homes(paths) if place.database.is_file()])
    _confirm("remove all of this", service.purge_lines(paths), yes)
    service.purge(paths, export and export.expanduser())
    console.show("everything is gone")


def _refuse_one_file(export: Path | None, places: Sequence[Paths]) -> None:
    """Refuse to write the corrections of several codebooks to one file."""
    if export is not None and len(places) > 1:
        named = ", ".join(place.codebook or DEFAULT_CODEBOOK for place in places)
        raise UsageError(
            f"there are labels under several codebooks ({named}), and one file takes those of one",
            "Write them with `mmsa --codebook NAME corrections export -o FILE`, then leave --export out.",
        )


def _confirm(what: str, lines: Sequence[str], yes: bool) -> None:
    for line in lines:
        console.talk(line)
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"nobody is there to confirm: {what}", "Add --yes.")
    if not typer.confirm(f"{what}?", default=False, err=True):
        raise Interrupted("nothing was changed")
