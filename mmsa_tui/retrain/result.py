"""How a retrain ended: its verdict, its candidate, and what would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmsa_tui.bundle.lesson import Lesson
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
