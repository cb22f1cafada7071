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
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="The run folder; an unfinished run goes on.")
    ],
    labels: options.LabelsOption = None,
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="NAME|FILE", help="default, enriched, reference, or FILE.toml.")
    ] = "default",
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The bundle's name; else the recipe's.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="VERSION", help="The bundle's version; else 1.0.0.")
    ] = None,
    text_encoder: Annotated[
        str | None, typer.Option("--text-encoder", metavar="DIR|ID", help="A folder or a hub id.")
    ] = None,
    image_encoder: Annotated[
        str | None, typer.Option("--image-encoder", metavar="DIR|ID", help="A folder or a hub id.")
    ] = None,
    extra_text: Annotated[
        Path | None,
        typer.Option("--extra-text", metavar="FILE.tsv", help="Labelled tweets to learn from first."),
    ] = None,
    extra_test_years: Annotated[
        str | None,
        typer.Option(
            "--extra-test-years", metavar="YEARS", help="Years of FILE.tsv that are only scored on."
        ),
    ] = None,
    bundles: Annotated[
        Path | None, typer.Option("--bundles", metavar="DIR", help="Where the bundle goes; else DIR/bundles.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", metavar="WORDS", help="For the model card.")
    ] = None,
    data_name: Annotated[
        list[str] | None,
        typer.Option("--data-name", metavar="WORDS", help="What it learns from, for the model card."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Seed of all that is random.")
    ] = None,
    device: options.DeviceOption = None,
    threads: options.ThreadsOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print progress as JSON lines.")] = False,
) -> None:
    """Train a bundle from labelled posts.

    Stages: text encoder, image encoder, fusion head, calibration. Stopping is safe: the same command
    goes on where it stopped.
    """
    from mmsa_tui.worker.training import run_child

    for path in (source, labels, extra_text):
        if path is not None and not path.expanduser().exists():
            raise SourceError(f"there is no file or folder {path}", "Check the spelling of the path.")
    config = options.configure(device=device, threads=threads)
    arguments = [str(source.expanduser()), "--output", str(output.expanduser()), "--recipe", recipe]
    arguments += ["--device", config.device, "--threads", str(config.threads)]
    given = {
        "--labels": labels,
        "--name": name,
        "--version": version,
        "--text-encoder": text_encoder,
        "--image-encoder": image_encoder,
        "--extra-text": extra_text,
        "--extra-test-years": extra_test_years,
        "--bundles": bundles,
        "--licence": licence,
        "--seed": seed,
    }
    for option, value in given.items():
        if value is not None:
            arguments += [option, str(value.expanduser() if isinstance(value, Path) else value)]
    for words in data_name or []:
        arguments += ["--data-name", words]
    if json:
        arguments.append("--json")
    raise typer.Exit(run_child("training.full.train", arguments))
