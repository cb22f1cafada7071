"""`mmsa browse` and `mmsa` alone: open the app."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mmsa_tui import __version__
from mmsa_tui.cli import console, options
from mmsa_tui.errors import UsageError


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
        Path | None,
        typer.Argument(
            metavar="[SOURCE]", help="A folder or file of posts; else the last one.", readable=False
        ),
    ] = None,
    bundle: options.BundleOption = None,
    device: options.DeviceOption = None,
) -> None:
    """Open the app to read, classify and correct posts."""
    open_app(source, bundle, device)


def open_app(source: Path | None, bundle: str | None, device: str | None = None) -> None:
    """Run the app until the user leaves it.

    Raises:
        UsageError: there is no terminal to show it on.
        SourceError: the source is not there.
    """
    screen = sys.stdout if os.name == "nt" else sys.stderr
    if not (sys.stdin and sys.stdin.isatty() and screen.isatty()):
        raise UsageError("the app needs a terminal", "In scripts use `mmsa classify SOURCE -o FILE`.")
    config = options.configure(bundle, device)
    if source is not None:
        # The app would find out too, but behind a screen that is gone with the message.
        from mmsa_tui.sources.safety import check_source

        check_source(source.expanduser())
    from mmsa_tui.tui.app import run

    run(None if source is None else str(source.expanduser()), config)
