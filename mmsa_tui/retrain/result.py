"""How far a retrain is, and how it ended: its verdict, its candidate, and what would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsa_tui.bundle.lesson import Lesson
from mmsa_tui.retrain.verdict import COHERENCE, Outlook, Verdict

NO_OUTLOOK = "Too few coherent corrections are held out yet to tell whether more are likely to pay."

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


@dataclass(frozen=True)
class Example:
    """A corrected post that the candidate judges otherwise; `wanted` is the analyst's label."""

    post_id: str
    text: str
    before: str
    after: str
    wanted: str
    held_out: bool


@dataclass(frozen=True)
class Result:
    """How a retrain ended.

    `candidate` is the folder of the new bundle, None after a dry run. `lesson` is what was made of the
    corrections; `n_frozen` of them are of posts that only judge, `left_out` counts others by reason.
    """

    verdict: Verdict
    candidate: Path | None
    run_folder: Path
    lesson: Lesson
    n_frozen: int
    left_out: Mapping[str, int]
    outlook: Outlook | None
    examples: tuple[Example, ...]

    @property
    def advice(self) -> str:
        """Say whether more corrections are likely to pay; "" where it cannot be compared."""
        if self.lesson.said:
            return ""
        incoherent = any(c.name == COHERENCE and not c.passed for c in self.verdict.checks)
        if incoherent or self.outlook is None:
            return NO_OUTLOOK
        return self.outlook.advice()


def result_from(done: Mapping[str, Any], folder: Path) -> Result:
    """Read what a run said last; `folder` is its run folder.

    Raises:
        KeyError, TypeError: it is not such data.
    """
    outlook = done["outlook"]
    return Result(
        verdict=Verdict.from_json(done["verdict"]),
        candidate=Path(done["candidate"]) if done["candidate"] else None,
        run_folder=folder,
        lesson=Lesson(**done["lesson"]),
        n_frozen=done["n_frozen"],
        left_out=done["left_out"],
        outlook=None if outlook is None else Outlook(**outlook),
        examples=tuple(Example(**example) for example in done["examples"]),
    )
