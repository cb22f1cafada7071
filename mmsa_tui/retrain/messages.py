"""What a retrain's process is asked for, and what it says on its way: one JSON object a line.

App and command line follow a run by these; `training` says them. Whatever does not have the shape of one
of them is no event: libraries print too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from mmsa_tui.decoding import Tagged, from_json
from mmsa_tui.retrain.result import Result

Fit = Literal["without", "half"]
"""A fit that only compares: on no corrections, or on half of them."""

OUTCOME = "outcome.json"
"""In a run folder: what it said last, `Result`."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be learned, from what, and where its files go; `paths` are the fields of `Paths`.

    `bundle` is the folder of the one that is improved on. Under a codebook a head starts anew, from the
    encoders of each of `bundles`; `parent` is then the folder of the model in use, "" if there is none,
    and `parent_id` the id of whatever holds its place. `weight`, `rule` and `learns_audited` are as in
    `retrain`.
    """

    paths: Mapping[str, str]
    folder: str
    bundle: str = ""
    bundles: tuple[str, ...] = ()
    parent: str = ""
    parent_id: str = ""
    dry_run: bool = False
    device: str = "auto"
    threads: int = 0
    weight: float | None = None
    rule: bool | None = None
    learns_audited: bool = False


class Encoded(Tagged, frozen=True):
    """So many of the corrected posts are features now."""

    done: int
    total: int


class Comparing(Tagged, frozen=True):
    """An epoch, from 1, of a fit that only compares."""

    fit: Fit
    number: int
    total: int


class Epoch(Tagged, frozen=True):
    """An epoch, from 1, of the fit that learns; `f1` is of posts that it does not learn from."""

    number: int
    total: int
    loss: float
    f1: float


class Failed(Tagged, frozen=True):
    """It cannot be done, for a reason the user can read; `code` is the exit code."""

    message: str
    hint: str
    code: int


Event = Encoded | Comparing | Epoch | Failed | Result


def decode(line: str) -> Event:
    """Read an event.

    Raises:
        DecodingError: the line is none.
    """
    # mypy takes no union for a type.
    event: Event = from_json(line, Event, surrogates="keep")  # type: ignore[arg-type]
    return event


_COMPARING: Mapping[Fit, str] = {
    "without": "learning without corrections",
    "half": "learning from half of them",
}


@dataclass(frozen=True)
class Stage:
    """One part of a run and how far it is; its unit is `posts` or `epochs`."""

    title: str
    done: int
    total: int
    unit: str = "epochs"


def stage_of(event: Event) -> Stage | None:
    """Say where an event places the run; None for one that tells of its end."""
    match event:
        case Encoded(done, total):
            return Stage("reading the corrected posts", done, total, "posts")
        case Comparing(fit, number, total):
            return Stage(_COMPARING[fit], number, total)
        case Epoch(number, total):
            return Stage("learning from the corrections", number, total)
    return None
