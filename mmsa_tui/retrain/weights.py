"""How much a correction counts in a retrain, in the words in which people choose it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CorrectionWeight:
    """A choice.

    `n_posts`: for how many posts of the model's own a correction counts. `asked` is what `retrain` is
    given: None leaves it to the training, with its cap on what all corrections together may make up.
    """

    name: str
    meaning: str
    n_posts: int
    asked: float | None


USUAL = CorrectionWeight("usual", "I judge posts as most people would", 8, None)
STRONG = CorrectionWeight("strong", "I label by a rule of my own", 16, 16.0)
WEIGHTS = (USUAL, STRONG)
