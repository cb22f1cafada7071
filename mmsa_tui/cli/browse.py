"""`mmsa browse` and `mmsa` alone: open the app."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmsa_tui import __version__
from mmsa_tui.cli import console, options


def register(app: typer.Typer) -> None:
    app.callback(invoke_without_command=True)(mmsa)
    app.command()(browse)


def mmsa(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Find out what a mass of tweets feels, from words and pictures together.

    Without a command the app opens on the last source. Exit codes: 0 done; 1 failed rows under
    --strict, or a refused gate; 2 usage, settings, source or output; 3 bundle or device; 4 store;
    5 training; 130 interrupted.
    """
    if version:
        console.show(f"mmsa {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        open_app(None, None)


def browse(
    source: Annotated[
        Path | None, typer.Argument(metavar="[SOURCE]", help="A folder or file of posts; else the last one.")
    ] = None,
    bundle: options.BundleOption = None,
    device: options.DeviceOption = None,
) -> None:
    """Open the app to read, classify and correct posts."""
    open_app(source, bundle, device)


def open_app(source: Path | None, bundle: str | None, device: str | None = None) -> None:
    """Run the app until the user leaves it.

    Raises:
        SourceError: the source is not there.
    """
    config = options.configure(bundle, device)
    if source is not None:
        # The app would find out too, but behind a screen that is gone with the message.
        from mmsa_tui.sources.safety import check_source

        check_source(source.expanduser())
    from mmsa_tui.tui.app import run

    run(None if source is None else str(source.expanduser()), config)
