"""`mmsa train`: the full staged training, in a process of its own."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Annotated, Any, get_type_hints

import typer

from mmsa_tui.cli import options
from mmsa_tui.services.train import (
    MODULE,
    NOT_FOR_TUNING,
    TUNE_MODULE,
    TrainRequest,
    TuneRequest,
    default_of,
    flags_of,
    is_required,
)

_FROM_SETTINGS = ("device", "threads")
"""Options that the settings decide where nothing is said."""


def register(app: typer.Typer) -> None:
    for command, kind, line in (
        (train, TrainRequest, "mmsa train tweets.csv --labels people.csv -o runs/first"),
        (tune, TuneRequest, "mmsa tune tweets.csv --labels people.csv --trials 100 -o runs/tune"),
    ):
        # What typer reads; mypy knows no such attribute of functions.
        command.__signature__ = inspect.Signature(_parameters(kind))  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in _parameters(kind)}
        app.command(epilog=options.example(line))(command)


def train(**given: Any) -> None:
    """Train a bundle from labelled posts.

    Stages: text encoder, image encoder, fusion head, calibration. Stopping is safe: the same command
    goes on where it stopped.
    """
    _run(TrainRequest, MODULE, given)


def tune(**given: Any) -> None:
    """Search for a better recipe: learning rate, decay, attention heads, epochs, batch, loss, optimiser.

    Judges each by grouped cross-validation, on posts that the frozen split does not hold. DIR gets the
    study (SQLite), best.toml, and pictures of its history and of what mattered. Stopping is safe: the same
    command goes on.
    """
    _run(TuneRequest, TUNE_MODULE, given)


def _run(kind: type[TrainRequest], module: str, given: dict[str, Any]) -> None:
    from mmsa_tui.worker.training import run_child

    config = options.configure(device=given["device"], threads=given["threads"])
    request = kind(**{**given, "device": config.device, "threads": config.threads})
    request.check()
    raise typer.Exit(run_child(module, request.arguments()))


def _parameters(kind_of: type[TrainRequest]) -> list[inspect.Parameter]:
    """Make an argument or option of each field of a request."""
    kinds = get_type_hints(kind_of)
    made = []
    for option in fields(kind_of):
        if kind_of is TuneRequest and option.name in NOT_FOR_TUNING:
            continue
        about = option.metadata
        kind, default = kinds[option.name], default_of(option)
        if option.name == "source":
            annotation: Any = options.SourceArgument
        else:
            is_from_settings = option.name in _FROM_SETTINGS
            kind = kind | None if is_from_settings else kind
            default = None if is_from_settings else default
            # The parser's own check of readability would take the place of our message and its hint.
            said = typer.Option(
                *flags_of(option), metavar=about["metavar"] or None, help=about["help"],
                show_default=False, readable=False,
            )  # fmt: skip
            annotation = Annotated[kind, said]
        made.append(
            inspect.Parameter(
                option.name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=annotation,
                default=inspect.Parameter.empty if is_required(option) else default,
            )
        )
    return made
