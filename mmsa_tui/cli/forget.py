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

    found = service.plan_everywhere(options.configure().paths, source.expanduser())
    if export is not None:
        found.check_export()
    _confirm(f"forget {found.location}", found.lines(), yes)
    found.carry_out(export and export.expanduser())
    console.show(f"forgotten: {found.location}")


def purge(export: ExportOption = None, yes: YesOption = False) -> None:
    """Remove everything that mmsa has read, been told and kept; settings and bundles stay.

    What goes and what stays is listed before.
    """
    from mmsa_tui.services import forget as service

    paths = options.configure().paths
    if export is not None:
        service.check_purge_export(paths)
    _confirm("remove all of this", service.purge_lines(paths), yes)
    service.purge(paths, export and export.expanduser())
    console.show("everything is gone")


def _confirm(what: str, lines: Sequence[str], yes: bool) -> None:
    for line in lines:
        console.talk(line)
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to confirm this on: {what}", "Add --yes.")
    if not typer.confirm(f"{what}?", default=False, err=True):
        raise Interrupted("nothing was changed")
