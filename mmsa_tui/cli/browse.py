"""`mmsa browse` and `mmsa` alone: open the app."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmsa_tui import __version__
from mmsa_tui.cli import console, options
from mmsa_tui.errors import UsageError

if TYPE_CHECKING:
    from mmsa_tui.sources import ReadOptions


def register(app: typer.Typer) -> None:
    app.callback(invoke_without_command=True)(mmsa)
    app.command(epilog=options.example("mmsa browse tweets.csv"))(options.takes_groups(browse))


def mmsa(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    codebook: Annotated[
        str | None,
        options.option("--codebook", "NAME", "Work with this codebook; else the one `codebook use` chose."),
    ] = None,
) -> None:
    """Find out what a mass of tweets feels, from words and pictures together.

    Without a command the app opens on the last source. Exit codes: 0 done; 1 failed rows under
    --strict, or a refused gate; 2 usage, settings, source or output; 3 bundle or device; 4 store;
    5 training; 130 interrupted.
    """
    options.choose_codebook(codebook)
    if version:
        console.show(f"mmsa {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        open_app(None, None)


def browse(
    source: Annotated[
        Path | None,
        options.path_argument("[SOURCE]", "A folder or file of posts; without it, the last one opened."),
    ] = None,
    bundle: options.BundleOption = None,
    device: options.DeviceOption = None,
    how: options.HowToRead = options.AS_FOUND,
) -> None:
    """Open the app to read, classify and correct posts.

    --format, --map, --encoding and the like say how to read SOURCE, which is then read again.
    """
    if not how.says_anything:
        open_app(source, bundle, device)
        return
    if source is None:
        raise UsageError(
            "--format, --map, --encoding and the like need a SOURCE", "Name the file or folder to read."
        )
    read_options = how.options()
    open_app(source, bundle, device, lambda: _read_in(source, how.format, read_options))


def _read_in(source: Path, format: str | None, read_options: ReadOptions) -> None:
    """Read the source as it is meant to be, before the app finds it in the database."""
    from mmsa_tui.services.ingest import read_in
    from mmsa_tui.store import Store

    with (
        Store.open_to_write(options.configure().paths.database) as store,
        console.progress(f"reading {source.name}") as advance,
    ):
        read_in(
            store, source,
            format=format, options=read_options, on_count=lambda count: advance(count, None),
        )  # fmt: skip


def open_app(
    source: Path | None,
    bundle: str | None,
    device: str | None = None,
    prepare: Callable[[], None] | None = None,
) -> None:
    """Run the app until the user leaves it.

    Args:
        prepare: what is to be done before, once it is clear that the app can be shown.

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
        from mmsa_tui.disk.safety import check_source

        check_source(source.expanduser())
    if prepare is not None:
        prepare()
    from mmsa_tui.processes import end_with_terminal
    from mmsa_tui.tui.app import run

    end_with_terminal()
    run(None if source is None else str(source.expanduser()), config)
