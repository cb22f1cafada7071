"""How a retrain ended: its verdict, its candidate, and what would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mmsa_tui.bundle.lesson import Lesson
from mmsa_tui.decoding import Tagged
from mmsa_tui.retrain.verdict import COHERENCE, Outlook, Verdict

NO_OUTLOOK = "Too few coherent corrections are held out yet to tell whether more are likely to pay."


@dataclass(frozen=True)
class Example:
    """A corrected post that the candidate judges otherwise; `wanted` is the analyst's label."""

    post_id: str
    text: str
    before: str
    after: str
    wanted: str
    held_out: bool


class Result(Tagged, frozen=True, tag="Done"):
    """How a retrain ended: what its process says last, and keeps in its run folder.

    `folder` is that of the new bundle, "" after a dry run, `run` that of the run. `lesson` is what was made
    of the corrections; `n_frozen` of them are of posts that only judge, `left_out` counts others by reason.
    """

    verdict: Verdict
    folder: str = msgspec.field(name="candidate")
    lesson: Lesson
    n_frozen: int
    left_out: Mapping[str, int]
    outlook: Outlook | None
    examples: tuple[Example, ...]
    run: str = ""

    @property
    def run_folder(self) -> Path:
        return Path(self.run)

    @property
    def candidate(self) -> Path | None:
        """The folder of the new bundle; None after a dry run."""
        return Path(self.folder) if self.folder else None

    @property
    def advice(self) -> str:
        """Say whether more corrections are likely to pay; "" where it cannot be compared."""
        if self.lesson.said:
            return ""
        incoherent = any(c.name == COHERENCE and not c.passed for c in self.verdict.checks)
        if incoherent or self.outlook is None:
            return NO_OUTLOOK
        return self.outlook.advice()
