"""What `mmsa train` and `mmsa tune` say with --json: one object a line, told from others by its `event`.

Scripts of users read these: names of fields stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mmsa_tui.decoding import to_line


class Event(msgspec.Struct, frozen=True, tag_field="event"):
    """Something that a run says on its way, or at its end."""


class Stepped(Event, frozen=True, tag="progress"):
    """A stage of a training is so far."""

    stage: str
    step: int
    steps: int
    loss: float


class Tried(Event, frozen=True, tag="trial"):
    """A trial of a search has its value, macro-F1; `best` is the best so far."""

    number: int
    value: float
    best: float


class Trained(Event, frozen=True, tag="done"):
    """A bundle is written."""

    bundle: str
    scores: Mapping[str, Any]


class Tuned(Event, frozen=True, tag="done"):
    """A search has ended: macro-F1 of the recipe itself and of the best one, which `recipe` holds."""

    base: float
    best: float
    n_trials: int
    n_pruned: int
    recipe: str


def say(event: Event) -> None:
    """Print an event as a line of JSON."""
    print(to_line(event).decode("ascii"), end="", flush=True)
