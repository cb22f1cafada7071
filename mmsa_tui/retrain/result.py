"""How a retrain ended: its verdict, its candidate, and what would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmsa_tui.model.verdict import Outlook, Verdict

NO_OUTLOOK = "Too few corrections are held out yet to tell whether more are likely to pay."


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

    `candidate` is the folder of the new bundle, None after a dry run. Of the corrections `n_learned`
    were learned from, each counting for `weight` posts of the model's own; `n_frozen` are of posts
    that only judge, `left_out` counts others by reason.
    """

    verdict: Verdict
    candidate: Path | None
    run_folder: Path
    n_learned: int
    weight: float
    n_frozen: int
    left_out: Mapping[str, int]
    outlook: Outlook | None
    examples: tuple[Example, ...]
