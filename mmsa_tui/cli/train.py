"""`mmsa train`: the full staged training, in a process of its own."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Annotated, Any, get_type_hints

import typer

from mmsa_tui.cli import options
from mmsa_tui.services.train import MODULE, TrainRequest, default_of, flags_of, is_required

_FROM_SETTINGS = ("device", "threads")
"""Options that the settings decide where nothing is said."""


def register(app: typer.Typer) -> None:
    train.__signature__ = inspect.Signature(_parameters())  # type: ignore[attr-defined]
    train.__annotations__ = {one.name: one.annotation for one in _parameters()}
    app.command()(train)


def train(**given: Any) -> None:
    """Train a bundle from labelled posts.

    Stages: text encoder, image encoder, fusion head, calibration. Stopping is safe: the same command
    goes on where it stopped.
    """
    from mmsa_tui.worker.training import run_child

    config = options.configure(device=given["device"], threads=given["threads"])
    request = TrainRequest(**{**given, "device": config.device, "threads": config.threads})
    request.check()
    raise typer.Exit(run_child(MODULE, request.arguments()))


def _parameters() -> list[inspect.Parameter]:
    """Make an argument or option of each field of a request."""
    kinds = get_type_hints(TrainRequest)
    made = []
    for option in fields(TrainRequest):
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
