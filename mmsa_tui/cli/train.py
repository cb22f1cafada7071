"""`mmsa train`: the full staged training, in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmsa_tui.cli import options
from mmsa_tui.errors import SourceError


def register(app: typer.Typer) -> None:
    app.command()(train)


def train(
    source: options.SourceArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The run folder.")],
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="FILE", help="People's labels by post id; else the source's own."),
    ] = None,
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="NAME|FILE", help="default, reference, or a TOML file.")
    ] = "default",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Seed of everything random.")
    ] = None,
    device: options.DeviceOption = None,
    format: options.FormatOption = None,
    map: options.MapOption = None,
) -> None:
    """Train a bundle from labelled posts.

    Stages: text encoder, image encoder, fusion head, calibration. Stopping is safe: the same command
    goes on where it stopped.
    """
    from mmsa_tui.cli.child import run_child

    for path in (source, labels):
        if path is not None and not path.expanduser().exists():
            raise SourceError(f"there is no file or folder {path}", "Check the spelling of the path.")
    config = options.configure(device=device)
    arguments = [str(source.expanduser()), "-o", str(output.expanduser()), "--recipe", recipe]
    given = {"--labels": labels, "--seed": seed, "--format": format}
    for name, value in given.items():
        if value is not None:
            arguments += [name, str(value)]
    if device is not None:
        arguments += ["--device", config.device]
    for item in map or []:
        arguments += ["--map", item]
    raise typer.Exit(run_child("training.train", arguments))
