"""`mmsa forget` and `mmsa purge`: taking a source, or everything, out for good."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.errors import Interrupted, UsageError

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ExportOption = Annotated[
    Path | None,
    typer.Option(
        "--export",
        metavar="FILE",
        help="Write the corrections that go to .jsonl or .xlsx first.",
        readable=False,
    ),
]


def register(app: typer.Typer) -> None:
    app.command()(forget)
    app.command()(purge)


def forget(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A source that was read here.", readable=False)
    ],
    export: ExportOption = None,
    yes: YesOption = False,
) -> None:
    """Forget a source: its posts, predictions and corrections, and every copy of them.

    The source itself is not touched. What goes and what stays is listed before.
    """
    from mmsa_tui.services import forget as service

    paths = options.configure().paths
    going = service.plan(paths, source.expanduser())
    _confirm(f"forget {going.location}", going.lines(), yes)
    service.forget(paths, going, export and export.expanduser())
    console.show(f"forgotten: {going.location}")


def purge(export: ExportOption = None, yes: YesOption = False) -> None:
    """Remove everything that mmsa has read, been told and kept; settings and bundles stay.

    What goes and what stays is listed before.
    """
    from mmsa_tui.services import forget as service

    paths = options.configure().paths
    _confirm("remove all of this", service.purge_lines(paths), yes)
    service.purge(paths, export and export.expanduser())
    console.show("everything is gone")


def _confirm(what: str, lines: Sequence[str], yes: bool) -> None:
    for line in lines:
        console.talk(line)
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"nobody is there to confirm: {what}", "Add --yes.")
    if not typer.confirm(f"{what}?", default=False, err=True):
        raise Interrupted("nothing was changed")
