"""What a retrain is doing, from the events of its run, in words for a bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_COMPARING = {
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


def stage_of(event: Mapping[str, Any]) -> Stage | None:
    """Say where an event places the run; None for one that tells of something else."""
    match event["event"]:
        case "encoded":
            return Stage("reading the corrected posts", event["done"], event["total"], "posts")
        case "comparing":
            return Stage(_COMPARING[event["fit"]], event["number"], event["total"])
        case "epoch":
            return Stage("learning from the corrections", event["number"], event["total"])
    return None
